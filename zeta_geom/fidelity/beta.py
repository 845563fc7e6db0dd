"""β-recall: shares of the real samples that the cores of the fakes cover."""

from dataclasses import dataclass

import numpy as np

from zeta_geom.checks.types import ArrayLike
from zeta_geom.fidelity.neighbor_balls import check_k, check_samples, neighbor_radii
from zeta_geom.fidelity.quantile_levels import (
    centre_distances,
    integrated_score,
    level_curve,
    level_grid,
    quantile_ranks,
)
from zeta_geom.geometry.cpu.balls import ball_members


@dataclass(frozen=True)
class BetaRecall:
    """Shares of the real samples that the cores of the fakes cover.

    Parameters
    ----------
    score : float
        Integrated β-recall, 0..1; 1 is best.
    ranks : float64 array of shape (n,)
        The smallest β whose core covers each real sample; inf if no core does.
    levels : float64 array of shape (L,)
        β from 0 to 1.
    curve : float64 array of shape (L,)
        R_β, the share of the real samples that each core covers.

    Examples
    --------
    See `beta_recall`.
    """

    score: float
    ranks: np.ndarray
    levels: np.ndarray
    curve: np.ndarray


def beta_recall(
    real: ArrayLike,
    fake: ArrayLike,
    *,
    k: int = 5,
    n_levels: int = 101,
    n_jobs: int | None = -1,
    progress: bool = False,
) -> BetaRecall:
    """Measure the share of the real samples that the core of a share β of the fakes covers, over all β.

    Parameters
    ----------
    real : float array of shape (n, d)
        Real samples, or their features.
    fake : float array of shape (m, d)
        Synthetic samples, in the same features and units; at least 2.
    k : int
        The ball of a real sample reaches to its k-th neighbour, k below n; the default is a choice of this project.
    n_levels : int
        Number of levels β, equally spaced over [0, 1].
    n_jobs : int or None
        Number of threads, as in scikit-learn; -1 uses all cores.
    progress : bool
        Show a progress bar, on a terminal.

    Returns
    -------
    BetaRecall
        Score, ranks of the real samples, and the curve over the levels.

    Raises
    ------
    TypeError, ValueError
        If the samples are not finite, real and 2-D, the widths differ, or k is out of range.

    Notes
    -----
    The β-core consists of the fakes in the closed ball around their own mean whose radius is the β-quantile of their
    distances to it (linear interpolation). real_i is covered at β if the nearest fake of the core lies in the closed
    ball around real_i to its k-th nearest other real sample. So the rank of real_i is the lowest rank of the fakes in
    its ball. R_β is the share covered, and the score is 1 - 2 ∫ |R_β - β| dβ by the trapezoidal rule.

    R_1 is the coverage of `density_coverage`. Two samples of one distribution therefore reach about 1 - 2^-k: with
    the k = 1 of published code, R_β is about β/2 and the score of a perfect generator about 1/2. With k = 5 its score
    is near 1 if balls are small; large balls (few samples, many dimensions) lift R_β above β, which lowers the score.
    Compare with the score of a second real sample. Published code ranks only the fakes that are nearest to a real
    sample, by quantiles of their own distances, which is another formula.

    References
    ----------
    Alaa et al. 2022, "How Faithful is your Synthetic Data? Sample-level metrics for evaluating and auditing
    generative models", β-recall and its integrated form; without their embedding, as in `alpha_precision`.

    Examples
    --------
    >>> result = beta_recall([[0.0], [1.0], [4.0], [9.0]], [[0.0], [1.5], [2.0], [2.5]], k=1, n_levels=3)
    >>> result.ranks, result.curve
    (array([ 1.,  0.,  0., inf]), array([0.5 , 0.5 , 0.75]))
    """
    levels = level_grid(n_levels)
    X, Y = check_samples(real, fake, ("real", "fake"), min_samples=(2, 2))
    k = check_k(k, X, "real")
    distances, _ = centre_distances(Y, Y[:0])
    fake_ranks = quantile_ranks(distances, distances)
    radii = neighbor_radii(X, k, n_jobs=n_jobs, progress=progress)
    ranks = ball_members(X, radii, Y, values=fake_ranks, n_jobs=n_jobs, progress=progress).least_value
    curve = level_curve(ranks, levels)
    return BetaRecall(integrated_score(curve, levels), ranks, levels, curve)
