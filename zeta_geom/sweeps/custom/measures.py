"""A user's function as a measure of a sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zeta_geom.checks.points import read_only, real_array
from zeta_geom.rng.global_state import seeded_call
from zeta_geom.sweeps.measures import Options, Points, Rows, Tools

SOURCE = Path(__file__)  # in the key of a run, beside the function's own code
RULE = "must return a number, an array (n,), or a mapping of names or k to these"


@dataclass(frozen=True)
class CustomMeasure:
    """A function f(original, mixed) under a name."""

    name: str
    function: Callable[..., Any]

    def __call__(self, original: Points, mixed: Points, options: Options, tools: Tools) -> Rows:
        """Yield the values of the function, which gets read-only arrays and draws from seeded generators."""
        first = read_only(original)
        second = first if mixed is original else read_only(mixed)
        yield from self._rows(seeded_call(self.function, first, second, seed=tools.seed))

    def _rows(self, output: object) -> Rows:
        if not isinstance(output, Mapping):
            yield self.name, 0, self._values(output)
            return
        if not output:
            raise ValueError(f"measure {self.name!r} {RULE}; got an empty mapping.")
        for key, values in output.items():
            if isinstance(key, (int, np.integer)) and not isinstance(key, bool) and key > 0:
                yield self.name, int(key), self._values(values)
            elif isinstance(key, str) and key:
                yield f"{self.name}: {key}", 0, self._values(values)
            else:
                raise TypeError(f"measure {self.name!r} {RULE}; got the key {key!r:.40}.")

    def _values(self, values: object) -> np.ndarray:
        if isinstance(values, (str, bytes, Mapping, Iterator)) or values is None:
            raise TypeError(f"measure {self.name!r} {RULE}; got {type(values).__name__}.")
        array = real_array(values.cpu() if hasattr(values, "cpu") else values, f"the output of measure {self.name!r}")
        if array.ndim > 1 or not array.size:
            raise ValueError(f"measure {self.name!r} {RULE}; got an array of shape {array.shape}.")
        return array.astype(np.float64)
