"""Batches and labels on either backend: what mixers take, and the arithmetic that keeps its precision and device."""

from __future__ import annotations

import math
from typing import Any

import array_api_compat
import numpy as np

from zeta_geom.checks import check_finite, check_int, check_label_shape, check_labels

__all__ = [
    "as_batch",
    "check_plan",
    "check_values",
    "compute_dtype",
    "flatten",
    "product",
    "soft_labels",
    "to_backend",
]


def as_batch(X: Any) -> Any:
    """Return X as a floating array or tensor of shape (m, ...) with m ≥ 1, or raise.

    Parameters
    ----------
    X : floating array-like or tensor of shape (m, ...)

    Returns
    -------
    ndarray or Tensor of shape (m, ...)
        X itself, where it is one already.

    Raises
    ------
    TypeError, ValueError
        If X is of another backend, not floating, or holds no sample.

    Examples
    --------
    >>> as_batch([[0.0, 1.0]]).shape
    (1, 2)
    """
    if not array_api_compat.is_array_api_obj(X):
        X = np.asarray(X)
    if not (isinstance(X, np.ndarray) or array_api_compat.is_torch_array(X)):
        raise TypeError(f"X must be a NumPy array or a torch tensor; got {type(X).__name__}. Convert it first.")
    _check_floating(X)
    if X.ndim < 1 or X.shape[0] < 1:
        raise ValueError(f"X must have shape (m, ...) with at least one sample; got {tuple(X.shape)}.")
    return X


def soft_labels(y: Any, X: Any, n_classes: int | None) -> Any:
    """Return labels as soft labels (m, K) in the backend of X: float32, or float64 where X is; None for None.

    Values are checked on the CPU only; elsewhere a check would wait for the host.

    Parameters
    ----------
    y : int array of shape (m,), or float array of shape (m, K), or None
        Labels, or soft labels.
    X : floating array or tensor of shape (m, ...)
        The batch that they belong to.
    n_classes : int, or None
        K; None infers it, on the CPU only.

    Returns
    -------
    float array or tensor of shape (m, K), or None

    Raises
    ------
    TypeError, ValueError
        If the labels do not fit X or `n_classes`, or K cannot be inferred.

    Examples
    --------
    >>> soft_labels([0, 1], np.zeros((2, 3)), None)
    array([[1., 0.],
           [0., 1.]])
    """
    if y is None:
        return None
    xp = array_api_compat.array_namespace(X)
    dtype = compute_dtype(X)
    if n_classes is not None:
        n_classes = check_int(n_classes, "n_classes", low=1)
    if not array_api_compat.is_array_api_obj(y):
        y = np.asarray(y)
    if getattr(array_api_compat.device(y), "type", "cpu") == "cpu":
        n_classes = _check_host_labels(y, X.shape[0], n_classes)
    else:
        check_label_shape(tuple(y.shape), X.shape[0], n_classes)
        if y.ndim == 1 and not xp.isdtype(y.dtype, "integral"):
            raise TypeError(f"y of one dimension must hold integers; got dtype {y.dtype}. Soft labels are (n, K).")
    y = to_backend(y, X)
    if y.ndim == 2:
        y = xp.astype(y, dtype, copy=False)
        return y / xp.sum(y, axis=1, keepdims=True)  # float16 rows are some 1e-3 off
    if n_classes is None:
        raise ValueError("n_classes must be given for int labels on another device: inferring it waits for the host.")
    classes = xp.arange(n_classes, device=array_api_compat.device(y))
    return xp.astype(xp.astype(y, xp.int64, copy=False)[:, None] == classes[None, :], dtype)


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


def product(W: Any, values: Any) -> Any:
    """Return W @ values in their own dtype: autocast, which would halve it, is turned off.

    Parameters
    ----------
    W : float array or tensor of shape (r, m)
    values : array or tensor of shape (m, d)
        Of the backend, device and dtype of W.

    Returns
    -------
    array or tensor of shape (r, d)

    Examples
    --------
    >>> product(np.ones((1, 2)), np.eye(2))
    array([[1., 1.]])
    """
    if isinstance(values, np.ndarray):
        return W @ values
    import torch

    with torch.autocast(values.device.type, enabled=False):
        return W @ values


def check_plan(X: Any, Y: Any, m: int) -> None:
    """Raise an error where a batch is not floating, not of the size that was drawn for, or its labels are not soft.

    Parameters
    ----------
    X : array or tensor of shape (m, ...)
    Y : array or tensor of shape (m, K), or None
    m : int
        Number of samples that the plan was drawn for.

    Raises
    ------
    TypeError, ValueError
        If the dtype of X, or one of the shapes, is another.

    Examples
    --------
    >>> check_plan(np.zeros((2, 3)), None, 2)
    """
    _check_floating(X)
    if X.shape[0] != m:
        raise ValueError(f"plan was drawn for {m} samples; X has {X.shape[0]}. Draw with the shape of this batch.")
    if Y is not None and (Y.ndim != 2 or Y.shape[0] != m):
        raise ValueError(f"Y must be soft labels of shape ({m}, K) here; got {tuple(Y.shape)}.")


def check_values(X: Any) -> None:
    """Raise an error where X holds a NaN or an infinity; on another device this waits for the host.

    Parameters
    ----------
    X : floating array or tensor of any shape

    Raises
    ------
    ValueError
        If a value is not finite.

    Examples
    --------
    >>> check_values(np.zeros(3))
    """
    if isinstance(X, np.ndarray):
        check_finite(X)
    elif not bool(X.isfinite().all()):
        raise ValueError("X must be finite; got NaN or infinite values. Remove or impute them first.")


def _check_floating(X: Any) -> None:
    if not array_api_compat.array_namespace(X).isdtype(X.dtype, "real floating"):
        raise TypeError(
            f"X must be floating; got {X.dtype}. Convert images first, for instance X.astype('float32') / 255."
        )


def _check_host_labels(y: Any, m: int, n_classes: int | None) -> int | None:
    """Check labels that lie on the CPU, and return the number of classes."""
    values = check_labels(y, n=m, n_classes=n_classes)
    if n_classes is None:
        n_classes = int(values.max()) + 1 if values.ndim == 1 else values.shape[1]
    return n_classes
