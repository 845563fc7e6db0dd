"""Gride: the maximum-likelihood dimension from ratios of the distances to two neighbours, over scales."""

import numpy as np

from zeta_geom.checks import check_finite, check_int
from zeta_geom.checks.points import real_array
from zeta_geom.checks.types import ArrayLike
from zeta_geom.execution.compiling import njit
from zeta_geom.execution.threads import map_chunks
from zeta_geom.geometry.estimators.from_distances import ROUNDING, rounding_of
from zeta_geom.geometry.knn import search

STEPS = 64  # of Newton's method, which takes 4 to 6: the slopes of φ (below) differ by a factor of 1.5 at most
QUERIES = 2048  # of a chunk: tens of milliseconds of work for a thread


def estimate_gride(
    X: np.ndarray,
    indices: np.ndarray,
    distances: np.ndarray,
    *,
    rounding: np.ndarray | None = None,
    n_jobs: int | None,
) -> np.ndarray:
    """Return the maximum-likelihood dimension of the ratios at each query and at its k nearest neighbours.

    The ratio of a point is that of its n_2-th to its n_1-th distance, with n_1 = ⌊k / 2⌋ and n_2 = 2 n_1: the largest
    of the paper's scales within k neighbours. The estimate is that of `gride_scale` from these k + 1 ratios; infinite
    if all are 1. Source: Denti, Doimo, Laio and Mira 2022, "The generalized ratios intrinsic dimension estimator".
    The paper pools the ratios of all points; to pool those of a neighbourhood is our choice. The neighbours' ratios
    use neighbours of theirs, so that the estimate sees more points than the k nearest.
    """
    k = distances.shape[1]
    nearer = k // 2
    queries = _log_ratios(distances, nearer, 2 * nearer, rounding_of(X, indices, rounding)[:, 0])
    if len(indices) == len(X):  # every point is a query, in the order of its row
        logs = queries
    else:
        rows = np.unique(indices)
        others, squared, _ = search(X, X[rows], rows, k, n_jobs=n_jobs, progress=False)
        logs = np.full(len(X), np.nan)
        logs[rows] = _log_ratios(np.sqrt(squared), nearer, 2 * nearer, rounding_of(X, others, rounding)[:, 0])
    dimensions = np.empty(len(indices))

    def compute(rows: slice) -> None:
        _fill_dimensions(queries[rows], logs, indices[rows], nearer, 2 * nearer, dimensions[rows])

    map_chunks(compute, len(indices), QUERIES, n_jobs=n_jobs, progress=False, description="dimension")
    return dimensions


def gride_scale(distances: ArrayLike, nearer: int = 1, farther: int | None = None) -> tuple[float, float]:
    """Return one dimension of all points at a scale, by maximum likelihood, and its standard error.

    With u_i = d log(r_{n2} / r_{n1}) of the N points, d is the root of

        (N - 1) / d + (n_2 - n_1 - 1) Σ_i (u_i / d) / (1 - exp(-u_i)) - (n_2 - 1) Σ_i u_i / d,

    the derivative of the log-likelihood, with N - 1 in place of N, which makes d unbiased at n_1 = 1, n_2 = 2, as in
    DADApy, the authors' program. The standard error is J^(-1/2) with the observed Fisher information

        J = (N + (n_2 - n_1 - 1) Σ_i u_i² exp(-u_i) / (1 - exp(-u_i))²) / d².

    It takes ratios as independent, which those of close points are not. Source: Denti et al. 2022.

    Parameters
    ----------
    distances : float array of shape (n, k)
        Distances of each point to its k nearest different points, nearest first. Points whose ratio has no finite
        logarithm (a distance of 0) are left out.
    nearer, farther : int
        n_1 and n_2, 1 ≤ n_1 < n_2 ≤ k; n_2 is 2 n_1 by default.

    Returns
    -------
    dimension, standard_error : float
        Infinite and NaN if all ratios are 1; both NaN with fewer than two ratios.

    Raises
    ------
    TypeError, ValueError
        If distances are not finite, 2-D, non-negative and ascending, or the orders are out of range.

    Examples
    --------
    >>> print(round(gride_scale(np.array([[1.0, 2.0], [1.0, 4.0], [1.0, 2.0]]))[0], 3))
    0.721
    """
    distances = real_array(distances, "distances")
    check_finite(distances, "distances")
    if distances.ndim != 2:
        raise ValueError(f"distances must have shape (n, k); got {distances.shape}.")
    distances = distances if distances.dtype == np.float32 else distances.astype(np.float64, copy=False)
    nearer = check_int(nearer, "nearer", low=1)
    farther = 2 * nearer if farther is None else check_int(farther, "farther", low=2)
    if not 1 <= nearer < farther <= distances.shape[1]:
        raise ValueError(
            f"nearer and farther must satisfy 1 ≤ nearer < farther ≤ {distances.shape[1]}, the number of neighbours; "
            f"got {nearer} and {farther}."
        )
    if not (distances[:, nearer - 1] >= 0).all() or (distances[:, farther - 1] < distances[:, nearer - 1]).any():
        raise ValueError("distances must be at least 0 and ascend in each row. Use knn(X, k).distances.")
    logs = _log_ratios(distances, nearer, farther, np.zeros(len(distances)))
    logs = logs[np.isfinite(logs)]
    if len(logs) < 2:
        return float("nan"), float("nan")
    dimension, information = _maximise_likelihood(logs, nearer, farther)
    return float(dimension), float(1 / np.sqrt(information))


