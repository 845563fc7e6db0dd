"""The measures of an audit, one group in each file; a group yields (definition, scores) for one set of samples."""

from collections.abc import Callable, Sequence

from zeta_geom.audits.measures.fidelity import fidelity
from zeta_geom.audits.measures.geometry import geometry, true_distance
from zeta_geom.audits.measures.labels import labels
from zeta_geom.audits.measures.novelty import novelty
from zeta_geom.audits.measures.realism import realism
from zeta_geom.audits.reference import Candidate
from zeta_geom.audits.scores import Results
from zeta_geom.checks import check_choice

__all__ = [
    "GROUPS",
    "OF_SAMPLES",
    "OPTIONAL",
    "Group",
    "fidelity",
    "further_groups",
    "geometry",
    "labels",
    "novelty",
    "realism",
    "true_distance",
]

Group = Callable[[Candidate], Results]

GROUPS = (geometry, true_distance, labels, realism, fidelity)  # against held-out originals; novelty: augmented ones
OPTIONAL: dict[str, Group] = {}
OF_SAMPLES = (true_distance, realism)  # of the samples themselves, whatever the feature space


def further_groups(names: str | Sequence[str]) -> dict[str, Group]:
    """Return the optional measures of these names."""
    chosen = [names] if isinstance(names, str) else list(names)
    return {check_choice(name, "measures", OPTIONAL): OPTIONAL[name] for name in chosen}
