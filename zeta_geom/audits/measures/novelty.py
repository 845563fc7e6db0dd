"""Novelty of samples: their distance from the augmented originals."""

import numpy as np

from zeta_geom import fidelity as metrics
from zeta_geom.audits.reference import Candidate
from zeta_geom.audits.scores import Definition, Missing, Results, Scores
from zeta_geom.geometry import knn


def novelty(candidate: Candidate) -> Results:
    """Yield the distance to the nearest original, and authenticity."""
    sources, n_jobs = candidate.reference.sources.flat, candidate.reference.n_jobs
    neighbors = knn(sources, 1, queries=candidate.samples.flat, n_jobs=n_jobs)
    meaning = "Euclidean distance from a sample to the nearest of the originals that were augmented"
    definition = Definition(
        "original-distance", "novelty", "distance to the nearest original", "", meaning, length=True
    )
    yield definition, Scores(neighbors.distances[:, 0])
    meaning = "share of samples farther from their nearest original than this original is from its nearest other one"
    definition = Definition("authenticity", "novelty", "authenticity", "share", meaning)
    if len(sources) < 2:
        yield definition, Missing("it takes two originals")
        return
    novel = metrics.authenticity(sources, candidate.samples.flat, n_jobs=n_jobs)
    yield definition, Scores(novel.authentic.astype(np.float64))
