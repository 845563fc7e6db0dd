"""Estimators of scikit-dimension on our neighbours, where copies of a point count once."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
from sklearn.base import clone

from zeta_geom.checks.scaling import column_references, squares_scale
from zeta_geom.geometry.knn import Neighbors, knn

__all__ = ["estimate_by"]


def estimate_by(
    estimator: Any,
    X: np.ndarray,
    neighbors: Neighbors,
    ks: tuple[int, ...],
    *,
    n_jobs: int | None = -1,
    progress: bool = False,
) -> dict[int, np.ndarray]:
    """Run a scikit-dimension estimator on the k nearest different points of each point, for each k.

    Shapes: `X` (n, d) -> (n,).
    """
    _door(estimator)
    points, scale = _fit_for_squares(X)
    if scale != 1:
        neighbors = knn(points, max(ks), n_jobs=n_jobs, progress=progress)
    place = np.arange(len(X))
    copied = neighbors.distances[:, 0] == 0
    if copied.any():
        kept, place = _different_points(points, copied)
        if len(kept) <= max(ks):
            raise ValueError(
                f"n_neighbors must be below the number of different points, {len(kept)}, for an estimator, which "
                f"sees copies once; got k={max(ks)}. Lower n_neighbors or give more points."
            )
        points = points[kept]
        neighbors = knn(points, max(ks), n_jobs=n_jobs, progress=progress)
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="ignore"):  # some warn at every point
        warnings.simplefilter("always")
        found = {k: _run(estimator, points, neighbors, k)[place] for k in ks}
    _warn_once(estimator, found, [str(one.message) for one in caught], len(X))
    return {k: np.where(np.isfinite(values), values, np.nan) for k, values in found.items()}


def _door(estimator: Any) -> str:
    """Return the method by which an estimator takes neighbours, or raise."""
    doors = {"fit": "precomputed_knn_arrays", "fit_pw": "precomputed_knn"}
    for name, argument in doors.items():
        if argument in inspect.signature(getattr(estimator, name, lambda: None)).parameters:
            return name
    raise TypeError(
        "estimator must have fit_pw(precomputed_knn=) or fit(precomputed_knn_arrays=), as scikit-dimension's do; "
        f"got {estimator!r}."
    )


def _fit_for_squares(X: np.ndarray) -> tuple[np.ndarray, float]:
    """Return points whose squares and means an estimator can take, mostly X itself, and the scale of their unit."""
    scale, references = squares_scale(X), column_references(X)
    if scale == 1 and not references.any():
        return X, scale
    return (X.astype(np.float64, copy=False) - references) * scale, scale


def _different_points(X: np.ndarray, copied: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first row of each different point, ascending, and each row's place among them."""
    rows = np.flatnonzero(copied)
    _, first, inverse = np.unique(X[rows], axis=0, return_index=True, return_inverse=True)
    owner = np.arange(len(X))
    owner[rows] = rows[first][inverse.reshape(-1)]
    return np.unique(owner, return_inverse=True)


def _run(estimator: Any, X: np.ndarray, neighbors: Neighbors, k: int) -> np.ndarray:
    """Return the dimension at each point, by whichever of its two doors the estimator has."""
    indices, distances = neighbors.indices[:, :k], neighbors.distances[:, :k]
    if _door(estimator) == "fit":
        fitted = clone(estimator).fit(X, precomputed_knn_arrays=(distances, indices), n_neighbors=k)
    else:
        fitted = clone(estimator).fit_pw(X, precomputed_knn=indices, n_neighbors=k)
    return np.asarray(fitted.dimension_pw_, dtype=np.float64)


def _warn_once(estimator: Any, found: dict[int, np.ndarray], said: list[str], n: int) -> None:
    """Warn of points without a finite dimension, or of what the estimator itself warned of."""
    lacking = np.count_nonzero(~np.isfinite(list(found.values())).all(axis=0))
    own = f" It warned {len(said)} times, at first: {said[0]}" if said else ""
    if lacking:
        warnings.warn(
            f"{estimator!r} gives no finite dimension at {lacking} of {n} points, which are NaN. Raise n_neighbors "
            f"or take another estimator.{own}",
            RuntimeWarning,
            stacklevel=4,
        )
    elif said:
        warnings.warn(
            f"{estimator!r} gives a dimension at all {n} points.{own} Look at its parameters.",
            RuntimeWarning,
            stacklevel=4,
        )
