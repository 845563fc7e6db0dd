"""Arithmetic on batches of either backend that keeps their precision and device."""

from __future__ import annotations

import math
import sys
from typing import Any

import array_api_compat.numpy as numpy_namespace
import numpy as np

from zeta_geom.checks.scaling import power_of_two_scale, tensor_scale

__all__ = [
    "batch_scale",
    "cast",
    "compute_dtype",
    "flatten",
    "is_tensor",
    "matrix_view",
    "namespace",
    "on_host",
    "to_backend",
]


def namespace(array: Any) -> Any:
    """Return the array API's functions for a NumPy array or a torch tensor, without asking for other backends.

    Parameters
    ----------
    array : array or tensor

    Returns
    -------
    module

    Examples
    --------
    >>> namespace(np.zeros(1)).__name__
    'array_api_compat.numpy'
    """
    if isinstance(array, (np.ndarray, np.generic)):
        return numpy_namespace
    import array_api_compat.torch

    return array_api_compat.torch


def is_tensor(value: Any) -> bool:
    """Say whether `value` is a torch tensor, without importing torch.

    Parameters
    ----------
    value : object

    Returns
    -------
    bool

    Examples
    --------
    >>> is_tensor(np.zeros(1))
    False
    """
    loaded = sys.modules.get("torch")
    return loaded is not None and isinstance(value, loaded.Tensor)


def on_host(like: Any) -> bool:
    """Say whether `like` is a NumPy array, a tensor on the CPU, or nothing.

    Parameters
    ----------
    like : array, tensor or None

    Returns
    -------
    bool

    Examples
    --------
    >>> on_host(None)
    True
    """
    return not is_tensor(like) or like.device.type == "cpu"


def to_backend(array: Any, like: Any, dtype: Any = None) -> Any:
    """Return `array` in the backend, on the device and, if given, in the dtype of `like`.

    Parameters
    ----------
    array : array or tensor of any shape
    like : array or tensor
    dtype : dtype of the backend of `like`, optional

    Returns
    -------
    array or tensor of the shape of `array`
        The same memory, where that is possible.

    Examples
    --------
    >>> to_backend(np.array([1, 2]), np.zeros(1), np.float64)
    array([1., 2.])
    """
    if isinstance(like, np.ndarray):
        if is_tensor(array):
            array = array.detach().cpu()
            array = (array.double() if array.is_floating_point() else array).numpy()  # NumPy has no bfloat16
    elif not is_tensor(array) or array.device != like.device:
        if not is_tensor(array):
            array = np.asarray(array)
            if not (array.dtype.isnative and array.flags.writeable and array.flags.c_contiguous):
                array = array.astype(array.dtype.newbyteorder("="), order="C")  # torch wants such memory
        array = namespace(like).asarray(array, device=like.device)
    return array if dtype is None else cast(array, dtype)


def cast(array: Any, dtype: Any) -> Any:
    """Return `array` in a dtype of its backend: itself, where it has that already.

    Parameters
    ----------
    array : array or tensor
    dtype : dtype

    Returns
    -------
    array or tensor

    Examples
    --------
    >>> cast(np.array([1, 2]), np.float64)
    array([1., 2.])
    """
    return array if array.dtype == dtype else namespace(array).astype(array, dtype)


def compute_dtype(like: Any) -> Any:
    """Return the dtype of the arithmetic on `like`: at least float32.

    Parameters
    ----------
    like : floating array or tensor

    Returns
    -------
    dtype
        float64 where `like` is, else float32, of the backend.

    Examples
    --------
    >>> compute_dtype(np.zeros(1, np.float16)) == np.float32
    True
    """
    xp = namespace(like)
    return xp.float64 if like.dtype.itemsize > 4 else xp.float32


def flatten(X: Any) -> Any:
    """Return X as a matrix (m, everything else) in its compute dtype.

    Parameters
    ----------
    X : floating array or tensor of shape (m, ...)

    Returns
    -------
    float32 or float64 array or tensor of shape (m, d)

    Examples
    --------
    >>> flatten(np.zeros((2, 3, 4))).shape
    (2, 12)
    """
    return cast(X.reshape(X.shape[0], math.prod(X.shape[1:])), compute_dtype(X))


def batch_scale(X: Any) -> Any:
    """Return the power of two that brings the largest value of a batch to between a half and 1, without a gradient.

    Parameters
    ----------
    X : float32 or float64 array or tensor of any shape

    Returns
    -------
    float or tensor of shape ()
        1 for a batch without values other than 0.

    Examples
    --------
    >>> batch_scale(np.array([[3.0, -5.0]]))
    0.125
    """
    if not math.prod(X.shape):
        return 1.0
    if is_tensor(X):
        return tensor_scale(X.detach().abs().amax())
    return min(power_of_two_scale(float(np.abs(X).max())), 2.0**63 if X.dtype == np.float32 else np.inf)


def matrix_view(out: Any, X: Any) -> Any:
    """Return `out` as a matrix (rows, everything else) that shares its memory, for the arithmetic on X to write into.

    Parameters
    ----------
    out : array or tensor of shape (rows, ...), or None
    X : floating array or tensor

    Returns
    -------
    array or tensor of shape (rows, d), or None where there is no such view, or X is not computed in its own dtype

    Examples
    --------
    >>> matrix_view(np.zeros((2, 3, 4)), np.zeros((5, 3, 4))).shape
    (2, 12)
    """
    if out is None or out.dtype != compute_dtype(X):
        return None
    contiguous = out.flags.c_contiguous if isinstance(out, np.ndarray) else out.is_contiguous()
    return out.reshape(out.shape[0], math.prod(out.shape[1:])) if contiguous else None
