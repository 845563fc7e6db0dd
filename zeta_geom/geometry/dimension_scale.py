"""The dimension against scale for several estimators, and an interval for the mean of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zeta_geom.checks import check_int, check_real
from zeta_geom.checks.types import ArrayLike
from zeta_geom.geometry.estimators.means import SPLITS, Means
from zeta_geom.geometry.estimators.running import warn_once
from zeta_geom.geometry.estimators.sampling import LEAST, student_quantile
from zeta_geom.geometry.estimators.table import FO
from zeta_geom.geometry.knn import Neighbors
from zeta_geom.rng.seeds import RandomState

if TYPE_CHECKING:
    import pandas as pd

KS = (8, 16, 32, 64, 128)  # the paper's two, and the powers of two between them


@dataclass(frozen=True)
class DimensionInterval:
    """The mean of an estimator over points, with an interval for its expectation over samples.

    Parameters
    ----------
    dimension, low, high : float
        Mean and ends of the interval.
    sem, std : float
        Standard error of the mean over samples, and standard deviation over points.
    n : int
        Number of points with a dimension.

    Examples
    --------
    >>> DimensionInterval(2.1, 2.0, 2.2, 0.05, 0.5, 100).high
    2.2
    """

    dimension: float
    low: float
    high: float
    sem: float
    std: float
    n: int


def dimension_scale(
    X: ArrayLike,
    ks: int | tuple[int, ...] = KS,
    estimators: str | Sequence[object] = (FO, "MLE", "TLE"),
    *,
    alpha: float = 0.05,
    average: str | None = None,
    neighbors: Neighbors | None = None,
    n_anchors: int | None = None,
    n_splits: int = SPLITS,
    random_state: RandomState = None,
    n_jobs: int | None = -1,
    progress: bool = False,
) -> pd.DataFrame:
    """Estimate the mean dimension against the number of neighbours, by several estimators.

    The means share one search. The standard error is for the mean over another sample of as many points; estimates at
    close points depend on each other, and random halves of the points, searched for each estimator and k, show by how
    much.

    Parameters
    ----------
    X : array-like or CPU tensor of shape (n, d)
        Finite points.
    ks : int, or tuple of int
        Numbers of neighbours, k ≥ 2, below n.
    estimators : str, or sequence of str and scikit-dimension estimators
        As in `local_dimension`.
    alpha : float
        Threshold of "FO".
    average : {"arithmetic", "harmonic"}, optional
        The mean over points; by default harmonic for "MLE" (MacKay and Ghahramani 2005), arithmetic for all others.
    neighbors, n_anchors, n_jobs, progress
        As in `local_dimension`.
    n_splits : int
        Number of random halvings for the standard error; 0 skips them, and `sem` is NaN.
    random_state : None, int, Generator or RandomState
        Determines anchors, halves, and the seed of estimators of scikit-dimension that draw.

    Returns
    -------
    DataFrame
        A row for each estimator and k: estimator, k, radius (mean distance of the k-th neighbour), dimension (mean),
        std (over points), sem (standard error of the mean; NaN for fewer than 4 k different points), and n (points
        with a dimension; the others are left out, and one warning counts them).

    Raises
    ------
    TypeError, ValueError
        As in `local_dimension`, or if `average` or `n_splits` is out of range.

    Examples
    --------
    >>> from zeta_geom.manifolds import make_curved_manifold
    >>> X, _ = make_curved_manifold(500, random_state=0)  # 3 dimensions
    >>> dimension_scale(X, (8, 32), ("FO", "MLE"), random_state=0)[["estimator", "k", "dimension"]].round(1)
      estimator   k  dimension
    0        FO   8        3.2
    1        FO  32        4.8
    2       MLE   8        2.9
    3       MLE  32        3.1
    """
    import pandas as pd

    names = _sequence(estimators)
    means = Means.of(
        X,
        ks,
        names,
        alpha=alpha,
        neighbors=neighbors,
        n_anchors=n_anchors,
        n_splits=n_splits,
        random_state=random_state,
        n_jobs=n_jobs,
        progress=progress,
    )
    rows = []
    for place, name in enumerate(names):
        label = name if isinstance(name, str) else repr(name)
        for k, radius, summary in means.summaries(place, average):
            row = {"estimator": label, "k": k, "radius": radius, "dimension": summary.mean}
            rows.append(row | {"std": summary.std, "sem": summary.sem, "n": summary.n})
    warn_once(means.warned, means.m, stacklevel=2)  # the caller of this function
    return pd.DataFrame(rows)


def _sequence(estimators: object) -> tuple[object, ...]:
    """Return estimators as a tuple, also a single one, or raise."""
    if isinstance(estimators, str) or hasattr(estimators, "get_params"):
        return (estimators,)
    if not isinstance(estimators, Sequence):
        raise TypeError(f"estimators must be a name or a sequence of names; got {type(estimators)}.")
    if not estimators:
        raise ValueError("estimators must have at least one name; it is empty.")
    return tuple(estimators)


def dimension_interval(
    X: ArrayLike,
    k: int,
    estimator: object = "MLE",
    *,
    confidence: float = 0.95,
    alpha: float = 0.05,
    average: str | None = None,
    neighbors: Neighbors | None = None,
    n_splits: int = SPLITS,
    random_state: RandomState = None,
    n_jobs: int | None = -1,
    progress: bool = False,
) -> DimensionInterval:
    """Estimate the mean dimension with an interval for its expectation over samples of as many points.

    The interval is for the expectation of the estimator, not for the true dimension: its bias is no part of it.

    Parameters
    ----------
    X : array-like or CPU tensor of shape (n, d)
        Finite points, at least 4 k of them different.
    k : int
        Number of neighbours, at least 2.
    estimator, alpha, average, neighbors, n_splits, random_state, n_jobs, progress
        As in `dimension_scale`; `n_splits` at least 2.
    confidence : float
        Nominal coverage, in (0, 1).

    Returns
    -------
    DimensionInterval
        Mean ± standard error times Student's quantile with `n_splits` degrees of freedom; for a harmonic mean, the
        inverse of this interval for the inverse dimension, whose upper end may be infinite.

    Raises
    ------
    TypeError, ValueError
        As in `dimension_scale`, or if there are fewer than 4 k different points or none has a dimension.

    Examples
    --------
    >>> from zeta_geom.manifolds import make_curved_manifold
    >>> X, _ = make_curved_manifold(500, random_state=0)  # 3 dimensions
    >>> interval = dimension_interval(X, 16, "MLE", random_state=0)
    >>> round(interval.low, 1), round(interval.high, 1)
    (2.9, 3.1)
    """
    k = check_int(k, "k", low=2)
    confidence = check_real(confidence, "confidence", low=0, high=1, strict=True)
    how: Any = {"n_splits": n_splits, "random_state": random_state, "n_jobs": n_jobs, "progress": progress}
    means = Means.of(X, k, (estimator,), alpha=alpha, neighbors=neighbors, n_anchors=None, least_splits=2, **how)
    ((_, _, summary),) = means.summaries(0, average, student_quantile(confidence, n_splits))
    if not summary.sem >= 0:
        raise ValueError(
            f"X must have at least {LEAST} k = {LEAST * k} different points and a dimension at two of them, to be "
            f"halved; got {len(means.X)} points. Lower k or give more points."
        )
    warn_once(means.warned, means.m, stacklevel=2)
    return DimensionInterval(summary.mean, summary.low, summary.high, summary.sem, summary.std, summary.n)
