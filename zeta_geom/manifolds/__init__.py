"""Synthetic points: generators with their true dimension, their equation as a residual, and distances."""

from zeta_geom.manifolds.crescents import (
    CRESCENT_LIMITS,
    crescent_curves,
    crescent_distances,
    crescent_residual,
    make_crescents,
)
from zeta_geom.manifolds.curved import curved_points, curved_residual, make_curved_manifold
from zeta_geom.manifolds.curves import DISTANCE_TOLERANCE, curve_distance
from zeta_geom.manifolds.helix import HELIX_LIMITS, helix_curve, helix_distance, helix_residual, make_helix
from zeta_geom.manifolds.projection import curved_distance
from zeta_geom.manifolds.shapes import make_cube, make_sphere, make_torus
from zeta_geom.manifolds.spirals import SPIRAL_LIMITS, make_spirals, spiral_curves, spiral_distances, spiral_residual
from zeta_geom.manifolds.table import MANIFOLDS, Manifold, get_manifold, wrong_labels

__all__ = [
    "CRESCENT_LIMITS",
    "DISTANCE_TOLERANCE",
    "HELIX_LIMITS",
    "MANIFOLDS",
    "SPIRAL_LIMITS",
    "Manifold",
    "crescent_curves",
    "crescent_distances",
    "crescent_residual",
    "curve_distance",
    "curved_distance",
    "curved_points",
    "curved_residual",
    "get_manifold",
    "helix_curve",
    "helix_distance",
    "helix_residual",
    "make_crescents",
    "make_cube",
    "make_curved_manifold",
    "make_helix",
    "make_sphere",
    "make_spirals",
    "make_torus",
    "spiral_curves",
    "spiral_distances",
    "spiral_residual",
    "wrong_labels",
]
