"""The grid of a sweep: a run for each data set, mixer, setting and measure."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from zeta_geom.mixers import Mixer, make_mixer
from zeta_geom.sweeps.measures import MeasureSpec

ORIGINAL = "original"
LATER = ("axes", "mixer_definition", "definition")  # fields that keys of runs without them do not contain
CustomMixer = Callable[..., Any]  # (run, points) -> mixed X and Y


@dataclass(frozen=True)
class MixerSpec:
    """One mixer of a sweep, as it was asked for."""

    label: str
    name: str | None = None  # a key of MIXERS
    params: dict[str, Any] = field(default_factory=dict)  # fixed ones
    custom: CustomMixer | None = None  # a user's mixer
    definition: Any = None  # JSON values that say what a user's mixer is
    sources: tuple[Path, ...] = ()  # modules whose code it runs, besides that of all sweeps
    known: tuple[str, ...] | None = ()  # parameters that a grid may vary; None: any
    free: frozenset[str] = frozenset()  # those that the axes of all mixers vary
    grid: dict[str, list[Any]] = field(default_factory=dict)  # parameter -> values


class Run(BaseModel, frozen=True):
    """One measure of one mixed data set, or of the data set itself."""

    data: str = "data"
    label: str = ORIGINAL  # of the mixer, in the table
    mixer: str | None = None  # a key of MIXERS, or the label of a user's mixer; None: the original
    params: dict[str, Any] = {}  # of the mixer, besides the swept ones
    gamma: float | None = None  # swept, as the next two; None: the mixer has no such parameter, or its default
    n_mix: int | None = None
    anchor: str | None = None
    seed: int = 0  # of the mixer
    stream: int = 0  # `epoch` of `mix_dataset`
    batch_size: int = 32
    measure: str = "dimension"  # its label
    options: dict[str, Any] = {}  # of the measure, such as its numbers of neighbours
    axes: dict[str, Any] = {}  # further parameters of the mixer that are swept
    mixer_definition: Any = None  # what a mixer is that has no name in MIXERS
    definition: Any = None  # what the measure is, if its label does not say it

    @property
    def settings(self) -> dict[str, Any]:
        """The settings in the key, JSON values."""
        settings = self.model_dump()
        return {name: value for name, value in settings.items() if value or name not in LATER}

    @property
    def swept(self) -> dict[str, Any]:
        """The values of all swept parameters of the mixer, by name."""
        listed = {"gamma": self.gamma, "n_mix": self.n_mix, "anchor": self.anchor}
        return {name: value for name, value in listed.items() if value is not None} | self.axes

    def make_mixer(self) -> Mixer | None:
        """Return the mixer of this run, which has a name in MIXERS; None for the original."""
        if self.mixer is None:
            return None
        return make_mixer(self.mixer, **(self.params | self.swept), random_state=self.seed)

    @property
    def mixing(self) -> str:
        """A key of the mixed data set, the same for all measures of it."""
        return json.dumps(self.model_dump(exclude={"measure", "options", "definition"}))

    @property
    def slug(self) -> str:
        """A readable name for the folder."""
        parts = [self.data, self.label, self.anchor, f"T{self.n_mix}" if self.n_mix else None]
        parts += [None if self.gamma is None else f"gamma{self.gamma:g}"]
        parts += [f"{name}{value}" for name, value in self.axes.items()]
        parts += [f"seed{self.seed}", self.measure]
        return re.sub(r"[^\w.+-]+", "_", "-".join(part for part in parts if part), flags=re.ASCII)[:120]


def make_grid(
    data: Sequence[str],
    *,
    gammas: Sequence[float | None],
    mixers: Mapping[str, MixerSpec],
    anchors: Sequence[str],
    n_mix: Sequence[int | None],
    seeds: Sequence[int],
    batch_size: int,
    common_random_numbers: bool,
    measures: Mapping[str, MeasureSpec],
) -> Iterator[Run]:
    """Yield the runs of a grid: the original of each data set first, then γ by γ along each curve."""
    usual: Mapping[str, Sequence[Any]] = {"gamma": gammas, "n_mix": n_mix, "anchor": anchors}
    for name in data:
        mixed = [Run(data=name)]
        for label, spec in mixers.items():
            values = {axis: spec.grid.get(axis, usual[axis] if axis in spec.free else [None]) for axis in usual}
            others = {axis: listed for axis, listed in spec.grid.items() if axis not in usual}
            step = 0 if common_random_numbers else 1  # of the stream, from one value of the parameters to the next
            mixed += [
                Run(data=name, label=label, mixer=spec.name or label, params=spec.params, gamma=gamma, n_mix=count,
                    anchor=anchor, seed=seed, stream=step * (place * len(values["gamma"]) + index),
                    batch_size=batch_size, axes=dict(zip(others, point)), mixer_definition=spec.definition)
                for anchor in values["anchor"]
                for count in values["n_mix"]
                for place, point in enumerate(product(*others.values()))
                for seed in seeds
                for index, gamma in enumerate(values["gamma"])
            ]  # fmt: skip
        for run in mixed:
            for measure, wanted in measures.items():
                changes = {"measure": measure, "options": dict(wanted.options), "definition": wanted.definition}
                yield run.model_copy(update=changes)
