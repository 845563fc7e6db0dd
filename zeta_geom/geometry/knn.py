"""Exact nearest neighbours: float32 products propose candidates with an error bound, float64 distances decide."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numpy as np

from zeta_geom.checks import check_choice, check_int, check_jobs, check_points
from zeta_geom.checks.points import is_tensor
from zeta_geom.checks.types import ArrayLike
from zeta_geom.execution.threads import effective_n_jobs, map_chunks
from zeta_geom.geometry.cpu.decisions import decide, decide_sets, nearest_directly
from zeta_geom.geometry.cpu.tiles import CandidateSearch, Start, find_candidates

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

METRICS = ("euclidean", "cosine")
METHODS = ("exact", "approximate")
DECIDED = 256  # queries that a thread decides between two looks at the progress bar
DIRECT = 32  # the same for queries decided by all of their distances, which take far longer


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

    indices: Any  # arrays or tensors, as X is: no caller has to tell the type checker which
    distances: Any


def without_parts(call: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Return the function with a TypeError for `executor` and `parts` that names `zeta_geom.scale`."""

    @wraps(call)
    def checked(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        moved = sorted({"executor", "parts"} & kwargs.keys())
        if moved:
            raise TypeError(
                f"geometry.{call.__name__} does not take {' and '.join(moved)}. Call zeta_geom.scale.{call.__name__}."
            )
        return call(*args, **kwargs)

    return checked


@without_parts
def knn(
    X: ArrayLike,
    k: int,
    *,
    queries: ArrayLike | None = None,
    metric: str = "euclidean",
    method: str = "exact",
    n_jobs: int | None = -1,
    progress: bool = False,
) -> Neighbors:
    """Find the k nearest neighbours, exactly by default.

    Without `queries`, the queries are the points of X themselves and no point is its own neighbour; duplicates of it
    are. Ties go to the lower index. The N × N distance matrix is never held. Differences below 1e-154, whose squares
    underflow, count as zero. `zeta_geom.scale.knn` finds the same neighbours of points that outgrow memory or one
    machine. Source: Abhishek et al. 2024, "Preserving the intrinsic dimensionality", k = 8 and 128.

    Parameters
    ----------
    X : array-like or tensor of shape (n, d)
        Points, float32 or float64 (all else becomes float64). A torch tensor gives tensors on its device; on CUDA the
        search runs there.
    k : int
        Number of neighbours, below n (at most n with `queries`).
    queries : array-like of shape (q, d), optional
        Points whose neighbours in X are wanted; no point of X is excluded then.
    metric : {"euclidean", "cosine"}
        The cosine distance is 1 - cos; a row of zeros is refused there.
    method : {"exact", "approximate"}
        "approximate" searches a graph (NN-descent, of the package pynndescent) and misses some neighbours; the
        distances of those that it finds are exact.
    n_jobs : int or None
        Number of threads, as in scikit-learn; -1 uses all cores. The result does not depend on it.
    progress : bool
        Show a progress bar, on a terminal.

    Returns
    -------
    Neighbors
        indices (q, k) and distances (q, k), sorted by (distance, index).

    Raises
    ------
    TypeError, ValueError
        If the points are not finite, 2-D and real, the widths differ, or k is out of range.
    ImportError
        If method="approximate" and pynndescent is not installed.

    Notes
    -----
    Float32 distances propose candidates: every point that may be among the k nearest if its distance is too large by
    the bound of its error. Float64 sums of squared differences decide among them. If a list of candidates overflows,
    because too many points are as close as the k-th, all float64 distances of that query are computed.

    Examples
    --------
    >>> knn([[0.0], [1.0], [3.0]], 1).indices.ravel()
    array([1, 0, 1])
    """
    check_choice(metric, "metric", METRICS)
    check_choice(method, "method", METHODS)
    check_jobs(n_jobs)
    if is_tensor(X) and X.device.type != "cpu":
        return _knn_on_device(X, k, queries, metric, method, progress)
    tensors, X = is_tensor(X), check_points(X)
    Q = X if queries is None else check_points(queries, "queries")
    check_fit(len(X), X.shape[1], Q.shape[1], k, queries is None)
    points = prepare_points(X, "X", metric)
    prepared = None if queries is None else prepare_points(Q, "queries", metric)
    if method == "approximate":
        from zeta_geom.geometry.approximate import approximate_search

        indices, squared = approximate_search(points, prepared, int(k), n_jobs=n_jobs)
    else:
        indices, squared, _ = search(points, prepared, None, int(k), n_jobs=n_jobs, progress=progress)
    distances = squared / 2 if metric == "cosine" else np.sqrt(squared)
    return Neighbors(*as_tensors(indices, distances)) if tensors else Neighbors(indices, distances)


def as_tensors(*arrays: np.ndarray) -> Iterator[torch.Tensor]:
    """Yield arrays as tensors on the CPU."""
    import torch

    return map(torch.from_numpy, arrays)


def check_fit(n: int, d: int, query_columns: int, k: int, same: bool) -> None:
    """Raise ValueError unless queries have d columns and k neighbours exist; `same`: the queries are the points."""
    if query_columns != d:
        raise ValueError(f"queries must have as many columns as X, {d}; got {query_columns}.")
    if check_int(k, "k", low=1) > n - same:
        raise ValueError(f"k must be at most {n - same} for {n} points; got {k}. Lower k or give more points.")


def _knn_on_device(
    X: torch.Tensor, k: int, queries: ArrayLike | None, metric: str, method: str, progress: bool
) -> Neighbors:
    """Search on the tensor's own device."""
    from zeta_geom.geometry.cuda.search import as_tensor_points, directions, search_tensor

    if method == "approximate":
        raise ValueError(f"method must be 'exact' for a tensor on {X.device}; got 'approximate'. Move X to the CPU.")
    points = as_tensor_points(X, X.device)
    query_points = None if queries is None else as_tensor_points(queries, X.device, "queries")
    columns = (points if query_points is None else query_points).shape[1]
    check_fit(len(points), points.shape[1], columns, k, queries is None)
    if metric == "cosine":
        points, query_points = directions(points), None if query_points is None else directions(query_points)
        if any(bool((rows == 0).all(dim=1).any()) for rows in (points, query_points) if rows is not None):
            raise ValueError("X and queries must have no row of zeros with metric='cosine': it has no direction.")
    indices, squared = search_tensor(points, query_points, None, int(k), progress=progress)
    return Neighbors(indices, squared / 2 if metric == "cosine" else squared.sqrt())


def search(
    X: np.ndarray,
    Q: np.ndarray | None,
    excluded: np.ndarray | None,
    k: int,
    *,
    cuts: tuple[int, ...] | None = None,
    start: Start | None = None,
    n_jobs: int | None,
    progress: bool,
) -> tuple[np.ndarray, np.ndarray, CandidateSearch]:
    """Return indices and squared distances (q, k) of the exact k nearest of checked points, and their candidates.

    Without `Q` the queries are the points. With it, row `excluded[i]` of X is no neighbour of query i; -1 excludes
    none. With `cuts`, k among them, the first c indices are the set of the c nearest for each cut c, but their order
    is arbitrary and the distances are not computed: this saves reading nearly all candidates again. X and Q are
    C-contiguous.
    """
    candidates = find_candidates(X, Q, excluded, k, start=start, workers=effective_n_jobs(n_jobs), progress=progress)
    lists = candidates.lists
    lists.counts[lists.counts < k] = -1  # a short list: rounding or NaN kept a neighbour out, all distances decide
    queries = X if Q is None else Q
    indices, squared = np.empty((len(queries), k), dtype=np.int64), np.empty((len(queries), k))
    places = (X, candidates.order, queries, candidates.query_order)

    def decide_rows(rows: slice) -> None:
        if cuts is None:
            decide(lists, rows.start, rows.stop, *places, indices, squared)
        else:
            decide_sets(lists, rows.start, rows.stop, *places, np.array(sorted(cuts)), indices)

    map_chunks(decide_rows, len(queries), DECIDED, n_jobs=n_jobs, progress=progress, description="distances")
    undecided = candidates.query_order[lists.counts < 0]
    if len(undecided):
        excluded = np.arange(len(X)) if Q is None else excluded
        left_out = np.full(len(undecided), -1) if excluded is None else excluded[undecided]

        def decide_directly(rows: slice) -> None:
            nearest_directly(X, queries, undecided[rows], left_out[rows], k, indices, squared)

        map_chunks(decide_directly, len(undecided), DIRECT, n_jobs=n_jobs, progress=progress, description="undecided")
    logger.debug("k = %d: %d of %d queries decided by all float64 distances", k, len(undecided), len(queries))
    return indices, squared, candidates


def prepare_points(
    points: np.ndarray, name: str, metric: str, rows: Sequence[int] | np.ndarray | None = None
) -> np.ndarray:
    """Return points in C order, for "cosine" as float64 directions; `rows` numbers them for an error message."""
    if metric == "euclidean":
        return np.ascontiguousarray(points)
    points = points.astype(np.float64)
    points = np.ldexp(points, -np.frexp(np.abs(points).max(axis=1, keepdims=True))[1])  # no square underflows
    norms = np.linalg.norm(points, axis=1)
    if (norms == 0).any():
        row = int(np.argmax(norms == 0))
        raise ValueError(
            f"{name} must have no row of zeros with metric='cosine', because it has no direction; "
            f"row {row if rows is None else rows[row]} holds zeros."
        )
    directions: np.ndarray = points / norms[:, None]
    return directions
