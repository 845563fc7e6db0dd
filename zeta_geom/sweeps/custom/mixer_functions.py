"""A user's function f(X, y) -> (X, Y), or a transform of a library, as a mixer of a sweep."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from zeta_geom.audits.methods.augmenting import apply
from zeta_geom.audits.methods.calls import takes_labels, to_method
from zeta_geom.audits.samples import Samples
from zeta_geom.rng.global_state import seeded_call, takes_random_state
from zeta_geom.rng.streams import Stream
from zeta_geom.sweeps.grid import Run
from zeta_geom.sweeps.measures import Points

SOURCE = Path(__file__)  # in the key of a run, beside the function's own code


@dataclass(frozen=True)
class MixerFunction:
    """A function of a batch, or a transform, as an audit takes it."""

    label: str
    function: Any
    channels: str | None = None

    @property
    def parameters(self) -> tuple[str, ...] | None:
        """The names of the parameters that a grid may vary; None if the function takes any."""
        try:
            listed = list(inspect.signature(self.function).parameters.values())
        except (TypeError, ValueError):  # some functions written in C have no signature
            return ()
        if any(parameter.kind is parameter.VAR_KEYWORD for parameter in listed):
            return None
        positional = [p.name for p in listed if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        data = {*positional[: 1 + takes_labels(self.function)], "random_state"}
        return tuple(p.name for p in listed if p.kind is not p.VAR_POSITIONAL and p.name not in data)

    def __call__(self, run: Run, points: Points) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the mixed data of a run: shuffled, cut into batches, each passed to the function.

        The function gets soft labels, or class numbers if the data have these. Its random numbers come from the
        global generators, which are seeded, or from its own parameter random_state.
        """
        stream = Stream(run.seed).child(run.stream)
        order = stream.permutation(len(points.X))
        seed = int(stream.child(0).seed)
        options = run.params | run.swept
        if takes_random_state(self.function) and "random_state" not in options:
            options = options | {"random_state": seed}
        function = partial(self.function, **options) if options else self.function
        Y = None if points.Y is None else np.asarray(points.soft, dtype=np.float64)[order]
        hard = points.Y is not None and points.Y.ndim == 1
        samples = Samples(points.X[order], Y, np.arange(len(order)), hard=hard)
        method = to_method(function, seed, self.label, self.channels)
        mixed = seeded_call(partial(apply, batch_size=run.batch_size), method, samples, seed=seed)
        return mixed.X, mixed.Y
