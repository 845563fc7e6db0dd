"""Dimension rules: functions of the covariance eigenvalues of a neighbourhood that return its dimension.

Every rule takes float spectra (n, r), one per row in any order, and the threshold `alpha` in [0, 1], which only "FO"
and "ratio" use. It returns n dimensions, int64 except for "participation_ratio", and 0 if no eigenvalue is positive.
Spectra that are not real, 2-D, finite and non-negative raise TypeError or ValueError. The keys of `RULES` are the
versions of scikit-dimension's lPCA, whose definitions all rules follow.
"""

import numpy as np

from zeta_geom.geometry.spectra import Rule, takes_spectra

# Fan, Gu, Qiao and Zhang 2010, "Intrinsic dimension estimation of data by principal component analysis", section 3:
# ratio of a large gap, share of the variance that suffices, share that is signal and not noise
FAN_GAP, FAN_SHARE, FAN_SIGNAL = 10.0, 0.8, 0.95


@takes_spectra
def fukunaga_olsen(eigenvalues: np.ndarray, alpha: float) -> np.ndarray:
    """Return the number of eigenvalues strictly larger than alpha times the largest.

    Source: Fukunaga and Olsen 1971; Abhishek et al. 2024, "Preserving the intrinsic dimensionality": alpha = 5 %.

    Parameters
    ----------
    eigenvalues : float array of shape (n, r)
        Spectra, one per row, in any order.
    alpha : float
        Threshold in [0, 1].

    Returns
    -------
    ndarray of int64, shape (n,)
        Dimensions; 0 if no eigenvalue is positive.

    Raises
    ------
    TypeError, ValueError
        If `eigenvalues` are not real, 2-D, finite and non-negative, or `alpha` is not in [0, 1].

    Examples
    --------
    >>> fukunaga_olsen(np.array([[4.0, 1.0, 0.1]]), 0.05)
    array([2])
    """
    return np.asarray(np.count_nonzero(eigenvalues > alpha * eigenvalues.max(axis=1, keepdims=True), axis=1))


@takes_spectra
def explained_ratio(eigenvalues: np.ndarray, alpha: float) -> np.ndarray:
    """Return the number of largest eigenvalues that explain the share alpha of the variance."""
    shares = np.cumsum(_descending(eigenvalues), axis=1)
    return np.asarray(np.count_nonzero(shares / shares.max(axis=1, keepdims=True) < alpha, axis=1) + 1)


@takes_spectra
def participation_ratio(eigenvalues: np.ndarray, alpha: float) -> np.ndarray:
    """Return the squared sum of the eigenvalues over the sum of their squares."""
    return np.asarray(eigenvalues.sum(axis=1) ** 2 / (eigenvalues**2).sum(axis=1))


@takes_spectra
def largest_gap(eigenvalues: np.ndarray, alpha: float) -> np.ndarray:
    """Return the number of eigenvalues before the largest ratio of one to the next."""
    if eigenvalues.shape[1] < 2:
        raise ValueError("eigenvalues must have at least two columns for the rule 'maxgap', which compares them.")
    return np.asarray(np.nanargmax(_gaps(_descending(eigenvalues)), axis=1) + 1)


@takes_spectra
def kaiser(eigenvalues: np.ndarray, alpha: float) -> np.ndarray:
    """Return the number of eigenvalues above their mean."""
    return np.asarray(np.count_nonzero(eigenvalues > eigenvalues.mean(axis=1, keepdims=True), axis=1))


@takes_spectra
def broken_stick(eigenvalues: np.ndarray, alpha: float) -> np.ndarray:
    """Return the number of leading eigenvalues whose share is at least that of a stick broken at random."""
    r = eigenvalues.shape[1]
    expected = np.cumsum(1 / np.arange(r, 0, -1))[::-1] / r
    shares = _descending(eigenvalues) / eigenvalues.sum(axis=1, keepdims=True)
    return np.asarray(np.argmax(expected > shares, axis=1))


@takes_spectra
def fan(eigenvalues: np.ndarray, alpha: float) -> np.ndarray:
    """Return the number of eigenvalues up to the first large gap, or to most of the variance, less the noise."""
    largest_first = _descending(eigenvalues)
    shares = np.cumsum(largest_first, axis=1) / largest_first.sum(axis=1, keepdims=True)
    noisy = np.arange(shares.shape[1]) >= np.argmax(shares > FAN_SIGNAL, axis=1)[:, None]
    clean = largest_first - (largest_first * noisy).sum(axis=1, keepdims=True) / noisy.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):  # an even spectrum is noise only: its dimension is 1
        enough = np.cumsum(clean, axis=1) / clean.sum(axis=1, keepdims=True) > FAN_SHARE
        enough[:, :-1] |= clean[:, :-1] / clean[:, 1:] > FAN_GAP
    return np.asarray(np.argmax(enough, axis=1) + 1)


RULES: dict[str, Rule] = {
    "FO": fukunaga_olsen,
    "ratio": explained_ratio,
    "participation_ratio": participation_ratio,
    "maxgap": largest_gap,
    "Kaiser": kaiser,
    "broken_stick": broken_stick,
    "Fan": fan,
}


def _descending(eigenvalues: np.ndarray) -> np.ndarray:
    return -np.sort(-eigenvalues, axis=1)


def _gaps(largest_first: np.ndarray) -> np.ndarray:
    """Return the ratios of neighbouring eigenvalues; those within rounding of 0 count as 0."""
    rounding = np.finfo(np.float64).eps * largest_first.shape[1] * largest_first[:, :1]
    values = np.where(largest_first > rounding, largest_first, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return values[:, :-1] / values[:, 1:]
