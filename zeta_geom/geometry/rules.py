"""Dimension rules: from the eigenvalues of a neighbourhood's covariance to a dimension."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["RULES", "fukunaga_olsen"]


def fukunaga_olsen(eigenvalues: np.ndarray, alpha: float) -> np.ndarray:
    """Count the eigenvalues strictly larger than alpha times the largest.

    Parameters
    ----------
    eigenvalues : float array of shape (n, r)
        A spectrum a row, in any order.
    alpha : float
        Threshold in [0, 1).

    Returns
    -------
    ndarray of int64, shape (n,)

    References
    ----------
    Fukunaga and Olsen 1971; Abhishek et al. 2024, "Preserving the intrinsic dimensionality": alpha = 5 %.

    Examples
    --------
    >>> fukunaga_olsen(np.array([[4.0, 1.0, 0.1]]), 0.05)
    array([2])
    """
    return np.count_nonzero(eigenvalues > alpha * eigenvalues.max(axis=1, keepdims=True), axis=1)


RULES: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {"FO": fukunaga_olsen}
