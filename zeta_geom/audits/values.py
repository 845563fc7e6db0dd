"""What a measure found: a value for each sample, and the statistic that is made of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from threadpoolctl import threadpool_limits

from zeta_geom.checks.scaling import column_references, squares_scale

__all__ = ["Curve", "Found", "Frechet", "Mean", "Measure", "Missing", "Row", "Statistic"]

SAMPLES, HELDOUT = "samples", "held-out"


@dataclass(frozen=True)
class Measure:
    """What is measured.

    Parameters
    ----------
    name : str
        Such as "dimension-k8", the key in tables.
    group : str
        "geometry", "labels", "realism", "fidelity" or "novelty".
    title : str
        For readers.
    unit : str
        Empty for a pure number.
    meaning : str
        One sentence: what the number is.
    over : {"samples", "held-out"}
        Whose values are averaged: the samples that are judged, or the held-out originals.
    """

    name: str
    group: str
    title: str
    unit: str
    meaning: str
    over: str = SAMPLES

    @property
    def limits(self) -> tuple[float, float]:
        """Return the least and the largest value that there can be."""
        return (0.0, 1.0) if self.unit in ("share", "score") else (0.0, float("inf"))


class Statistic(Protocol):
    """From values (n, …) to a number; and the same for resamples, each given by how often it has each value."""

    @property
    def most(self) -> int:
        """How many resamples are worth their time."""
        ...

    def __call__(self, values: np.ndarray) -> float:
        """Return the number."""
        ...

    def resampled(self, values: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Return the numbers (b,) of resamples; counts (b, n)."""
        ...


class Mean:
    """The mean."""

    most = 10**6

    def __call__(self, values: np.ndarray) -> float:
        """Return the mean."""
        return float(values.mean())

    def resampled(self, values: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Return the mean of each resample."""
        return counts @ values / counts.sum(axis=1)


@dataclass(frozen=True)
class Curve:
    """One less twice the area between the diagonal and the share of values up to each level.

    Parameters
    ----------
    levels : float array of shape (L,)
    """

    levels: np.ndarray
    most: int = 10**6

    def __call__(self, values: np.ndarray) -> float:
        """Return the score."""
        return float(self.resampled(values, np.ones((1, len(values))))[0])

    def resampled(self, values: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Return the score of each resample."""
        from zeta_geom.fidelity import integrated_score

        below = (values[:, None] <= self.levels).astype(counts.dtype)
        return np.asarray(integrated_score(counts @ below / counts.sum(axis=1, keepdims=True), self.levels))


@dataclass(frozen=True)
class Frechet:
    """The squared Fréchet distance of features (n, c) from those of a reference.

    Parameters
    ----------
    reference : float array of shape (r, c)
    """

    reference: np.ndarray
    most: int = 100

    def __call__(self, values: np.ndarray) -> float:
        """Return the distance."""
        from zeta_geom.fidelity import frechet_distance

        return frechet_distance(self.reference, values)

    def resampled(self, values: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Return the distance of each resample."""
        scale = squares_scale(self.reference, values)  # of fourth powers here
        reference, values = self.reference * scale, values * scale
        references = column_references(reference, values)
        if references.any():
            reference, values = reference - references, values - references
        mean = reference.mean(axis=0)
        covariance = np.atleast_2d(np.cov(reference, rowvar=False))
        spreads, axes = np.linalg.eigh(covariance)
        root = (axes * np.sqrt(np.maximum(spreads, 0))) @ axes.T
        found = np.empty(len(counts))
        with threadpool_limits(1, user_api="blas"):  # for matrices this small, threads wait for each other
            for place, weights in enumerate(counts):
                own = weights @ values / weights.sum()
                apart = values - own
                spread = (apart * weights[:, None]).T @ apart / (weights.sum() - 1)
                cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ spread @ root), 0)).sum()
                found[place] = ((own - mean) ** 2).sum() + np.trace(covariance) + np.trace(spread) - 2 * cross
        return found / scale**2


@dataclass(frozen=True)
class Found:
    """The values of one measure on one set of samples.

    Parameters
    ----------
    values : float array of shape (n,), or (n, c) where the statistic needs features
    reach : int
        How many neighbours a value looks at: values of samples that lie together depend on each other.
    statistic : Statistic
    """

    values: np.ndarray
    reach: int = 1
    statistic: Statistic = field(default_factory=Mean)


@dataclass(frozen=True)
class Missing:
    """Why a measure could not be made.

    Parameters
    ----------
    reason : str
    """

    reason: str


Row = Iterator[tuple[Measure, Found | Missing]]
