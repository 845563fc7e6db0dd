"""Local intrinsic dimension by PCA of nearest neighbours, as an estimator of scikit-learn's kind."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from zeta_geom.checks import LARGEST, check_choice, check_int, check_jobs, check_points, check_real, host_array
from zeta_geom.checks.tensors import is_tensor
from zeta_geom.checks.types import ArrayLike
from zeta_geom.geometry.cpu.counts import pointwise_dimensions
from zeta_geom.geometry.cpu.tiles import Start
from zeta_geom.geometry.knn import Neighbors, search
from zeta_geom.geometry.rules import RULES
from zeta_geom.rng.seeds import RandomState, numpy_generator


class LocalPCA(BaseEstimator):
    """Local intrinsic dimension: a rule on the covariance spectrum of each point's nearest neighbours.

    Source: Fukunaga and Olsen 1971; Abhishek et al. 2024, "Preserving the intrinsic dimensionality", k = 8 and 128.

    Parameters
    ----------
    n_neighbors : int, or tuple of int
        k ≥ 2; one search serves several.
    alpha : float
        Threshold: an eigenvalue counts if it is strictly larger than alpha times the largest.
    rule : str
        A key of `RULES`; "FO" is the rule of Fukunaga and Olsen.
    n_anchors : int, optional
        Estimate at this number of different random points only; their neighbours are searched among all points.
    random_state : None, int, Generator or RandomState
        Determines the anchors.
    warm_start : bool
        Start the search of the next `fit` from the neighbours of the last, if the number of points and the anchors
        are the same: faster for similar points, as along a sweep. The result does not depend on it.
    n_jobs : int or None
        Number of threads, as in scikit-learn; -1 uses all cores. The result does not depend on it.
    progress : bool
        Show progress bars, on a terminal.

    Attributes
    ----------
    dimension_pw_ : ndarray of int64 (float64 for "participation_ratio"), shape (m,), or (len(ks), m) for several k
        The dimension at each of the m points, or at each anchor.
    dimension_, dimension_std_, dimension_sem_ : float, or ndarray of shape (len(ks),)
        Mean and standard deviation over them; standard error of the mean over all n points, std / √m · √(1 - m/n),
        with the standard deviation of m - 1 degrees of freedom; 0 without anchors.
    anchors_ : ndarray of int64, shape (m,)
        The rows of X at which the dimension was estimated, ascending.
    n_features_in_ : int
        Number of columns of X.

    Notes
    -----
    The query is not among its neighbours, which are centred on their own mean. A neighbourhood that is one point up
    to rounding has dimension 0: in every column c, max - min is at most 8 · eps · max|x_c|, with the eps of X's
    dtype. A column far from 0, for instance a constant one, hides no variation of other columns. Differences below
    1e-154, whose squares underflow, count as zero.

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
        n_anchors: int | None = None,
        random_state: RandomState = None,
        warm_start: bool = False,
        n_jobs: int | None = -1,
        progress: bool = False,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.alpha = alpha
        self.rule = rule
        self.n_anchors = n_anchors
        self.random_state = random_state
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: ArrayLike, y: object = None) -> LocalPCA:
        """Search neighbours and estimate the dimension at each point.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Finite points, n larger than the largest k, d at least 2; float32 or float64 (all else becomes float64).
        y : ignored
            For pipelines of scikit-learn.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X is not 2-D and finite, has one feature, k ≥ n, or a parameter is out of range.
        """
        return self.fit_pw(X)

    def fit_pw(self, X: ArrayLike, precomputed_knn: ArrayLike | Neighbors | None = None) -> LocalPCA:
        """Estimate the dimension at each point from precomputed neighbours.

        Parameters
        ----------
        X : array-like of shape (n, d)
            As in `fit`.
        precomputed_knn : int array of shape (n, at least max k) or Neighbors, optional
            Neighbours of each point, nearest first, without the point itself; searched by default.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            As in `fit`, or if the neighbours are not indices of X, or too few.

        Examples
        --------
        >>> from zeta_geom.geometry import knn
        >>> line = np.arange(10.0)[:, None] * [1, 2]
        >>> LocalPCA(4).fit_pw(line, knn(line, 4)).dimension_
        1.0
        """
        if is_tensor(X):
            if X.device.type != "cpu":
                raise TypeError(f"X must be on the CPU; got a tensor on {X.device}. Use local_dimension there.")
            X = host_array(X)
        minima = {"ensure_min_samples": 2, "ensure_min_features": 2}
        try:
            with np.errstate(invalid="ignore", over="ignore"):  # infinite values are refused by check_points
                X = check_points(validate_data(self, X, dtype=[np.float64, np.float32], **minima))
        except OverflowError as error:  # a Python integer beyond 64 bits
            raise ValueError(f"X must lie within ±{LARGEST:g}; got a larger integer. Rescale it.") from error
        ks = check_neighbor_counts(self.n_neighbors, len(X))
        alpha = check_real(self.alpha, "alpha", low=0, high=1)
        check_choice(self.rule, "rule", RULES)
        check_jobs(self.n_jobs)
        self.anchors_ = draw_anchors(self.n_anchors, len(X), self.random_state)
        X, order, whole = np.ascontiguousarray(X), None, len(self.anchors_) == len(X)
        if precomputed_knn is not None:
            indices = check_neighbors(precomputed_knn, len(X), max(ks))
            indices = indices if whole else indices[self.anchors_]
        else:
            queries, excluded = (None, None) if whole else (X[self.anchors_], self.anchors_)
            start = self._earlier(X, max(ks))
            indices, _, candidates = search(
                X, queries, excluded, max(ks), cuts=ks, start=start, n_jobs=self.n_jobs, progress=self.progress
            )
            order = candidates.query_order
            if self.warm_start:
                self._start, self._start_anchors = Start(candidates.frame, indices), (len(X), self.anchors_)
        by_k = pointwise_dimensions(
            X, indices, ks, alpha, self.rule, order=order, n_jobs=self.n_jobs, progress=self.progress
        )
        several = not isinstance(self.n_neighbors, (int, np.integer))
        self.dimension_pw_ = by_k if several else by_k[0]
        mean, std = by_k.mean(axis=1), by_k.std(axis=1)
        errors = np.array([standard_error(values, len(X)) for values in by_k])
        self.dimension_ = mean if several else float(mean[0])
        self.dimension_std_ = std if several else float(std[0])
        self.dimension_sem_ = errors if several else float(errors[0])
        return self

    def _earlier(self, X: np.ndarray, k: int) -> Start | None:
        """Return the frame and neighbours of the last search, if they fit."""
        start = getattr(self, "_start", None) if self.warm_start else None
        if start is None or (start.indices.shape[1], len(start.frame.mean)) != (k, X.shape[1]):
            return None
        n, anchors = self._start_anchors
        if n != len(X) or not np.array_equal(anchors, self.anchors_):
            return None  # the neighbours of another anchor may include this one
        # in a frame far too small or too large for the points, float32 would lose digits
        return start if 1e-3 < start.frame.reach(X) < 1e3 else None


