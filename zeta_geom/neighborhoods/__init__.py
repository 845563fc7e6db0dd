"""Neighbourhoods of samples: agreement of labels, votes of neighbours, and a t-SNE map."""

from zeta_geom.neighborhoods.embedding import embed
from zeta_geom.neighborhoods.label_agreement import LabelAgreement, label_agreement
from zeta_geom.neighborhoods.votes import vote_errors, vote_shares

__all__ = ["LabelAgreement", "embed", "label_agreement", "vote_errors", "vote_shares"]
