"""Drawing the orders and the weights of ζ-mixup: compiled loops on the CPU, sorted random keys on a device."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from zeta_geom.checks import check_int
from zeta_geom.mixers.arrays import cast, compute_dtype, is_tensor, namespace, on_host, to_backend
from zeta_geom.mixers.weights import p_series
from zeta_geom.rng.streams import Stream

__all__ = ["draw_orders", "draw_weights", "scatter", "series"]


def series(n: int, gamma: Any, like: Any) -> Any:
    """Return the p-series weights in the backend, on the device and to the precision of `like`."""
    if on_host(like):
        terms = host_series(n, float(gamma), like)
        return to_backend(terms, like) if is_tensor(like) else terms
    dtype = compute_dtype(like)
    return cast(p_series(namespace(like), n, gamma, dtype=dtype, device=like.device), dtype)


def host_series(n: int, gamma: float, like: Any) -> np.ndarray:
    """Return the p-series weights as a NumPy array, to the precision of `like`; not to be written to."""
    return _kept_series(n, gamma, 8 if like is None or like.dtype.itemsize > 4 else 4)


@lru_cache(maxsize=16)
def _kept_series(n: int, gamma: float, itemsize: int) -> np.ndarray:
    terms = p_series(np, n, gamma, dtype=np.float64).astype(f"f{itemsize}")
    terms.flags.writeable = False
    return terms


def draw_weights(stream: Stream, gamma: Any, rows: int, m: int, anchor: str, like: Any) -> Any:
    """Draw W of shape (rows, m), whose rows hold the weights of the p-series of m terms in an order of their own.

    W is in the backend, on the device and to the precision of `like`; on the CPU the draw is one compiled loop.
    """
    if not on_host(like):
        return scatter(series(m, gamma, like), draw_orders(stream, rows, m, m, anchor, like), m)
    from zeta_geom.mixers.shuffling import shuffle_rows

    terms = host_series(m, float(gamma), like)
    weights = np.empty((rows, m), dtype=terms.dtype)
    shuffle_rows(stream.row_seeds(rows), terms, anchor == "self", weights)
    return to_backend(weights, like) if is_tensor(like) else weights


def draw_orders(stream: Stream, rows: int, m: int, n_mix: int, anchor: str, like: Any) -> Any:
    """Draw which samples each row mixes, the leader first: int32, on a device int64, of shape (rows, n_mix)."""
    if on_host(like):
        from zeta_geom.mixers.shuffling import MOST_SAMPLES, begin_permutations

        check_int(m, "the number of samples in a batch", high=MOST_SAMPLES)
        orders = np.empty((rows, n_mix), dtype=np.int32)
        begin_permutations(stream.row_seeds(rows), m, anchor == "self", orders)
        return to_backend(orders, like) if is_tensor(like) else orders
    import torch

    keys = stream.uniform((rows, m), like)  # on a device, sorting random keys is what runs in parallel
    if anchor == "self":
        columns, row = (torch.arange(size, device=keys.device) for size in (m, rows))
        keys = torch.where(columns[None, :] == row[:, None] % m, -1.0, keys)
    return keys.argsort(1) if n_mix == m else keys.topk(n_mix, dim=1, largest=False).indices


def scatter(terms: Any, orders: Any, m: int) -> Any:
    """Put `terms` (T,) at the columns `orders` (rows, T) of a matrix of zeros (rows, m)."""
    if isinstance(orders, np.ndarray):
        matrix = np.zeros((len(orders), m), dtype=terms.dtype)
        np.put_along_axis(matrix, orders, terms[None, :], axis=1)
        return matrix
    return terms.new_zeros((len(orders), m)).scatter_(1, orders.long(), terms.expand(orders.shape))
