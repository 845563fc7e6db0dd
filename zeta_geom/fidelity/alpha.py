"""α-precision: at which quantiles of the real samples' distances from their mean the fakes lie."""

from dataclasses import dataclass

import numpy as np

from zeta_geom.checks.types import ArrayLike
from zeta_geom.fidelity.neighbor_balls import check_samples
from zeta_geom.fidelity.quantile_levels import (
    centre_distances,
    integrated_score,
    level_curve,
    level_grid,
    quantile_ranks,
)


@dataclass(frozen=True)
class AlphaPrecision:
    """Shares of the fakes in the cores of the real samples.

    Parameters
    ----------
    score : float
        Integrated α-precision, 0..1; 1 is best.
    ranks : float64 array of shape (m,)
        The smallest α whose core holds each fake; inf outside all cores.
    levels : float64 array of shape (L,)
        α from 0 to 1.
    curve : float64 array of shape (L,)
        P_α, the share of the fakes in each core.

    Examples
    --------
    See `alpha_precision`.
    """

    score: float
    ranks: np.ndarray
    levels: np.ndarray
    curve: np.ndarray


def alpha_precision(real: ArrayLike, fake: ArrayLike, *, n_levels: int = 101) -> AlphaPrecision:
    """Measure the share of the fakes in the ball that holds a share α of the real samples, over all α.

    Parameters
    ----------
    real : float array of shape (n, d)
        Real samples, or their features; at least 2.
    fake : float array of shape (m, d)
        Synthetic samples, in the same features and units.
    n_levels : int
        Number of levels α, equally spaced over [0, 1].

    Returns
    -------
    AlphaPrecision
        Score, ranks of the fakes, and the curve over the levels.

    Raises
    ------
    TypeError, ValueError
        If the samples are not finite, real and 2-D, or the widths differ.

    Notes
    -----
    With c the mean of the real samples and r_α the α-quantile of ‖real_i - c‖, by linear interpolation as
    `numpy.quantile` takes it: P_α = (1/m) Σ_j 1[‖fake_j - c‖ ≤ r_α], a closed ball, and the score is IP = 1 - 2 ∫
    |P_α - α| dα by the trapezoidal rule. The paper first embeds the samples by a one-class network; this function
    does not, so that the core is one ball around the mean: for data in several clusters, give features in which one
    ball makes sense. P depends on the distance to c alone, so that fakes at the right distances in the wrong
    directions score 1. If all real samples are one point, every core is that point, fakes on it have rank 0, and P is
    constant: the score is then uninformative, because it is 0 if all fakes lie on that point, and also if none does.

    References
    ----------
    Alaa et al. 2022, "How Faithful is your Synthetic Data? Sample-level metrics for evaluating and auditing
    generative models", α-precision and its integrated form; c and the quantiles without embedding are a choice of
    this project.

    Examples
    --------
    >>> result = alpha_precision([[-3.0], [-1.0], [1.0], [3.0]], [[0.0], [2.0], [3.0], [4.0]], n_levels=4)
    >>> result.ranks.round(3), result.curve
    (array([0.   , 0.5  , 0.667,   inf]), array([0.25, 0.25, 0.75, 0.75]))
    """
    levels = level_grid(n_levels)
    X, Y = check_samples(real, fake, ("real", "fake"), min_samples=(2, 1))
    real_distances, fake_distances = centre_distances(X, Y)
    ranks = quantile_ranks(fake_distances, real_distances)
    curve = level_curve(ranks, levels)
    return AlphaPrecision(integrated_score(curve, levels), ranks, levels, curve)
