"""Small tensors that a device computes once and keeps, so that a call launches nothing for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from zeta_geom.mixers.arrays import compute_dtype
from zeta_geom.mixers.weights import p_series
from zeta_geom.rng.capturing import is_capturing

if TYPE_CHECKING:
    import torch

MOST_CLASSES = 2048  # a larger table of labels takes more than 17 MB in float32
MOST_KEPT = 16  # a mixer needs three: its weights for whole batches and for a short last one, and its labels
KEPT: dict[tuple[Any, ...], torch.Tensor] = {}


def device_series(n: int, gamma: float, like: torch.Tensor) -> torch.Tensor:
    """Return the p-series weights (n,) on the device and to the precision of `like`."""
    return _kept(_series, like, n, gamma)


def label_table(n_classes: int, like: torch.Tensor) -> torch.Tensor:
    """Return the one-hot labels (K + 1, K) of the classes 0..K-1, and a last row of NaN."""
    return _kept(_table, like, n_classes)


def _kept(make: Callable[..., torch.Tensor], like: torch.Tensor, *values: float) -> torch.Tensor:
    import torch

    arguments = (*values, compute_dtype(like), like.device)
    if torch.compiler.is_compiling():
        return make(*arguments)
    key = (make, *arguments, getattr(like, "fake_mode", None))  # the FakeTensors of one mode are of no use to another
    if key in KEPT:
        return KEPT[key]
    with torch.inference_mode(False), torch.no_grad():  # usable in any later mode
        constant = make(*arguments)
    if not is_capturing():  # else its memory belongs to the graph
        if like.device.type == "cuda" and torch.cuda.is_initialized():
            torch.cuda.current_stream(like.device).synchronize()  # once: later calls may use other streams
        while len(KEPT) >= MOST_KEPT:
            KEPT.pop(next(iter(KEPT)))
        KEPT[key] = constant
    return constant


def _series(n: int, gamma: float, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    import array_api_compat.torch

    terms: torch.Tensor = p_series(array_api_compat.torch, n, gamma, dtype=dtype, device=device)
    return terms


def _table(n_classes: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    import torch

    table = torch.eye(n_classes + 1, n_classes, dtype=dtype, device=device)
    table[n_classes] = float("nan")
    return table
