"""The sets of an audit, measured group by group, with the real samples that they are compared with."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from tqdm import tqdm

from zeta_geom.audits.estimates import HELD, ORIGINAL, Measured, places_of
from zeta_geom.audits.measures import GROUPS, novelty
from zeta_geom.audits.reference import Judged, Reference
from zeta_geom.audits.samples import Samples
from zeta_geom.audits.values import Found, Measure, Missing, Row

__all__ = ["Measuring"]


class Measuring:
    """Measures sets of samples, a step of the progress bar a group of measures.

    Parameters
    ----------
    reference : Reference
    n_sets : int
        Synthetic sets.
    progress : bool
        Show a bar, on a terminal.
    """

    def __init__(self, reference: Reference, n_sets: int, progress: bool) -> None:
        self.reference = reference
        self.real: dict[int, Measured] = {}
        total = (n_sets + 1) * (len(GROUPS) + 1) + 2
        self.bar = tqdm(total=total, desc="audit", unit="step", leave=False, disable=None if progress else True)

    def done(self, what: str) -> None:
        """Say that a step is done."""
        self.bar.set_postfix_str(what)
        self.bar.update()

    def measure(self, name: str, samples: Samples, rows_of: str) -> Measured:
        """Measure synthetic samples."""
        return self._measured(name, samples, rows_of, (*GROUPS, novelty))

    def originals(self, n: int) -> Measured:
        """Measure n originals, as many as there are synthetic samples, against the held-out ones."""
        sources = self.reference.sources
        n = min(n, len(sources))
        if n not in self.real:
            whole = n == len(sources)
            name = ORIGINAL if whole else f"{ORIGINAL} ({n})"
            self.real[n] = self._measured(name, sources.take(slice(n)), ORIGINAL if whole else name, GROUPS)
        return self.real[n]

    def heldout(self) -> Measured:
        """Measure the held-out originals against those that were augmented."""
        if 0 not in self.real:
            self.real[0] = self._measured(HELD, self.reference.heldout, HELD, (novelty,))
        return self.real[0]

    def _measured(
        self, name: str, samples: Samples, rows_of: str, groups: tuple[Callable[[Judged], Row], ...]
    ) -> Measured:
        judged = Judged(samples, self.reference)
        found: dict[str, tuple[Measure, Found | Missing]] = {}
        for group in groups:
            found |= {measure.name: (measure, what) for measure, what in group(judged)}
            self.done(f"{name}: {group.__name__}")
        own = rows_of == ORIGINAL and len(samples) == len(self.reference.sources)
        return Measured(name, samples, found, rows_of, self.places if own else places_of(samples))

    @cached_property
    def places(self) -> np.ndarray:
        """Where each original stands in an order of those that lie together."""
        return places_of(self.reference.sources)
