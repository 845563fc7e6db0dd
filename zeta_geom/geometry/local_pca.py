"""Local intrinsic dimension by PCA of nearest neighbours, and any other estimator on the same neighbours."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import validate_data

from zeta_geom.checks import check_choice, check_int, check_points, check_real, host_array
from zeta_geom.geometry.chunks import map_chunks
from zeta_geom.geometry.knn import Neighbors, knn
from zeta_geom.geometry.rules import RULES
from zeta_geom.geometry.spectra import PointProducts, local_spectra

__all__ = ["LocalPCA", "local_dimension"]

PRODUCT_BYTES = 256 * 2**20  # of all pairs' products, held where the points are wide and no more than this many


class LocalPCA(BaseEstimator):
    """Local intrinsic dimension: a rule on the covariance spectrum of each point's nearest neighbours.

    Parameters
    ----------
    n_neighbors : int, or tuple of int
        k ≥ 2; several come out of one search.
    alpha : float
        An eigenvalue counts where it is strictly larger than alpha times the largest.
    rule : str
        A key of `RULES`; "FO" is Fukunaga and Olsen's.
    progress : bool
        Show a progress bar, on a terminal.

    Attributes
    ----------
    dimension_pw_ : ndarray of int64, shape (n,) for one k, (len(ks), n) for several
        The dimension at each point.
    dimension_, dimension_std_ : float, or ndarray of shape (len(ks),)
        Mean and standard deviation over the points.
    n_features_in_ : int

    Notes
    -----
    The query is not among its neighbours, and they are centred on their own mean. A neighbourhood that is one point
    up to rounding, λ_1 ≤ (8 · eps · max|x|)² with the eps of X's dtype, has dimension 0.

    References
    ----------
    Fukunaga and Olsen 1971; Abhishek et al. 2024, "Preserving the intrinsic dimensionality", k = 8 and 128.

    Examples
    --------
    >>> line = np.linspace(0, 1, 50)[:, None] * [[1.0, 2.0, 3.0]]
    >>> LocalPCA(8).fit(line).dimension_
    1.0
    """

    def __init__(
        self,
        n_neighbors: int | tuple[int, ...] = (8, 128),
        *,
        alpha: float = 0.05,
        rule: str = "FO",
        progress: bool = False,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.alpha = alpha
        self.rule = rule
        self.progress = progress

    def fit(self, X: Any, y: Any = None) -> LocalPCA:
        """Search neighbours and estimate the dimension at each point.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Finite points, n larger than the largest k; float32 or float64 (all else becomes float64).
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X is not 2-D and finite, k ≥ n, or a parameter is out of range.

        Examples
        --------
        >>> LocalPCA(4).fit(np.arange(10.0)[:, None]).dimension_pw_.tolist()
        [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
        """
        return self.fit_pw(X)

    def fit_pw(self, X: Any, precomputed_knn: Any = None) -> LocalPCA:
        """Estimate the dimension at each point from neighbours that are given.

        Parameters
        ----------
        X : array-like of shape (n, d)
            As in `fit`.
        precomputed_knn : int array of shape (n, at least max k) or Neighbors, optional
            Neighbours of each point, nearest first, the point itself not among them; searched where not given.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            As in `fit`, or if the neighbours are no indices of X or too few.

        Examples
        --------
        >>> line = np.arange(10.0)[:, None]
        >>> LocalPCA(4).fit_pw(line, knn(line, 4)).dimension_
        1.0
        """
        X = host_array(X) if hasattr(X, "detach") else X
        X = check_points(validate_data(self, X, dtype=[np.float64, np.float32], ensure_min_samples=2))
        ks = _neighbour_counts(self.n_neighbors, len(X))
        alpha = check_real(self.alpha, "alpha", low=0, high=1)
        check_choice(self.rule, "rule", RULES)
        if precomputed_knn is None:
            indices = knn(X, max(ks), progress=self.progress).indices
        else:
            indices = _check_neighbours(precomputed_knn, len(X), max(ks))
        by_k = _dimensions(X, indices, ks, alpha, self.rule, self.progress)
        several = not isinstance(self.n_neighbors, (int, np.integer))
        self.dimension_pw_ = by_k if several else by_k[0]
        mean, std = by_k.mean(axis=1), by_k.std(axis=1)
        self.dimension_ = mean if several else float(mean[0])
        self.dimension_std_ = std if several else float(std[0])
        return self


def local_dimension(
    X: Any,
    n_neighbors: int | tuple[int, ...] = (8, 128),
    alpha: float = 0.05,
    *,
    estimator: Any = None,
    neighbors: Neighbors | None = None,
    progress: bool = False,
) -> dict[int, np.ndarray]:
    """Estimate the local intrinsic dimension at each point, for each number of neighbours.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Finite points.
    n_neighbors : int, or tuple of int
        k ≥ 2, below n.
    alpha : float
        Threshold of the Fukunaga-Olsen rule; not used with `estimator`.
    estimator : scikit-dimension estimator, optional
        Run instead of local PCA, a copy for each k, on our neighbours.
    neighbors : Neighbors, optional
        The result of `knn(X, k)` with k at least the largest wanted; searched where not given.
    progress : bool
        Show a progress bar, on a terminal.

    Returns
    -------
    dict of int -> ndarray of shape (n,)
        int64, or float64 with `estimator`.

    Raises
    ------
    TypeError, ValueError
        If X is not 2-D and finite, k ≥ n, or `estimator` can take no neighbours.

    References
    ----------
    Abhishek et al. 2024, Figure 6.

    Examples
    --------
    >>> plane = np.random.default_rng(0).random((200, 2)) @ [[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]]
    >>> {k: d.mean().item() for k, d in local_dimension(plane, (8, 32)).items()}
    {8: 1.985, 32: 2.0}
    """
    if estimator is None:
        ks = (n_neighbors,) if isinstance(n_neighbors, (int, np.integer)) else tuple(n_neighbors)
        fitted = LocalPCA(ks, alpha=alpha, progress=progress).fit_pw(check_points(X), precomputed_knn=neighbors)
        return dict(zip(ks, fitted.dimension_pw_, strict=True))
    X = check_points(X)
    ks = _neighbour_counts(n_neighbors, len(X))
    if neighbors is None:
        neighbors = knn(X, max(ks), progress=progress)
    elif not isinstance(neighbors, Neighbors):
        raise TypeError(f"neighbors must be Neighbors, with distances, for an estimator; got {type(neighbors)}.")
    _check_neighbours(neighbors, len(X), max(ks))
    return {k: _run_estimator(estimator, X, neighbors, k) for k in ks}


def _run_estimator(estimator: Any, X: np.ndarray, neighbors: Neighbors, k: int) -> np.ndarray:
    """Run a scikit-dimension estimator on k of our neighbours, by whichever of its two doors it has."""
    indices, distances = neighbors.indices[:, :k], neighbors.distances[:, :k]
    doors = {name: inspect.signature(getattr(estimator, name, lambda: None)).parameters for name in ("fit", "fit_pw")}
    if "precomputed_knn_arrays" in doors["fit"]:
        fitted = clone(estimator).fit(X, precomputed_knn_arrays=(distances, indices), n_neighbors=k)
    elif "precomputed_knn" in doors["fit_pw"]:
        fitted = clone(estimator).fit_pw(X, precomputed_knn=indices, n_neighbors=k)
    else:
        raise TypeError(
            "estimator must have fit_pw(precomputed_knn=) or fit(precomputed_knn_arrays=), as scikit-dimension's do; "
            f"got {estimator!r}."
        )
    return np.asarray(fitted.dimension_pw_, dtype=np.float64)


def _dimensions(
    X: np.ndarray, indices: np.ndarray, ks: tuple[int, ...], alpha: float, rule: str, progress: bool
) -> np.ndarray:
    """Return the dimension for each k at each point: int64 of shape (len(ks), n)."""
    widest = max(ks)
    largest = np.abs(X).max(axis=1)
    tolerance = 8 * np.finfo(X.dtype).eps
    products = PointProducts(X) if X.shape[1] > widest and 8 * len(X) ** 2 <= PRODUCT_BYTES else None

    def directly(indices: np.ndarray) -> np.ndarray:
        return local_spectra(X[indices].astype(np.float64, copy=False))

    def of_rows(rows: slice) -> np.ndarray:
        found = []
        for k in ks:
            nearest = indices[rows, :k]
            limit = (tolerance * largest[nearest].max(axis=1)) ** 2
            if products is None:
                eigenvalues = directly(nearest)
            else:
                eigenvalues = products.spectra(nearest)
                undecided = _undecided(eigenvalues, alpha, limit, products.error(k))
                if undecided.any():
                    eigenvalues[undecided] = directly(nearest[undecided])
            found.append(np.where(eigenvalues[:, -1] <= limit, 0, RULES[rule](eigenvalues, alpha)))
        return np.stack(found)

    row_bytes = 8 * widest * (3 * min(widest, X.shape[1]) + (3 * X.shape[1] if products is None else 0))
    chunks = map_chunks(of_rows, len(X), row_bytes, progress=progress, description="dimension")
    return np.concatenate(chunks, axis=1)


def _undecided(eigenvalues: np.ndarray, alpha: float, limit: np.ndarray, error: float) -> np.ndarray:
    """Say where an error of the eigenvalues could change a dimension."""
    first = eigenvalues[:, -1]
    near = (np.abs(eigenvalues - alpha * first[:, None]) <= (1 + alpha) * error).any(axis=1)
    return near | (first - error <= limit)


def _neighbour_counts(n_neighbors: Any, n: int) -> tuple[int, ...]:
    ks = tuple(n_neighbors) if isinstance(n_neighbors, (tuple, list, np.ndarray)) else (n_neighbors,)
    if not ks:
        raise ValueError("n_neighbors must name at least one k; got none.")
    for k in ks:
        check_int(k, "n_neighbors", low=2)
        if k >= n:
            raise ValueError(
                f"n_neighbors must be below the number of samples; got k={k} for n_samples={n}. "
                "Lower n_neighbors or give more points."
            )
    return tuple(int(k) for k in ks)


def _check_neighbours(precomputed_knn: Any, n: int, k: int) -> np.ndarray:
    indices = np.asarray(precomputed_knn.indices if isinstance(precomputed_knn, Neighbors) else precomputed_knn)
    if indices.dtype.kind not in "iu":
        raise TypeError(f"precomputed_knn must hold integer indices; got dtype {indices.dtype}.")
    if indices.ndim != 2 or len(indices) != n or indices.shape[1] < k:
        raise ValueError(f"precomputed_knn must have shape ({n}, at least {k}); got {indices.shape}.")
    if indices.min() < 0 or indices.max() >= n:
        raise ValueError(f"precomputed_knn must hold indices in 0..{n - 1}; got {indices.min()}..{indices.max()}.")
    return indices
