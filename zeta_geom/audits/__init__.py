"""Audits: the effect of augmentations on a data set, in one call and one report."""

from zeta_geom.audits.audit import Audit, audit
from zeta_geom.audits.methods.masked import Masked

__all__ = ["Audit", "Masked", "audit"]
