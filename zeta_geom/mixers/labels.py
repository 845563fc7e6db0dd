"""The labels of a batch, of either backend and on any device, as soft labels."""

from __future__ import annotations

from typing import Any

from zeta_geom.checks import LABEL_TOLERANCE, check_int, check_label_shape, check_labels, count_classes, host_array
from zeta_geom.checks.labels import class_column
from zeta_geom.mixers.arrays import cast, compute_dtype, is_tensor, namespace, on_host, to_backend

__all__ = ["soft_labels"]


def soft_labels(y: Any, X: Any, n_classes: int | None) -> Any:
    """Return labels as soft labels (m, K) in the backend of X: float32, or float64 where X is; None for None.

    The rule is that of `zeta_geom.checks.labels`. Values are checked on the CPU only; elsewhere a check would wait
    for the host, and a row that is no label becomes NaN.

    Shapes: `y` (m,) or (m, 1) or (m, K), `X` (m, ...) -> (m, K).
    """
    if y is None:
        return None
    xp = namespace(X)
    dtype = compute_dtype(X)
    if n_classes is not None:
        n_classes = check_int(n_classes, "n_classes", low=1)
    if not is_tensor(y):
        y = host_array(y, "y")
    if on_host(X) and not on_host(y):
        y = to_backend(y, X)
    y, checked = class_column(y), on_host(y)
    if checked:
        n_classes = _check_host_labels(y, X.shape[0], n_classes)
    else:
        check_label_shape(tuple(y.shape), X.shape[0], n_classes)
        if y.ndim == 1 and not xp.isdtype(y.dtype, "integral"):
            raise TypeError(f"y of one dimension must hold integers; got dtype {y.dtype}. Soft labels are (n, K).")
    y = to_backend(y, X)
    if y.ndim == 2:
        y = cast(y, dtype)
        sums = xp.sum(y, axis=1, keepdims=True)
        Y = y / sums  # float16 rows are some 1e-3 off
        return Y if checked else _nan_unless((sums[:, 0] - 1).abs().le(LABEL_TOLERANCE) & y.ge(0).all(dim=1), Y)
    if n_classes is None:
        raise ValueError("n_classes must be given for int labels on another device: inferring it waits for the host.")
    classes = xp.arange(n_classes, device=y.device)
    Y = cast(xp.astype(y, xp.int64)[:, None] == classes[None, :], dtype)
    return Y if checked else _nan_unless(Y.any(dim=1), Y)


def _check_host_labels(y: Any, m: int, n_classes: int | None) -> int:
    """Check labels that lie on the CPU, and return the number of classes."""
    values = check_labels(y, n=m, n_classes=n_classes)
    return count_classes(values) if n_classes is None else n_classes


def _nan_unless(fit: Any, Y: Any) -> Any:
    """Return soft labels on a device with NaN in each row that is no label, for a loss to show."""
    return Y.masked_fill(~fit[:, None], float("nan"))
