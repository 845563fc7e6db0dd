"""Rows taken from a batch, and weighted sums of its rows, on either backend."""

from __future__ import annotations

from typing import Any

import numpy as np

from zeta_geom.mixers.arrays import namespace

__all__ = ["product", "take_into", "take_rows", "weighted_rows"]


def product(W: Any, values: Any, out: Any = None) -> Any:
    """Return W @ values in their own dtype: autocast, which would halve it, is turned off.

    Shapes: `W` (r, m), `values` (m, d), `out` (r, d) -> (r, d).
    """
    if isinstance(values, np.ndarray):
        return np.matmul(W, values, out=out)
    import torch

    if not torch.is_autocast_enabled(values.device.type):
        return torch.mm(W, values) if out is None else torch.mm(W, values, out=out)
    with torch.autocast(values.device.type, enabled=False):
        return product(W, values, out)


def weighted_rows(orders: Any, terms: Any, values: Any) -> Any:
    """Return Σ_i terms[i] · values[orders[k, i]] for each k, at the cost of the samples that are mixed.

    Shapes: `orders` (r, T), `terms` (T,), `values` (m, d) -> (r, d).
    """
    rows, n_mix = orders.shape
    if isinstance(values, np.ndarray):
        from zeta_geom.mixers.gathering import gather_rows

        out = np.empty((rows, values.shape[1]), dtype=values.dtype)
        gather_rows(orders, terms, values, out)
        return out
    from torch.nn.functional import embedding_bag

    if values.shape[1] == 0:  # which embedding_bag refuses
        return values.new_zeros((rows, 0))
    return embedding_bag(orders, values, per_sample_weights=terms.expand(rows, n_mix).contiguous(), mode="sum")


def take_into(values: Any, indices: Any, out: Any) -> Any:
    """Return values[indices], written into `out` where it is given.

    Shapes: `values` (m, d), `indices` (rows,), `out` (rows, d) -> (rows, d).
    """
    if isinstance(values, np.ndarray):
        if out is None:
            return np.take(values, indices, axis=0)
        return np.take(values, indices, axis=0, out=out, mode="clip")  # by default NumPy writes into a buffer first
    import torch

    return torch.index_select(values, 0, indices) if out is None else torch.index_select(values, 0, indices, out=out)


def take_rows(values: Any, rows: int, m: int) -> Any:
    """Return the rows k mod m of `values` for k below `rows`: `values` itself where these are all of them in order.

    Shapes: `values` (m, ...) -> (rows, ...).
    """
    if rows <= m:
        return values if rows == m else values[:rows]
    xp = namespace(values)
    return xp.take(values, xp.arange(rows, device=values.device) % m, axis=0)
