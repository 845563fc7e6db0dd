"""Who a sample's neighbours are: how many carry its label, and where they lie on a map."""

from zeta_geom.neighborhoods.embedding import embed
from zeta_geom.neighborhoods.label_agreement import LabelAgreement, label_agreement

__all__ = ["LabelAgreement", "embed", "label_agreement"]
