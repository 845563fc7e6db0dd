"""The means of several estimators over the same points, from one search."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from zeta_geom.checks import check_choice, check_int, check_jobs, check_points, check_real
from zeta_geom.checks.types import ArrayLike
from zeta_geom.geometry.cpu.counts import pointwise_dimensions
from zeta_geom.geometry.estimators.different_points import (
    DifferentPoints,
    different_points,
    neighbors_with_distances,
    search_rows,
)
from zeta_geom.geometry.estimators.running import check_features, evaluate, raw_dimensions, resolve_estimator
from zeta_geom.geometry.estimators.sampling import AVERAGES, Summary, split_ratio, summarize
from zeta_geom.geometry.estimators.table import ESTIMATORS, FO
from zeta_geom.geometry.knn import Neighbors
from zeta_geom.geometry.local_pca import check_neighbor_counts, draw_anchors
from zeta_geom.rng.seeds import RandomState, numpy_generator

SPLITS = 24  # they give the standard error to 1 / √(2 · splits), 14 %, as in an audit


@dataclass
class Means:
    """Computes means of estimators over the points, or over anchors."""

    X: np.ndarray
    ks: tuple[int, ...]
    estimators: tuple[object, ...]  # resolved
    alpha: float
    anchors: np.ndarray | None
    n_splits: int
    rng: np.random.Generator
    n_jobs: int | None
    progress: bool
    searched: Neighbors | None = None  # of the points or anchors
    warned: list[tuple[object, int, list[str]]] = field(default_factory=list)  # as for `warn_once`

    @classmethod
    def of(
        cls,
        X: ArrayLike,
        ks: int | tuple[int, ...],
        estimators: tuple[object, ...],
        *,
        alpha: float,
        neighbors: Neighbors | None,
        n_anchors: int | None,
        n_splits: int,
        random_state: RandomState,
        n_jobs: int | None,
        progress: bool,
        least_splits: int = 0,
    ) -> Means:
        """Check arguments and return the computer of means."""
        check_jobs(n_jobs)
        resolved = tuple(resolve_estimator(estimator, random_state) for estimator in estimators)
        points = np.ascontiguousarray(check_features(check_points(X)))
        counts = check_neighbor_counts(ks, len(points))
        alpha = check_real(alpha, "alpha", low=0, high=1)
        n_splits = check_int(n_splits, "n_splits", low=least_splits)
        anchors = None if n_anchors is None else draw_anchors(n_anchors, len(points), random_state)
        if anchors is not None and not all(isinstance(estimator, str) for estimator in resolved):
            raise ValueError(f"n_anchors needs estimators of this package; got {n_anchors} with {estimators!r}.")
        if neighbors is not None:
            neighbors = neighbors_with_distances(neighbors, len(points), max(counts))
            if anchors is not None:
                neighbors = Neighbors(neighbors.indices[anchors], neighbors.distances[anchors])
        rng = numpy_generator(random_state)
        return cls(points, counts, resolved, alpha, anchors, n_splits, rng, n_jobs, progress, neighbors)

    @property
    def m(self) -> int:
        """The number of points at which the dimension is estimated."""
        return len(self.X) if self.anchors is None else len(self.anchors)

    @cached_property
    def neighbors(self) -> Neighbors:
        """The neighbours of the points or anchors; copies are ordinary neighbours."""
        if self.searched is not None:
            return self.searched
        return Neighbors(*search_rows(self.X, self.anchors, max(self.ks), self.n_jobs, self.progress))

    @cached_property
    def sets(self) -> DifferentPoints:
        """Their neighbourhoods of different points."""
        k, jobs = max(self.ks), self.n_jobs
        return different_points(self.X, self.neighbors, k, anchors=self.anchors, n_jobs=jobs, progress=self.progress)

    def summaries(
        self, place: int, average: str | None, quantile: float = 0.0
    ) -> Iterator[tuple[int, float, Summary]]:
        """Yield k, the mean radius, and the mean of an estimator with an interval of ± quantile · sem."""
        estimator = self.estimators[place]
        if average is None:
            average = ESTIMATORS[estimator].average if isinstance(estimator, str) else "arithmetic"
        check_choice(average, "average", AVERAGES)
        local_pca = estimator == FO
        if local_pca:
            values, messages = self._local_pca()
            distances, copies = self.neighbors.distances, np.arange(self.m)
        else:
            values, messages = raw_dimensions(estimator, self.sets, self.ks, self.n_jobs)
            distances, copies = self.sets.distances[self.sets.place] / self.sets.scale, self.sets.place
        points, lacking = self.X if local_pca else self.sets.points, 0
        for k in self.ks:
            ratio = self._ratio(estimator, points, k, average) if self.n_splits else float("nan")
            summary = summarize(values[k], average, ratio, len(self.X), copies, quantile)
            lacking = max(lacking, self.m - summary.n)
            yield k, float(distances[:, k - 1].mean()), summary
        self.warned.append((estimator, lacking, messages))

    def _local_pca(self) -> tuple[dict[int, np.ndarray], list[str]]:
        """Return the dimension by local PCA, float64 (m,) by k, and no warnings."""
        counts = pointwise_dimensions(
            self.X, self.neighbors.indices, self.ks, self.alpha, FO, n_jobs=self.n_jobs, progress=self.progress
        )
        return dict(zip(self.ks, counts.astype(np.float64), strict=True)), []

    def _ratio(self, estimator: object, points: np.ndarray, k: int, average: str) -> float:
        """Return the ratio of `split_ratio` for an estimator."""

        def values(X: np.ndarray, indices: np.ndarray, distances: np.ndarray) -> np.ndarray:
            if estimator == FO:
                counts = pointwise_dimensions(X, indices, (k,), self.alpha, FO, n_jobs=self.n_jobs)[0]
                return np.asarray(counts, dtype=np.float64)
            return evaluate(estimator, X, indices, distances, self.n_jobs)

        how: Any = {"average": average, "n_splits": self.n_splits, "rng": self.rng, "n_jobs": self.n_jobs}
        return split_ratio(values, points, k, **how)
