"""The measures of an audit, one group in each file; a group yields (definition, scores) for one set of samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from zeta_geom.audits.measures.copying import nearer
from zeta_geom.audits.measures.custom import CustomMeasure
from zeta_geom.audits.measures.fidelity import fidelity
from zeta_geom.audits.measures.geometry import geometry, true_distance
from zeta_geom.audits.measures.labels import labels
from zeta_geom.audits.measures.novelty import novelty
from zeta_geom.audits.measures.optional import AGAINST_SOURCES, OF_ORACLE, OPTIONAL
from zeta_geom.audits.measures.realism import realism
from zeta_geom.audits.reference import Candidate
from zeta_geom.audits.scores import Results
from zeta_geom.checks import check_choice
from zeta_geom.checks.importing import import_named, is_builtin

__all__ = ["Groups", "groups_of_samples", "groups_of_space"]

Group = Callable[[Candidate], Results]


@dataclass(frozen=True)
class Groups:
    """Groups of measures: of samples against the held-out originals, and against the augmented originals."""

    heldout: tuple[Group, ...]
    sources: tuple[Group, ...] = ()

    @property
    def count(self) -> int:
        """The number of groups."""
        return len(self.heldout) + len(self.sources)


def check_measures(measures: str | Sequence[str] | Mapping[str, object]) -> dict[str, Group]:
    """Return optional measures and users' functions by name; a mapping is label -> name or function."""
    if not isinstance(measures, Mapping):
        names = [measures] if isinstance(measures, str) else list(measures)
        if not all(isinstance(name, str) for name in names):
            raise TypeError(f"measures must be names, or a mapping of label -> function; got {measures!r:.60}.")
        measures = {name: name for name in names}
    return {str(label): _group(str(label), measure) for label, measure in measures.items()}


def _group(label: str, measure: object) -> Group:
    if isinstance(measure, str) and ":" in measure:
        measure = import_named(measure, "measures")
    if callable(measure) and not is_builtin(measure):
        return CustomMeasure(label, measure)
    if not isinstance(measure, str):
        raise TypeError(f"measures must be names or functions f(original, mixed); got {measure!r:.60}.")
    if measure != label:
        raise ValueError(f"measures must give a measure of the audit its own name; got {label!r} for {measure!r}.")
    return OPTIONAL[check_choice(measure, "measures", OPTIONAL)]


def groups_of_space(further: Mapping[str, Group], *, raw: bool = False) -> Groups:
    """Return the default measures and further ones; those of users' functions where the samples are `raw`."""
    kinds: dict[bool, list[Group]] = {True: [], False: []}
    of_sources = [OPTIONAL[name] for name in AGAINST_SOURCES]
    for group in further.values():
        if raw or not isinstance(group, CustomMeasure):
            kinds[group in of_sources].append(group)
    heldout, sources = kinds[False], kinds[True]
    return Groups((geometry, true_distance, labels, realism, fidelity, *heldout), (novelty, nearer, *sources))


def groups_of_samples(further: Mapping[str, Group]) -> Groups:
    """Return the measures of the samples themselves, which do not depend on a feature space."""
    of_oracle = [OPTIONAL[name] for name in OF_ORACLE]
    kept = (group for group in further.values() if group in of_oracle or isinstance(group, CustomMeasure))
    return Groups((true_distance, realism, *kept))
