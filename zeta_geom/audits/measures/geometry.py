"""Geometry of samples: local dimension, distance to held-out originals, distance off the manifold."""

import numpy as np

from zeta_geom.audits.reference import Candidate
from zeta_geom.audits.scores import PIXELS, Definition, Missing, Results, Scores
from zeta_geom.geometry import local_dimension, tangent_residual


def geometry(candidate: Candidate) -> Results:
    """Yield the measures of geometry."""
    yield from _dimension(candidate)
    meaning = "Euclidean distance from a sample to the nearest held-out original"
    definition = Definition(
        "heldout-distance", "geometry", "distance to the nearest held-out original", "", meaning, length=True
    )
    yield definition, Scores(candidate.neighbors.distances[:, 0])
    yield from _residual(candidate)


def _dimension(candidate: Candidate) -> Results:
    reference, n = candidate.reference, len(candidate.samples)
    ks = reference.usable(n) if candidate.samples.flat.shape[1] > 1 else ()
    dimensions = local_dimension(candidate.samples.flat, ks, reference.alpha, n_jobs=reference.n_jobs) if ks else {}
    for k in reference.n_neighbors:
        meaning = f"eigenvalues above {reference.alpha:g} of the largest, of a sample's {k} nearest in its own set"
        definition = Definition(f"dimension-k{k}", "geometry", f"local dimension, k = {k}", "", meaning, alone=True)
        if k in dimensions:
            yield definition, Scores(dimensions[k].astype(np.float64), k)
        elif n <= k:
            yield definition, Missing(f"it takes more than k = {k} samples; there are {n}")
        else:
            yield definition, Missing("samples of one feature have no local dimension to estimate")


def _residual(candidate: Candidate) -> Results:
    reference, n = candidate.reference, len(candidate.reference.heldout)
    ks = reference.usable(n)
    residuals = {}
    if ks:
        held, X, n_jobs = reference.heldout.flat, candidate.samples.flat, reference.n_jobs
        residuals = tangent_residual(held, X, ks, reference.alpha, neighbors=candidate.neighbors, n_jobs=n_jobs)
    for k in reference.n_neighbors:
        meaning = f"distance from the tangent plane of a sample's {k} nearest held-out originals"
        definition = Definition(
            f"tangent-residual-k{k}", "geometry", f"distance off the tangent plane, k = {k}", "", meaning, length=True
        )
        if k in residuals:
            yield definition, Scores(residuals[k], k)
        else:
            yield definition, Missing(f"it takes more than k = {k} held-out originals; there are {n}")


def true_distance(candidate: Candidate) -> Results:
    """Yield the distance from the manifold, if there is one."""
    if candidate.reference.manifold is None:
        return
    meaning = "distance from the manifold's equation"
    definition = Definition(
        "true-distance",
        "geometry",
        "true distance from the manifold",
        "",
        meaning,
        alone=True,
        length=True,
        space=PIXELS,
    )
    distances = np.asarray(candidate.reference.manifold(candidate.samples.flat.copy()), dtype=np.float64)
    n = len(candidate.samples)
    if distances.shape != (n,) or not (np.isfinite(distances) & (distances >= 0)).all():
        came = f"shape {distances.shape}" if distances.shape != (n,) else "a negative, infinite or NaN distance"
        raise ValueError(
            f"manifold must return one finite, non-negative distance for each point, of shape ({n},); got {came}."
        )
    yield definition, Scores(distances)
