"""The measures of an audit, by their names, as measures of a sweep: half of each data set is held out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from zeta_geom.audits.measures import groups_of_space
from zeta_geom.audits.measures.optional import OPTIONAL
from zeta_geom.audits.oracles import Oracle, to_oracle
from zeta_geom.audits.reference import Candidate, Reference
from zeta_geom.audits.samples import Samples, halves, in_content_order
from zeta_geom.audits.scores import ORACLE, Definition, Mean, Missing, Results, Scores
from zeta_geom.geometry.local_pca import check_neighbor_counts
from zeta_geom.manifolds import get_manifold
from zeta_geom.sweeps.measures import Halves, Options, Points, Rows, SweepMeasure, Tools

SOURCE = Path(__file__)  # in the key of a run with a measure of an audit
LEAST = 8  # points: below 4 in each half an audit measures nothing
ENDING = re.compile(r"-k(\d+)$")
DRY_ALPHA = 0.05  # any threshold would do where nothing is measured
MANIFOLD = "true-distance"


@dataclass(frozen=True)
class AuditMeasure:
    """One measure of an audit."""

    name: str  # without "-k8"
    group: Callable[[Candidate], Results]  # computes it, perhaps with others
    sources: bool  # it compares samples with the augmented originals; then the real samples are the held-out ones
    definition: Definition
    has_k: bool
    manifold: str | None = None

    def __call__(self, original: Points, mixed: Points, options: Options, tools: Tools) -> Rows:
        """Yield the values of the samples, or of the real samples if nothing was mixed."""
        if not isinstance(original, Halves) or original.heldout is None:
            raise TypeError(f"measure {self.name!r} needs held-out points.")
        ks, alpha = tuple(options.get("n_neighbors", ())), options.get("alpha", DRY_ALPHA)
        settings = f"{ks} {alpha} {self.definition.space == ORACLE} {self.manifold}"
        reference = tools.kept(
            f"reference {settings}", (original,), lambda: self._reference(original, ks, alpha, tools.threads)
        )
        candidate = tools.kept(
            f"candidate {settings}{self.sources}", (reference, mixed),
            lambda: self._candidate(reference, None if mixed is original else mixed),
        )  # fmt: skip
        group = tools.kept(
            f"{self.group.__name__} {settings}", (candidate,),
            lambda: {definition.name: scores for definition, scores in self.group(candidate)},
        )  # fmt: skip
        for k in ks if self.has_k else (0,):
            yield self.name, k, _values(self.name, group.get(f"{self.name}-k{k}" if k else self.name))

    def _reference(self, original: Halves, ks: tuple[int, ...], alpha: float, threads: int) -> Reference:
        oracle = to_oracle("mnist") if self.definition.space == ORACLE else None
        distance = None if self.manifold is None else get_manifold(self.manifold).distance
        heldout = original.heldout or original
        return Reference(_samples(original), _samples(heldout), ks, alpha, oracle, distance, threads)

    def _candidate(self, reference: Reference, mixed: Points | None) -> Candidate:
        if mixed is None:
            return Candidate(reference.heldout if self.sources else reference.sources, reference)
        return Candidate(_samples(mixed).thinned(len(reference.sources)), reference)

    def check(self, original: Points, options: Options) -> None:
        """Raise ValueError if the data do not allow the measure."""
        n = len(original.X)
        if n < LEAST:
            raise ValueError(f"X must have at least {LEAST} points for measure {self.name!r}; got {n}.")
        if self.definition.group == "labels" and original.Y is None:
            raise ValueError(f"measure {self.name!r} needs labels; give (X, y).")
        if self.has_k:
            check_neighbor_counts(tuple(options["n_neighbors"]), n // 2)  # the held-out half
        if self.definition.space == ORACLE and original.flat.shape[1] != 28 * 28:
            raise ValueError(
                f"measure {self.name!r} needs images of 28 × 28 pixels, for the MNIST oracle; got {original.X.shape}."
            )


def audit_names() -> tuple[str, ...]:
    """Return the names of the measures of an audit, without "-k8"."""
    return tuple(sorted(_catalogue()))


def audit_measure(name: str, manifold: str | None = None) -> tuple[AuditMeasure, SweepMeasure, tuple[int, ...]]:
    """Return a measure of an audit, and the k in its name, if there is one."""
    base, ks = ENDING.sub("", name), tuple(int(k) for k in ENDING.findall(name))
    if base not in _catalogue() or (ks and not _catalogue()[base].has_k):
        raise LookupError(f"an audit has no measure {name!r}")
    measure = _catalogue()[base]
    if base == MANIFOLD:
        if manifold is None:
            raise ValueError(f"measure {MANIFOLD!r} needs a manifold: ({MANIFOLD!r}, {{'manifold': 'helix-3d'}}).")
        get_manifold(manifold)
        measure = AuditMeasure(base, measure.group, measure.sources, measure.definition, False, manifold)
    options = ["split_seed"]
    if measure.definition.space != ORACLE and base != MANIFOLD:
        options.append("space")
    if measure.has_k or measure.definition.group == "labels":
        options.append("n_neighbors")
    if measure.has_k and measure.definition.group == "geometry":
        options.append("alpha")
    return measure, SweepMeasure(tuple(options), measure.check, measure, split), ks


def split(points: Points, seed: int) -> Halves:
    """Return the half of a data set that is mixed, with the other half, split as in an audit."""
    sources, heldout = halves(in_content_order(_samples(points), seed))
    parts = [(points.X[half.rows], None if points.Y is None else points.Y[half.rows]) for half in (sources, heldout)]
    held = Halves(*parts[1], classes=points.n_classes)
    return Halves(*parts[0], heldout=held, classes=points.n_classes)


def _samples(points: Points) -> Samples:
    Y = None if points.Y is None else np.asarray(points.soft, dtype=np.float64)
    return Samples(points.X, None if Y is None else Y / Y.sum(axis=1, keepdims=True), np.arange(len(points.X)))


def _values(name: str, result: Scores | Missing | None) -> np.ndarray:
    """Return the values of a measure; of a statistic other than the mean the one number, of no dimension."""
    if result is None or isinstance(result, Missing):
        reason = "the data do not allow it" if result is None else result.reason
        raise ValueError(f"measure {name!r} cannot be computed: {reason}.")
    if isinstance(result.statistic, Mean):
        return result.values
    return np.asarray(result.statistic(result.values))


@cache
def _catalogue() -> Mapping[str, AuditMeasure]:
    """Return all measures of an audit by name: all groups are asked for their definitions, with two samples each."""
    labels = np.eye(2)
    two = Samples(np.array([[0.0, 1.0], [1.0, 0.0]]), labels, np.arange(2))
    oracle = Oracle("mnist", lambda samples: np.log(np.full((len(samples), 2), 0.5)), None, "Fréchet distance")
    reference = Reference(two, two, (LEAST,), DRY_ALPHA, oracle, _no_distance, 1)
    candidate, groups = Candidate(two, reference), groups_of_space(OPTIONAL)
    measures = {}
    for sources, part in ((False, groups.heldout), (True, groups.sources)):
        for group in part:
            for definition, _ in group(candidate):
                name = ENDING.sub("", definition.name)
                measures[name] = AuditMeasure(name, group, sources, definition, name != definition.name)
    return measures


def _no_distance(X: Any) -> np.ndarray:
    return np.zeros(len(X))
