"""Eigenvalues of neighbourhoods: the covariance where points are narrow, the Gram matrix where they are wide."""

from __future__ import annotations

import numpy as np

__all__ = ["local_spectra"]


def local_spectra(neighbourhoods: np.ndarray) -> np.ndarray:
    """Return the covariance eigenvalues of each neighbourhood, centred on its own mean.

    Parameters
    ----------
    neighbourhoods : float array of shape (q, k, d)
        k ≥ 2 points each; the arithmetic is float64.

    Returns
    -------
    ndarray of float64, shape (q, min(k, d))
        Ascending; rounding may leave tiny negative values.

    Notes
    -----
    The covariance BᵀB / (k - 1) and the Gram matrix BBᵀ / (k - 1) share their non-zero eigenvalues.

    Examples
    --------
    >>> local_spectra(np.array([[[0.0, 0.0], [2.0, 0.0]]]))
    array([[0., 2.]])
    """
    points = np.asarray(neighbourhoods, dtype=np.float64)
    centred = points - points.mean(axis=1, keepdims=True)
    transposed = centred.transpose(0, 2, 1)
    k, d = centred.shape[1:]
    products = centred @ transposed if k <= d else transposed @ centred
    return np.linalg.eigvalsh(products) / (k - 1)
