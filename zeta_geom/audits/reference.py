"""What samples are judged by: the held-out originals, the originals that were augmented, the oracle, the equation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from zeta_geom.audits.samples import Samples
from zeta_geom.geometry import Neighbors, knn

__all__ = ["Judged", "Reference"]


@dataclass(frozen=True)
class Reference:
    """What samples are judged by.

    Parameters
    ----------
    sources : Samples
        The originals that augmentations see.
    heldout : Samples
        Those that they do not see.
    n_neighbors : tuple of int
        Numbers of neighbours, ascending.
    alpha : float
        Threshold of the Fukunaga-Olsen rule.
    oracle : Oracle or None
        Of `zeta_geom.audits.oracles`.
    manifold : callable or None
        Points (n, d) -> (n,): the true distance from the manifold.
    n_jobs : int or None
    """

    sources: Samples
    heldout: Samples
    n_neighbors: tuple[int, ...]
    alpha: float
    oracle: Any
    manifold: Callable[[np.ndarray], np.ndarray] | None
    n_jobs: int | None

    def usable(self, n: int) -> tuple[int, ...]:
        """Return the numbers of neighbours that n points allow."""
        return tuple(k for k in self.n_neighbors if k < n)


@dataclass(frozen=True)
class Judged:
    """A set of samples, with what several measures need of it, made once.

    Parameters
    ----------
    samples : Samples
    by : Reference
    """

    samples: Samples
    by: Reference

    @cached_property
    def near(self) -> Neighbors:
        """The nearest held-out originals of each sample, as many as the largest k that they allow, at least 1."""
        k = max(self.by.usable(len(self.by.heldout)), default=1)
        return knn(self.by.heldout.flat, k, queries=self.samples.flat, n_jobs=self.by.n_jobs)
