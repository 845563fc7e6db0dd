"""The p-series weights of ζ-mixup: the vector, the matrix for a batch, and the constants of the two theorems."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit, zeta

from zeta_geom.checks import check_choice, check_int, check_real, real_array
from zeta_geom.rng import RandomState
from zeta_geom.rng.streams import Stream

__all__ = ["gamma_from_lambda", "gamma_min", "lambda_from_gamma", "p_series_weights", "zeta_weight_matrix"]

ANCHORS = ("self", "random")


def p_series_weights(n: int, gamma: float) -> np.ndarray:
    """Return the normalised terms i^-γ / Σ_j j^-γ of the p-series truncated at `n`.

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

    References
    ----------
    Abhishek et al. 2024, Eq. 6.

    Examples
    --------
    >>> p_series_weights(3, 1.0) * 11
    array([6., 3., 2.])
    """
    n = check_int(n, "n", low=1)
    gamma = check_real(gamma, "gamma", allow_inf=True)
    if gamma == -np.inf:
        raise ValueError("gamma must be a real number or +inf; got -inf.")
    return p_series(np, n, gamma, dtype=np.float64)


def p_series(xp: Any, n: int, gamma: Any, **kind: Any) -> Any:
    """Compute `p_series_weights` unchecked in the namespace `xp`; `kind` is the dtype and device of the result."""
    ranks = xp.arange(1, n + 1, **kind)
    # where γ < 0, the largest term becomes 1, so that none overflows
    scale = (n if gamma < 0 else 1) if isinstance(gamma, float) else xp.where(gamma < 0, float(n), 1.0)
    terms = (ranks / scale) ** -gamma
    return terms / xp.sum(terms)


def zeta_weight_matrix(
    m: int,
    gamma: float,
    *,
    n_mix: int | None = None,
    anchor: str = "self",
    n_out: int | None = None,
    random_state: RandomState = None,
) -> np.ndarray:
    """Draw the matrix W of ζ-mixup, whose product with a batch is the mixed batch.

    Parameters
    ----------
    m : int
        Number of samples in the batch.
    gamma : float
        Exponent γ ≥ 0, or +inf; any real where two samples are mixed.
    n_mix : int, optional
        T, how many samples are mixed into one output, 1 ≤ T ≤ m; all of them by default.
    anchor : {"self", "random"}
        "self": row k leads with sample k mod m. "random": every row's order is drawn freely.
    n_out : int, optional
        Number of rows; m by default.
    random_state : None, int, Generator, RandomState or torch.Generator
        Where the orders come from.

    Returns
    -------
    ndarray of float64, shape (n_out or m, m)
        Rows are non-negative, sum to 1, and hold the T weights in an order of their own.

    Raises
    ------
    TypeError, ValueError
        If T > m, γ < 0 with T ≠ 2, or an argument has the wrong type.

    References
    ----------
    Abhishek et al. 2024, Eqs. 5 and 6, Algorithm 1 (anchor "random") and Listing 1 (anchor "self").

    Examples
    --------
    >>> zeta_weight_matrix(2, 1.0).round(3)
    array([[0.667, 0.333],
           [0.333, 0.667]])
    """
    m = check_int(m, "m", low=1)
    rows = m if n_out is None else check_int(n_out, "n_out", low=1)
    n_mix = m if n_mix is None else check_int(n_mix, "n_mix", low=1)
    check_n_mix(n_mix, m)
    check_choice(anchor, "anchor", ANCHORS)
    check_gamma(gamma, n_mix)
    from zeta_geom.mixers.draws import draw_orders, draw_weights, scatter

    stream = Stream(random_state)
    if n_mix == m:
        return draw_weights(stream, gamma, rows, m, anchor, None)
    terms = p_series(np, n_mix, float(gamma), dtype=np.float64)
    return scatter(terms, draw_orders(stream, rows, m, n_mix, anchor, None), m)


def gamma_min(n_mix: int | None = None) -> float:
    """Return the γ at which the largest weight equals the sum of all others; above it, it exceeds them.

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

    References
    ----------
    Abhishek et al. 2024, Theorem 1.

    Examples
    --------
    >>> round(gamma_min(), 12)
    1.728647238998
    >>> gamma_min(2)
    0.0
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


def gamma_from_lambda(lam: Any) -> Any:
    """Return the γ at which ζ-mixup of two samples is mixup with λ: log2(λ / (1 - λ)).

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

    References
    ----------
    Abhishek et al. 2024, Theorem 2.

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


def lambda_from_gamma(gamma: Any) -> Any:
    """Return the λ at which mixup is ζ-mixup of two samples with γ: 1 / (1 + 2^-γ).

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

    References
    ----------
    Abhishek et al. 2024, Theorem 2.

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


def check_gamma(gamma: Any, n_mix: int | None) -> float:
    """Return γ as a float, or raise where it is negative and not exactly two samples are mixed."""
    number = check_real(gamma, "gamma", allow_inf=True)
    if number < 0 and (n_mix != 2 or number == -np.inf):
        raise ValueError(f"gamma must be at least 0, except with n_mix=2, where any real number goes; got {gamma}.")
    return number


def check_n_mix(n_mix: int, m: int) -> None:
    """Raise where more samples are to be mixed than there are."""
    if n_mix > m:
        raise ValueError(f"n_mix must be at most the batch's size; got n_mix={n_mix} for {m} samples. Lower n_mix.")