def _log_ratios(distances: np.ndarray, nearer: int, farther: int, rounding: np.ndarray) -> np.ndarray:
    """Return log(r_{n2} / r_{n1}), 0 if they are equal up to `rounding` (n,); not finite where a distance is 0."""
    inner, outer = (distances[:, order - 1].astype(np.float64) for order in (nearer, farther))
    equal = (inner > 0) & (outer - inner <= np.maximum(rounding, ROUNDING * np.finfo(np.float64).eps * outer))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(equal, 0.0, np.log(outer / inner))


@njit(nogil=True, error_model="numpy")
def _maximise_likelihood(logs: np.ndarray, nearer: int, farther: int) -> tuple[float, float]:
    """Return the maximum-likelihood dimension of the logarithms of ratios, and the observed Fisher information."""
    # With a = n2 - n1 - 1, b = n2 - 1 and φ(u) = b u - a u / (1 - exp(-u)), the derivative is 0 where
    # F(d) = Σ φ(d log μ_i) is N - 1. φ rises, with slopes from b - a / 2 down to b - a, and is concave with
    # φ(0) = -a: after one step, Newton's method is below the root and rises to it, from any start.
    n, total = len(logs), logs.sum()
    if not total > 0:
        return (np.inf if total == 0 else np.nan), np.nan
    a, b = farther - nearer - 1, farther - 1
    harmonic = 0.0
    for order in range(nearer, farther):
        harmonic += 1.0 / order
    dimension, information = n * harmonic / total, np.nan  # the moment estimate: the mean of d log μ is `harmonic`
    for _ in range(STEPS):
        value, slope, information = 0.0, 0.0, 0.0
        for log in logs:
            u = dimension * log
            if u < 1e-5:  # from the series, whose next term is below 1e-11
                ratio, derivative, curvature = 1 + u / 2, 0.5 + u / 6, 1.0
            else:
                kept, lost = np.exp(-u), -np.expm1(-u)
                ratio = u / lost
                derivative = (1 - kept * ratio) / lost
                curvature = ratio * ratio * kept
            value += b * u - a * ratio
            slope += log * (b - a * derivative)
            information += 1 + a * curvature
        change = (n - 1 - value) / slope
        information /= dimension * dimension
        dimension += change
        if abs(change) <= 1e-13 * dimension:
            break
    return dimension, information


@njit(nogil=True, error_model="numpy")
def _fill_dimensions(
    queries: np.ndarray, logs: np.ndarray, indices: np.ndarray, nearer: int, farther: int, dimensions: np.ndarray
) -> None:
    """Fill `dimensions` (q,) from the logarithms of ratios of the queries (q,) and of all points."""
    k = indices.shape[1]
    group = np.empty(k + 1)
    for query in range(len(indices)):
        group[0] = queries[query]
        for j in range(k):
            group[j + 1] = logs[indices[query, j]]
        dimensions[query] = _maximise_likelihood(group, nearer, farther)[0]
