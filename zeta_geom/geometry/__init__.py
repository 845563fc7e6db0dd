"""How many dimensions data have around each point: nearest neighbours, covariance spectra, dimension rules."""

from zeta_geom.geometry.dimension_scale import DimensionInterval, dimension_interval, dimension_scale
from zeta_geom.geometry.estimators.gride import gride_scale
from zeta_geom.geometry.estimators.table import ESTIMATORS
from zeta_geom.geometry.knn import METHODS, METRICS, Neighbors, knn
from zeta_geom.geometry.local_dimension import local_dimension
from zeta_geom.geometry.local_pca import LocalPCA
from zeta_geom.geometry.rules import RULES, fukunaga_olsen
from zeta_geom.geometry.spectra import local_spectra
from zeta_geom.geometry.tangent import tangent_residual

__all__ = [
    "ESTIMATORS",
    "METHODS",
    "METRICS",
    "RULES",
    "DimensionInterval",
    "LocalPCA",
    "Neighbors",
    "dimension_interval",
    "dimension_scale",
    "fukunaga_olsen",
    "gride_scale",
    "knn",
    "local_dimension",
    "local_spectra",
    "tangent_residual",
]
