"""Density and coverage: how many real balls hold a fake, and how many real balls hold any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zeta_geom.fidelity.neighbour_balls import ball_members, check_neighbours, check_samples, neighbour_radii

__all__ = ["DensityCoverage", "density_coverage"]


@dataclass(frozen=True)
class DensityCoverage:
    """How densely real balls hold the fakes, and how many hold any.

    Parameters
    ----------
    density : float
        The mean of `density_pw`: 0 or more, about 1 for two samples of one distribution, and above 1 where fakes
        crowd where the real samples are dense.
    coverage : float
        The mean of `coverage_pw`.
    density_pw : float64 array of shape (m,)
        The real balls that hold each fake, over k.
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
    real: Any, fake: Any, *, k: int = 5, n_jobs: int | None = -1, progress: bool = False
) -> DensityCoverage:
    """Measure how densely the balls of the real samples hold the fakes, and how many of them hold any.

    Parameters
    ----------
    real : float array of shape (n, d)
        Real samples, or their features.
    fake : float array of shape (m, d)
        Synthetic samples, in the same features and units.
    k : int
        The neighbour that a ball reaches to, below n; 5 is the paper's.
    n_jobs : int or None
        Number of threads, as in scikit-learn; -1 is one for each core.
    progress : bool
        Show a progress bar, on a terminal.

    Returns
    -------
    DensityCoverage

    Raises
    ------
    TypeError, ValueError
        If the samples are not finite, real and 2-D, the widths differ, or k is out of range.

    Notes
    -----
    With B_i the ball around real_i to its k-th nearest other real sample: density = 1/(k m) Σ_j Σ_i 1[fake_j ∈ B_i],
    and coverage = (1/n) Σ_i 1[∃j: fake_j ∈ B_i]. Balls are closed; published code (prdc) takes <, and gives 0 where
    every point is duplicated often enough that all radii are 0. For two independent samples of one distribution
    without ties the expected density is 1, and the expected coverage
    1 - (n - 1) ⋯ (n - k) / ((n + m - 1) ⋯ (n + m - k)), whatever the distribution.

    References
    ----------
    Naeem et al. 2020, "Reliable fidelity and diversity metrics for generative models": the definitions of
    density and coverage, the lemmas on their expectations, and k = 5.

    Examples
    --------
    >>> found = density_coverage([[0.0], [1.0], [2.0]], [[1.5], [2.5], [9.0]], k=1)
    >>> found.density_pw, found.coverage_pw
    (array([2., 1., 0.]), array([False,  True,  True]))
    """
    X, Y = check_samples(real, fake, ("real", "fake"), min_samples=(2, 1))
    k = check_neighbours(k, X, "real")
    radii = neighbour_radii(X, k, n_jobs=n_jobs, progress=progress)
    members = ball_members(X, radii, Y, n_jobs=n_jobs, progress=progress)
    density = int(members.balls.sum()) / (k * len(Y))  # of whole numbers: no order of summation changes it
    coverage_pw = members.points > 0
    return DensityCoverage(density, float(coverage_pw.mean()), members.balls / k, coverage_pw)
