"""Whether labels are right: against the vote of held-out neighbours, and for held-out originals that look around."""

from __future__ import annotations

import numpy as np

from zeta_geom.audits.reference import Judged
from zeta_geom.audits.values import HELDOUT, Found, Measure, Missing, Row
from zeta_geom.neighborhoods import label_agreement, vote_errors, vote_shares
from zeta_geom.realism import cross_entropy, entropy, kl_divergence

__all__ = ["labels"]

UNLABELLED = "the samples have no labels"
RIGHT = "the share of each class among a sample's {k} nearest held-out originals"


def labels(judged: Judged) -> Row:
    """Yield the measures of labels; nothing where the originals have none."""
    held, Y = judged.by.heldout, judged.samples.Y
    if held.Y is None:
        return
    missing = _why_not(judged)
    ks = judged.by.n_neighbors
    usable = judged.by.usable(len(held))
    for k in ks:
        meaning = f"share of samples whose largest label is not the vote of the {k} nearest held-out originals"
        measure = Measure(f"wrong-label-k{k}", "labels", f"wrong labels by vote, k = {k}", "share", meaning)
        if missing is None and k in usable and Y is not None:
            yield measure, Found(vote_errors(judged.near.indices[:, :k], held.Y, Y).astype(np.float64))
        else:
            yield measure, missing or _too_few(k, len(held))
    yield from _cross_entropies(judged, missing, max(ks), max(ks) in usable)
    measure = Measure("richness", "labels", "effective number of classes of a label", "classes", "exp H(y)")
    yield measure, Found(np.exp(entropy(Y))) if Y is not None else Missing(UNLABELLED)
    yield _agreement(judged, missing, max(ks))


def _cross_entropies(judged: Judged, missing: Missing | None, k: int, usable: bool) -> Row:
    """Yield H(v, y), H(y, v) and KL(y ‖ v) of labels y and votes v."""
    vote = f"v {RIGHT.format(k=k)}"
    smooth = "one vote added to each class, so that none has 0"
    measures = {
        "vote-h-v-y": ("H(v, y) of vote and label", f"-Σ v log y, with {vote}; infinite where y has a 0 and v none"),
        "vote-h-y-v": ("H(y, v) of label and vote", f"-Σ y log v, with {vote}, {smooth}"),
        "vote-kl-y-v": ("KL(y ‖ v) of label and vote", f"H(y, v) - H(y), with {vote}, {smooth}"),
    }
    Y, held = judged.samples.Y, judged.by.heldout.Y
    found: dict[str, np.ndarray] = {}
    if missing is None and usable and Y is not None and held is not None:
        v = vote_shares(judged.near.indices[:, :k], held)
        smoothed = (k * v + 1) / (k + v.shape[1])
        smoothed /= smoothed.sum(axis=1, keepdims=True)
        found["vote-h-v-y"] = cross_entropy(v / v.sum(axis=1, keepdims=True), Y)
        found["vote-h-y-v"] = cross_entropy(Y, smoothed)
        found["vote-kl-y-v"] = kl_divergence(Y, smoothed)
    for name, (title, meaning) in measures.items():
        measure = Measure(name, "labels", title, "nats", meaning)
        yield measure, Found(found[name]) if name in found else missing or _too_few(k, len(judged.by.heldout))


def _agreement(judged: Judged, missing: Missing | None, k: int) -> tuple[Measure, Found | Missing]:
    meaning = f"label mass of a held-out original's class among its {k} nearest samples, divided by {k}"
    measure = Measure("label-agreement", "labels", f"label agreement, k = {k}", "share", meaning, HELDOUT)
    samples, held = judged.samples, judged.by.heldout
    if missing is not None or samples.Y is None or held.classes is None:
        return measure, missing or Missing(UNLABELLED)
    if len(samples) < k:
        return measure, Missing(f"it takes k = {k} samples; there are {len(samples)}")
    found = label_agreement(samples.flat, samples.Y, held.flat, held.classes, k=k, metric="euclidean")
    return measure, Found(found.soft / k)


def _why_not(judged: Judged) -> Missing | None:
    if judged.samples.Y is None:
        return Missing(UNLABELLED)
    if judged.by.heldout.Y is not None and len(np.unique(judged.by.heldout.classes)) < 2:  # type: ignore[arg-type]
        return Missing("the held-out originals have one class, so that no label can be wrong")
    return None


def _too_few(k: int, n: int) -> Missing:
    return Missing(f"it takes more than k = {k} held-out originals; there are {n}")
