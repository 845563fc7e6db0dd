"""Arithmetic on batches of either backend that keeps their precision and device."""

from __future__ import annotations

import math
from typing import Any

import array_api_compat
import numpy as np
from scipy.sparse import csr_array

__all__ = [
    "compute_dtype",
    "flatten",
    "matrix_view",
    "product",
    "take_into",
    "take_rows",
    "to_backend",
    "weighted_rows",
]


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

    Examples
    --------
    >>> to_backend(np.array([1, 2]), np.zeros(1), np.float64)
    array([1., 2.])
    """
    xp = array_api_compat.array_namespace(like)
    device = array_api_compat.device(like)
    if not (type(array) is type(like) and array_api_compat.device(array) == device):
        if array_api_compat.is_torch_array(array) and isinstance(like, np.ndarray):
            array = array.detach().cpu()
            array = (array.double() if array.is_floating_point() else array).numpy()  # NumPy has no bfloat16
        elif isinstance(array, np.ndarray):
            array = array.astype(array.dtype.newbyteorder("="))  # torch wants native and writable memory
        array = xp.asarray(array, device=device)
    return array if dtype is None else xp.astype(array, dtype, copy=False)


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
    xp = array_api_compat.array_namespace(like)
    return xp.float64 if xp.finfo(like.dtype).bits > 32 else xp.float32


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
    xp = array_api_compat.array_namespace(X)
    return xp.astype(xp.reshape(X, (X.shape[0], math.prod(X.shape[1:]))), compute_dtype(X), copy=False)


def product(W: Any, values: Any, out: Any = None) -> Any:
    """Return W @ values in their own dtype: autocast, which would halve it, is turned off.

    Parameters
    ----------
    W : float array or tensor of shape (r, m)
    values : array or tensor of shape (m, d)
        Of the backend, device and dtype of W.
    out : array or tensor of shape (r, d), optional
        Where the result is written.

    Returns
    -------
    array or tensor of shape (r, d)

    Examples
    --------
    >>> product(np.ones((1, 2)), np.eye(2))
    array([[1., 1.]])
    """
    if isinstance(values, np.ndarray):
        return np.matmul(W, values, out=out)
    import torch

    with torch.autocast(values.device.type, enabled=False):
        return torch.mm(W, values) if out is None else torch.mm(W, values, out=out)


def weighted_rows(orders: Any, terms: Any, values: Any) -> Any:
    """Return Σ_i terms[i] · values[orders[k, i]] for each k, at the cost of the samples that are mixed.

    Parameters
    ----------
    orders : int64 array or tensor of shape (r, T)
    terms : float array or tensor of shape (T,)
    values : array or tensor of shape (m, d)
        All of one backend and device, values of the dtype of `terms`.

    Returns
    -------
    array or tensor of shape (r, d)

    Examples
    --------
    >>> weighted_rows(np.array([[0, 2]]), np.array([0.75, 0.25]), np.eye(3))
    array([[0.75, 0.  , 0.25]])
    """
    rows, n_mix = orders.shape
    if isinstance(values, np.ndarray):
        ends = np.arange(0, orders.size + 1, n_mix)
        return csr_array((np.tile(terms, rows), orders.ravel(), ends), shape=(rows, len(values))) @ values
    from torch.nn.functional import embedding_bag

    if values.shape[1] == 0:  # which embedding_bag refuses
        return values.new_zeros((rows, 0))
    return embedding_bag(orders, values, per_sample_weights=terms.expand(rows, n_mix).contiguous(), mode="sum")


def take_into(values: Any, indices: Any, out: Any) -> Any:
    """Return values[indices], written into `out` where it is given.

    Parameters
    ----------
    values : array or tensor of shape (m, d)
    indices : int64 array or tensor of shape (rows,)
    out : array or tensor of shape (rows, d), or None

    Returns
    -------
    array or tensor of shape (rows, d)

    Examples
    --------
    >>> take_into(np.eye(2), np.array([1, 1]), None)
    array([[0., 1.],
           [0., 1.]])
    """
    if isinstance(values, np.ndarray):
        return np.take(
            values, indices, axis=0, out=out, mode="clip" if out is not None else "raise"
        )  # "raise" copies out
    import torch

    return torch.index_select(values, 0, indices) if out is None else torch.index_select(values, 0, indices, out=out)


def take_rows(values: Any, rows: int, m: int) -> Any:
    """Return the rows k mod m of `values` for k below `rows`: `values` itself where these are all of them in order.

    Parameters
    ----------
    values : array or tensor of shape (m, ...)
    rows, m : int

    Returns
    -------
    array or tensor of shape (rows, ...)

    Examples
    --------
    >>> take_rows(np.arange(3), 5, 3).tolist()
    [0, 1, 2, 0, 1]
    """
    if rows <= m:
        return values if rows == m else values[:rows]
    xp = array_api_compat.array_namespace(values)
    return xp.take(values, xp.arange(rows, device=array_api_compat.device(values)) % m, axis=0)


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
