"""Small tensors that a device computes once and keeps, so that a call launches nothing for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from zeta_geom.mixers.arrays import compute_dtype
from zeta_geom.mixers.weights import p_series
from zeta_geom.rng.streams import is_capturing

if TYPE_CHECKING:
    import torch

MOST_CLASSES = 2048  # a larger table of labels takes over 17 MB in float32


def device_series(n: int, gamma: float, like: torch.Tensor) -> torch.Tensor:
    """Return the p-series weights (n,) on the device and to the precision of `like`."""
    return _kept(_series, like, n, gamma)


def label_table(n_classes: int, like: torch.Tensor) -> torch.Tensor:
    """Return the one-hot labels (K + 1, K) of the classes 0..K-1, and a last row of NaN."""
    return _kept(_table, like, n_classes)


def _kept(make: Callable[..., torch.Tensor], like: torch.Tensor, *values: float) -> torch.Tensor:
    import torch

    if torch.compiler.is_compiling() or is_capturing():
        return make(*values, compute_dtype(like), like.device)  # the memory of a graph is not ours to keep
    return make_once(make, *values, compute_dtype(like), like.device, type(like))


@lru_cache(maxsize=16)  # a mixer needs four: of the whole batches and of the short last one
def make_once(make: Callable[..., torch.Tensor], *key: Any) -> torch.Tensor:
    """Return make(*values, dtype, device), computed at the first call; the type of tensors ends the key."""
    import torch

    constant = make(*key[:-1])  # the type keeps FakeTensors apart
    if torch.cuda.is_initialized() and constant.device.type == "cuda":
        torch.cuda.current_stream(constant.device).synchronize()  # once: later calls may use other streams
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
