"""Realism of samples: the entropy of the oracle, and its agreement with their labels."""

import numpy as np

from zeta_geom.audits.oracles import Oracle
from zeta_geom.audits.reference import Candidate
from zeta_geom.audits.scores import ORACLE, Definition, Frechet, Missing, Results, Scores
from zeta_geom.neighborhoods import vote_errors
from zeta_geom.realism import soft_label_report

DEFINITIONS = {  # name -> key of the scores, title, unit, meaning
    "oracle-entropy": ("entropy", "entropy H(p) of the oracle", "nats", "-Σ p log p, p the oracle's probabilities"),
    "oracle-wrong-label": (
        "wrong",
        "wrong labels by the oracle",
        "share",
        "the top class of p is not a top class of the label",
    ),
    "oracle-h-p-y": ("h_p_y", "H(p, y) of oracle and label", "nats", "-Σ p log y; infinite where y is 0"),
    "oracle-h-y-p": ("h_y_p", "H(y, p) of label and oracle", "nats", "-Σ y log p"),
    "oracle-kl-y-p": ("kl_y_p", "KL(y ‖ p) of label and oracle", "nats", "H(y, p) - H(y)"),
}


def realism(candidate: Candidate) -> Results:
    """Yield the scores of the oracle, if there is one."""
    oracle, samples = candidate.reference.oracle, candidate.samples
    if oracle is None:
        return
    log_p = oracle.log_proba(samples)
    Y = samples.Y
    if Y is not None and Y.shape[1] != log_p.shape[1]:
        raise ValueError(
            f"oracle {oracle.name} must return {Y.shape[1]} probabilities, one for each class of the labels; it "
            f"returns {log_p.shape[1]}. Set n_classes, or pass another oracle."
        )
    scores = soft_label_report(log_p, Y)
    if Y is not None:
        rows = np.arange(len(Y))[:, None]  # the only vote on a sample is the prediction for it
        scores["wrong"] = vote_errors(rows, np.exp(log_p), Y).astype(np.float64)
    for name, (key, title, unit, meaning) in DEFINITIONS.items():
        definition = Definition(name, "realism", title, unit, meaning, alone=True, space=ORACLE)
        yield definition, Scores(scores[key]) if key in scores else Missing("the samples have no labels")
    yield _frechet(candidate, oracle)


def _frechet(candidate: Candidate, oracle: Oracle) -> tuple[Definition, Scores | Missing]:
    name = "lenet-frechet" if oracle.name == "mnist" else "oracle-frechet"
    meaning = "squared Fréchet distance of Gaussians fitted to the features of samples and of held-out originals"
    definition = Definition(name, "fidelity", oracle.title, "", meaning, space=ORACLE)
    if oracle.features is None:
        return definition, Missing("the oracle has no features")
    features, held = oracle.features(candidate.samples), oracle.features(candidate.reference.heldout)
    if min(len(features), len(held)) < 2:
        return definition, Missing("it takes two samples and two held-out originals")
    return definition, Scores(features, statistic=Frechet(held))
