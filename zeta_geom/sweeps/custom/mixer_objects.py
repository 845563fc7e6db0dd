"""A mixer object in a sweep: each run mixes with its parameters, and with the seed of the run."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zeta_geom.mixers.base import Mixer
from zeta_geom.mixers.seeded import Shared
from zeta_geom.rng.streams import Stream
from zeta_geom.sweeps.grid import Run
from zeta_geom.sweeps.measures import Points

SOURCE = Path(__file__)  # in the key of a run, beside the code of the mixer's class


@dataclass(frozen=True)
class MixerObject:
    """A mixer, which is not changed: its random stream stays where it is."""

    mixer: Mixer

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters that a grid may vary."""
        listed = inspect.signature(type(self.mixer)).parameters.values()
        explicit = [parameter.name for parameter in listed if parameter.kind is not parameter.VAR_KEYWORD]
        shared = Shared.__annotations__ if len(explicit) < len(listed) else ()
        return tuple(name for name in dict.fromkeys((*explicit, *shared)) if name != "random_state")

    def __call__(self, run: Run, points: Points) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the mixed data of a run."""
        mixer = self._with(run.swept)._on(Stream(run.seed))
        X: Any = points.X
        Y: Any = points.Y
        in_torch = "numpy" not in mixer.traits.backends
        if in_torch:
            import torch

            X, Y = torch.tensor(X), None if Y is None else torch.tensor(Y)
        options: Any = {"batch_size": run.batch_size, "n_classes": points.n_classes, "epoch": run.stream}
        X, Y = mixer.mix_dataset(X, Y, **options)
        return (X.numpy(), None if Y is None else Y.numpy()) if in_torch else (X, Y)

    def _with(self, changes: Mapping[str, Any]) -> Mixer:
        """Return a mixer of the same class with other values of some parameters."""
        if not changes:
            return self.mixer
        values = {name: getattr(self.mixer, name) for name in self.parameters if hasattr(self.mixer, name)}
        return type(self.mixer)(**{**values, **changes})
