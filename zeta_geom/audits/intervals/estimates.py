"""Estimates of measured sets, for all samples and for each class; corresponding sets share their resamples."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from zeta_geom.audits.intervals.bootstrap import Bootstrap, Estimate
from zeta_geom.audits.measured_sets import HELD, MeasuredSet, places_of
from zeta_geom.audits.samples import Samples
from zeta_geom.audits.scores import HELDOUT, SAMPLES, Missing, Referenced, Scores

ALL = "all"  # stands for all classes together

Key = tuple[str, str]  # the name of a measure, and a class or ALL


@dataclass(frozen=True)
class Estimator:
    """Computes the estimates of whole sets and of their classes, each once."""

    held: Samples  # the held-out originals
    bootstrap: Bootstrap
    classes: tuple[str, ...]  # ALL, and the class numbers
    _cache: dict[int, dict[Key, Estimate]] = field(default_factory=dict)

    @cached_property
    def held_places(self) -> np.ndarray:
        """The places of the held-out originals."""
        return places_of(self.held)

    def estimate(self, measured: MeasuredSet) -> dict[Key, Estimate]:
        """Return the estimates of a set, without missing measures and empty classes."""
        key = id(measured)
        if key not in self._cache:
            self._cache[key] = {}
            for over, name, places in (
                (SAMPLES, measured.rows_of, measured.places),
                (HELDOUT, HELD, self.held_places),
            ):
                self._cache[key] |= self._estimate_over(measured, over, name, places)
        return self._cache[key]

    def _estimate_over(self, measured: MeasuredSet, over: str, key: str, places: np.ndarray) -> dict[Key, Estimate]:
        """Return the estimates of the measures whose mean is over the samples, or over the held-out originals."""
        estimates: dict[Key, Estimate] = {}
        classes = self.held.classes if over == HELDOUT else measured.samples.classes
        for name in self.classes:
            rows: slice | np.ndarray = slice(None)
            if name != ALL:
                if classes is None or int(name) not in classes:
                    continue
                rows = classes == int(name)
            parts = dict(self._scores(measured, over, name, rows))
            values = self.bootstrap.estimate(list(parts.values()), f"{key}/{name}", places[rows])
            estimates |= {(measure, name): value for measure, value in zip(parts, values, strict=True)}
        return estimates

    def _scores(
        self, measured: MeasuredSet, over: str, name: str, rows: slice | np.ndarray
    ) -> Iterator[tuple[str, Scores]]:
        """Yield the scores of a class; their reference, if any, are the held-out originals of the same class."""
        for measure, (definition, scores) in measured.scores.items():
            if definition.over != over or isinstance(scores, Missing):
                continue
            statistic = scores.statistic
            if isinstance(statistic, Referenced) and isinstance(rows, np.ndarray):
                of_class = statistic.of_reference(np.asarray(self.held.classes) == int(name))
                if of_class is None or rows.sum() < 2:
                    continue
                statistic = of_class
            yield measure, Scores(scores.values[rows], scores.reach, statistic)
