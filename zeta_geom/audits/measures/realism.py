"""How samples look to the oracle, and whether it agrees with their labels."""

from __future__ import annotations

import numpy as np

from zeta_geom.audits.reference import Judged
from zeta_geom.audits.values import Found, Frechet, Measure, Missing, Row
from zeta_geom.neighborhoods import vote_errors
from zeta_geom.realism import soft_label_report

__all__ = ["realism"]

TITLES = {
    "oracle-entropy": ("entropy", "entropy H(p) of the oracle", "nats", "-Σ p log p, p the oracle's probabilities"),
    "oracle-wrong-label": (
        "wrong",
        "wrong labels by the oracle",
        "share",
        "the largest of p is not the largest label",
    ),
    "oracle-h-p-y": ("h_p_y", "H(p, y) of oracle and label", "nats", "-Σ p log y; infinite where y has a 0"),
    "oracle-h-y-p": ("h_y_p", "H(y, p) of label and oracle", "nats", "-Σ y log p"),
    "oracle-kl-y-p": ("kl_y_p", "KL(y ‖ p) of label and oracle", "nats", "H(y, p) - H(y)"),
}


def realism(judged: Judged) -> Row:
    """Yield the oracle's scores; nothing where there is no oracle."""
    oracle, samples = judged.by.oracle, judged.samples
    if oracle is None:
        return
    log_p = oracle.log_proba(samples)
    Y = samples.Y
    if Y is not None and Y.shape[1] != log_p.shape[1]:
        raise ValueError(
            f"oracle {oracle.name} must know the labels' {Y.shape[1]} classes; it gives {log_p.shape[1]}. "
            "Give n_classes, or another oracle."
        )
    scores = soft_label_report(log_p, Y)
    if Y is not None:
        own = np.arange(len(Y))[:, None]  # each sample's own prediction is the only vote
        scores["wrong"] = vote_errors(own, np.exp(log_p), Y).astype(np.float64)
    for name, (key, title, unit, meaning) in TITLES.items():
        measure = Measure(name, "realism", title, unit, meaning)
        yield measure, Found(scores[key]) if key in scores else Missing("the samples have no labels")
    yield _frechet(judged)


def _frechet(judged: Judged) -> tuple[Measure, Found | Missing]:
    oracle = judged.by.oracle
    name = "lenet-frechet" if oracle.name == "mnist" else "oracle-frechet"
    meaning = "squared Fréchet distance of Gaussians fitted to the features of samples and of held-out originals"
    measure = Measure(name, "fidelity", oracle.title, "", meaning)
    if oracle.features is None:
        return measure, Missing("the oracle has no features")
    own, held = oracle.features(judged.samples), oracle.features(judged.by.heldout)
    if min(len(own), len(held)) < 2:
        return measure, Missing("it takes two samples and two held-out originals")
    return measure, Found(own, statistic=Frechet(held))
