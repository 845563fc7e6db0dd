"""Argument checks, called at the public door only.

Every error names the argument (`name`), states the rule, shows what came and says what to do.
"""

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

import numpy as np

__all__ = [
    "check_choice",
    "check_finite",
    "check_int",
    "check_label_shape",
    "check_labels",
    "check_points",
    "check_probabilities",
    "check_real",
    "host_array",
]

LARGEST = 1e150  # of a coordinate: squares of larger ones overflow
LABEL_TOLERANCE = 1e-3  # float16 soft labels over a thousand classes still pass


def check_int(value: Any, name: str, *, low: int | None = None, high: int | None = None) -> int:
    """Return `value` as an int within [low, high], or raise.

    Parameters
    ----------
    value : int or NumPy integer
    name : str
    low, high : int, optional

    Returns
    -------
    int

    Raises
    ------
    TypeError, ValueError
        If `value` is no integer (a bool is none), or lies outside the limits.

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
    return number


def check_real(
    value: Any,
    name: str,
    *,
    low: float | None = None,
    high: float | None = None,
    strict: bool = False,
    allow_inf: bool = False,
) -> float:
    """Return `value` as a float within the limits (excluded where `strict`), or raise.

    Parameters
    ----------
    value : int, float or NumPy real number
    name : str
    low, high : float, optional
    strict, allow_inf : bool

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If `value` is no real number; if it is NaN, infinite (unless `allow_inf`), or outside the limits.

    Examples
    --------
    >>> check_real(2.8, "gamma", low=0)
    2.8
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a real number; got {value!r} of type {type(value).__name__}.")
    number = float(value)
    if np.isnan(number) or (np.isinf(number) and not allow_inf):
        raise ValueError(f"{name} must be {'a number' if allow_inf else 'finite'}; got {value}.")
    below = low is not None and (number <= low if strict else number < low)
    above = high is not None and (number >= high if strict else number > high)
    if below or above:
        raise ValueError(f"{name} must be a number {_limits(low, high, strict)}; got {value}.")
    return number


def check_choice(value: Any, name: str, choices: Iterable[str]) -> str:
    """Return `value` if it is one of `choices`; else raise an error that lists them all.

    Parameters
    ----------
    value, name : str
    choices : iterable of str

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If `value` is none of `choices`.

    Examples
    --------
    >>> check_choice("self", "anchor", ("self", "random"))
    'self'
    """
    choices = sorted(choices)
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}; got {value!r}.")
    return str(value)


def check_finite(X: Any, name: str = "X") -> None:
    """Raise ValueError if the NumPy array `X` holds a NaN or an infinity.

    Parameters
    ----------
    X : ndarray of any shape and dtype
    name : str

    Examples
    --------
    >>> check_finite(np.zeros(3))
    """
    if np.issubdtype(X.dtype, np.floating) and X.size and not (np.isfinite(X.min()) and np.isfinite(X.max())):
        bad = int(X.size - np.isfinite(X).sum())
        raise ValueError(f"{name} must be finite; got {bad} NaN or infinite values. Remove or impute them first.")


def host_array(values: Any) -> np.ndarray:
    """Return `values` as a NumPy array; a CPU tensor is detached, bfloat16, which NumPy has not, becomes float32.

    Parameters
    ----------
    values : array-like or CPU tensor, of any shape and dtype

    Examples
    --------
    >>> host_array([1, 2])
    array([1, 2])
    """
    if hasattr(values, "detach"):
        values = values.detach()
        values = values.float() if str(values.dtype) == "torch.bfloat16" else values
    return np.asarray(values)


def check_points(X: Any, name: str = "X", *, min_samples: int = 1) -> np.ndarray:
    """Return `X` (array, DataFrame or CPU tensor) as a finite float array of shape (n, d), float32 or float64.

    Parameters
    ----------
    X : array-like of shape (n, d)
    name : str
    min_samples : int

    Raises
    ------
    TypeError, ValueError
        If `X` holds no real numbers, is not 2-D, has fewer than `min_samples` rows or no column, or has a value not
        finite or beyond 1e150.

    Examples
    --------
    >>> check_points([[1, 2], [3, 4]]).dtype
    dtype('float64')
    """
    array = host_array(X)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold real numbers; got dtype {array.dtype}.")
    if array.ndim != 2:
        raise ValueError(
            f"{name} must have shape (n, d), one row a point; got shape {array.shape}. "
            f"Flatten images with {name}.reshape(len({name}), -1)."
        )
    if array.shape[0] < min_samples or array.shape[1] < 1:
        raise ValueError(f"{name} must have at least {min_samples} row(s) and one column; got shape {array.shape}.")
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float32 if array.dtype == np.float16 else np.float64)
    largest = max(float(array.max()), -float(array.min()))
    if not np.isfinite(largest):
        check_finite(array, name)
    if largest > LARGEST:
        raise ValueError(f"{name} must lie within ±{LARGEST:g}; got {largest:g}, whose square overflows. Rescale it.")
    return array


