"""Estimators of scikit-dimension on the neighbours of this package; copies of a point count once."""

import inspect
import warnings

import numpy as np
from sklearn.base import clone

from zeta_geom.checks.scaling import column_references, squares_scale
from zeta_geom.geometry.knn import Neighbors, knn
from zeta_geom.geometry.local_pca import check_neighbors


def estimate_by(
    estimator: object,
    X: np.ndarray,
    neighbors: Neighbors | None,
    ks: tuple[int, ...],
    *,
    n_jobs: int | None = -1,
    progress: bool = False,
) -> dict[int, np.ndarray]:
    """Run a scikit-dimension estimator on the k nearest different points of each point, for each k."""
    _method_with_neighbors(estimator)
    if neighbors is None:
        neighbors = knn(X, max(ks), n_jobs=n_jobs, progress=progress)
    elif not isinstance(neighbors, Neighbors):
        raise TypeError(f"neighbors must be Neighbors, with distances, for an estimator; got {type(neighbors)}.")
    check_neighbors(neighbors, len(X), max(ks))
    points, scale = _fit_for_squares(X)
    if scale != 1:
        neighbors = knn(points, max(ks), n_jobs=n_jobs, progress=progress)
    place = np.arange(len(X))
    copied = neighbors.distances[:, 0] == 0
    if copied.any():
        rows, place = _different_points(points, copied)
        if len(rows) <= max(ks):
            raise ValueError(
                f"n_neighbors must be below {len(rows)}, the number of distinct points, because an estimator counts "
                f"copies once; got k={max(ks)}. Lower n_neighbors or give more points."
            )
        points = points[rows]
        neighbors = knn(points, max(ks), n_jobs=n_jobs, progress=progress)
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="ignore"):  # some warn at every point
        warnings.simplefilter("always")
        dimensions = {k: _run(estimator, points, neighbors, k)[place] for k in ks}
    _warn_once(estimator, dimensions, [str(warning.message) for warning in caught], len(X))
    return {k: np.where(np.isfinite(values), values, np.nan) for k, values in dimensions.items()}


def _method_with_neighbors(estimator: object) -> str:
    """Return the name of the method that accepts neighbours, or raise."""
    arguments = {"fit": "precomputed_knn_arrays", "fit_pw": "precomputed_knn"}
    for name, argument in arguments.items():
        if argument in inspect.signature(getattr(estimator, name, lambda: None)).parameters:
            return name
    raise TypeError(
        "estimator must have fit_pw(precomputed_knn=) or fit(precomputed_knn_arrays=), as in scikit-dimension; "
        f"got {estimator!r}."
    )


def _fit_for_squares(X: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the points in a unit and origin in which squares and means are exact enough, and the unit's factor."""
    scale, references = squares_scale(X), column_references(X)
    if scale == 1 and not references.any():
        return X, scale
    return (X.astype(np.float64, copy=False) - references) * scale, scale


def _different_points(X: np.ndarray, copied: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first row of each different point, sorted, and the place of each row among them."""
    rows = np.flatnonzero(copied)
    _, first, inverse = np.unique(X[rows], axis=0, return_index=True, return_inverse=True)
    owner = np.arange(len(X))
    owner[rows] = rows[first][inverse.reshape(-1)]
    return np.unique(owner, return_inverse=True)


def _run(estimator: object, X: np.ndarray, neighbors: Neighbors, k: int) -> np.ndarray:
    """Return the dimension at each point."""
    indices, distances = neighbors.indices[:, :k], neighbors.distances[:, :k]
    if _method_with_neighbors(estimator) == "fit":
        fitted = clone(estimator).fit(X, precomputed_knn_arrays=(distances, indices), n_neighbors=k)
    else:
        fitted = clone(estimator).fit_pw(X, precomputed_knn=indices, n_neighbors=k)
    return np.asarray(fitted.dimension_pw_, dtype=np.float64)


def _warn_once(estimator: object, dimensions: dict[int, np.ndarray], messages: list[str], n: int) -> None:
    """Warn once of points without a finite dimension, and of the estimator's own warnings."""
    lacking = np.count_nonzero(~np.isfinite(list(dimensions.values())).all(axis=0))
    repeated = f" It warned {len(messages)} times, at first: {messages[0]}" if messages else ""
    if lacking:
        warnings.warn(
            f"{estimator!r} gives no finite dimension at {lacking} of {n} points, which are NaN. Raise n_neighbors "
            f"or use another estimator.{repeated}",
            RuntimeWarning,
            stacklevel=5,  # the caller of local_dimension
        )
    elif messages:
        warnings.warn(
            f"{estimator!r} gives a dimension at all {n} points, with warnings.{repeated} Check its parameters.",
            RuntimeWarning,
            stacklevel=5,
        )
