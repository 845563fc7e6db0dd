"""Exact nearest neighbours: float32 proposes with a bound on its error, float64 decides."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from array_api_compat import is_torch_array

from zeta_geom.checks import check_choice, check_int, check_jobs, check_points, host_array
from zeta_geom.execution.cores import effective_n_jobs
from zeta_geom.geometry.cpu.decisions import decide, decide_sets, nearest_directly
from zeta_geom.geometry.cpu.threads import map_chunks
from zeta_geom.geometry.cpu.tiles import Found, Start, find_candidates

if TYPE_CHECKING:
    from zeta_geom.scale.settings import Parts, Worker

__all__ = ["METHODS", "METRICS", "Neighbors", "knn", "prepare_points", "search"]

logger = logging.getLogger(__name__)

METRICS = ("euclidean", "cosine")
METHODS = ("exact", "approximate")


@dataclass(frozen=True)
class Neighbors:
    """The k nearest neighbours of each query, nearest first.

    Parameters
    ----------
    indices : int64 array or tensor of shape (q, k)
        Rows of X.
    distances : float64 array or tensor of shape (q, k)
        In the units of X, or 1 - cos.

    Examples
    --------
    >>> knn([[0.0], [1.0], [3.0]], 1).distances.ravel()
    array([1., 1., 2.])
    """

    indices: Any
    distances: Any


def knn(
    X: Any,
    k: int,
    *,
    queries: Any = None,
    metric: str = "euclidean",
    method: str = "exact",
    n_jobs: int | None = -1,
    progress: bool = False,
    executor: Worker | None = None,
    parts: str | Path | Parts | None = None,
) -> Neighbors:
    """Find the k nearest neighbours, exactly unless asked otherwise.

    Without `queries`, the queries are the points of X themselves and no point is its own neighbour; duplicates of it
    are. Ties go to the lower index. The N × N distance matrix is never held.

    Parameters
    ----------
    X : array-like or tensor of shape (n, d)
        Points, float32 or float64 (all else becomes float64); a memory map is read in parts. A torch tensor gives
        tensors on its device; on CUDA the work is done there. With `executor` also the path of a .npy file.
    k : int
        Number of neighbours, below n (at most n with `queries`).
    queries : array-like of shape (q, d), optional
        Points whose neighbours in X are wanted; nothing is excluded then. With `executor` also a path.
    metric : {"euclidean", "cosine"}
        The cosine distance is 1 - cos; a row of zeros is refused there.
    method : {"exact", "approximate"}
        "approximate" searches a graph (NN-descent, of the package pynndescent) and misses some neighbours; the
        distances of those that it finds are exact.
    n_jobs : int or None
        Number of threads, as in scikit-learn; -1 is one for each core. The result does not depend on it.
    progress : bool
        Show a progress bar, on a terminal.
    executor : executor of `zeta_geom.sweeps`, optional
        Who does the work, one task a chunk of the queries: processes here or machines of a cluster. The neighbours
        are the same; X need not fit into memory.
    parts : path or Parts, optional
        With `executor`: the folder where finished chunks stay, so that the same call goes on after an interruption;
        `Parts` says how large they are.

    Returns
    -------
    Neighbors
        indices (q, k) and distances (q, k), sorted by (distance, index).

    Raises
    ------
    TypeError, ValueError
        If the points are not finite, 2-D and real, the widths differ, or k is out of range.
    ImportError
        If method="approximate" is asked for and pynndescent is not installed.

    Notes
    -----
    Differences below 1e-154, whose squares underflow, count as none.

    Float32 names candidates: whoever may be among the k nearest by its distance less the bound of its error. Their
    distances, float64 sums of squared differences, decide. Where more candidates are as near as the k-th than a list
    holds, all distances of that query are computed so.

    References
    ----------
    Abhishek et al. 2024, "Preserving the intrinsic dimensionality of the original data": neighbourhoods of k = 8 and
    128.

    Examples
    --------
    >>> knn([[0.0], [1.0], [3.0]], 1).indices.ravel()
    array([1, 0, 1])
    """
    check_choice(metric, "metric", METRICS)
    check_choice(method, "method", METHODS)
    check_jobs(n_jobs)
    if is_torch_array(X):
        return _knn_of_tensor(X, k, queries, metric, method, n_jobs, progress, executor, parts)
    if executor is not None or parts is not None:
        from zeta_geom.scale.parts import knn_in_parts
        from zeta_geom.scale.settings import check_goes_with_parts

        executor = check_goes_with_parts(executor, n_jobs=n_jobs, method=method)
        return knn_in_parts(X, k, queries, metric, executor, parts, progress=progress)
    X = check_points(X)
    Q = X if queries is None else check_points(queries, "queries")
    _check_fit(X, Q, k, queries is None)
    points = prepare_points(X, "X", metric)
    asked = None if queries is None else prepare_points(Q, "queries", metric)
    if method == "approximate":
        from zeta_geom.geometry.approximate import approximate_search

        indices, squared = approximate_search(points, asked, int(k), n_jobs=n_jobs)
    else:
        indices, squared, _ = search(points, asked, None, int(k), n_jobs=n_jobs, progress=progress)
    return Neighbors(indices, squared / 2 if metric == "cosine" else np.sqrt(squared))


def _check_fit(X: Any, Q: Any, k: Any, same: bool) -> None:
    if Q.shape[1] != X.shape[1]:
        raise ValueError(f"queries must have as many columns as X, {X.shape[1]}; got {Q.shape[1]}.")
    limit = len(X) - same
    if check_int(k, "k", low=1) > limit:
        raise ValueError(f"k must be at most {limit} for {len(X)} points; got {k}. Lower k or give more points.")


def _knn_of_tensor(
    X: Any,
    k: int,
    queries: Any,
    metric: str,
    method: str,
    n_jobs: int | None,
    progress: bool,
    executor: Worker | None,
    parts: str | Path | Parts | None,
) -> Neighbors:
    """Search on the tensor's own device, with the compiled kernels where that is the CPU."""
    if X.device.type == "cpu":
        import torch

        asked = queries if queries is None or isinstance(queries, (str, Path)) else host_array(queries)
        how: dict[str, Any] = {"method": method, "n_jobs": n_jobs, "executor": executor, "parts": parts}
        found = knn(host_array(X), k, queries=asked, metric=metric, progress=progress, **how)
        return Neighbors(torch.from_numpy(found.indices), torch.from_numpy(found.distances))
    from zeta_geom.geometry.cuda.search import as_tensor_points, directions, search_tensor

    if executor is not None or parts is not None:
        raise ValueError(
            f"executor and parts go with arrays, files and CPU tensors; got X on {X.device}. Save it by numpy.save; "
            "Parts(device='cuda') does the work on the workers' devices."
        )
    if method == "approximate":
        raise ValueError(f"method must be 'exact' for a tensor on {X.device}; got 'approximate'. Move it to the CPU.")
    points = as_tensor_points(X, X.device)
    Q = None if queries is None else as_tensor_points(queries, X.device, "queries")
    _check_fit(points, points if Q is None else Q, k, queries is None)
    if metric == "cosine":
        points, Q = directions(points), None if Q is None else directions(Q)
        if any(bool((rows == 0).all(dim=1).any()) for rows in (points, Q) if rows is not None):
            raise ValueError("X and queries must have no row of zeros with metric='cosine', which has no direction.")
    indices, squared = search_tensor(points, Q, None, int(k), progress=progress)
    return Neighbors(indices, squared / 2 if metric == "cosine" else squared.sqrt())


