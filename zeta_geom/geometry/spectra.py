"""Eigenvalues of neighbourhoods: the covariance where points are narrow, the Gram matrix where they are wide."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

import numpy as np

from zeta_geom.checks import check_finite, check_points, check_real, host_array, real_array
from zeta_geom.checks.scaling import column_references

__all__ = ["Rule", "local_spectra", "takes_spectra"]

NEGATIVE = 1e-6  # of the largest eigenvalue: rounding leaves less below 0

Rule: TypeAlias = Callable[[Any, float], np.ndarray]


def local_spectra(neighbourhoods: Any) -> np.ndarray:
    """Return the covariance eigenvalues of each neighbourhood, centred on its own mean.

    Parameters
    ----------
    neighbourhoods : float array of shape (q, k, d)
        k ≥ 2 points each; the arithmetic is float64.

    Returns
    -------
    ndarray of float64, shape (q, min(k, d))
        Ascending; rounding may leave tiny negative values.

    Raises
    ------
    TypeError, ValueError
        If they hold no real numbers or are not finite, or the shape is another.

    Notes
    -----
    The covariance BᵀB / (k - 1) and the Gram matrix BBᵀ / (k - 1) share their non-zero eigenvalues.

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
    return np.linalg.eigvalsh(products) / (k - 1)


def takes_spectra(rule: Rule) -> Rule:
    """Check what a rule is given, and scale each spectrum by a power of two, so that its largest lies in [0.5, 1)."""

    @wraps(rule)
    def checked(eigenvalues: Any, alpha: float) -> np.ndarray:
        spectra = real_array(eigenvalues, "eigenvalues")
        if spectra.ndim != 2 or spectra.shape[1] < 1:
            raise ValueError(f"eigenvalues must have shape (n, r), a spectrum a row; got shape {spectra.shape}.")
        check_finite(spectra, "eigenvalues")
        spectra = spectra.astype(np.float64, copy=False)
        largest = spectra.max(axis=1, keepdims=True)
        if (spectra < -NEGATIVE * largest).any():
            raise ValueError(f"eigenvalues must not be negative, but for rounding; got {spectra.min():g} among them.")
        alpha = check_real(alpha, "alpha", low=0, high=1)
        scaled = np.where(largest > 0, np.ldexp(spectra, -np.frexp(largest)[1]), 1.0)  # zeros: any other spectrum
        return np.where(largest[:, 0] > 0, rule(scaled, alpha), 0)

    return checked
