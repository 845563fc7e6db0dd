"""Fidelity and diversity of synthetic samples: neighbour balls, quantile levels, copies, Fréchet distances."""

from zeta_geom.fidelity.alpha import AlphaPrecision, alpha_precision
from zeta_geom.fidelity.beta import BetaRecall, beta_recall
from zeta_geom.fidelity.copies import Authenticity, authenticity
from zeta_geom.fidelity.density import DensityCoverage, density_coverage
from zeta_geom.fidelity.frechet import frechet_distance, lenet_frechet_distance
from zeta_geom.fidelity.precision_recall import PrecisionRecall, improved_precision_recall
from zeta_geom.fidelity.quantile_levels import integrated_score

__all__ = [
    "AlphaPrecision",
    "Authenticity",
    "BetaRecall",
    "DensityCoverage",
    "PrecisionRecall",
    "alpha_precision",
    "authenticity",
    "beta_recall",
    "density_coverage",
    "frechet_distance",
    "improved_precision_recall",
    "integrated_score",
    "lenet_frechet_distance",
]
