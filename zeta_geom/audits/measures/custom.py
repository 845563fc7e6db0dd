"""A user's function as a measure of an audit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from zeta_geom.audits.measures.statistics import SignedDefinition
from zeta_geom.audits.reference import Candidate
from zeta_geom.audits.scores import Results, Scores
from zeta_geom.checks.points import read_only, real_array
from zeta_geom.rng.global_state import seeded_call

RULE = "must return a number for each sample of its second argument, an array (n,)"


@dataclass(frozen=True)
class CustomMeasure:
    """A function f(original, mixed) under a name; it gets the held-out originals and the samples."""

    name: str
    function: Callable[..., Any]

    @property
    def __name__(self) -> str:
        """The name, for the progress bar, as functions have it."""
        return self.name

    def __call__(self, candidate: Candidate) -> Results:
        """Yield the values of the function."""
        samples = candidate.samples
        output = seeded_call(self.function, read_only(candidate.reference.heldout), read_only(samples), seed=0)
        values = real_array(
            output.cpu() if hasattr(output, "cpu") else output, f"the output of measure {self.name!r}"
        )
        if values.shape != (len(samples),):
            raise ValueError(
                f"measure {self.name!r} {RULE}; got the shape {values.shape} for {len(samples)} samples."
            )
        meaning = (self.function.__doc__ or "a function of the user").strip().splitlines()[0].rstrip(".")
        yield SignedDefinition(self.name, "realism", self.name, "", meaning), Scores(values.astype(np.float64))
