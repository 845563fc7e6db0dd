"""The estimators of the local dimension that have a name."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from zeta_geom.geometry.estimators.curvature_pca import estimate_curvature_pca
from zeta_geom.geometry.estimators.from_distances import estimate_mada, estimate_mle, estimate_mom
from zeta_geom.geometry.estimators.gride import estimate_gride
from zeta_geom.geometry.estimators.skewness import estimate_ess
from zeta_geom.geometry.estimators.tight import estimate_tle
from zeta_geom.geometry.estimators.two_nearest import estimate_two_nn

Estimate = Callable[..., np.ndarray]  # (X, indices, distances, *, rounding, n_jobs) -> float64 (q,)


@dataclass(frozen=True)
class Estimator:
    """An estimator of the local dimension.

    Parameters
    ----------
    title : str
        What it is, in a line.
    estimate : callable, optional
        Our function of different points X (n, d), and of the indices and distances (q, k) of the nearest of them,
        without the query. None for local PCA, and for estimators of scikit-dimension.
    average : {"arithmetic", "harmonic"}
        How `dimension_scale` averages it over points unless told otherwise.
    scikit : str
        Its class in `skdim.id`, if scikit-dimension computes it.

    Examples
    --------
    >>> ESTIMATORS["MLE"].average
    'harmonic'
    """

    title: str
    estimate: Estimate | None = None
    average: str = "arithmetic"
    scikit: str = ""


FO = "FO"
ESTIMATORS = {
    FO: Estimator("local PCA with the rule of Fukunaga and Olsen; integers"),
    "MLE": Estimator("maximum likelihood of the distances (Levina and Bickel)", estimate_mle, "harmonic"),
    "TLE": Estimator("tight localities: maximum likelihood with all pairs of neighbours", estimate_tle),
    "MOM": Estimator("method of moments of the distances", estimate_mom),
    "MADA": Estimator("manifold-adaptive: the radii of k and k / 2 points", estimate_mada),
    "ESS": Estimator("expected simplex skewness: the angles of neighbours", estimate_ess),
    "TwoNN": Estimator("ratios of the two nearest distances within the neighbourhood", estimate_two_nn),
    "GRIDE": Estimator("likelihood of ratios of distances over scales", estimate_gride),
    "CA-PCA": Estimator("local PCA with a correction for curvature", estimate_curvature_pca),
}
# those of scikit-dimension that are neither above under their name nor local PCA, with its default parameters
ESTIMATORS |= {
    name: Estimator(f"{title}; by scikit-dimension", scikit=name)
    for name, title in {
        "CorrInt": "correlation integral",
        "DANCo": "norms and angles against calibration samples; slow",
        "FisherS": "separability of the neighbours by Fisher's discriminant",
        "KNN": "length of graphs of nearest neighbours; draws subsamples",
        "MiND_ML": "maximum likelihood of the nearest distances; integers",
        "PH": "persistent homology; draws subsamples; slow",
    }.items()
}
