"""Covariance eigenvalues of neighbourhoods, from the smaller of covariance and Gram matrix."""

from collections.abc import Callable
from functools import wraps
from typing import TypeAlias

import numpy as np

from zeta_geom.checks import check_finite, check_points, check_real, host_array, real_array
from zeta_geom.checks.scaling import column_references
from zeta_geom.checks.types import ArrayLike

NEGATIVE = 1e-6  # share of the largest eigenvalue; rounding, float32's too, leaves less below 0

Formula: TypeAlias = Callable[[np.ndarray, float], np.ndarray]
Rule: TypeAlias = Callable[[ArrayLike, float], np.ndarray]


def local_spectra(neighbourhoods: ArrayLike) -> np.ndarray:
    """Return the covariance eigenvalues of each neighbourhood, centred on its own mean.

    If k ≤ d, they are computed from the Gram matrix BBᵀ / (k - 1), which has the same non-zero eigenvalues.

    Parameters
    ----------
    neighbourhoods : float array of shape (q, k, d)
        q neighbourhoods of k ≥ 2 points each; the arithmetic is float64.

    Returns
    -------
    ndarray of float64, shape (q, min(k, d))
        Ascending; rounding may leave tiny negative values.

    Raises
    ------
    TypeError, ValueError
        If they hold no real numbers, are not finite, or have another shape.

    Examples
    --------
    >>> local_spectra(np.array([[[0.0, 0.0], [2.0, 0.0]]]))
    array([[0., 2.]])
    """
    points = host_array(neighbourhoods, "neighbourhoods")
    if points.ndim != 3 or points.shape[1] < 2 or points.shape[2] < 1:
        raise ValueError(f"neighbourhoods must have shape (q, k, d), k at least 2 and d 1; got shape {points.shape}.")
    flat = check_points(points.reshape(-1, points.shape[2]), "neighbourhoods", min_samples=0)
    points = flat.astype(np.float64, copy=False).reshape(points.shape)
    references = column_references(points)
    points = points - references if references.any() else points
    centred = points - points.mean(axis=1, keepdims=True)
    transposed = centred.transpose(0, 2, 1)
    k, d = centred.shape[1:]
    products = centred @ transposed if k <= d else transposed @ centred
    spectra: np.ndarray = np.linalg.eigvalsh(products) / (k - 1)
    return spectra


def takes_spectra(formula: Formula) -> Rule:
    """Return a rule that checks its arguments, scales every spectrum, and gives 0 if no eigenvalue is positive.

    The scale is the power of two that brings the largest eigenvalue into [0.5, 1): no square under- or overflows.
    """

    @wraps(formula)
    def checked(eigenvalues: ArrayLike, alpha: float) -> np.ndarray:
        spectra = real_array(eigenvalues, "eigenvalues")
        if spectra.ndim != 2 or spectra.shape[1] < 1:
            raise ValueError(f"eigenvalues must have shape (n, r), one spectrum per row; got shape {spectra.shape}.")
        check_finite(spectra, "eigenvalues")
        spectra = spectra.astype(np.float64, copy=False)
        largest = spectra.max(axis=1, keepdims=True)
        if (spectra < -NEGATIVE * largest).any():
            raise ValueError(f"eigenvalues must not be negative beyond rounding; the smallest is {spectra.min():g}.")
        alpha = check_real(alpha, "alpha", low=0, high=1)
        # any spectrum in place of zeros: the next line gives 0
        scaled = np.where(largest > 0, np.ldexp(spectra, -np.frexp(largest)[1]), 1.0)
        return np.where(largest[:, 0] > 0, formula(scaled, alpha), 0)

    return checked
