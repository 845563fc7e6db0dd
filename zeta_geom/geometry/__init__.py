"""How many dimensions data have around each point: exact neighbours, spectra, dimension rules, local PCA, plans."""

from zeta_geom.geometry.estimates import local_dimension
from zeta_geom.geometry.knn import METHODS, METRICS, Neighbors, knn
from zeta_geom.geometry.local_pca import LocalPCA
from zeta_geom.geometry.part_settings import Parts
from zeta_geom.geometry.plan import Plan, plan_local_dimension, plan_table
from zeta_geom.geometry.rates import Rate, measure_rate
from zeta_geom.geometry.rules import RULES, fukunaga_olsen
from zeta_geom.geometry.spectra import local_spectra
from zeta_geom.geometry.tangent import tangent_residual

__all__ = [
    "METHODS",
    "METRICS",
    "RULES",
    "LocalPCA",
    "Neighbors",
    "Parts",
    "Plan",
    "Rate",
    "fukunaga_olsen",
    "knn",
    "local_dimension",
    "local_spectra",
    "measure_rate",
    "plan_local_dimension",
    "plan_table",
    "tangent_residual",
]
