"""Local dimensions by an executor: the points are cut into parts, and each finished part is a file."""

from pathlib import Path
from typing import Any

from zeta_geom.checks import check_jobs, check_real
from zeta_geom.checks.points import is_tensor
from zeta_geom.checks.types import ArrayLike
from zeta_geom.geometry.estimators.table import FO
from zeta_geom.geometry.knn import Neighbors, as_tensors
from zeta_geom.geometry.local_dimension import local_dimension as local_dimension_in_memory
from zeta_geom.geometry.local_pca import check_neighbor_counts, draw_anchors
from zeta_geom.rng.seeds import RandomState
from zeta_geom.scale.parts import Job, compute
from zeta_geom.scale.points import check_in_memory, points_file
from zeta_geom.scale.settings import Parts, Worker, check_executor, folder_of


def local_dimension(
    X: ArrayLike | Path,
    n_neighbors: int | tuple[int, ...] = (8, 128),
    alpha: float = 0.05,
    *,
    estimator: object = FO,
    neighbors: Neighbors | None = None,
    n_anchors: int | None = None,
    random_state: RandomState = None,
    n_jobs: int | None = -1,
    progress: bool = False,
    executor: Worker | None = None,
    parts: str | Path | Parts | None = None,
) -> dict[int, Any]:
    """Estimate the local dimension of points that need not fit into memory, as `geometry.local_dimension` does.

    Parameters
    ----------
    X : array-like or CPU tensor of shape (n, d), or path
        Finite points, or a .npy file of them; as in `scale.knn`.
    n_neighbors, alpha, estimator, neighbors, n_anchors, random_state, n_jobs, progress : optional
        As in `geometry.local_dimension`. With `executor`, whose `threads` replaces `n_jobs`, neither another
        `estimator` than "FO" nor `neighbors` is accepted.
    executor, parts : optional
        As in `scale.knn`.

    Returns
    -------
    dict of int -> ndarray of int64, shape (n,), or (n_anchors,)
        The integers of `geometry.local_dimension`; tensors for a tensor.

    Raises
    ------
    TypeError, ValueError
        If X is not 2-D and finite, has one feature, k ≥ n, n_anchors is out of range, arguments exclude each other,
        or the folder was written with other settings, points or code.
    RuntimeError
        If parts were lost because their workers died; the others are kept.

    Examples
    --------
    >>> import numpy as np
    >>> from zeta_geom.execution import SerialExecutor
    >>> line = np.arange(20.0)[:, None] * [1.0, 2.0]
    >>> local_dimension(line, 4, n_anchors=3, random_state=0, executor=SerialExecutor())
    {4: array([1, 1, 1])}
    """
    if executor is None and parts is None:
        how: Any = {"estimator": estimator, "neighbors": neighbors, "n_jobs": n_jobs, "progress": progress}
        how |= {"n_anchors": n_anchors, "random_state": random_state}
        return local_dimension_in_memory(check_in_memory(X, "X"), n_neighbors, alpha, **how)
    check_jobs(n_jobs)
    other = None if estimator == FO else estimator
    executor = check_executor(executor, n_jobs=n_jobs, estimator=other, neighbors=neighbors)
    with folder_of(parts) as (folder, cut):
        points = points_file(X, "X", folder)
        if points.d < 2 or points.n < 2:
            raise ValueError(
                "X must have at least 2 samples and 2 features: a dimension of one feature says nothing; "
                f"got {(points.n, points.d)}."
            )
        ks = check_neighbor_counts(n_neighbors, points.n)
        alpha = check_real(alpha, "alpha", low=0, high=1)
        anchors = None if n_anchors is None else draw_anchors(n_anchors, points.n, random_state)
        job = Job(points, None, anchors=anchors, k=max(ks), ks=ks, alpha=alpha, metric="euclidean")
        columns = compute(job, folder, executor, cut, progress)
    counts = [columns[f"k{k}"] for k in ks]
    return dict(zip(ks, as_tensors(*counts) if is_tensor(X) else counts))
