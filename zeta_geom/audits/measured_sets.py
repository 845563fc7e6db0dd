"""Measured sets: the scores of synthetic samples, and of the real samples that they are compared with."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from sklearn.neighbors import KDTree
from tqdm import tqdm

from zeta_geom.audits.intervals.bootstrap import Ratio
from zeta_geom.audits.intervals.calibration import Calibration
from zeta_geom.audits.measures import Group, Groups
from zeta_geom.audits.reference import Candidate, Reference
from zeta_geom.audits.samples import Samples
from zeta_geom.audits.scores import Definition, Missing, Scores

ORIGINAL = "original"
HELD = "held-out"
LEAF = 2  # samples in a leaf of the tree: the smallest leaf keeps close samples together


@dataclass(frozen=True)
class MeasuredSet:
    """A set of samples with its scores."""

    name: str
    samples: Samples
    scores: Mapping[str, tuple[Definition, Scores | Missing]]  # by the names of the measures
    rows_of: str  # sets with the same `rows_of` correspond row by row, and are compared in pairs
    places: np.ndarray  # int (n,), see `places_of`
    apart: bool = True  # these samples were certainly made without held-out originals


def places_of(samples: Samples) -> np.ndarray:
    """Return the place of each sample along the leaves of a k-d tree, int64 (n,): close samples have close places."""
    order = np.asarray(KDTree(samples.flat, leaf_size=LEAF).get_arrays()[1])
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(len(order))
    return places


class Measurer:
    """Measures sets of samples against a reference, with one step of the progress bar for each group of measures."""

    def __init__(self, space: str, reference: Reference, groups: Groups, seed: int, bar: tqdm) -> None:
        self.space, self.reference, self.groups, self.bar = space, reference, groups, bar
        self.calibration = Calibration(reference, seed)
        self.real: dict[int, MeasuredSet] = {}  # by the number of samples; 0: the held-out originals

    def advance(self, step: str) -> None:
        """Move the progress bar by one step, and show the name of the step."""
        self.bar.set_postfix_str(step)
        self.bar.update()

    def measure(self, name: str, samples: Samples, rows_of: str, apart: bool = True) -> MeasuredSet:
        """Measure synthetic samples; `apart` if they were certainly made without held-out originals."""
        measured = self._measure(name, samples, rows_of, (*self.groups.heldout, *self.groups.sources))
        return replace(measured, apart=apart)

    def originals(self, n: int) -> MeasuredSet:
        """Measure n augmented originals, as many as there are synthetic samples, against the held-out originals."""
        sources = self.reference.sources
        n = min(n, len(sources))
        if n not in self.real:
            whole = n == len(sources)
            name = ORIGINAL if whole else f"{ORIGINAL} ({n})"
            self.real[n] = self._measure(
                name, sources.take(slice(n)), ORIGINAL if whole else name, self.groups.heldout
            )
        return self.real[n]

    def heldout(self) -> MeasuredSet:
        """Measure the held-out originals against the augmented originals."""
        if 0 not in self.real:
            self.real[0] = self._measure(HELD, self.reference.heldout, HELD, self.groups.sources)
        return self.real[0]

    def ratios(self, n: int) -> dict[str, Ratio]:
        """Return the ratios of measures for sets of n samples; none if all values are independent."""
        return self.calibration.ratios(n) if self.groups.sources else {}

    def _measure(self, name: str, samples: Samples, rows_of: str, groups: tuple[Group, ...]) -> MeasuredSet:
        candidate = Candidate(samples, self.reference)
        scores: dict[str, tuple[Definition, Scores | Missing]] = {}
        for group in groups:
            scores |= {definition.name: (definition, result) for definition, result in group(candidate)}
            self.advance(f"{name}: {group.__name__}")
        paired = rows_of == ORIGINAL and len(samples) == len(self.reference.sources)
        return MeasuredSet(name, samples, scores, rows_of, self.source_places if paired else places_of(samples))

    @cached_property
    def source_places(self) -> np.ndarray:
        """The places of the augmented originals; samples made from them row by row share these places."""
        return places_of(self.reference.sources)
