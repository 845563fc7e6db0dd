"""Draw the orders and the weights of ζ-mixup: compiled loops on the CPU, sorted random keys on a device."""

from functools import lru_cache
from typing import Any

import numpy as np

from zeta_geom.checks import check_choice, check_int
from zeta_geom.checks.points import is_tensor
from zeta_geom.checks.types import Array, SomeArray
from zeta_geom.mixers.arrays import cast, compute_dtype, namespace, on_host, to_backend
from zeta_geom.mixers.devices.constants import device_series
from zeta_geom.mixers.weights import ANCHORS, check_gamma, check_n_mix, p_series
from zeta_geom.rng import RandomState
from zeta_geom.rng.streams import Stream


def series(n: int, gamma: float | Array, like: Array | None) -> Any:
    """Return the p-series weights (n,) in the backend, on the device and to the precision of `like`."""
    if like is None or on_host(like):
        terms = host_series(n, float(gamma), like)
        return to_backend(terms, like) if is_tensor(like) else terms
    if isinstance(gamma, float):
        device: Any = like
        return device_series(n, gamma, device)
    dtype = compute_dtype(like)
    return cast(p_series(namespace(like), n, gamma, dtype=dtype, device=like.device), dtype)


def host_series(n: int, gamma: float, like: Array | None) -> np.ndarray:
    """Return the p-series weights as a read-only NumPy array, to the precision of `like`."""
    return _cached_series(n, gamma, 8 if like is None or like.dtype.itemsize > 4 else 4)


@lru_cache(maxsize=16)  # a mixer needs two: of the whole batches and of the short last one
def _cached_series(n: int, gamma: float, itemsize: int) -> np.ndarray:
    terms: np.ndarray = p_series(np, n, gamma, dtype=np.float64).astype(f"f{itemsize}")
    terms.flags.writeable = False
    return terms


def draw_weights(stream: Stream, gamma: float | Array, rows: int, m: int, anchor: str, like: Array | None) -> Any:
    """Draw W (rows, m), whose rows hold the p-series weights in random orders, to the precision of `like`."""
    if not on_host(like):
        return scatter(series(m, gamma, like), draw_orders(stream, rows, m, m, anchor, like), m)
    from zeta_geom.mixers.kernels import shuffle_rows

    terms = host_series(m, float(gamma), like)
    weights = np.empty((rows, m), dtype=terms.dtype)
    shuffle_rows(stream.row_seeds(rows), terms, anchor == "self", weights)
    return to_backend(weights, like) if is_tensor(like) else weights


def draw_orders(stream: Stream, rows: int, m: int, n_mix: int, anchor: str, like: Array | None) -> Any:
    """Draw the samples (rows, n_mix) that each row mixes, the leader first: int32 on the CPU, else int64."""
    if on_host(like):
        from zeta_geom.mixers.kernels import MOST_SAMPLES, begin_permutations

        check_int(m, "the number of samples in a batch", high=MOST_SAMPLES)
        orders = np.empty((rows, n_mix), dtype=np.int32)
        begin_permutations(stream.row_seeds(rows), m, anchor == "self", orders)
        return to_backend(orders, like) if is_tensor(like) else orders
    keys = stream.uniform((rows, m), like)  # a device sorts random keys in parallel; a shuffle is sequential
    if anchor == "self":
        whole = rows // m * m  # row k leads with sample k mod m; its key is below all others
        keys[:whole].view(-1, m, m).diagonal(dim1=1, dim2=2).fill_(-1.0)
        if rows > whole:
            keys[whole:].fill_diagonal_(-1.0)
    return keys.argsort(1) if n_mix == m else keys.topk(n_mix, dim=1, largest=False).indices


def scatter(terms: SomeArray, orders: SomeArray, m: int) -> SomeArray:
    """Write `terms` (T,) at the columns `orders` (rows, T), which differ in a row, of a matrix of zeros (rows, m)."""
    if isinstance(terms, np.ndarray):
        matrix = np.zeros((len(orders), m), dtype=terms.dtype)
        np.put_along_axis(matrix, orders, terms[None, :], axis=1)
        return matrix
    shape = (len(orders), m)
    matrix = terms.new_empty(shape) if orders.shape[1] == m else terms.new_zeros(shape)  # m columns: all are written
    return matrix.scatter_(1, orders.long(), terms.expand(orders.shape))


def zeta_weight_matrix(
    m: int,
    gamma: float,
    *,
    n_mix: int | None = None,
    anchor: str = "self",
    n_out: int | None = None,
    random_state: RandomState = None,
) -> np.ndarray:
    """Draw the matrix W of ζ-mixup, whose product with a batch is the mixed batch.

    Source: Abhishek et al. 2024, Eqs. 5 and 6, Algorithm 1 (anchor "random") and Listing 1 (anchor "self").

    Parameters
    ----------
    m : int
        Number of samples in the batch.
    gamma : float
        Exponent γ ≥ 0, or +inf; any real where two samples are mixed.
    n_mix, n_out : int, optional
        T, how many samples are mixed into one output, 1 ≤ T ≤ m, and the number of rows; m by default.
    anchor : {"self", "random"}
        "self": row k leads with sample k mod m. "random": every row's order is drawn freely.
    random_state : None, int, Generator, RandomState or torch.Generator
        Seeds the orders.

    Returns
    -------
    ndarray of float64, shape (n_out or m, m)
        Rows are non-negative, sum to 1, and hold the T weights, each row in its own random order.

    Raises
    ------
    TypeError, ValueError
        If T > m, γ < 0 with T ≠ 2, or an argument has the wrong type.

    Examples
    --------
    >>> zeta_weight_matrix(2, 1.0).round(3)
    array([[0.667, 0.333],
           [0.333, 0.667]])
    """
    m = check_int(m, "m", low=1)
    rows = m if n_out is None else check_int(n_out, "n_out", low=1)
    n_mix = check_n_mix(None if n_mix is None else check_int(n_mix, "n_mix", low=1), m)
    check_choice(anchor, "anchor", ANCHORS)
    check_gamma(gamma, n_mix)
    stream = Stream(random_state)
    if n_mix == m:
        weights: np.ndarray = draw_weights(stream, gamma, rows, m, anchor, None)
        return weights
    terms: np.ndarray = p_series(np, n_mix, float(gamma), dtype=np.float64)
    return scatter(terms, draw_orders(stream, rows, m, n_mix, anchor, None), m)
