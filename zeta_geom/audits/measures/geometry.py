"""Where samples lie: local dimension, distance from held-out originals, distance off the manifold."""

from __future__ import annotations

import numpy as np

from zeta_geom.audits.reference import Judged
from zeta_geom.audits.values import Found, Measure, Missing, Row
from zeta_geom.geometry import local_dimension, tangent_residual

__all__ = ["geometry"]


def geometry(judged: Judged) -> Row:
    """Yield the measures of where samples lie."""
    yield from _dimension(judged)
    meaning = "Euclidean distance from a sample to the nearest held-out original"
    measure = Measure("heldout-distance", "geometry", "distance to the nearest held-out original", "", meaning)
    yield measure, Found(judged.near.distances[:, 0])
    yield from _residual(judged)
    yield from _true_distance(judged)


def _dimension(judged: Judged) -> Row:
    by, n = judged.by, len(judged.samples)
    ks = by.usable(n) if judged.samples.flat.shape[1] > 1 else ()
    found = local_dimension(judged.samples.flat, ks, by.alpha, n_jobs=by.n_jobs) if ks else {}
    for k in by.n_neighbors:
        meaning = f"eigenvalues above {by.alpha:g} of the largest, among a sample's {k} nearest of its own set"
        measure = Measure(f"dimension-k{k}", "geometry", f"local dimension, k = {k}", "", meaning)
        if k in found:
            yield measure, Found(found[k].astype(np.float64), k)
        elif n <= k:
            yield measure, Missing(f"it takes more than k = {k} samples; there are {n}")
        else:
            yield measure, Missing("samples of one feature have no local dimension to estimate")


def _residual(judged: Judged) -> Row:
    by, n = judged.by, len(judged.by.heldout)
    ks = by.usable(n)
    found = {}
    if ks:
        near = judged.near
        found = tangent_residual(by.heldout.flat, judged.samples.flat, ks, by.alpha, neighbors=near, n_jobs=by.n_jobs)
    for k in by.n_neighbors:
        meaning = f"distance from the tangent plane of a sample's {k} nearest held-out originals"
        measure = Measure(
            f"tangent-residual-k{k}", "geometry", f"distance off the tangent plane, k = {k}", "", meaning
        )
        if k in found:
            yield measure, Found(found[k], k)
        else:
            yield measure, Missing(f"it takes more than k = {k} held-out originals; there are {n}")


def _true_distance(judged: Judged) -> Row:
    if judged.by.manifold is None:
        return
    meaning = "distance from the manifold's equation"
    measure = Measure("true-distance", "geometry", "true distance from the manifold", "", meaning)
    found = np.asarray(judged.by.manifold(judged.samples.flat.copy()), dtype=np.float64)
    n = len(judged.samples)
    if found.shape != (n,) or not (np.isfinite(found) & (found >= 0)).all():
        raise ValueError(f"manifold must give one finite distance a point, not below 0, ({n},); got {found.shape}.")
    yield measure, Found(found)
