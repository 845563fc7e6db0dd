"""Arithmetic on batches of either backend that keeps their precision and device."""

from __future__ import annotations

import math
from types import ModuleType
from typing import TYPE_CHECKING, Any

import array_api_compat.numpy as numpy_namespace
import numpy as np

from zeta_geom.checks.points import is_tensor
from zeta_geom.checks.scaling import power_of_two_scale, tensor_scale
from zeta_geom.checks.types import Array, SomeArray

if TYPE_CHECKING:
    pass


def namespace(array: object) -> ModuleType:
    """Return the functions of the array API for a NumPy array or a torch tensor."""
    xp: ModuleType = numpy_namespace
    if not isinstance(array, (np.ndarray, np.generic)):
        import array_api_compat.torch

        xp = array_api_compat.torch
    return xp


def on_host(like: Array | None) -> bool:
    """Return whether `like` is a NumPy array, a tensor on the CPU, or None."""
    return not is_tensor(like) or like.device.type == "cpu"


def to_backend(array: object, like: SomeArray, dtype: object = None) -> SomeArray:
    """Return `array` in the backend, on the device and, if not None, in the dtype of `like`."""
    moved: Any = array
    if isinstance(like, np.ndarray):
        if is_tensor(array):
            moved = array.detach().cpu()
            moved = (moved.double() if array.is_floating_point() else moved).numpy()  # NumPy has no bfloat16
    elif not is_tensor(array) or array.device != like.device:
        if not is_tensor(array):
            moved = np.asarray(array)
            if not (moved.dtype.isnative and moved.flags.writeable and moved.flags.c_contiguous):
                moved = moved.astype(moved.dtype.newbyteorder("="), order="C")  # torch requires such memory
        moved = namespace(like).asarray(moved, device=like.device)
    result: SomeArray = moved if dtype is None else cast(moved, dtype)
    return result


def cast(array: SomeArray, dtype: object) -> SomeArray:
    """Return `array` in a dtype of its backend; without a copy if it has that dtype already."""
    result: SomeArray = array if array.dtype == dtype else namespace(array).astype(array, dtype)
    return result


def compute_dtype(like: Array) -> Any:
    """Return the dtype of the arithmetic on `like`: at least float32."""
    xp = namespace(like)
    return xp.float64 if like.dtype.itemsize > 4 else xp.float32


def product_dtype(X: Array) -> Any:
    """Return the dtype of a matrix product with X: on a device its own, for tensor cores, which sum in float32.

    Weights of half precision move a mean by at most u · max |x|, u = 2^-11 in float16 and 2^-8 in bfloat16, as much
    as the rounding of the result; smaller than 2^-25, a weight in float16 is 0. Where cuBLAS splits a sum, it adds
    the parts in half precision unless torch.backends.cuda.matmul forbids it; m is too small for that as a rule.
    """
    return compute_dtype(X) if on_host(X) else X.dtype


def flatten(X: SomeArray, dtype: object = None) -> SomeArray:
    """Return X (m, ...) as a matrix (m, d) in a dtype; its compute dtype by default."""
    return cast(X.reshape(X.shape[0], math.prod(X.shape[1:])), compute_dtype(X) if dtype is None else dtype)


def batch_scale(X: Array) -> Any:
    """Return the power of two that scales the largest value of a batch into [1/2, 1), without a gradient."""
    if not math.prod(X.shape):
        return 1.0
    if is_tensor(X):
        return tensor_scale(X.detach().abs().amax())
    limit = 2.0**63 if X.dtype == np.float32 else np.inf  # its square, too, fits into the dtype
    return min(power_of_two_scale(float(np.abs(X).max())), limit)


def matrix_view(out: SomeArray | None, dtype: object) -> SomeArray | None:
    """Return `out` (rows, ...) as a matrix that shares its memory; None if results of `dtype` do not fit into it."""
    if out is None or out.dtype != dtype:
        return None
    contiguous = out.is_contiguous() if is_tensor(out) else out.flags.c_contiguous
    return out.reshape(out.shape[0], math.prod(out.shape[1:])) if contiguous else None


def copy_into(out: SomeArray | None, values: SomeArray) -> SomeArray:
    """Return a copy of `values`, in `out` if it is not None."""
    if out is None:
        return values.clone() if is_tensor(values) else values.copy()
    out[...] = values
    return out


def product(W: SomeArray, values: SomeArray, out: SomeArray | None = None) -> SomeArray:
    """Return W (r, m) @ values (m, d) in the dtype of `values`, without autocast, which would use half precision."""
    if isinstance(values, np.ndarray):
        return np.matmul(W, values, out=out)
    import torch

    if not torch.is_autocast_enabled(values.device.type):
        return torch.mm(W, values) if out is None else torch.mm(W, values, out=out)
    with torch.autocast(values.device.type, enabled=False):
        return product(W, values, out)


def weighted_rows(orders: SomeArray, terms: SomeArray, values: SomeArray) -> SomeArray:
    """Return Σ_i terms[i] · values[orders[k, i]] for each k, (r, d), at the cost of T rows, not of all m."""
    rows, n_mix = orders.shape
    if isinstance(values, np.ndarray):
        from zeta_geom.mixers.kernels import gather_rows

        out = np.empty((rows, values.shape[1]), dtype=values.dtype)
        gather_rows(orders, terms, values, out)
        return out
    from torch.nn.functional import embedding_bag

    if values.shape[1] == 0:  # embedding_bag refuses it
        return values.new_zeros((rows, 0))
    return embedding_bag(orders, values, per_sample_weights=terms.expand(rows, n_mix).contiguous(), mode="sum")


def take_into(values: SomeArray, indices: SomeArray, out: SomeArray | None) -> SomeArray:
    """Return values[indices], written into `out` if it is not None."""
    if isinstance(values, np.ndarray):
        if out is None:
            return np.take(values, indices, axis=0)
        return np.take(values, indices, axis=0, out=out, mode="clip")  # the default mode writes into a buffer first
    import torch

    return torch.index_select(values, 0, indices) if out is None else torch.index_select(values, 0, indices, out=out)


def take_rows(values: SomeArray, rows: int, m: int) -> SomeArray:
    """Return the rows k mod m of `values` for k < `rows`; `values` itself if these are all rows in order."""
    if rows <= m:
        return values if rows == m else values[:rows]
    xp = namespace(values)
    repeated: SomeArray = xp.take(values, xp.arange(rows, device=values.device) % m, axis=0)
    return repeated
