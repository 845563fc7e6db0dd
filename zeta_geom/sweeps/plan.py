"""What a sweep was asked for: measures, mixers and a feature space, and the code that each run needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from zeta_geom.sweeps.arguments import SpaceSpec
from zeta_geom.sweeps.grid import MixerSpec, Run
from zeta_geom.sweeps.measures import MeasureSpec
from zeta_geom.sweeps.workshop import SOURCE, Objects


@dataclass(frozen=True)
class Plan:
    """The parts of a sweep by their labels."""

    measures: Mapping[str, MeasureSpec]
    mixers: Mapping[str, MixerSpec]
    space: SpaceSpec | None

    @cached_property
    def objects(self) -> Objects:
        """What carries out the runs."""
        measures = {label: spec.measure for label, spec in self.measures.items()}
        mixers = {label: spec.custom for label, spec in self.mixers.items() if spec.custom is not None}
        return Objects(None if self.space is None else self.space.space, measures, mixers)

    @cached_property
    def key(self) -> str:
        """A text that tells the objects of two sweeps on the same files apart, in a process that keeps the last ones.

        Sweeps without a folder never have the same files, so that labels in place of keys suffice for them.
        """
        space = None if self.space is None else [self.space.space.name, self.space.key]
        measures = [(label, spec.definition) for label, spec in self.measures.items()]
        mixers = [(label, spec.definition) for label, spec in self.mixers.items()]
        return json.dumps([space, measures, mixers], sort_keys=True)

    def sources(self, run: Run) -> list[Path]:
        """Return the modules whose code is in the key of a run."""
        sources = [SOURCE, *self.measures[run.measure].sources]
        if run.label in self.mixers:
            sources += self.mixers[run.label].sources
        if "space" in run.options and self.space is not None:
            sources += self.space.sources
        return list(dict.fromkeys(sources))
