"""Density and coverage: the number of real balls around a fake, and the share of real balls that hold a fake."""

from dataclasses import dataclass

import numpy as np

from zeta_geom.checks.types import ArrayLike
from zeta_geom.fidelity.neighbor_balls import check_k, check_samples, neighbor_radii
from zeta_geom.geometry.cpu.balls import ball_members


@dataclass(frozen=True)
class DensityCoverage:
    """Density of the real balls around the fakes, and share of the balls that hold a fake.

    Parameters
    ----------
    density : float
        The mean of `density_pw`: 0 or more, about 1 for two samples of one distribution, and above 1 if the fakes
        crowd in dense regions of the real samples.
    coverage : float
        The mean of `coverage_pw`.
    density_pw : float64 array of shape (m,)
        Number of real balls that hold each fake, divided by k.
    coverage_pw : bool array of shape (n,)
        Whether the ball of each real sample holds a fake.

    Examples
    --------
    See `density_coverage`.
    """

    density: float
    coverage: float
    density_pw: np.ndarray
    coverage_pw: np.ndarray


def density_coverage(
    real: ArrayLike, fake: ArrayLike, *, k: int = 5, n_jobs: int | None = -1, progress: bool = False
) -> DensityCoverage:
    """Measure how many balls of real samples hold each fake, and the share of these balls that hold at least one.

    Parameters
    ----------
    real : float array of shape (n, d)
        Real samples, or their features.
    fake : float array of shape (m, d)
        Synthetic samples, in the same features and units.
    k : int
        A ball reaches to its centre's k-th neighbour, k below n; 5 as in the paper.
    n_jobs : int or None
        Number of threads, as in scikit-learn; -1 uses all cores.
    progress : bool
        Show a progress bar, on a terminal.

    Returns
    -------
    DensityCoverage
        Both means, and the values of each sample.

    Raises
    ------
    TypeError, ValueError
        If the samples are not finite, real and 2-D, the widths differ, or k is out of range.

    Notes
    -----
    With B_i the ball around real_i to its k-th nearest other real sample: density = 1/(k m) Σ_j Σ_i 1[fake_j ∈ B_i],
    and coverage = (1/n) Σ_i 1[∃j: fake_j ∈ B_i]. Balls are closed; published code (prdc) uses open ones, and returns
    0 if every point is duplicated so often that all radii are 0. For two independent samples of one distribution
    without ties the expected density is 1, and the expected coverage 1 - (n - 1) ⋯ (n - k) / ((n + m - 1) ⋯ (n + m -
    k)), whatever the distribution.

    References
    ----------
    Naeem et al. 2020, "Reliable fidelity and diversity metrics for generative models": the definitions of
    density and coverage, the lemmas on their expectations, and k = 5.

    Examples
    --------
    >>> result = density_coverage([[0.0], [1.0], [2.0]], [[1.5], [2.5], [9.0]], k=1)
    >>> result.density_pw, result.coverage_pw
    (array([2., 1., 0.]), array([False,  True,  True]))
    """
    X, Y = check_samples(real, fake, ("real", "fake"), min_samples=(2, 1))
    k = check_k(k, X, "real")
    radii = neighbor_radii(X, k, n_jobs=n_jobs, progress=progress)
    members = ball_members(X, radii, Y, n_jobs=n_jobs, progress=progress)
    density = int(members.balls_around_point.sum()) / (k * len(Y))  # a sum of integers: no order changes it
    coverage_pw = members.points_in_ball > 0
    return DensityCoverage(density, float(coverage_pw.mean()), members.balls_around_point / k, coverage_pw)
