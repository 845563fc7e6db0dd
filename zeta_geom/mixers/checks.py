"""Checks of batches, plans and outputs, in public calls of mixers only."""

from collections.abc import Sequence
from typing import Any, TypeGuard

import array_api_compat
import numpy as np

from zeta_geom.checks import check_finite, host_array
from zeta_geom.checks.types import Array, ArrayLike, Shape
from zeta_geom.mixers.arrays import is_tensor
from zeta_geom.mixers.labels import soft_labels
from zeta_geom.mixers.traits import Traits


def check_samples(
    X: ArrayLike, y: ArrayLike | None, n_classes: int | None, traits: Traits, title: str, *, finite: bool
) -> tuple[Any, Any]:
    """Return a batch and soft labels (m, K), or raise an error if the method cannot mix them."""
    batch = as_batch(X)
    if finite:
        check_values(batch)
    Y = soft_labels(y, batch, n_classes)
    check_needs(batch.shape, Y, traits, title)
    return batch, Y


def as_batch(X: ArrayLike) -> Any:
    """Return X as a floating array or tensor with at least one sample, or raise an error."""
    if isinstance(X, np.ma.MaskedArray) or not (_is_array(X) or array_api_compat.is_array_api_obj(X)):
        X = host_array(X, "X")
    if not _is_array(X):
        raise TypeError(f"X must be a NumPy array or a torch tensor; got {type(X).__name__}. Convert it first.")
    _check_floating(X)
    if X.ndim < 1 or X.shape[0] < 1:
        raise ValueError(f"X must have shape (m, ...) with at least one sample; got {tuple(X.shape)}.")
    return X


def check_needs(shape: Shape, labels: Array | None, traits: Traits, title: str) -> None:
    """Raise ValueError if the method needs images or labels (m, K) and the batch has none."""
    check_images(shape, traits, title)
    if traits.needs_classes and labels is None:
        raise ValueError(f"{title} needs labels; give y, or labels= to draw.")


def check_draw(shape: Shape, like: Array | None, labels: Array | None) -> None:
    """Raise an error if `shape` is no batch's, `like` not floating, or `labels` not soft labels (m, K)."""
    # a size may be symbolic under torch.compile; arrays and tensors have __index__ too, whatever they hold
    sizes: Sequence[object] = shape if isinstance(shape, (tuple, list)) else [None]
    if not all(hasattr(size, "__index__") and not _is_array(size) for size in sizes):
        raise TypeError(f"shape must be a tuple of ints, (m, ...); got {shape!r}.")
    if len(shape) < 1 or shape[0] < 1 or min(shape) < 0:
        raise ValueError(f"shape must be (m, ...) with m at least 1; got {tuple(shape)}.")
    for array, name in ((like, "like"), (labels, "labels")):
        if array is not None and not _is_array(array):
            raise TypeError(f"{name} must be a NumPy array or a torch tensor; got {type(array).__name__}.")
    if like is not None:
        _check_floating(like, "like")
    if labels is not None:
        _check_soft(labels, shape[0], "labels must be soft labels of shape")


def check_images(shape: Shape, traits: Traits, title: str) -> None:
    """Raise ValueError if the method needs images and `shape` is not that of images."""
    if traits.needs_images and (len(shape) < 3 or 0 in shape[1:]):
        raise ValueError(
            f"{title} mixes images (m, H, W), (m, C, H, W) or (m, H, W, C); got a batch of shape {tuple(shape)}."
        )


def check_plan(X: Array, Y: Array | None, m: int) -> None:
    """Raise an error unless X is floating, has the plan's m samples, and Y (m, K) holds soft labels of them."""
    for array, name in ((X, "X"), (X if Y is None else Y, "Y")):
        if not _is_array(array):
            raise TypeError(f"{name} must be a NumPy array or a torch tensor; got {type(array).__name__}.")
    _check_floating(X)
    if X.ndim < 1 or X.shape[0] != m:
        count = X.shape[0] if X.ndim else "no axis"
        raise ValueError(f"plan was drawn for {m} samples; X has {count}. Draw with the shape of this batch.")
    if Y is not None and is_tensor(Y) != is_tensor(X):
        raise TypeError(f"Y must be of the backend of X, {type(X).__name__}; got {type(Y).__name__}.")
    if Y is not None:
        _check_soft(Y, m, "Y must be soft labels of shape")


def check_output(out: object, X: Array, rows: int, traits: Traits, title: str) -> None:
    """Raise an error if the mixed X cannot be written into `out` (rows, ...)."""
    if out is None:
        return
    if not traits.keeps_rows:
        raise ValueError(f"out cannot be used with {title}, which may return fewer rows.")
    shape = (rows, *X.shape[1:])
    if not _is_array(out) or is_tensor(out) != is_tensor(X) or out.dtype != X.dtype or out.device != X.device:
        raise TypeError(
            f"out must be of the backend, dtype and device of X; got {_describe(out)}, not {_describe(X)}."
        )
    if tuple(out.shape) != shape:
        raise ValueError(f"out must have shape {shape}; got {tuple(out.shape)}.")
    shared = False
    if isinstance(out, np.ndarray):
        if not out.flags.writeable:
            raise ValueError("out must be writable; got a read-only array.")
        shared = np.may_share_memory(out, X)
    elif is_tensor(X):
        import torch

        if torch.is_grad_enabled() and X.requires_grad:
            raise ValueError("out cannot receive results with gradients; call without out=, or detach X.")
        # the storage objects are compared, because fake tensors have no address
        shared = out.untyped_storage()._cdata == X.untyped_storage()._cdata
    if shared:
        raise ValueError("out must not share memory with X, which is read while out is written.")


def check_tensor(X: object) -> None:
    """Raise TypeError if X is not a torch tensor."""
    if not is_tensor(X):
        raise TypeError(f"X must be a torch tensor, as the model needs it; got {type(X).__name__}.")


def check_values(X: Array) -> None:
    """Raise ValueError if X has NaN or infinite values; on another device this waits for the host."""
    if isinstance(X, np.ndarray):
        check_finite(X)
    elif not bool(X.isfinite().all()):
        raise ValueError("X must be finite; got NaN or infinite values. Remove or impute them first.")


def _is_array(value: object) -> TypeGuard[Array]:
    return isinstance(value, np.ndarray) or is_tensor(value)


def _is_floating(array: Array) -> bool:
    return array.is_floating_point() if is_tensor(array) else array.dtype.kind == "f"


def _check_floating(X: Array, name: str = "X") -> None:
    if not _is_floating(X):
        raise TypeError(
            f"{name} must be floating; got {X.dtype}. Convert images first, for instance X.astype('float32') / 255."
        )


def _check_soft(labels: Array, m: int, rule: str) -> None:
    if labels.ndim != 2 or labels.shape[0] != m or labels.shape[1] < 1:
        raise ValueError(f"{rule} ({m}, K) here; got {tuple(labels.shape)}.")
    if not _is_floating(labels):
        raise TypeError(f"{rule} ({m}, K), floats; got dtype {labels.dtype}.")


def _describe(array: object) -> str:
    return f"{type(array).__name__} of {getattr(array, 'dtype', '?')} on {getattr(array, 'device', '?')}"
