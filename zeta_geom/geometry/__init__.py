"""How many dimensions data have around each point: exact neighbours, spectra, dimension rules, local PCA, plans."""

from importlib import import_module
from typing import Any

from zeta_geom.geometry.knn import METHODS, METRICS, Neighbors, knn
from zeta_geom.geometry.local_dimension import local_dimension
from zeta_geom.geometry.local_pca import LocalPCA
from zeta_geom.geometry.rules import RULES, fukunaga_olsen
from zeta_geom.geometry.spectra import local_spectra
from zeta_geom.geometry.tangent import tangent_residual

_SCALE = {
    "Parts": "settings",
    "Plan": "plan",
    "Rate": "rates",
    "measure_rate": "rates",
    "plan_local_dimension": "plan",
    "plan_table": "plan",
}

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


def __getattr__(name: str) -> Any:
    if name in _SCALE:
        return getattr(import_module(f"zeta_geom.scale.{_SCALE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
