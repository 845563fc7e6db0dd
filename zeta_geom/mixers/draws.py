"""Drawing the orders and the weights of ζ-mixup: compiled loops on the CPU, sorted random keys on a device."""

from __future__ import annotations

from typing import Any

import array_api_compat
import numpy as np

from zeta_geom.checks import check_int
from zeta_geom.mixers.arrays import compute_dtype, to_backend
from zeta_geom.mixers.weights import p_series
from zeta_geom.streams import Stream

__all__ = ["draw_orders", "draw_weights", "on_host", "scatter", "series"]


def series(n: int, gamma: Any, like: Any) -> Any:
    """Return the p-series weights in the backend, on the device and to the precision of `like`."""
    if on_host(like):
        terms = p_series(np, n, float(gamma), dtype=np.float64)
        return terms if like is None else to_backend(terms, like, compute_dtype(like))
    xp, dtype = array_api_compat.array_namespace(like), compute_dtype(like)
    terms = p_series(xp, n, gamma, dtype=dtype, device=array_api_compat.device(like))
    return xp.astype(terms, dtype, copy=False)


def draw_weights(stream: Stream, terms: Any, rows: int, anchor: str, like: Any) -> Any:
    """Draw W of shape (rows, m), whose rows hold all m `terms` in an order of their own.

    W is of the backend, device and dtype of `terms`; on the CPU the draw is one compiled loop.
    """
    m = len(terms)
    if not on_host(like):
        return scatter(terms, draw_orders(stream, rows, m, m, anchor, like), m)
    from zeta_geom.mixers.shuffling import shuffle_rows

    host_terms = np.asarray(terms)
    weights = np.empty((rows, m), dtype=host_terms.dtype)
    shuffle_rows(stream.row_seeds(rows), host_terms, anchor == "self", weights)
    return to_backend(weights, terms)


def draw_orders(stream: Stream, rows: int, m: int, n_mix: int, anchor: str, like: Any) -> Any:
    """Draw which samples each row mixes, the leader first: int64 of shape (rows, n_mix)."""
    if on_host(like):
        from zeta_geom.mixers.shuffling import MOST_SAMPLES, begin_permutations

        check_int(m, "the number of samples in a batch", high=MOST_SAMPLES)
        orders = np.empty((rows, n_mix), dtype=np.int64)
        begin_permutations(stream.row_seeds(rows), m, anchor == "self", orders)
        return orders if like is None else to_backend(orders, like)
    import torch

    keys = stream.uniform((rows, m), like)  # on a device, sorting random keys is what runs in parallel
    if anchor == "self":
        columns, row = (torch.arange(size, device=keys.device) for size in (m, rows))
        keys = torch.where(columns[None, :] == row[:, None] % m, -1.0, keys)
    return keys.argsort(1) if n_mix == m else keys.topk(n_mix, dim=1, largest=False).indices


def on_host(like: Any) -> bool:
    """Say whether `like` is a NumPy array, a tensor on the CPU, or nothing."""
    return getattr(getattr(like, "device", None), "type", "cpu") == "cpu"


def scatter(terms: Any, orders: Any, m: int) -> Any:
    """Put `terms` (T,) at the columns `orders` (rows, T) of a matrix of zeros (rows, m)."""
    if isinstance(orders, np.ndarray):
        matrix = np.zeros((len(orders), m), dtype=terms.dtype)
        np.put_along_axis(matrix, orders, terms[None, :], axis=1)
        return matrix
    return terms.new_zeros((len(orders), m)).scatter_(1, orders, terms.expand(orders.shape))