def search(
    X: np.ndarray,
    Q: np.ndarray | None,
    own: np.ndarray | None,
    k: int,
    *,
    cuts: tuple[int, ...] | None = None,
    start: Start | None = None,
    n_jobs: int | None,
    progress: bool,
) -> tuple[np.ndarray, np.ndarray, Found]:
    """Find the exact k nearest neighbours of points that are checked already.

    Parameters
    ----------
    X : float array of shape (n, d), C-contiguous
    Q : float array of shape (q, d), C-contiguous, or None
        Queries; None: the points themselves.
    own : int64 array of shape (q,), or None
        With Q, the row of X that a query is, which is none of its neighbours; -1 for none.
    k : int
        Number of neighbours.
    cuts : tuple of int, optional
        Only the sets of the nearest are wanted, for each of these numbers, k among them: what lies between two cuts
        comes in no particular order, and without distances. It saves reading nearly all of the candidates again.
    start : Start, optional
        As in `find_candidates`.
    n_jobs, progress
        As in `knn`.

    Returns
    -------
    indices : int64 array of shape (q, k)
    squared : float64 array of shape (q, k)
        Squared distances; not filled where `cuts` are given.
    found : Found
        Among others, an order of the queries in which those that lie together come together.
    """
    found = find_candidates(X, Q, own, k, start=start, workers=effective_n_jobs(n_jobs), progress=progress)
    found.lists.counts[found.lists.counts < k] = -1  # float32 could not tell
    asked = X if Q is None else Q
    indices, squared = np.empty((len(asked), k), dtype=np.int64), np.empty((len(asked), k))
    places = (X, found.order, asked, found.query_order)

    def decide_rows(rows: slice) -> None:
        if cuts is None:
            decide(found.lists, rows.start, rows.stop, *places, indices, squared)
        else:
            decide_sets(found.lists, rows.start, rows.stop, *places, np.array(sorted(cuts)), indices)

    map_chunks(decide_rows, len(asked), 256, n_jobs=n_jobs, progress=progress, description="distances")
    undecided = found.query_order[found.lists.counts < 0]
    if len(undecided):
        own = np.arange(len(X)) if Q is None else own
        excluded = np.full(len(undecided), -1) if own is None else own[undecided]

        def decide_directly(rows: slice) -> None:
            nearest_directly(X, asked, undecided[rows], excluded[rows], k, indices, squared)

        map_chunks(decide_directly, len(undecided), 32, n_jobs=n_jobs, progress=progress, description="undecided")
    logger.debug("k = %d: %d of %d queries by all of their float64 distances", k, len(undecided), len(asked))
    return indices, squared, found


def prepare_points(
    points: np.ndarray, name: str, metric: str, rows: Sequence[int] | np.ndarray | None = None
) -> np.ndarray:
    """Return points in C order; for the cosine distance, half their squared distance, as float64 of length 1.

    Shapes: `points` (n, d), `rows` (n,) -> (n, d).
    """
    if metric == "euclidean":
        return np.ascontiguousarray(points)
    points = points.astype(np.float64)
    points = np.ldexp(points, -np.frexp(np.abs(points).max(axis=1, keepdims=True))[1])  # no square underflows
    norms = np.linalg.norm(points, axis=1)
    if (norms == 0).any():
        row = int(np.argmax(norms == 0))
        raise ValueError(
            f"{name} must have no row of zeros with metric='cosine', which has no direction; "
            f"row {row if rows is None else rows[row]} is one."
        )
    return points / norms[:, None]
