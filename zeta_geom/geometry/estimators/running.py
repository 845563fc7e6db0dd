"""Run estimators on the k nearest different points of each point; copies of a point count once."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from zeta_geom.checks import check_choice
from zeta_geom.geometry.estimators.different_points import DifferentPoints, different_points, neighbors_with_distances
from zeta_geom.geometry.estimators.scikit import check_estimator, make_scikit_estimator, run_scikit
from zeta_geom.geometry.estimators.table import ESTIMATORS, FO
from zeta_geom.geometry.knn import Neighbors
from zeta_geom.rng.seeds import RandomState, numpy_generator


def resolve_estimator(estimator: object, random_state: RandomState) -> object:
    """Return FO, a name of ours, or an object that takes neighbours; raise for anything else."""
    if estimator is None:
        return FO
    if isinstance(estimator, str):
        entry = ESTIMATORS[check_choice(estimator, "estimator", ESTIMATORS)]
        if not entry.scikit:
            return estimator
        return make_scikit_estimator(entry.scikit, int(numpy_generator(random_state).integers(2**31)))
    check_estimator(estimator)
    return estimator


def check_features(X: Any) -> Any:
    """Return the points, or raise ValueError if they have one feature."""
    if X.shape[1] < 2:
        raise ValueError(
            f"X must have at least 2 features: a dimension of one feature says nothing; got {tuple(X.shape)}."
        )
    return X


def estimate_by(
    estimator: object,
    X: np.ndarray,
    neighbors: Neighbors | None,
    ks: tuple[int, ...],
    *,
    anchors: np.ndarray | None = None,
    n_jobs: int | None = -1,
    progress: bool = False,
) -> dict[int, np.ndarray]:
    """Run a resolved estimator other than FO on the k nearest different points of each point, for each k.

    With `anchors`, which scikit-dimension does not take, the points are these rows of X.
    """
    if neighbors is not None:
        neighbors = neighbors_with_distances(neighbors, len(X), max(ks))
        if anchors is not None:
            neighbors = Neighbors(neighbors.indices[anchors], neighbors.distances[anchors])
    sets = different_points(X, neighbors, max(ks), anchors=anchors, n_jobs=n_jobs, progress=progress)
    dimensions, messages = raw_dimensions(estimator, sets, ks, n_jobs)
    lacking = int(np.count_nonzero(~np.isfinite(list(dimensions.values())).all(axis=0)))
    warn_once([(estimator, lacking, messages)], len(sets.place), stacklevel=4)  # the caller of local_dimension
    return {k: np.where(np.isfinite(values), values, np.nan) for k, values in dimensions.items()}


def raw_dimensions(
    estimator: object, sets: DifferentPoints, ks: tuple[int, ...], n_jobs: int | None
) -> tuple[dict[int, np.ndarray], list[str]]:
    """Return the dimension at each row that was asked for, by k, and the warnings of the estimator."""
    dimensions = {}
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="ignore"):  # some warn at every point
        warnings.simplefilter("always")
        for k in ks:
            indices, distances = (np.ascontiguousarray(part[:, :k]) for part in (sets.indices, sets.distances))
            values = evaluate(estimator, sets.points, indices, distances, n_jobs, sets.rounding)
            dimensions[k] = values[sets.place]
    return dimensions, [str(warning.message) for warning in caught]


def evaluate(
    estimator: object,
    points: np.ndarray,
    indices: np.ndarray,
    distances: np.ndarray,
    n_jobs: int | None,
    rounding: np.ndarray | None = None,
) -> np.ndarray:
    """Return the dimension by an estimator other than FO for each row of neighbours (q, k), float64 (q,)."""
    if isinstance(estimator, str):
        estimate: Any = ESTIMATORS[estimator].estimate
        return np.asarray(estimate(points, indices, distances, rounding=rounding, n_jobs=n_jobs))
    return run_scikit(estimator, points, indices, distances)


def warn_once(estimates: Sequence[tuple[object, int, list[str]]], n: int, *, stacklevel: int) -> None:
    """Warn once of points without a finite dimension, and of the estimators' own warnings.

    An estimate is an estimator, the number of the n points without a dimension, and its warnings.
    """
    texts = []
    for estimator, lacking, messages in estimates:
        name = estimator if isinstance(estimator, str) else repr(estimator)
        repeated = f" It warned {len(messages)} times, at first: {messages[0]}" if messages else ""
        if lacking:
            texts.append(
                f"{name} gives no finite dimension at {lacking} of {n} points, which are NaN. Raise n_neighbors "
                f"or use another estimator.{repeated}"
            )
        elif messages:
            texts.append(
                f"{name} gives a dimension at all {n} points, with warnings.{repeated} Check its parameters."
            )
    if texts:
        warnings.warn(" ".join(texts), RuntimeWarning, stacklevel=stacklevel + 1)
