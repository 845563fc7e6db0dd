"""Audits: what augmentations do to a data set, in one call and one report."""

from zeta_geom.audits.audit import audit
from zeta_geom.audits.result import Audit

__all__ = ["Audit", "audit"]
