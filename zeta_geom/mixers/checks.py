"""What mixers take: batches, plans and places to write to, checked at the door."""

from __future__ import annotations

from typing import Any

import array_api_compat
import numpy as np

from zeta_geom.checks import check_finite, host_array
from zeta_geom.mixers.arrays import is_tensor

__all__ = [
    "as_batch",
    "check_draw",
    "check_images",
    "check_output",
    "check_plan",
    "check_tensor",
    "check_values",
]


def as_batch(X: Any) -> Any:
    """Return X as a floating array or tensor of shape (m, ...) with m ≥ 1, or raise.

    Shapes: `X` (m, ...) -> (m, ...).
    """
    masked, known = isinstance(X, np.ma.MaskedArray), isinstance(X, np.ndarray) or is_tensor(X)
    if masked or not (known or array_api_compat.is_array_api_obj(X)):
        X = host_array(X, "X")
    if not (isinstance(X, np.ndarray) or is_tensor(X)):
        raise TypeError(f"X must be a NumPy array or a torch tensor; got {type(X).__name__}. Convert it first.")
    _check_floating(X)
    if X.ndim < 1 or X.shape[0] < 1:
        raise ValueError(f"X must have shape (m, ...) with at least one sample; got {tuple(X.shape)}.")
    return X


def check_draw(shape: Any, like: Any, labels: Any) -> None:
    """Raise an error where a plan can be drawn for no batch of this shape, in no such backend, for no such labels.

    Shapes: `labels` (m, K).
    """
    # a size may be symbolic, under torch.compile; arrays and tensors have __index__ too, whatever they hold
    sizes = shape if isinstance(shape, (tuple, list)) else [None]
    if not all(
        hasattr(size, "__index__") and not (isinstance(size, np.ndarray) or is_tensor(size)) for size in sizes
    ):
        raise TypeError(f"shape must be a tuple of ints, (m, ...); got {shape!r}.")
    if len(shape) < 1 or shape[0] < 1 or min(shape) < 0:
        raise ValueError(f"shape must be (m, ...) with m at least 1; got {tuple(shape)}.")
    for array, name in ((like, "like"), (labels, "labels")):
        if array is not None and not (isinstance(array, np.ndarray) or is_tensor(array)):
            raise TypeError(f"{name} must be a NumPy array or a torch tensor; got {type(array).__name__}.")
    if like is not None:
        _check_floating(like, "like")
    if labels is not None:
        _check_soft(labels, shape[0], "labels must be soft labels of shape")


def check_images(shape: tuple[int, ...], title: str) -> None:
    """Raise ValueError unless `shape` is that of images, which the method of this title mixes."""
    if len(shape) < 3 or 0 in shape[1:]:
        raise ValueError(
            f"{title} mixes images (m, H, W), (m, C, H, W) or (m, H, W, C); got a batch of shape {tuple(shape)}."
        )


def check_plan(X: Any, Y: Any, m: int) -> None:
    """Raise an error where a batch is not floating, not of the size that was drawn for, or its labels are not soft.

    Shapes: `X` (m, ...), `Y` (m, K).
    """
    for array, name in ((X, "X"), (X if Y is None else Y, "Y")):
        if not (isinstance(array, np.ndarray) or is_tensor(array)):
            raise TypeError(f"{name} must be a NumPy array or a torch tensor; got {type(array).__name__}.")
    _check_floating(X)
    if X.ndim < 1 or X.shape[0] != m:
        count = X.shape[0] if X.ndim else "no axis"
        raise ValueError(f"plan was drawn for {m} samples; X has {count}. Draw with the shape of this batch.")
    if Y is not None and is_tensor(Y) != is_tensor(X):
        raise TypeError(f"Y must be of the backend of X, {type(X).__name__}; got {type(Y).__name__}.")
    if Y is not None:
        _check_soft(Y, m, "Y must be soft labels of shape")


def check_output(out: Any, X: Any, rows: int) -> None:
    """Raise an error where `out` cannot take what is made of X.

    Shapes: `X` (m, ...).
    """
    shape = (rows, *X.shape[1:])
    same_kind = isinstance(out, np.ndarray) == isinstance(X, np.ndarray) and array_api_compat.is_array_api_obj(out)
    if not same_kind or out.dtype != X.dtype or out.device != X.device:
        raise TypeError(
            f"out must be of the backend, dtype and device of X; got {_describe(out)}, not {_describe(X)}."
        )
    if tuple(out.shape) != shape:
        raise ValueError(f"out must have shape {shape}; got {tuple(out.shape)}.")
    if isinstance(X, np.ndarray):
        if not out.flags.writeable:
            raise ValueError("out must be writable; got a read-only array.")
        shared = np.may_share_memory(out, X)
    else:
        import torch

        if torch.is_grad_enabled() and X.requires_grad:
            raise ValueError("out cannot take what gradients flow through; leave out=, or detach X.")
        # the storage object, for fake tensors have no address
        shared = out.untyped_storage()._cdata == X.untyped_storage()._cdata
    if shared:
        raise ValueError("out must not share memory with X, which is read while out is written.")


def check_tensor(X: Any) -> None:
    """Raise TypeError where X is no torch tensor."""
    if not is_tensor(X):
        raise TypeError(f"X must be a torch tensor, which the model takes; got {type(X).__name__}.")


def check_values(X: Any) -> None:
    """Raise an error where X holds a NaN or an infinity; on another device this waits for the host."""
    if isinstance(X, np.ndarray):
        check_finite(X)
    elif not bool(X.isfinite().all()):
        raise ValueError("X must be finite; got NaN or infinite values. Remove or impute them first.")


def _check_floating(X: Any, name: str = "X") -> None:
    if not (X.is_floating_point() if is_tensor(X) else X.dtype.kind == "f"):
        raise TypeError(
            f"{name} must be floating; got {X.dtype}. Convert images first, for instance X.astype('float32') / 255."
        )


def _check_soft(labels: Any, m: int, rule: str) -> None:
    if labels.ndim != 2 or labels.shape[0] != m or labels.shape[1] < 1:
        raise ValueError(f"{rule} ({m}, K) here; got {tuple(labels.shape)}.")
    if not (labels.is_floating_point() if is_tensor(labels) else labels.dtype.kind == "f"):
        raise TypeError(f"{rule} ({m}, K), floats; got dtype {labels.dtype}.")


def _describe(array: Any) -> str:
    return f"{type(array).__name__} of {getattr(array, 'dtype', '?')} on {getattr(array, 'device', '?')}"
