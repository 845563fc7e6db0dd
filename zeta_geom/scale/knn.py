"""Nearest neighbours by an executor: the queries are cut into parts, and each finished part is a file."""

from pathlib import Path

from zeta_geom.checks import check_choice, check_jobs
from zeta_geom.checks.points import is_tensor
from zeta_geom.checks.types import ArrayLike
from zeta_geom.geometry.knn import METHODS, METRICS, Neighbors, as_tensors, check_fit
from zeta_geom.geometry.knn import knn as knn_in_memory
from zeta_geom.scale.parts import Job, compute
from zeta_geom.scale.points import check_in_memory, points_file
from zeta_geom.scale.settings import Parts, Worker, check_executor, folder_of


def knn(
    X: ArrayLike | Path,
    k: int,
    *,
    queries: ArrayLike | Path | None = None,
    metric: str = "euclidean",
    method: str = "exact",
    n_jobs: int | None = -1,
    progress: bool = False,
    executor: Worker | None = None,
    parts: str | Path | Parts | None = None,
) -> Neighbors:
    """Find the k nearest neighbours of points that need not fit into memory; the result is that of `geometry.knn`.

    Parameters
    ----------
    X : array-like or CPU tensor of shape (n, d), or path
        Points, float32 or float64 (all else becomes float64), or a .npy file of them. A file and a memory map of a
        whole file are read where they lie; other points are written to the folder of the parts first. A tensor gives
        tensors.
    k : int
        Number of neighbours, below n (at most n with `queries`).
    queries : array-like of shape (q, d), or path, optional
        Points whose neighbours in X are wanted; no point of X is excluded then.
    metric, method, n_jobs, progress : optional
        As in `geometry.knn`. With `executor`, `method` must be "exact", and its `threads` replaces `n_jobs`.
    executor : executor of `zeta_geom.execution`, optional
        Computes the parts, one task each, in processes of this machine or on a cluster. Without one, the call is
        `geometry.knn`.
    parts : path or Parts, optional
        Folder of the finished parts: the same call with the same folder computes only the missing ones. `Parts` also
        sets their size. Needs `executor`.

    Returns
    -------
    Neighbors
        indices (q, k) and distances (q, k), sorted by (distance, index).

    Raises
    ------
    TypeError, ValueError
        If the points are not finite, 2-D and real, the widths differ, k is out of range, arguments exclude each
        other, or the folder was written with other settings, points or code.
    RuntimeError
        If parts were lost because their workers died; the others are kept.

    Examples
    --------
    >>> from zeta_geom.execution import SerialExecutor
    >>> knn([[0.0], [1.0], [3.0]], 1, executor=SerialExecutor()).indices.ravel()
    array([1, 0, 1])
    """
    if executor is None and parts is None:
        X = check_in_memory(X, "X")
        queries = None if queries is None else check_in_memory(queries, "queries")
        return knn_in_memory(X, k, queries=queries, metric=metric, method=method, n_jobs=n_jobs, progress=progress)
    check_choice(metric, "metric", METRICS)
    check_choice(method, "method", METHODS)
    check_jobs(n_jobs)
    executor = check_executor(executor, n_jobs=n_jobs, method=method)
    with folder_of(parts) as (folder, cut):
        points = points_file(X, "X", folder)
        query_points = None if queries is None else points_file(queries, "queries", folder)
        check_fit(points.n, points.d, (query_points or points).d, k, queries is None)
        job = Job(points, query_points, anchors=None, k=int(k), ks=None, alpha=0.0, metric=metric)
        columns = compute(job, folder, executor, cut, progress)
    indices, distances = columns["indices"], columns["distances"]
    return Neighbors(*as_tensors(indices, distances)) if is_tensor(X) else Neighbors(indices, distances)
