"""The neighbourhoods that estimators get: of different points, in a unit in which squares are exact enough."""

from dataclasses import dataclass

import numpy as np

from zeta_geom.checks import host_array
from zeta_geom.checks.scaling import column_references, squares_scale
from zeta_geom.geometry.estimators.from_distances import coordinate_rounding
from zeta_geom.geometry.knn import Neighbors, search
from zeta_geom.geometry.local_pca import check_neighbors


class FewPointsError(ValueError):
    """There are no k different points around each point; `count` is the number of different points."""

    def __init__(self, count: int, k: int) -> None:
        super().__init__(
            f"n_neighbors must be below {count}, the number of distinct points, because an estimator counts copies "
            f"once; got k={k}. Lower n_neighbors or give more points."
        )
        self.count = count


@dataclass(frozen=True)
class DifferentPoints:
    """Different points and the nearest of them around some, the queries."""

    points: np.ndarray  # (m, d), no two equal
    indices: np.ndarray  # int64 (q, k), without the query, nearest first
    distances: np.ndarray  # float64 (q, k), in the unit of `points`
    place: np.ndarray  # int64 (r,), the query of each row that was asked for; copies share a query
    scale: float  # `points` are the rows of X times this power of two
    rounding: np.ndarray  # float64 (m,), in the unit of `points`: as `coordinate_rounding` of the rows of X


def different_points(
    X: np.ndarray,
    neighbors: Neighbors | None,
    k: int,
    *,
    anchors: np.ndarray | None = None,
    n_jobs: int | None = -1,
    progress: bool = False,
) -> DifferentPoints:
    """Return the k nearest different points of each row of X, or of each of the rows `anchors`.

    `neighbors` of these rows, with distances, save the search unless there are copies or the unit is changed.
    """
    points, scale = _fit_for_squares(X)
    rounding = coordinate_rounding(X) * scale
    if neighbors is None or scale != 1:
        indices, distances = search_rows(points, anchors, k, n_jobs, progress)
    else:
        indices, distances = neighbors.indices[:, :k], neighbors.distances[:, :k]
    place = np.arange(len(indices))
    copied = _copied(distances, anchors, len(X))
    if copied.any():
        rows, place = _first_rows(points, copied)
        if len(rows) <= k:
            raise FewPointsError(len(rows), k)
        points, rounding, queries = np.ascontiguousarray(points[rows]), rounding[rows], None
        if anchors is not None:
            queries, place = np.unique(place[anchors], return_inverse=True)
        indices, distances = search_rows(points, queries, k, n_jobs, progress)
    return DifferentPoints(points, indices, distances, place, scale, rounding)


def neighbors_with_distances(neighbors: Neighbors, n: int, k: int) -> Neighbors:
    """Return neighbours as arrays, or raise unless they have indices and distances (n, at least k)."""
    if not isinstance(neighbors, Neighbors):
        raise TypeError(f"neighbors must be Neighbors, with distances, for an estimator; got {type(neighbors)}.")
    indices = check_neighbors(neighbors, n, k, "neighbors")
    distances = None if neighbors.distances is None else host_array(neighbors.distances, "neighbors")
    if distances is None or distances.shape != indices.shape:
        shape = None if distances is None else distances.shape
        raise ValueError(
            f"neighbors must have distances of shape {indices.shape} for an estimator; got {shape}. Use knn(X, k)."
        )
    return Neighbors(indices, distances.astype(np.float64, copy=False))


def _fit_for_squares(X: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the points in a unit and origin in which squares and means are exact enough, and the unit's factor."""
    scale, references = squares_scale(X), column_references(X)
    if scale == 1 and not references.any():
        return np.ascontiguousarray(X), scale
    return np.ascontiguousarray((X.astype(np.float64, copy=False) - references) * scale), scale


def search_rows(
    points: np.ndarray, queries: np.ndarray | None, k: int, n_jobs: int | None, progress: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return indices and distances (q, k) of the neighbours of all points, or of the rows `queries`."""
    Q = None if queries is None else points[queries]
    indices, squared, _ = search(points, Q, queries, k, n_jobs=n_jobs, progress=progress)
    return indices, np.sqrt(squared)


def _copied(distances: np.ndarray, anchors: np.ndarray | None, n: int) -> np.ndarray:
    """Return which of n rows may have copies that matter, bool (n,)."""
    if anchors is None:
        return np.asarray(distances[:, 0] == 0)
    ties = (distances[:, 0] == 0).any() or (distances[:, 1:] == distances[:, :-1]).any()
    return np.full(n, bool(ties))  # two copies are equally far from an anchor


def _first_rows(X: np.ndarray, copied: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first row of each different point, sorted, and the place of each row among them."""
    rows = np.flatnonzero(copied)
    _, first, inverse = np.unique(X[rows], axis=0, return_index=True, return_inverse=True)
    owner = np.arange(len(X))
    owner[rows] = rows[first][inverse.reshape(-1)]
    return np.unique(owner, return_inverse=True)
