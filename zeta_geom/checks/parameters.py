"""Checks of single values: integers, real numbers, and names out of a list."""

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any, TypeGuard

import numpy as np

LARGEST_INT = 2**63 - 1  # of the integers of NumPy and torch


def is_iterable(value: object) -> TypeGuard[Iterable[Any]]:
    """Return whether a value holds others: it is no text, and no array without axes."""
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes)) and np.iterable(value)


def check_int(value: object, name: str, *, low: int | None = None, high: int | None = None) -> int:
    """Return `value` as an int within [low, high], or raise an error.

    Parameters
    ----------
    value : int or NumPy integer
        The caller's value.
    name : str
        The argument's name, for the message.
    low, high : int, optional
        The limits.

    Returns
    -------
    int

    Raises
    ------
    TypeError, ValueError
        If `value` is not an integer (bools are refused), is outside the limits, or needs more than 64 bits.

    Examples
    --------
    >>> check_int(3, "k", low=1)
    3
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer; got {value!r} of type {type(value).__name__}.")
    number = int(value)
    if (low is not None and number < low) or (high is not None and number > high):
        raise ValueError(f"{name} must be an integer {_limits(low, high)}; got {number}.")
    if abs(number) > LARGEST_INT:
        raise ValueError(f"{name} must be an integer of at most 64 bits; got one of {number.bit_length()} bits.")
    return number


def check_jobs(value: object, name: str = "n_jobs") -> int | None:
    """Return the number of threads, as in scikit-learn; raise an error unless it is None or a nonzero integer.

    Parameters
    ----------
    value : int, NumPy integer or None
        The caller's value.
    name : str
        The argument's name, for the message.

    Returns
    -------
    int or None

    Examples
    --------
    >>> check_jobs(-1)
    -1
    """
    if value is None:
        return None
    if not (number := check_int(value, name)):
        raise ValueError(f"{name} must be a number of threads, -1 for one per core, or None; got 0.")
    return number


def check_real(
    value: object,
    name: str,
    *,
    low: float | None = None,
    high: float | None = None,
    strict: bool = False,
    allow_inf: bool = False,
) -> float:
    """Return `value` as a float within the limits, or raise an error.

    Parameters
    ----------
    value : int, float or NumPy real number
        The caller's value.
    name : str
        The argument's name, for the message.
    low, high : float, optional
        The limits.
    strict, allow_inf : bool
        Exclude the limits; accept infinite values.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If `value` is not a real number, is NaN, infinite (unless `allow_inf`), or outside the limits.

    Examples
    --------
    >>> check_real(2.8, "gamma", low=0)
    2.8
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a real number; got {value!r} of type {type(value).__name__}.")
    try:
        number = float(value)
    except OverflowError as error:
        raise ValueError(f"{name} must be at most 1.8e308, the limit of floats; got a larger number.") from error
    if np.isnan(number) or (np.isinf(number) and not allow_inf):
        raise ValueError(f"{name} must be {'a number' if allow_inf else 'finite'}; got {value}.")
    below = low is not None and (number <= low if strict else number < low)
    above = high is not None and (number >= high if strict else number > high)
    if below or above:
        raise ValueError(f"{name} must be a number {_limits(low, high, strict)}; got {value}.")
    return number


def check_choice(value: object, name: str, choices: Iterable[str]) -> str:
    """Return `value` if it is one of `choices`, or raise a ValueError that lists them.

    Parameters
    ----------
    value, name : str
        The caller's value, and the argument's name, for the message.
    choices : iterable of str
        The allowed values.

    Returns
    -------
    str

    Examples
    --------
    >>> check_choice("self", "anchor", ("self", "random"))
    'self'
    """
    choices = sorted(choices)
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}; got {value!r}.")
    return str(value)


def _limits(low: float | None, high: float | None, strict: bool = False) -> str:
    left, right = ("(", ")") if strict else ("[", "]")
    return f"in {left}{'-inf' if low is None else low}, {'inf' if high is None else high}{right}"
