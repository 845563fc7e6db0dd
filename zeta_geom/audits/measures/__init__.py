"""The measures of an audit, one group in each file; a group yields (definition, scores) for one set of samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zeta_geom.audits.measures.copying import nearer
from zeta_geom.audits.measures.fidelity import fidelity
from zeta_geom.audits.measures.geometry import geometry, true_distance
from zeta_geom.audits.measures.labels import labels
from zeta_geom.audits.measures.novelty import novelty
from zeta_geom.audits.measures.optional import AGAINST_SOURCES, OF_ORACLE, OPTIONAL
from zeta_geom.audits.measures.realism import realism
from zeta_geom.audits.reference import Candidate
from zeta_geom.audits.scores import Results
from zeta_geom.checks import check_choice

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


def check_measures(names: str | Sequence[str]) -> tuple[str, ...]:
    """Check the names of optional measures, and return them as a tuple."""
    return tuple(check_choice(name, "measures", OPTIONAL) for name in ([names] if isinstance(names, str) else names))


def groups_of_space(names: Sequence[str]) -> Groups:
    """Return the default measures and the optional measures of these names."""
    heldout = [OPTIONAL[name] for name in names if name not in AGAINST_SOURCES]
    sources = [OPTIONAL[name] for name in names if name in AGAINST_SOURCES]
    return Groups((geometry, true_distance, labels, realism, fidelity, *heldout), (novelty, nearer, *sources))


def groups_of_samples(names: Sequence[str]) -> Groups:
    """Return the measures of the samples themselves, which do not depend on a feature space."""
    return Groups((true_distance, realism, *(OPTIONAL[name] for name in names if name in OF_ORACLE)))
