"""Checks of arrays: anything array-like becomes a NumPy array, and points are finite and 2-D."""

from numbers import Real
from typing import Any

import numpy as np

__all__ = ["LARGEST", "check_finite", "check_points", "host_array", "real_array"]

LARGEST = 1e150  # of a coordinate: squares of larger ones overflow


def check_finite(X: Any, name: str = "X") -> None:
    """Raise ValueError if `X` holds a NaN or an infinity.

    Parameters
    ----------
    X : array-like or CPU tensor, of any shape and dtype
    name : str

    Examples
    --------
    >>> check_finite(np.zeros(3))
    """
    X = host_array(X, name)
    if np.issubdtype(X.dtype, np.floating) and X.size and not (np.isfinite(X.min()) and np.isfinite(X.max())):
        bad = int(X.size - np.isfinite(X).sum())
        raise ValueError(f"{name} must be finite; got {bad} NaN or infinite values. Remove or impute them first.")


def host_array(values: Any, name: str = "values") -> np.ndarray:
    """Return `values` as a NumPy array; a CPU tensor is detached, bfloat16, which NumPy has not, becomes float32.

    Objects that are all numbers, as in a column of pandas', become numbers.

    Parameters
    ----------
    values : array-like or CPU tensor, of any shape and dtype
    name : str

    Raises
    ------
    TypeError, ValueError
        If `values` nests lists of unequal lengths, is a sparse matrix, or has masked values.

    Examples
    --------
    >>> host_array([1, 2])
    array([1, 2])
    """
    if hasattr(values, "detach"):
        values = values.detach()
        values = values.float() if str(values.dtype) == "torch.bfloat16" else values
    if hasattr(values, "toarray"):
        raise TypeError(f"{name} must be a dense array; got a {type(values).__name__}. Call its toarray() first.")
    if np.ma.is_masked(values):  # NumPy would take the values under the mask
        count = int(np.ma.getmaskarray(values).sum())
        raise ValueError(f"{name} must have no masked value; got {count}. Fill them, or leave their samples out.")
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be one rectangular array; got a {type(values).__name__}: {error}") from error
    if array.dtype == object and array.size and array.ndim and all(map(_is_number, array.ravel())):
        array = np.array(array.tolist())
    return array


def real_array(values: Any, name: str = "values") -> np.ndarray:
    """Return `values` as a NumPy array of real numbers, bools among them, or raise.

    Parameters
    ----------
    values : array-like or CPU tensor, of any shape
    name : str

    Raises
    ------
    TypeError, ValueError
        If `values` hold anything else, or nest lists of unequal lengths.

    Examples
    --------
    >>> real_array([1, 2])
    array([1, 2])
    """
    array = host_array(values, name)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold real numbers; got dtype {array.dtype}.")
    return array


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
    array = real_array(X, name)
    if array.ndim != 2:
        raise ValueError(
            f"{name} must have shape (n, d), one row a point; got shape {array.shape}. "
            f"Flatten images with {name}.reshape(len({name}), -1)."
        )
    if array.shape[0] < min_samples or array.shape[1] < 1:
        raise ValueError(f"{name} must have at least {min_samples} row(s) and one column; got shape {array.shape}.")
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float32 if array.dtype == np.float16 else np.float64)
    largest = max(float(array.max()), -float(array.min())) if len(array) else 0.0
    if not np.isfinite(largest):
        check_finite(array, name)
    if largest > LARGEST:
        raise ValueError(f"{name} must lie within ±{LARGEST:g}; got {largest:g}, whose square overflows. Rescale it.")
    return array


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, (bool, np.bool_))
