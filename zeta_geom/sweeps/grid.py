"""The grid of a sweep: which data, mixed how, measured by what."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel

from zeta_geom.checks import check_choice
from zeta_geom.mixers import MIXERS, make_mixer

__all__ = ["Run", "make_grid"]

ORIGINAL = "original"


class Run(BaseModel, frozen=True):
    """One measure of one mixed data set; `mixer` None stands for the data as they are.

    Parameters
    ----------
    data, label : str
        Names, for the table.
    mixer : str or None
        A key of `MIXERS`.
    params : dict
        The mixer's parameters beyond those that are swept.
    gamma, n_mix, anchor
        What is swept; None where the mixer has none, or keeps its own default.
    seed, stream : int
        The mixer's seed, and which of its streams (`epoch` of `mix_dataset`) draws.
    batch_size : int
    measure : str
        A key of `MEASURES`.
    options : dict
        What the measure is told, such as its numbers of neighbours.
    """

    data: str = "data"
    label: str = ORIGINAL
    mixer: str | None = None
    params: dict[str, Any] = {}
    gamma: float | None = None
    n_mix: int | None = None
    anchor: str | None = None
    seed: int = 0
    stream: int = 0
    batch_size: int = 32
    measure: str = "dimension"
    options: dict[str, Any] = {}

    def make_mixer(self) -> Any:
        """Return the mixer of this run, None for the data as they are."""
        if self.mixer is None:
            return None
        swept = {"gamma": self.gamma, "n_mix": self.n_mix, "anchor": self.anchor}
        params = self.params | {name: value for name, value in swept.items() if value is not None}
        return make_mixer(self.mixer, **params, random_state=self.seed)

    @property
    def mixing(self) -> str:
        """Which mixed data set this is, whatever is measured of it."""
        return self.model_dump_json(exclude={"measure", "options"})

    @property
    def slug(self) -> str:
        """A name that a reader of the folder understands."""
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
        raise ValueError(f"mixers must not use the label {ORIGINAL!r}: the data as they are have it.")
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
