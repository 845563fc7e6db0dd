"""The measures of an audit, one group in each file; a group yields (definition, scores) for one set of samples."""

from zeta_geom.audits.measures.fidelity import fidelity
from zeta_geom.audits.measures.geometry import geometry
from zeta_geom.audits.measures.labels import labels
from zeta_geom.audits.measures.novelty import novelty
from zeta_geom.audits.measures.realism import realism

__all__ = ["GROUPS", "fidelity", "geometry", "labels", "novelty", "realism"]

GROUPS = (geometry, labels, realism, fidelity)  # against the held-out originals; novelty: against the augmented ones
