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
    density, coverage : float
        The means of `density_pw` (about 1 for two samples of one distribution) and of `coverage_pw`.
    density_pw : float64 array of shape (m,)
        Number of real balls that hold each fake, divided by k.
    coverage_pw : bool array of shape (n,)
        Whether the ball of each real sample holds a fake.
    """

    density: float
    coverage: float
    density_pw: np.ndarray
    coverage_pw: np.ndarray


def density_coverage(
    real: ArrayLike, fake: ArrayLike, *, k: int = 5, n_jobs: int | None = -1, progress: bool = False
) -> DensityCoverage:
    """Measure how many balls of the real samples hold a fake, and which share of the balls holds any.

    With B_i the closed ball around real_i to its k-th nearest other real sample: density = 1/(k m) Σ_j Σ_i 1[fake_j ∈
    B_i], and coverage = (1/n) Σ_i 1[∃j: fake_j ∈ B_i]. Published code (prdc) uses open balls. For two independent
    samples of one distribution without ties the expected density is 1, and the expected coverage 1 - (n - 1) ⋯ (n -
    k) / ((n + m - 1) ⋯ (n + m - k)). Source: Naeem et al. 2020, "Reliable fidelity and diversity metrics for
    generative models".

    Parameters
    ----------
    real, fake : float arrays of shape (n, d) and (m, d)
        Real samples, or their features, and synthetic samples in the same features and units.
    k : int
        A ball reaches to its centre's k-th neighbour, k below n; 5 as in the paper.
    n_jobs, progress : int or None, and bool
        Number of threads, as in scikit-learn (-1 uses all cores), and whether to show a progress bar on a terminal.

    Returns
    -------
    DensityCoverage

    Raises
    ------
    TypeError, ValueError
        If the samples are not finite, real and 2-D, the widths differ, or k is out of range.

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
