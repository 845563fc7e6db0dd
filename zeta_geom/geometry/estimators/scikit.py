"""Estimators of scikit-dimension on the neighbours of this package."""

import inspect

import numpy as np
from sklearn.base import clone


def check_estimator(estimator: object) -> str:
    """Return the name of the method that accepts neighbours, or raise."""
    arguments = {"fit": "precomputed_knn_arrays", "fit_pw": "precomputed_knn"}
    for name, argument in arguments.items():
        if argument in inspect.signature(getattr(estimator, name, lambda: None)).parameters:
            return name
    raise TypeError(
        "estimator must be a name, or have fit_pw(precomputed_knn=) or fit(precomputed_knn_arrays=), as in "
        f"scikit-dimension; got {estimator!r}."
    )


def make_scikit_estimator(name: str, seed: int) -> object:
    """Return scikit-dimension's estimator of this name, with its own parameters and this seed if it draws."""
    import skdim

    estimator = getattr(skdim.id, name)()
    if "random_state" in estimator.get_params():
        estimator.set_params(random_state=seed)
    return estimator


def run_scikit(estimator: object, X: np.ndarray, indices: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """Return the dimension at each point, by a copy of the estimator."""
    k = indices.shape[1]
    if check_estimator(estimator) == "fit":
        fitted = clone(estimator).fit(X, precomputed_knn_arrays=(distances, indices), n_neighbors=k)
    else:
        fitted = clone(estimator).fit_pw(X, precomputed_knn=indices, n_neighbors=k)
    return np.asarray(fitted.dimension_pw_, dtype=np.float64)
