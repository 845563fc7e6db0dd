"""Scores: one value of a measure for each sample, and the statistic of these values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from threadpoolctl import threadpool_limits

from zeta_geom.checks.scaling import column_references, squares_scale
from zeta_geom.fidelity import frechet_distance, integrated_score

SAMPLES, HELDOUT = "samples", "held-out"
PIXELS, ORACLE = "pixels", "oracle"  # spaces: the samples themselves, and the oracle's output


@dataclass(frozen=True)
class Definition:
    """The definition of a measure, for tables and report."""

    name: str  # key in tables, such as "dimension-k8"
    group: str  # "geometry", "labels", "realism", "fidelity" or "novelty"
    title: str
    unit: str  # empty for a pure number
    meaning: str  # one sentence
    over: str = SAMPLES  # the mean is over the samples, or over the held-out originals
    alone: bool = False  # it depends on the samples alone, not on held-out or augmented originals
    space: str = ""  # where it is measured, if that is not the feature space of the audit
    length: bool = False  # it has the unit of the data

    @property
    def limits(self) -> tuple[float, float]:
        """The smallest and the largest possible value."""
        return (0.0, 1.0) if self.unit in ("share", "score") else (0.0, float("inf"))


class Statistic(Protocol):
    """A number computed from values (n, ...), and the same numbers for resamples."""

    @property
    def most(self) -> int:
        """The largest number of resamples, limited by their time."""
        ...

    def __call__(self, values: np.ndarray) -> float:
        """Return the number."""
        ...

    def resampled(self, values: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Return the numbers (b,) of b resamples; counts (b, n) says how often each value is drawn."""
        ...


@runtime_checkable
class Referenced(Statistic, Protocol):
    """A statistic that compares values with a reference."""

    def of_reference(self, rows: np.ndarray) -> Statistic | None:
        """Return the statistic for some rows of the reference, bool (r,), such as a class; None for too few."""
        ...


class Mean:
    """The mean."""

    most = 10**6

    def __call__(self, values: np.ndarray) -> float:
        """Return the mean."""
        return float(values.mean())

    def resampled(self, values: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Return the mean of each resample."""
        means: np.ndarray = counts @ values / counts.sum(axis=1)
        return means


@dataclass(frozen=True)
class Curve:
    """1 minus twice the area between the diagonal and the share of values up to each level, float (L,)."""

    levels: np.ndarray
    most: int = 10**6

    def __call__(self, values: np.ndarray) -> float:
        """Return the score."""
        return float(self.resampled(values, np.ones((1, len(values))))[0])

    def resampled(self, values: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Return the score of each resample."""
        below = (values[:, None] <= self.levels).astype(counts.dtype)
        return np.asarray(integrated_score(counts @ below / counts.sum(axis=1, keepdims=True), self.levels))


@dataclass(frozen=True)
class Frechet:
    """The squared Fréchet distance of features (n, c) from the features of a reference, float (r, c)."""

    reference: np.ndarray
    most: int = 100  # each resample takes an eigenvalue decomposition of (c, c)

    def __call__(self, values: np.ndarray) -> float:
        """Return the distance."""
        return frechet_distance(self.reference, values)

    def of_reference(self, rows: np.ndarray) -> Frechet | None:
        """Return the distance from some rows of the reference, bool (r,); None for fewer than two."""
        return Frechet(self.reference[rows]) if rows.sum() > 1 else None

    def resampled(self, values: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Return the distance of each resample."""
        scale = squares_scale(self.reference, values)  # keeps squares, and here fourth powers, from overflow
        reference, values = self.reference * scale, values * scale
        references = column_references(reference, values)
        if references.any():
            reference, values = reference - references, values - references
        mean = reference.mean(axis=0)
        covariance = np.atleast_2d(np.cov(reference, rowvar=False))
        spreads, axes = np.linalg.eigh(covariance)
        root = (axes * np.sqrt(np.maximum(spreads, 0))) @ axes.T
        distances: np.ndarray = np.empty(len(counts))
        with threadpool_limits(1, user_api="blas"):  # threads only wait for each other on matrices this small
            for draw, weights in enumerate(counts):
                centre = weights @ values / weights.sum()
                deviations = values - centre
                spread = (deviations * weights[:, None]).T @ deviations / (weights.sum() - 1)
                cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ spread @ root), 0)).sum()
                distances[draw] = ((centre - mean) ** 2).sum() + np.trace(covariance) + np.trace(spread) - 2 * cross
        return distances / scale**2


@dataclass(frozen=True)
class Scores:
    """The values of one measure on one set of samples, float (n,), or (n, c) if the statistic needs features."""

    values: np.ndarray
    reach: int = 1  # number of neighbours that a value depends on; samples share neighbours
    statistic: Statistic = field(default_factory=Mean)


@dataclass(frozen=True)
class Missing:
    """A measure that cannot be computed, with the reason for the report."""

    reason: str


Results = Iterator[tuple[Definition, Scores | Missing]]
