"""Calibration of a classifier: whether its probabilities equal the shares of its right predictions."""

from dataclasses import dataclass

import numpy as np

from zeta_geom.checks import (
    LABEL_TOLERANCE,
    check_int,
    check_labels,
    check_probabilities,
    one_hot,
    real_array,
)
from zeta_geom.checks.types import ArrayLike
from zeta_geom.realism.entropy import cross_entropy

TIES = 1e-12  # relative: probabilities that should be equal differ by rounding


@dataclass(frozen=True)
class Calibration:
    """Calibration of a classifier.

    Parameters
    ----------
    ece : float
        Expected calibration error, 0..1; 0 is best.
    brier, nll : float
        Means of `brier_pw` and `nll_pw`; 0 is best.
    brier_pw : float64 array of shape (n,)
        Squared distance of each prediction from its label, 0..2.
    nll_pw : float64 array of shape (n,)
        Negative log-likelihood of each label, in nats; inf where p is 0 and the label is not.

    Examples
    --------
    See `calibration`.
    """

    ece: float
    brier: float
    nll: float
    brier_pw: np.ndarray
    nll_pw: np.ndarray


def calibration(p: ArrayLike, y: ArrayLike, *, n_bins: int = 15) -> Calibration:
    """Measure the calibration of a classifier's probabilities by the labels of the samples.

    Parameters
    ----------
    p : float array of shape (n, K)
        The classifier's probabilities, one distribution in each row; at least one row.
    y : int array of shape (n,) or (n, 1), or array of shape (n, K)
        Labels: class numbers, or soft labels.
    n_bins : int
        Number of bins of the calibration error, each with the same number of samples; fewer samples have fewer bins.

    Returns
    -------
    Calibration
        Calibration error, Brier score and negative log-likelihood.

    Raises
    ------
    TypeError, ValueError
        If p are not distributions, or the labels do not match them.

    Notes
    -----
    - ECE = Σ_b n_b / n |right_b - confidence_b|. The confidence is the largest probability of a row, and `right` the
      label's share of that class. The samples are sorted by confidence and cut into bins whose sizes differ by one at
      most. Samples of equal confidence share the mean of `right`, so that their order changes nothing. Finite samples
      bias it upwards; compare equal n and n_bins.
    - Brier = 1/n Σ_i Σ_c (p_ic - y_ic)².
    - NLL = -1/n Σ_i Σ_c y_ic log p_ic, the cross-entropy H(y, p).

    References
    ----------
    Naeini et al. 2015, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", ECE; Nguyen and O'Connor
    2015, "Posterior calibration and exploratory analysis for natural language processing models", bins of equal mass;
    Brier 1950; Guo et al. 2017, "On Calibration of Modern Neural Networks", 15 bins.

    Examples
    --------
    >>> result = calibration([[0.75, 0.25], [0.75, 0.25], [0.5, 0.5]], [0, 1, 0], n_bins=2)
    >>> round(result.ece, 4), round(result.brier, 4), round(result.nll, 4)
    (0.1667, 0.5833, 0.789)
    """
    P: np.ndarray = real_array(p, "p").astype(np.float64)
    check_probabilities(P, "p", tolerance=LABEL_TOLERANCE)
    if not len(P):
        raise ValueError("p must have at least one row; got none.")
    n_bins = check_int(n_bins, "n_bins", low=1)
    P = P / P.sum(axis=1, keepdims=True)  # float32 probabilities sum to 1 only within 1e-7
    labels = check_labels(y, "y", n=len(P), n_classes=P.shape[1])
    Y = one_hot(labels, P.shape[1]) if labels.ndim == 1 else labels.astype(np.float64)
    Y = Y / Y.sum(axis=1, keepdims=True)
    brier_pw, nll_pw = ((P - Y) ** 2).sum(axis=1), cross_entropy(Y, P)
    confidence, right = top_shares(P, Y)
    error = calibration_error(confidence, right, np.ones((1, len(P))), n_bins)[0]
    return Calibration(float(error), float(brier_pw.mean()), float(nll_pw.mean()), brier_pw, nll_pw)


def top_shares(p: np.ndarray, Y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest probability of each row, float64 (n,), and the label's mean share of its classes."""
    confidence = p.max(axis=1)
    top = p >= confidence[:, None] * (1 - TIES)
    return confidence, (Y * top).sum(axis=1) / top.sum(axis=1)


def calibration_error(confidence: np.ndarray, right: np.ndarray, counts: np.ndarray, n_bins: int) -> np.ndarray:
    """Return the calibration errors (b,) of weighted samples; counts (b, n) are numbers of copies of each sample."""
    order = np.argsort(confidence, kind="stable")
    confidence, counts = confidence[order], counts[:, order]
    starts = np.flatnonzero(np.r_[True, np.diff(confidence) > TIES * confidence[1:]])  # of groups of equal confidence
    weights = np.add.reduceat(counts, starts, axis=1)
    rights = np.add.reduceat(counts * right[order], starts, axis=1)
    gaps = rights - weights * confidence[starts]
    errors: np.ndarray = np.zeros(len(counts))
    for draw, (mass, gap) in enumerate(zip(weights, gaps)):
        ends = np.cumsum(mass)
        total = round(ends[-1])
        bins = min(n_bins, total)
        sizes = np.full(bins, total // bins) + (np.arange(bins) < total % bins)
        # a sum over the first t samples grows evenly within a group, whose samples share its mean
        sums = np.interp(np.cumsum(sizes), np.r_[0.0, ends], np.r_[0.0, np.cumsum(gap)])
        errors[draw] = np.abs(np.diff(sums, prepend=0.0)).sum() / total
    return errors
