"""Exact nearest neighbours by brute force: matrix products propose, direct distances decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np

from zeta_geom.checks import check_choice, check_int, check_points
from zeta_geom.geometry.chunks import map_chunks

__all__ = ["METRICS", "Neighbors", "knn"]

METRICS = ("euclidean", "cosine")
SPARE = 16  # candidates beyond k, so that rounding seldom leaves a row undecided
EPS = np.finfo(np.float64).eps


@dataclass(frozen=True)
class Neighbors:
    """The k nearest neighbours of each query, nearest first.

    Parameters
    ----------
    indices : int64 array of shape (q, k)
        Rows of X.
    distances : float64 array of shape (q, k)
        In the units of X, or 1 - cos.

    Examples
    --------
    >>> knn([[0.0], [1.0], [3.0]], 1).distances.ravel()
    array([1., 1., 2.])
    """

    indices: np.ndarray
    distances: np.ndarray


def knn(X: Any, k: int, *, queries: Any = None, metric: str = "euclidean", progress: bool = False) -> Neighbors:
    """Find the exact k nearest neighbours, computed in float64.

    Without `queries`, the queries are the points of X themselves and no point is its own neighbour; duplicates of it
    are. Ties go to the lower index. The N × N distance matrix is never held.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Points.
    k : int
        Number of neighbours, below n (at most n with `queries`).
    queries : array-like of shape (q, d), optional
        Points whose neighbours in X are wanted; nothing is excluded then.
    metric : {"euclidean", "cosine"}
        The cosine distance is 1 - cos; a row of zeros is refused there.
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

    Notes
    -----
    Squared distances by a matrix product name k + 16 candidates; their distances are computed again as sums of
    squared differences and sorted. Where the error bound of the product cannot rule out a point that is not a
    candidate, all the distances of that row are computed directly.

    References
    ----------
    Abhishek et al. 2024, "Preserving the intrinsic dimensionality of the original data": neighbourhoods of k = 8 and
    128.

    Examples
    --------
    >>> knn([[0.0], [1.0], [3.0]], 1).indices.ravel()
    array([1, 0, 1])
    """
    X = check_points(X)
    check_choice(metric, "metric", METRICS)
    Q = X if queries is None else check_points(queries, "queries")
    if Q.shape[1] != X.shape[1]:
        raise ValueError(f"queries must have as many columns as X, {X.shape[1]}; got {Q.shape[1]}.")
    limit = len(X) - (queries is None)
    if check_int(k, "k", low=1) > limit:
        raise ValueError(f"k must be at most {limit} for {len(X)} points; got {k}. Lower k or give more points.")
    points = _prepare(X, "X", metric)
    asked = points if queries is None else _prepare(Q, "queries", metric)
    search = _Search(points, asked, int(k), queries is None)
    chunks = map_chunks(search, len(asked), 24 * len(points), progress=progress, description="neighbours")
    indices = np.concatenate([chunk[0] for chunk in chunks])
    squared = np.concatenate([chunk[1] for chunk in chunks])
    return Neighbors(indices, squared / 2 if metric == "cosine" else np.sqrt(squared))


class _Search:
    """The neighbours of a slice of queries among fixed points."""

    def __init__(self, points: np.ndarray, queries: np.ndarray, k: int, exclude_self: bool) -> None:
        self.points, self.queries, self.k, self.exclude_self = points, queries, k, exclude_self
        mean = points.mean(axis=0)
        self.centred = points - mean
        self.centred_queries = self.centred if exclude_self else queries - mean
        self.norms = np.einsum("nd,nd->n", self.centred, self.centred)
        self.query_norms = np.einsum("nd,nd->n", self.centred_queries, self.centred_queries)
        # what rounding can do to one squared distance: the product's error, and that of the centring
        radius = np.sqrt(self.query_norms) + np.sqrt(self.norms.max())
        width = points.shape[1]
        largest = max(np.abs(points).max(), np.abs(queries).max())
        self.error = 2 * EPS * radius * ((width + 8) * radius + 4 * largest * np.sqrt(width))

    def __call__(self, rows: slice) -> tuple[np.ndarray, np.ndarray]:
        n, spare = len(self.points), min(self.k + SPARE, len(self.points) - self.exclude_self)
        approximate = self.centred_queries[rows] @ self.centred.T
        approximate *= -2
        approximate += self.norms
        if self.exclude_self:
            approximate[np.arange(rows.stop - rows.start), np.arange(rows.start, rows.stop)] = np.inf
        if spare < n:
            order = np.argpartition(approximate, spare, axis=1)
            outside = np.take_along_axis(approximate, order[:, spare : spare + 1], axis=1)[:, 0]
            candidates = np.sort(order[:, :spare], axis=1)
        else:
            outside = np.full(len(approximate), np.inf)
            candidates = np.broadcast_to(np.arange(n), approximate.shape).copy()
        squared = squared_distances(self.queries[rows], self.points, candidates)
        indices, squared = _nearest(candidates, squared, self.k)
        undecided = outside + self.query_norms[rows] - self.error[rows] <= squared[:, -1]
        for row in np.flatnonzero(undecided):
            indices[row], squared[row] = self._directly(rows.start + int(row))
        return indices, squared

    def _directly(self, query: int) -> tuple[np.ndarray, np.ndarray]:
        everyone = np.arange(len(self.points))[None, :]
        squared = squared_distances(self.queries[query : query + 1], self.points, everyone)
        if self.exclude_self:
            squared[0, query] = np.inf
        indices, squared = _nearest(everyone, squared, self.k)
        return indices[0], squared[0]


@numba.njit(nogil=True, cache=True, fastmath={"reassoc", "contract"})
def squared_distances(queries: np.ndarray, points: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Sum the squared differences between each query (q, d) and its candidates (q, c) among the points (n, d).

    A gather of the candidates would move as many bytes as all the rest of the search.
    """
    result = np.empty(candidates.shape, dtype=np.float64)
    for i in range(candidates.shape[0]):
        for j in range(candidates.shape[1]):
            point = candidates[i, j]
            total = 0.0
            for d in range(points.shape[1]):
                difference = queries[i, d] - points[point, d]
                total += difference * difference
            result[i, j] = total
    return result


def _nearest(candidates: np.ndarray, squared: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Sort candidates, which come in ascending order, by (distance, index) and keep k."""
    order = np.argsort(squared, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(candidates, order, axis=1), np.take_along_axis(squared, order, axis=1)


def _prepare(points: np.ndarray, name: str, metric: str) -> np.ndarray:
    """Return points as contiguous float64, of length 1 for the cosine distance: it is half their squared distance."""
    points = np.ascontiguousarray(points, dtype=np.float64)
    if metric == "euclidean":
        return points
    norms = np.linalg.norm(points, axis=1)
    if (norms == 0).any():
        raise ValueError(
            f"{name} must have no row of zeros with metric='cosine', which has no direction; "
            f"row {int(np.argmin(norms))} is one."
        )
    return points / norms[:, None]
