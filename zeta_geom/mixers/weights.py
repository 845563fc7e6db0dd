"""The p-series weights of ζ-mixup, and the constants of the two theorems."""

import math
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit, zeta

from zeta_geom.checks import check_int, check_real, real_array
from zeta_geom.checks.types import Array, ArrayLike

ANCHORS = ("self", "random")


def p_series_weights(n: int, gamma: float) -> np.ndarray:
    """Return the normalised terms i^-γ / Σ_j j^-γ of the p-series truncated at `n`.

    Source: Abhishek et al. 2024, Eq. 6.

    Parameters
    ----------
    n : int
        Number of terms, at least 1.
    gamma : float
        Any real exponent, or +inf, which gives all the weight to the first term.

    Returns
    -------
    ndarray of float64, shape (n,)
        Non-negative and summing to 1.

    Raises
    ------
    TypeError, ValueError
        If `n` is no positive integer, or `gamma` is NaN or -inf.

    Examples
    --------
    >>> p_series_weights(3, 1.0) * 11
    array([6., 3., 2.])
    """
    n = check_int(n, "n", low=1)
    gamma = check_real(gamma, "gamma", allow_inf=True)
    if gamma == -np.inf:
        raise ValueError("gamma must be a real number or +inf; got -inf.")
    weights: np.ndarray = p_series(np, n, gamma, dtype=np.float64)
    return weights


def p_series(xp: ModuleType, n: int, gamma: float | Array, **options: object) -> Any:
    """Return `p_series_weights` without checks, in the namespace `xp`; `options` are the dtype and the device."""
    ranks = xp.arange(1, n + 1, **options)
    # if γ < 0, divide the ranks by n: the largest term is then 1, and none overflows
    scale = (n if gamma < 0 else 1) if isinstance(gamma, float) else xp.where(gamma < 0, float(n), 1.0)
    terms = (ranks / scale) ** -gamma
    return terms / xp.sum(terms)


def gamma_min(n_mix: int | None = None) -> float:
    """Return the γ at which the largest weight equals the sum of all others; above it, it exceeds them.

    Source: Abhishek et al. 2024, Theorem 1.

    Parameters
    ----------
    n_mix : int, optional
        T ≥ 2; without it the limit T → ∞, the root of ζ(γ) = 2, which serves for every T.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If `n_mix` is no integer of at least 2.

    Examples
    --------
    >>> round(gamma_min(), 12)
    1.728647238998
    """
    if n_mix is None:
        return float(brentq(lambda gamma: zeta(gamma) - 2, 1.5, 2.0, xtol=1e-15))
    return _gamma_min_truncated(check_int(n_mix, "n_mix", low=2))


@cache
def _gamma_min_truncated(n_mix: int) -> float:
    if n_mix == 2:
        return 0.0
    if n_mix > 1000:  # the tail by Hurwitz's zeta function: no memory, and γ is well above 1 here
        return float(brentq(lambda gamma: zeta(gamma) - zeta(gamma, n_mix + 1) - 2, 1.5, 2.0, xtol=1e-15))
    ranks = np.arange(1, n_mix + 1, dtype=np.float64)
    return float(brentq(lambda gamma: np.sum(ranks**-gamma) - 2, 0.0, 2.0, xtol=1e-15))


def gamma_from_lambda(lam: float | ArrayLike) -> Any:
    """Return the γ at which ζ-mixup of two samples is mixup with λ: log2(λ / (1 - λ)).

    Source: Abhishek et al. 2024, Theorem 2.

    Parameters
    ----------
    lam : float, or array of floats
        λ in (0, 1]; 1 maps to infinity.

    Returns
    -------
    float, or ndarray of float64

    Raises
    ------
    TypeError, ValueError
        If a value is no real number, or outside (0, 1].

    Examples
    --------
    >>> round(gamma_from_lambda(0.8), 12)
    2.0
    """
    values = real_array(lam, "lam").astype(np.float64)
    if not ((values > 0) & (values <= 1)).all():
        raise ValueError(f"lam must lie in (0, 1]; got {lam}.")
    gamma = np.asarray(logit(values) / math.log(2))
    return gamma if gamma.ndim else float(gamma)


def lambda_from_gamma(gamma: float | ArrayLike) -> Any:
    """Return the λ at which mixup is ζ-mixup of two samples with γ: 1 / (1 + 2^-γ).

    Source: Abhishek et al. 2024, Theorem 2.

    Parameters
    ----------
    gamma : float, or array of floats
        Any real number, or +inf.

    Returns
    -------
    float, or ndarray of float64

    Raises
    ------
    TypeError, ValueError
        If a value is no real number, NaN or -inf.

    Examples
    --------
    >>> round(lambda_from_gamma(2.0), 12)
    0.8
    """
    values = real_array(gamma, "gamma").astype(np.float64)
    if np.isnan(values).any() or (values == -np.inf).any():
        raise ValueError(f"gamma must be real or +inf; got {gamma}.")
    lam = np.asarray(expit(values * math.log(2)))
    return lam if lam.ndim else float(lam)


def check_gamma(gamma: object, n_mix: int | None) -> float:
    """Return γ as a float, or raise an error if it is negative and n_mix is not 2."""
    number = check_real(gamma, "gamma", allow_inf=True)
    if number < 0 and (n_mix != 2 or number == -np.inf):
        raise ValueError(f"gamma must be at least 0, except with n_mix=2, which takes any real number; got {gamma}.")
    return number


def check_n_mix(n_mix: int | None, m: int, *, clip: bool = False) -> int:
    """Return T for a batch of m samples, or raise ValueError if it is larger and not to be clipped."""
    if n_mix is None or (clip and n_mix > m):
        return m
    if n_mix > m:
        raise ValueError(f"n_mix must be at most the batch size; got n_mix={n_mix} for {m} samples. Lower n_mix.")
    return n_mix
