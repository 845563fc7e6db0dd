"""Fidelity, diversity and novelty of samples: balls, levels, copies, distances, likelihoods, classifiers."""

from zeta_geom.fidelity.alpha import AlphaPrecision, alpha_precision
from zeta_geom.fidelity.beta import BetaRecall, beta_recall
from zeta_geom.fidelity.copies import Authenticity, NearerToTraining, authenticity, nearer_to_training
from zeta_geom.fidelity.data_copying import DataCopying, data_copying
from zeta_geom.fidelity.density import DensityCoverage, density_coverage
from zeta_geom.fidelity.discriminator import Discriminator, discriminator_auc
from zeta_geom.fidelity.frechet import frechet_distance, lenet_frechet_distance
from zeta_geom.fidelity.kernel_distance import KernelDistance, kernel_distance
from zeta_geom.fidelity.likelihood import FeatureLikelihood, feature_likelihood
from zeta_geom.fidelity.models import Affinity, Diversity, affinity, diversity
from zeta_geom.fidelity.precision_recall import PrecisionRecall, improved_precision_recall
from zeta_geom.fidelity.quantile_levels import integrated_score
from zeta_geom.fidelity.realism_score import Rarity, rarity_scores, realism_scores
from zeta_geom.fidelity.vendi import vendi_score

__all__ = [
    "Affinity",
    "AlphaPrecision",
    "Authenticity",
    "BetaRecall",
    "DataCopying",
    "DensityCoverage",
    "Discriminator",
    "Diversity",
    "FeatureLikelihood",
    "KernelDistance",
    "NearerToTraining",
    "PrecisionRecall",
    "Rarity",
    "affinity",
    "alpha_precision",
    "authenticity",
    "beta_recall",
    "data_copying",
    "density_coverage",
    "discriminator_auc",
    "diversity",
    "feature_likelihood",
    "frechet_distance",
    "improved_precision_recall",
    "integrated_score",
    "kernel_distance",
    "lenet_frechet_distance",
    "nearer_to_training",
    "rarity_scores",
    "realism_scores",
    "vendi_score",
]
