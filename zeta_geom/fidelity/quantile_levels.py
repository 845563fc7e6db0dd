"""Ranks by quantile levels, the curves of shares over them, and a curve's distance from the diagonal."""

from math import fsum
from typing import Any

import numpy as np

from zeta_geom.checks import check_finite, check_int, real_array
from zeta_geom.checks.types import ArrayLike
from zeta_geom.geometry.cpu.balls import pair_distances


def integrated_score(curve: ArrayLike, levels: ArrayLike) -> Any:
    """Return 1 - 2 ∫ |curve - level| d level over [0, 1]: 1 on the diagonal, 0 for a share that is always 0 or 1.

    Parameters
    ----------
    curve : float array of shape (..., L)
        Shares at the levels; leading axes, of resamples for instance, are kept.
    levels : float array of shape (L,)
        Increasing from 0 to 1.

    Returns
    -------
    float, or ndarray of float64 of shape (...)
        One score per curve; 1 is best.

    Raises
    ------
    TypeError, ValueError
        If the values are not real and finite, the levels do not increase from 0 to 1, or the lengths differ.

    Notes
    -----
    The integral is computed by the trapezoidal rule on the levels. If they are L equally spaced levels and the curve
    never falls, it is within 1/(L - 1) of the exact integral.

    References
    ----------
    Alaa et al. 2022, "How Faithful is your Synthetic Data?", integrated α-precision and β-recall.

    Examples
    --------
    >>> integrated_score([[0.0, 0.5, 1.0], [0.0, 0.0, 0.0]], [0.0, 0.5, 1.0])
    array([1., 0.])
    """
    levels, curve = _finite_floats(levels, "levels"), _finite_floats(curve, "curve")
    if levels.ndim != 1 or len(levels) < 2 or levels[0] != 0 or levels[-1] != 1 or (np.diff(levels) <= 0).any():
        raise ValueError(
            f"levels must increase from 0 to 1, shape (L,); got shape {levels.shape}, {levels.ravel()[:3]}... "
            "Use the levels of the result that holds the curve."
        )
    if curve.ndim < 1 or curve.shape[-1] != len(levels):
        raise ValueError(
            f"curve must have a share for each of the {len(levels)} levels along its last axis; got shape "
            f"{curve.shape}. Use the levels of the result that holds the curve."
        )
    scores = 1 - 2 * np.trapezoid(np.abs(curve - levels), levels, axis=-1)
    return float(scores) if curve.ndim == 1 else scores


def level_grid(n_levels: int) -> np.ndarray:
    """Return L equally spaced levels 0, 1/(L - 1), ..., 1, each the float nearest to its ratio."""
    count = check_int(n_levels, "n_levels", low=2)
    return np.arange(count) / (count - 1)


def level_curve(ranks: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Return the share of the ranks (n,) that are at most each level (L,)."""
    return np.searchsorted(np.sort(ranks), levels, side="right") / len(ranks)


def quantile_ranks(values: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return the smallest level α whose quantile of the reference (n,) is at least each value (m,); inf above all."""
    ordered = np.sort(reference)
    above = np.searchsorted(ordered, values, side="left")  # place of the first that is at least the value
    ranks = np.where(above == 0, 0.0, np.inf)
    between = np.flatnonzero((above > 0) & (above < len(ordered)))
    place = above[between]
    low, high = ordered[place - 1], ordered[place]
    ranks[between] = (place - 1 + (values[between] - low) / (high - low)) / (len(ordered) - 1)
    return ranks


def centre_distances(X: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distances of the rows of X (n, d), and of others (m, d), to the mean of X.

    The mean is the correctly rounded sum over n, so that the order of the rows changes nothing; the mean of a
    constant column is its value.
    """
    centre = np.array([[fsum(column) / len(X) for column in X.T]])
    centre = np.where((X[0] == X).all(axis=0), X[0], centre)
    distances, other_distances = (
        np.sqrt(pair_distances(Y, centre, np.arange(len(Y)), np.zeros(len(Y), dtype=np.int64))) for Y in (X, others)
    )
    return distances, other_distances


def _finite_floats(values: ArrayLike, name: str) -> np.ndarray:
    array = real_array(values, name).astype(np.float64)
    check_finite(array, name)
    return array
