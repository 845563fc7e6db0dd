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
    """Return the array API's functions for a NumPy array or a torch tensor, without asking for other backends."""
    if isinstance(array, (np.ndarray, np.generic)):
        return numpy_namespace
    import array_api_compat.torch

    return array_api_compat.torch


def is_tensor(value: Any) -> bool:
    """Say whether `value` is a torch tensor, without importing torch."""
    loaded = sys.modules.get("torch")
    return loaded is not None and isinstance(value, loaded.Tensor)


def on_host(like: Any) -> bool:
    """Say whether `like` is a NumPy array, a tensor on the CPU, or nothing."""
    return not is_tensor(like) or like.device.type == "cpu"


def to_backend(array: Any, like: Any, dtype: Any = None) -> Any:
    """Return `array` in the backend, on the device and, if given, in the dtype of `like`."""
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
    """Return `array` in a dtype of its backend: itself, where it has that already."""
    return array if array.dtype == dtype else namespace(array).astype(array, dtype)


def compute_dtype(like: Any) -> Any:
    """Return the dtype of the arithmetic on `like`: at least float32."""
    xp = namespace(like)
    return xp.float64 if like.dtype.itemsize > 4 else xp.float32


def flatten(X: Any) -> Any:
    """Return X as a matrix (m, everything else) in its compute dtype.

    Shapes: `X` (m, ...) -> (m, d).
    """
    return cast(X.reshape(X.shape[0], math.prod(X.shape[1:])), compute_dtype(X))


def batch_scale(X: Any) -> Any:
    """Return the power of two that brings the largest value of a batch to between a half and 1, without a gradient.

    Returns shape ().
    """
    if not math.prod(X.shape):
        return 1.0
    if is_tensor(X):
        return tensor_scale(X.detach().abs().amax())
    return min(power_of_two_scale(float(np.abs(X).max())), 2.0**63 if X.dtype == np.float32 else np.inf)


def matrix_view(out: Any, X: Any) -> Any:
    """Return `out` as a matrix (rows, everything else) that shares its memory, for the arithmetic on X to write into.

    Shapes: `out` (rows, ...) -> (rows, d).
    """
    if out is None or out.dtype != compute_dtype(X):
        return None
    contiguous = out.flags.c_contiguous if isinstance(out, np.ndarray) else out.is_contiguous()
    return out.reshape(out.shape[0], math.prod(out.shape[1:])) if contiguous else None
