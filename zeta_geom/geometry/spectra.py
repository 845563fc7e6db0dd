"""Eigenvalues of neighbourhoods: the covariance where points are narrow, the Gram matrix where they are wide."""

from __future__ import annotations

import numpy as np

__all__ = ["PointProducts", "local_spectra"]

EPS = np.finfo(np.float64).eps


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


class PointProducts:
    """The products of all pairs of points, from which a neighbourhood's Gram matrix is read off.

    For wide points that is much cheaper than gathering and multiplying each neighbourhood, but its rounding is that
    of the farthest point. `error` bounds it, so that the caller can compute again where it might decide.

    Parameters
    ----------
    X : float array of shape (n, d)
        Points; n² products are held in float64.

    Examples
    --------
    >>> PointProducts(np.array([[0.0, 0.0], [2.0, 0.0]])).spectra(np.array([[0, 1]]))
    array([[0., 2.]])
    """

    def __init__(self, X: np.ndarray) -> None:
        centred = np.asarray(X, dtype=np.float64) - X.mean(axis=0, dtype=np.float64)
        self.products = centred @ centred.T
        radius, largest = np.sqrt(self.products.diagonal().max()), np.abs(X).max()
        width = X.shape[1]
        self._entry_error = 4 * EPS * radius * ((width + 8) * radius + 4 * largest * np.sqrt(width))

    def spectra(self, indices: np.ndarray) -> np.ndarray:
        """Return the covariance eigenvalues of each neighbourhood.

        Parameters
        ----------
        indices : int array of shape (q, k)
            Rows of X, k ≥ 2 for each neighbourhood.

        Returns
        -------
        ndarray of float64, shape (q, k)
            Ascending, in squared units of X; rounding may leave tiny negative values.

        Examples
        --------
        >>> PointProducts(np.array([[0.0, 0.0], [4.0, 0.0]])).spectra(np.array([[0, 1]]))
        array([[0., 8.]])
        """
        products = self.products[indices[:, :, None], indices[:, None, :]]
        means = products.mean(axis=2, keepdims=True)
        products -= means
        products -= means.transpose(0, 2, 1)
        products += means.mean(axis=1, keepdims=True)
        return np.linalg.eigvalsh(products) / (indices.shape[1] - 1)

    def error(self, k: int) -> float:
        """Bound the error of an eigenvalue of k points.

        Parameters
        ----------
        k : int
            Number of points in a neighbourhood.

        Returns
        -------
        float
            In squared units of X.

        Examples
        --------
        >>> bool(PointProducts(np.array([[0.0, 0.0], [2.0, 0.0]])).error(2) < 1e-12)
        True
        """
        return 2 * k * self._entry_error
