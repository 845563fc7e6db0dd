"""Correctness of labels: against the vote of held-out neighbours, and around held-out originals."""

import numpy as np

from zeta_geom.audits.reference import Candidate
from zeta_geom.audits.scores import HELDOUT, Definition, Missing, Results, Scores
from zeta_geom.neighborhoods import label_agreement, vote_errors, vote_shares
from zeta_geom.realism import cross_entropy, entropy, kl_divergence

UNLABELLED = "the samples have no labels"
VOTE = "the share of each class among a sample's {k} nearest held-out originals"


def labels(candidate: Candidate) -> Results:
    """Yield the measures of labels, if the originals have labels."""
    held, Y = candidate.reference.heldout, candidate.samples.Y
    if held.Y is None:
        return
    missing = _missing(candidate)
    ks = candidate.reference.n_neighbors
    usable = candidate.reference.usable(len(held))
    for k in ks:
        meaning = f"share of samples whose top class does not win the vote of the {k} nearest held-out originals"
        definition = Definition(f"wrong-label-k{k}", "labels", f"wrong labels by vote, k = {k}", "share", meaning)
        if missing is None and k in usable and Y is not None:
            yield definition, Scores(vote_errors(candidate.neighbors.indices[:, :k], held.Y, Y).astype(np.float64))
        else:
            yield definition, missing or _too_few(k, len(held))
    yield from _cross_entropies(candidate, missing, max(ks), max(ks) in usable)
    definition = Definition(
        "richness", "labels", "effective number of classes of a label", "classes", "exp H(y)", alone=True
    )
    yield definition, Scores(np.exp(entropy(Y))) if Y is not None else Missing(UNLABELLED)
    yield _agreement(candidate, missing, max(ks))


def _cross_entropies(candidate: Candidate, missing: Missing | None, k: int, usable: bool) -> Results:
    """Yield H(v, y), H(y, v) and KL(y ‖ v) of labels y and votes v."""
    vote = f"v {VOTE.format(k=k)}"
    smooth = "one vote added to each class, so that no share is 0"
    measures = {
        "vote-h-v-y": ("H(v, y) of vote and label", f"-Σ v log y, with {vote}; infinite where y is 0 and v is not"),
        "vote-h-y-v": ("H(y, v) of label and vote", f"-Σ y log v, with {vote}, {smooth}"),
        "vote-kl-y-v": ("KL(y ‖ v) of label and vote", f"H(y, v) - H(y), with {vote}, {smooth}"),
    }
    Y, held = candidate.samples.Y, candidate.reference.heldout.Y
    scores: dict[str, np.ndarray] = {}
    if missing is None and usable and Y is not None and held is not None:
        v = vote_shares(candidate.neighbors.indices[:, :k], held)
        smoothed = (k * v + 1) / (k + v.shape[1])
        smoothed /= smoothed.sum(axis=1, keepdims=True)
        scores["vote-h-v-y"] = cross_entropy(v / v.sum(axis=1, keepdims=True), Y)
        scores["vote-h-y-v"] = cross_entropy(Y, smoothed)
        scores["vote-kl-y-v"] = kl_divergence(Y, smoothed)
    for name, (title, meaning) in measures.items():
        definition = Definition(name, "labels", title, "nats", meaning)
        few = _too_few(k, len(candidate.reference.heldout))
        yield definition, Scores(scores[name]) if name in scores else missing or few


def _agreement(candidate: Candidate, missing: Missing | None, k: int) -> tuple[Definition, Scores | Missing]:
    meaning = f"label mass of a held-out original's class among its {k} nearest samples, divided by {k}"
    definition = Definition("label-agreement", "labels", f"label agreement, k = {k}", "share", meaning, HELDOUT)
    samples, held = candidate.samples, candidate.reference.heldout
    if missing is not None or samples.Y is None or held.classes is None:
        return definition, missing or Missing(UNLABELLED)
    if len(samples) < k:
        return definition, Missing(f"it takes k = {k} samples; there are {len(samples)}")
    agreement = label_agreement(samples.flat, samples.Y, held.flat, held.classes, k=k, metric="euclidean")
    return definition, Scores(agreement.soft / k)


def _missing(candidate: Candidate) -> Missing | None:
    if candidate.samples.Y is None:
        return Missing(UNLABELLED)
    classes = candidate.reference.heldout.classes
    if classes is not None and len(np.unique(classes)) < 2:
        return Missing("the held-out originals have one class, so that no label can be wrong")
    return None


def _too_few(k: int, n: int) -> Missing:
    return Missing(f"it takes more than k = {k} held-out originals; there are {n}")
