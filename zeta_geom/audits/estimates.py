"""Estimates of measured sets, whole and by class, from resamples that sets with the same rows share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.neighbors import KDTree

from zeta_geom.audits.bootstrap import Bootstrap, Estimate
from zeta_geom.audits.samples import Samples
from zeta_geom.audits.values import HELDOUT, SAMPLES, Found, Frechet, Measure, Missing

__all__ = ["ALL", "HELD", "ORIGINAL", "Estimator", "Key", "Measured", "places_of"]

ORIGINAL = "original"
HELD = "held-out"
ALL = "all"  # classes
LEAF = 2  # samples in a leaf

Key = tuple[str, str]  # a measure's name, and a class or ALL


@dataclass(frozen=True)
class Measured:
    """One set of samples with all that was found of it.

    Parameters
    ----------
    name : str
    samples : Samples
    found : mapping of a measure's name -> (Measure, Found or Missing)
    rows_of : str
        Whose rows its rows are: sets with the same ones are compared pair by pair.
    places : int array of shape (n,)
        Where each sample, or the one that it was made from, stands in an order of those that lie together.
    """

    name: str
    samples: Samples
    found: Mapping[str, tuple[Measure, Found | Missing]]
    rows_of: str
    places: np.ndarray


def places_of(samples: Samples) -> np.ndarray:
    """Return where each sample stands along the leaves of a k-d tree.

    Returns shape (n,).
    """
    order = np.asarray(KDTree(samples.flat, leaf_size=LEAF).get_arrays()[1])
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(len(order))
    return places


@dataclass(frozen=True)
class Estimator:
    """Makes estimates of whole sets and of single classes, each once.

    Parameters
    ----------
    held : Samples
        The held-out originals, over which some measures are averaged.
    bootstrap : Bootstrap
    classes : tuple of str
        ALL, and the numbers of classes.
    """

    held: Samples
    bootstrap: Bootstrap
    classes: tuple[str, ...]
    _made: dict[Any, dict[Key, Estimate]] = field(default_factory=dict)

    @cached_property
    def held_places(self) -> np.ndarray:
        """Where each held-out original stands in an order of those that lie together."""
        return places_of(self.held)

    def own(self, measured: Measured) -> dict[Key, Estimate]:
        """Return the estimates of a set, without what could not be measured or has no sample."""
        return self._estimates(measured, None)

    def further(self, measured: Measured, other: Measured) -> dict[Key, Estimate]:
        """Return estimates of a set from resamples as large as another's classes are, drawn apart."""
        owners = other.samples.classes
        sizes = {ALL: len(other.samples)}
        if owners is not None:
            sizes |= {chosen: int((owners == int(chosen)).sum()) for chosen in self.classes[1:]}
        return self._estimates(measured, sizes)

    def _estimates(self, measured: Measured, sizes: Mapping[str, int] | None) -> dict[Key, Estimate]:
        about = (id(measured), None if sizes is None else tuple(sizes.items()))
        if about in self._made:
            return self._made[about]
        made: dict[Key, Estimate] = {}
        for over, key, places in (
            (SAMPLES, measured.rows_of, measured.places),
            (HELDOUT, HELD, self.held_places),
        ):
            owners = self.held.classes if over == HELDOUT else measured.samples.classes
            for chosen in self.classes:
                rows: Any = slice(None) if chosen == ALL else None if owners is None else owners == int(chosen)
                if rows is None or (chosen != ALL and not rows.any()):
                    continue
                parts = dict(self._parts(measured, over, chosen, rows))
                size = None if sizes is None or over == HELDOUT else sizes.get(chosen) or None
                full = f"{key}/{chosen}" if sizes is None else f"further/{key}/{chosen}"
                found = self.bootstrap.estimate(list(parts.values()), full, places[rows], size)
                made |= {(name, chosen): one for name, one in zip(parts, found, strict=True)}
        self._made[about] = made
        return made

    def _parts(self, measured: Measured, over: str, chosen: str, rows: Any) -> Iterator[tuple[str, Found]]:
        """Yield the values of a class; a Fréchet distance is from the held-out originals of that class."""
        for name, (measure, found) in measured.found.items():
            if measure.over != over or isinstance(found, Missing):
                continue
            statistic = found.statistic
            if isinstance(statistic, Frechet) and chosen != ALL:
                same: Any = self.held.classes == int(chosen)
                if same.sum() < 2 or rows.sum() < 2:
                    continue
                statistic = Frechet(statistic.reference[same])
            yield name, Found(found.values[rows], found.reach, statistic)
