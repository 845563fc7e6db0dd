"""A batch of originals, and the interface of an augmentation: a name, and a call on batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from zeta_geom.checks.types import ArrayLike

Output = tuple[ArrayLike, ArrayLike | None]  # X_new and its labels; without labels, row i keeps its label


@dataclass(frozen=True)
class Batch:
    """A batch of originals."""

    X: np.ndarray  # floats (m, ...)
    Y: np.ndarray | None  # soft labels (m, K)
    hard: bool  # the labels came as integers
    grey: bool  # the samples came as integers, and were divided by 255
    rows: np.ndarray  # row of each sample in the user's array

    def classes_for(self, title: str) -> np.ndarray:
        """Return the class numbers (m,), or raise ValueError if there are none for a transform that needs them."""
        if self.Y is None:
            raise ValueError(f"{title} needs labels; give y.")
        if not (self.hard or (self.Y.max(axis=1) == 1).all()):
            raise ValueError(f"{title} needs class numbers; y holds soft labels. Give y as integers.")
        classes: np.ndarray = self.Y.argmax(axis=1)
        return classes


Call = Callable[[Batch], Output]


@dataclass(frozen=True)
class Method:
    """An augmentation with a name."""

    name: str
    spelled: str  # the augmentation as Python code, for the report
    call: Call
    inside: bool = False  # it mixes the output of a layer
