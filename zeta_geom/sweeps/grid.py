"""The grid of a sweep: a run for each data set, mixer, setting and measure."""

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel

from zeta_geom.checks import check_choice
from zeta_geom.mixers import MIXERS, Mixer, make_mixer

ORIGINAL = "original"


class Run(BaseModel, frozen=True):
    """One measure of one mixed data set, or of the data set itself."""

    data: str = "data"
    label: str = ORIGINAL  # of the mixer, in the table
    mixer: str | None = None  # a key of MIXERS; None: the original
    params: dict[str, Any] = {}  # of the mixer, besides the swept ones
    gamma: float | None = None  # swept, as the next two; None: the mixer has no such parameter, or its default
    n_mix: int | None = None
    anchor: str | None = None
    seed: int = 0  # of the mixer
    stream: int = 0  # `epoch` of `mix_dataset`
    batch_size: int = 32
    measure: str = "dimension"  # a key of MEASURES
    options: dict[str, Any] = {}  # of the measure, such as its numbers of neighbours

    def make_mixer(self) -> Mixer | None:
        """Return the mixer of this run, None for the original."""
        if self.mixer is None:
            return None
        swept = {"gamma": self.gamma, "n_mix": self.n_mix, "anchor": self.anchor}
        params = self.params | {name: value for name, value in swept.items() if value is not None}
        return make_mixer(self.mixer, **params, random_state=self.seed)

    @property
    def mixing(self) -> str:
        """A key of the mixed data set, the same for all measures of it."""
        return self.model_dump_json(exclude={"measure", "options"})

    @property
    def slug(self) -> str:
        """A readable name for the folder."""
        parts = [self.data, self.label, self.anchor, f"T{self.n_mix}" if self.n_mix else None]
        parts += [None if self.gamma is None else f"gamma{self.gamma:g}", f"seed{self.seed}", self.measure]
        return re.sub(r"[^\w.+-]+", "_", "-".join(part for part in parts if part), flags=re.ASCII)[:120]


def make_grid(
    data: Sequence[str],
    *,
    gammas: Sequence[float],
    mixers: Sequence[str] | Mapping[str, tuple[str, Mapping[str, Any]]],
    anchors: Sequence[str],
    n_mix: Sequence[int | None],
    seeds: Sequence[int],
    batch_size: int,
    common_random_numbers: bool,
    measures: Mapping[str, Mapping[str, Any]],
    channels: str | None = None,
) -> Iterator[Run]:
    """Yield the runs of a grid: the original of each data set first, then γ by γ along each curve."""
    named = mixers if isinstance(mixers, Mapping) else {name: (name, {}) for name in mixers}
    if ORIGINAL in named:
        raise ValueError(f"mixers must not use the label {ORIGINAL!r}, which the unmixed data have.")
    for name in data:
        mixed = [Run(data=name)]
        for label, (mixer, params) in named.items():
            known = inspect.signature(MIXERS[check_choice(mixer, "mixers", MIXERS)]).parameters
            free = known.keys() - params.keys()
            plain = {key: value.item() if isinstance(value, np.generic) else value for key, value in params.items()}
            if channels is not None and "channels" in free:
                plain["channels"] = channels
            mixed += [
                Run(data=name, label=label, mixer=mixer, params=plain, gamma=gamma, n_mix=count,
                    anchor=anchor, seed=seed, stream=0 if common_random_numbers else index, batch_size=batch_size)
                for anchor in (anchors if "anchor" in free else [None])
                for count in (n_mix if "n_mix" in free else [None])
                for seed in seeds
                for index, gamma in enumerate(gammas if "gamma" in free else [None])
            ]  # fmt: skip
        for run in mixed:
            for measure, options in measures.items():
                yield run.model_copy(update={"measure": measure, "options": dict(options)})
