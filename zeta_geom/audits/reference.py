"""The reference of an audit: held-out originals, augmented originals, oracle and manifold."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from zeta_geom.audits.inputs import AuditInputs
from zeta_geom.audits.oracles import Oracle, to_oracle
from zeta_geom.audits.samples import Samples
from zeta_geom.checks import check_int, check_jobs, check_real
from zeta_geom.geometry import Neighbors, knn
from zeta_geom.manifolds import get_manifold

DEFAULT = (8, 128)  # numbers of neighbours of Abhishek et al. 2024
FLOOR = 1e-12  # relative to the scale of the data: smaller differences are rounding

Distance = Callable[[np.ndarray], np.ndarray]  # points (n, d) -> distances from a manifold (n,)


@dataclass(frozen=True)
class Reference:
    """The data that samples are measured against."""

    sources: Samples  # the augmented originals
    heldout: Samples  # the originals that no augmentation sees
    n_neighbors: tuple[int, ...]  # ascending
    alpha: float  # threshold of the Fukunaga-Olsen rule
    oracle: Oracle | None
    manifold: Distance | None
    n_jobs: int | None

    @property
    def settings(self) -> dict[str, Any]:
        """The sizes and settings, for the report."""
        return {
            "originals": len(self.sources),
            "held out": len(self.heldout),
            "shape of a sample": list(self.sources.X.shape[1:]),
            "classes": None if self.sources.Y is None else self.sources.Y.shape[1],
            "n_neighbors": list(self.n_neighbors),
            "alpha": self.alpha,
            "oracle": None if self.oracle is None else self.oracle.name,
        }

    @cached_property
    def scale(self) -> float:
        """The largest magnitude in the originals."""
        return max(float(np.abs(samples.flat).max()) for samples in (self.sources, self.heldout))

    @cached_property
    def rounding(self) -> float:
        """What rounding may leave of a difference: a weighted mean of equal values errs by a few eps of its dtype."""
        return max(FLOOR, 8 * float(np.finfo(self.sources.X.dtype).eps)) * self.scale

    @cached_property
    def _is_one_point(self) -> bool:
        return self._lies_at_first(self.sources) and self._lies_at_first(self.heldout)

    def is_one_point(self, *sets: Samples) -> bool:
        """Return whether originals and samples are one point up to rounding."""
        return self._is_one_point and all(self._lies_at_first(samples) for samples in sets)

    def _lies_at_first(self, samples: Samples) -> bool:
        return float(np.abs(samples.flat - self.sources.flat[0]).max()) <= self.rounding

    def usable(self, n: int) -> tuple[int, ...]:
        """Return the numbers of neighbours below n."""
        return tuple(k for k in self.n_neighbors if k < n)


def fitting_neighbors(n: int) -> tuple[int, ...]:
    """Return the default numbers of neighbours for sets of at least n samples: the paper's, if they fit."""
    if n > DEFAULT[1]:
        return DEFAULT
    second = 1 << max(0, (n // 3).bit_length() - 1)  # the largest power of two that is at most n / 3
    return (DEFAULT[0], second) if second > DEFAULT[0] else DEFAULT[:1]


def make_reference(
    inputs: AuditInputs,
    n_neighbors: int | tuple[int, ...] | None,
    alpha: float,
    oracle: object,
    manifold: str | Distance | None,
    n_jobs: int | None,
) -> Reference:
    """Check the settings of an audit and return them with its originals."""
    sources, heldout = inputs.sources, inputs.heldout
    if n_neighbors is None:
        n_neighbors = fitting_neighbors(min(map(len, (sources, heldout, *inputs.synthetic.values()))))
    ks = [*n_neighbors] if not isinstance(n_neighbors, int) and np.ndim(n_neighbors) else [n_neighbors]
    if not ks:
        raise ValueError("n_neighbors must have at least one k; it is empty.")
    counts = tuple(sorted({check_int(k, "n_neighbors", low=2) for k in ks}))
    distance = get_manifold(manifold).distance if isinstance(manifold, str) else manifold
    if distance is not None and not callable(distance):
        raise TypeError(f"manifold must be a name of MANIFOLDS or callable; got {manifold!r}.")
    alpha = check_real(alpha, "alpha", low=0, high=1)
    return Reference(sources, heldout, counts, alpha, to_oracle(oracle), distance, check_jobs(n_jobs))


@dataclass(frozen=True)
class Candidate:
    """A set of samples to measure against a reference."""

    samples: Samples
    reference: Reference

    @cached_property
    def neighbors(self) -> Neighbors:
        """The nearest held-out originals of each sample: as many as the largest usable k, at least 1."""
        heldout, k = self.reference.heldout, max(self.reference.usable(len(self.reference.heldout)), default=1)
        return knn(heldout.flat, k, queries=self.samples.flat, n_jobs=self.reference.n_jobs)
