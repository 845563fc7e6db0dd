"""Checks of arrays: array-like values become NumPy arrays; points are finite and 2-D."""

from __future__ import annotations

import sys
from dataclasses import replace
from numbers import Real
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    import torch
    from typing_extensions import TypeIs

Holder = TypeVar("Holder")

LARGEST = 1e150  # of a coordinate: squares of larger ones overflow


def check_finite(X: object, name: str = "X") -> None:
    """Raise ValueError if `X` holds a NaN or an infinity.

    Parameters
    ----------
    X : array-like or CPU tensor, of any shape and dtype
        The values.
    name : str
        The argument's name, for the message.

    Examples
    --------
    >>> check_finite(np.zeros(3))
    """
    X = host_array(X, name)
    if np.issubdtype(X.dtype, np.floating) and X.size and not (np.isfinite(X.min()) and np.isfinite(X.max())):
        bad = int(X.size - np.isfinite(X).sum())
        raise ValueError(f"{name} must be finite; got {bad} NaN or infinite values. Remove or impute them first.")


def host_array(values: Any, name: str = "values") -> np.ndarray:
    """Return `values` as a NumPy array; bfloat16 becomes float32, and objects that are numbers become numeric.

    Parameters
    ----------
    values : array-like or CPU tensor, of any shape and dtype
        The caller's value; a tensor is detached.
    name : str
        The argument's name, for the message.

    Raises
    ------
    TypeError, ValueError
        If `values` holds nested lists of unequal lengths, is a sparse matrix, or has masked values.

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
    if np.ma.is_masked(values):  # NumPy would use the values under the mask
        count = int(np.ma.getmaskarray(values).sum())
        raise ValueError(f"{name} must not have masked values; got {count}. Fill them, or drop their samples.")
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be one rectangular array; got a {type(values).__name__}: {error}") from error
    if array.dtype == object and array.size and array.ndim and all(map(_is_number, array.ravel())):
        array = np.array(array.tolist())
    return array


def real_array(values: object, name: str = "values") -> np.ndarray:
    """Return `values` as a NumPy array of real numbers, bools among them; raise TypeError or ValueError otherwise.

    Parameters
    ----------
    values : array-like or CPU tensor, of any shape
        The caller's value.
    name : str
        The argument's name, for the message.

    Examples
    --------
    >>> real_array([1, 2])
    array([1, 2])
    """
    array = host_array(values, name)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold real numbers; got dtype {array.dtype}.")
    return array


def check_points(X: object, name: str = "X", *, min_samples: int = 1) -> np.ndarray:
    """Return `X` (array, DataFrame or CPU tensor) as a finite float array of shape (n, d), float32 or float64.

    Parameters
    ----------
    X : array-like of shape (n, d)
        The points.
    name : str
        The argument's name, for the message.
    min_samples : int
        The smallest number of rows.

    Raises
    ------
    TypeError, ValueError
        If `X` is not real or not 2-D, has fewer than `min_samples` rows or no column, or has a value that is not
        finite or exceeds 1e150.

    Examples
    --------
    >>> check_points([[1, 2], [3, 4]]).dtype
    dtype('float64')
    """
    array = real_array(X, name)
    if array.ndim != 2:
        raise ValueError(
            f"{name} must have shape (n, d), one row per point; got shape {array.shape}. "
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


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, (bool, np.bool_))


def is_tensor(value: object) -> TypeIs[torch.Tensor]:
    """Return whether a value is a torch tensor, without importing torch.

    Parameters
    ----------
    value : object
        Any value.

    Examples
    --------
    >>> is_tensor(np.zeros(2))
    False
    """
    loaded = sys.modules.get("torch")
    return loaded is not None and isinstance(value, loaded.Tensor)


def read_only(points: Holder) -> Holder:
    """Return a data class of arrays X and Y (or None) whose arrays cannot be written, for functions of users."""
    changes: dict[str, Any] = {}
    for name in ("X", "Y"):
        array = getattr(points, name)
        if array is not None:
            changes[name] = array.view()
            changes[name].flags.writeable = False
    holder: Any = points
    return replace(holder, **changes)  # type: ignore[no-any-return]