def check_labels(y: Any, name: str = "y", *, n: int | None = None, n_classes: int | None = None) -> np.ndarray:
    """Return `y` as int labels (n,) or as float soft labels (n, K), whichever it is.

    Parameters
    ----------
    y : int array of shape (n,), or float array of shape (n, K)
        Labels; the rows of soft labels are non-negative and sum to 1.
    name : str
    n : int, optional
        The number of labels that there must be.
    n_classes : int, optional
        The number of classes that int labels must stay below, and that soft labels must have.

    Returns
    -------
    ndarray of int, shape (n,), or of float, shape (n, K)

    Raises
    ------
    TypeError, ValueError
        If 1-D labels are not integers; if the shape, the range or the sums are wrong.

    Examples
    --------
    >>> check_labels([0, 2, 1], n=3, n_classes=3)
    array([0, 2, 1])
    """
    y = host_array(y)
    check_label_shape(y.shape, n, n_classes, name)
    if y.ndim == 1:
        return _check_int_labels(y, name, n_classes)
    if y.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold real numbers; got dtype {y.dtype}.")
    y = y if y.dtype.kind == "f" else y.astype(np.float32)
    check_probabilities(y, name, tolerance=LABEL_TOLERANCE)
    return y


def check_label_shape(shape: tuple[int, ...], n: int | None, n_classes: int | None, name: str = "y") -> None:
    """Raise ValueError unless `shape` is that of n int labels, (n,), or of soft labels, (n, n_classes).

    Parameters
    ----------
    shape : tuple of int
    n, n_classes : int, or None for any number
    name : str

    Examples
    --------
    >>> check_label_shape((3, 2), 3, 2)
    """
    if len(shape) not in (1, 2):
        raise ValueError(f"{name} must be int labels (n,) or soft labels (n, K); got shape {shape}.")
    if n is not None and shape[0] != n:
        raise ValueError(f"{name} must have one label for each of the {n} samples; got {shape[0]}.")
    if len(shape) == 2 and n_classes is not None and shape[1] != n_classes:
        raise ValueError(f"{name} must have n_classes={n_classes} columns; got shape {shape}.")


def check_probabilities(p: np.ndarray, name: str = "p", *, tolerance: float = 1e-6) -> None:
    """Raise ValueError unless the rows of `p` are non-negative and sum to 1 within `tolerance`.

    Parameters
    ----------
    p : float array of shape (n, K)
    name : str
    tolerance : float

    Examples
    --------
    >>> check_probabilities(np.array([[0.5, 0.5]]))
    """
    check_finite(p, name)
    if p.ndim != 2 or p.shape[1] < 1:
        raise ValueError(f"{name} must have shape (n, K), one row a distribution; got shape {p.shape}.")
    sums = p.sum(axis=1, dtype=np.float64)
    if (p < 0).any() or (np.abs(sums - 1) > tolerance).any():
        worst = int(np.argmax(np.where((p < 0).any(axis=1), np.inf, np.abs(sums - 1))))
        raise ValueError(f"{name} must have non-negative rows that sum to 1; row {worst} is {p[worst]}.")


def _check_int_labels(y: np.ndarray, name: str, n_classes: int | None) -> np.ndarray:
    if y.dtype.kind not in "iu":
        raise TypeError(f"{name} of one dimension must hold integers; got dtype {y.dtype}. Soft labels are (n, K).")
    if y.size and (y.min() < 0 or (n_classes is not None and y.max() >= n_classes)):
        raise ValueError(
            f"{name} must lie in 0..{'n_classes-1' if n_classes is None else n_classes - 1}; "
            f"got values from {y.min()} to {y.max()}."
        )
    return y


def _limits(low: float | None, high: float | None, strict: bool = False) -> str:
    left, right = ("(", ")") if strict else ("[", "]")
    return f"in {left}{'-inf' if low is None else low}, {'inf' if high is None else high}{right}"
