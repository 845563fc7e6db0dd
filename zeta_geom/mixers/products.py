"""Rows taken from a batch, and weighted sums of its rows, on either backend."""

import numpy as np

from zeta_geom.checks.types import SomeArray
from zeta_geom.mixers.arrays import namespace


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