def draw_anchors(n_anchors: int | None, n: int, random_state: RandomState) -> np.ndarray:
    """Return `n_anchors` of n rows, drawn without replacement and sorted; all rows for None."""
    if n_anchors is None:
        return np.arange(n)
    count = check_int(n_anchors, "n_anchors", low=1, high=n)
    return np.sort(numpy_generator(random_state).permutation(n)[:count])


def standard_error(values: np.ndarray, n: int) -> float:
    """Return the standard error of the mean of m of n values, for the mean of all n; NaN for one of several."""
    m = len(values)
    return float(values.std() * np.sqrt((1 - m / n) / max(m - 1, 1))) if m > 1 or m == n else float("nan")


def check_neighbor_counts(n_neighbors: object, n: int) -> tuple[int, ...]:
    """Return the numbers of neighbours as a tuple of ints from 2 to n - 1, or raise."""
    several = isinstance(n_neighbors, (tuple, list)) or (isinstance(n_neighbors, np.ndarray) and n_neighbors.ndim > 0)
    ks: tuple[int, ...] = tuple(n_neighbors) if several else (n_neighbors,)  # type: ignore[arg-type, assignment]
    if not ks:
        raise ValueError("n_neighbors must have at least one k; it is empty.")
    for k in ks:
        check_int(k, "n_neighbors", low=2)
        if k >= n:
            raise ValueError(
                f"n_neighbors must be below the number of samples; got k={k} for n_samples={n}. "
                "Lower n_neighbors or give more points."
            )
    return tuple(int(k) for k in ks)


def check_neighbors(
    precomputed_knn: ArrayLike | Neighbors, n: int, k: int, name: str = "precomputed_knn", *, rows: int | None = None
) -> np.ndarray:
    """Return precomputed neighbours among n points as indices (rows, at least k), or raise; rows is n by default."""
    values = precomputed_knn.indices if isinstance(precomputed_knn, Neighbors) else precomputed_knn
    indices, rows = host_array(values, name), n if rows is None else rows
    if indices.dtype.kind not in "iu":
        raise TypeError(f"{name} must hold integer indices; got dtype {indices.dtype}.")
    if indices.ndim != 2 or len(indices) != rows or indices.shape[1] < k:
        raise ValueError(f"{name} must have shape ({rows}, at least {k}); got {indices.shape}.")
    if indices.min() < 0 or indices.max() >= n:
        raise ValueError(f"{name} must hold indices in 0..{n - 1}; got {indices.min()}..{indices.max()}.")
    return indices
