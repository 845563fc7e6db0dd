"""The optional measures of an audit by name, and the question that each measure answers."""

from collections.abc import Callable

from zeta_geom.audits.measures.comparing import (
    boosting_discriminator,
    kernel,
    logistic_discriminator,
    rarity,
    realism_score,
    vendi,
)
from zeta_geom.audits.measures.copying import data_copying, likelihood
from zeta_geom.audits.measures.training import affinity, calibration, diversity
from zeta_geom.audits.reference import Candidate
from zeta_geom.audits.scores import Results

OPTIONAL: dict[str, Callable[[Candidate], Results]] = {
    "affinity": affinity,
    "auc-boosting": boosting_discriminator,
    "auc-logistic": logistic_discriminator,
    "calibration": calibration,
    "data-copying": data_copying,
    "diversity": diversity,
    "fld": likelihood,
    "kid": kernel,
    "rarity": rarity,
    "realism-score": realism_score,
    "vendi": vendi,
}
AGAINST_SOURCES = frozenset({"data-copying", "fld"})  # as for novelty, the real samples are the held-out originals
OF_ORACLE = frozenset({"calibration"})  # measured on the samples themselves in any feature space

CLOSER = "closer to real"
QUESTIONS = {  # name of a measure -> question, direction that is better
    "affinity": ("labels", "higher"),
    "auc-boosting": ("look", "lower"),
    "auc-logistic": ("look", "lower"),
    "data-copying": ("new", CLOSER),
    "diversity": ("cover", ""),
    "fld": ("new", "lower"),
    "kid": ("look", "lower"),
    "nearer-to-training": ("new", CLOSER),
    "oracle-brier": ("labels", "lower"),
    "oracle-ece": ("labels", "lower"),
    "rarity": ("cover", CLOSER),
    "realism-score": ("look", "higher"),
    "vendi": ("cover", CLOSER),
}
