"""How far samples are from the originals that they were made of; for comparison, how far held-out originals are."""

from __future__ import annotations

import numpy as np

from zeta_geom import fidelity as metrics
from zeta_geom.audits.reference import Judged
from zeta_geom.audits.values import Found, Measure, Missing, Row
from zeta_geom.geometry import knn

__all__ = ["novelty"]


def novelty(judged: Judged) -> Row:
    """Yield the distance to the nearest original, and authenticity."""
    by = judged.by
    near = knn(by.sources.flat, 1, queries=judged.samples.flat, n_jobs=by.n_jobs)
    meaning = "Euclidean distance from a sample to the nearest of the originals that were augmented"
    measure = Measure("original-distance", "novelty", "distance to the nearest original", "", meaning)
    yield measure, Found(near.distances[:, 0])
    meaning = "share of samples farther from their nearest original than that one is from its nearest other original"
    measure = Measure("authenticity", "novelty", "authenticity", "share", meaning)
    if len(by.sources) < 2:
        yield measure, Missing("it takes two originals")
        return
    found = metrics.authenticity(by.sources.flat, judged.samples.flat, n_jobs=by.n_jobs)
    yield measure, Found(found.authentic.astype(np.float64))
