"""The labels of a batch, of either backend and on any device, as soft labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zeta_geom.checks import LABEL_TOLERANCE, check_int, check_label_shape, check_labels, count_classes, host_array
from zeta_geom.checks.labels import class_column
from zeta_geom.checks.points import is_tensor
from zeta_geom.checks.types import Array, ArrayLike
from zeta_geom.mixers.arrays import cast, compute_dtype, namespace, on_host, to_backend
from zeta_geom.mixers.devices.constants import MOST_CLASSES, label_table

if TYPE_CHECKING:
    import torch


def soft_labels(y: ArrayLike | None, X: Array, n_classes: int | None) -> Any:
    """Return labels as soft labels (m, K) in the backend of X: float32, or float64 if X is float64; None for None.

    The rule is that of `zeta_geom.checks.labels`. Values are checked on the CPU only, since elsewhere a check would
    wait for the host; there, a row that is not a label becomes NaN.
    """
    if y is None:
        return None
    xp = namespace(X)
    dtype = compute_dtype(X)
    if n_classes is not None:
        n_classes = check_int(n_classes, "n_classes", low=1)
    like: Any = X
    labels: Any = y if is_tensor(y) else host_array(y, "y")
    if on_host(X) and not on_host(labels):
        labels = to_backend(labels, like)
    labels, checked = class_column(labels), on_host(labels)
    if checked:
        n_classes = _check_host_labels(labels, X.shape[0], n_classes)
    else:
        check_label_shape(tuple(labels.shape), X.shape[0], n_classes)
        if labels.ndim == 1 and not xp.isdtype(labels.dtype, "integral"):
            raise TypeError(
                f"y of one dimension must hold integers; got dtype {labels.dtype}. Soft labels are (n, K)."
            )
    values = to_backend(labels, like)
    if values.ndim == 2:
        values = cast(values, dtype)
        sums = xp.sum(values, axis=1, keepdims=True)
        Y = values / sums  # the sums of float16 rows differ from 1 by up to 1e-3
        if checked:
            return Y
        return _nan_unless((sums[:, 0] - 1).abs().le(LABEL_TOLERANCE) & (values >= 0).all(dim=1), Y)
    if n_classes is None:
        raise ValueError("n_classes must be given for int labels on another device: inferring it waits for the host.")
    values = cast(values, xp.int64)
    if not checked and n_classes <= MOST_CLASSES:
        return label_table(n_classes, like)[values.clamp(-1, n_classes)]  # -1 and K are the row of NaN
    classes = xp.arange(n_classes, device=values.device)
    Y = cast(values[:, None] == classes[None, :], dtype)
    return Y if checked else _nan_unless(Y.any(dim=1), Y)


def _check_host_labels(y: Array, m: int, n_classes: int | None) -> int:
    """Check labels on the CPU, and return the number of classes."""
    values = check_labels(y, n=m, n_classes=n_classes)
    return count_classes(values) if n_classes is None else n_classes


def _nan_unless(valid: torch.Tensor, Y: torch.Tensor) -> torch.Tensor:
    """Return soft labels on a device with NaN in the rows that are not valid, so that a loss shows them."""
    return Y.masked_fill(~valid[:, None], float("nan"))
