"""Audits: the effect of augmentations on a data set, in one call and one report."""

from zeta_geom.audits.audit import Audit, audit

__all__ = ["Audit", "audit"]
