"""TwoNN of a neighbourhood: the slope of a line through the ratios of the two nearest distances of its points."""

import numpy as np

from zeta_geom.execution.compiling import njit
from zeta_geom.geometry.estimators.from_distances import ROUNDING, rounding_of
from zeta_geom.geometry.estimators.from_pairs import map_neighborhoods, pair_squares

KEPT = 0.9  # Facco et al. leave out the tenth with the largest ratios

CLOSEST = ROUNDING * 2.0**-52  # a logarithm below it is rounding, wherever the points are


def estimate_two_nn(
    X: np.ndarray,
    indices: np.ndarray,
    distances: np.ndarray,
    *,
    rounding: np.ndarray | None = None,
    n_jobs: int | None,
) -> np.ndarray:
    """Return the TwoNN dimension of the k nearest points as a data set of their own.

    With μ_1 ≤ … ≤ μ_k the ratios of the second to the first nearest distance of each point among the others, it is
    the slope of the line through 0 and the points (log μ_i, -log(1 - i/k)), i ≤ 0.9 k. Infinite if those μ_i are 1;
    NaN for k = 2, where a point has one other. Source: Facco et al. 2017, "Estimating the intrinsic dimension of
    datasets by a minimal neighborhood information".
    """
    return map_neighborhoods(_two_nn_dimensions, X, indices, rounding_of(X, indices, rounding), n_jobs=n_jobs)


@njit(nogil=True, error_model="numpy")
def _two_nn_dimensions(neighborhoods: np.ndarray, rounding: np.ndarray, dimensions: np.ndarray) -> None:
    """Fill `dimensions` (q,); log μ is 0 if the distances differ by less than `rounding` (q, 1)."""
    k = neighborhoods.shape[1]
    squares, logs = np.empty((k, k)), np.empty(k)
    for query in range(len(neighborhoods)):
        pair_squares(neighborhoods[query], squares)
        n = 0
        for i in range(k):
            first, second = np.inf, np.inf
            for j in range(k):
                if j != i and squares[i, j] < second:
                    if squares[i, j] < first:
                        first, second = squares[i, j], first
                    else:
                        second = squares[i, j]
            if first > 0 and second < np.inf:  # a distance may underflow
                logs[n] = np.log(second / first) / 2
                if logs[n] <= max(rounding[query, 0] / np.sqrt(second), CLOSEST):
                    logs[n] = 0.0
                n += 1
        kept = int(n * KEPT)
        if kept < 2:
            dimensions[query] = np.nan
            continue
        ordered = np.sort(logs[:n])
        above, below = 0.0, 0.0
        for i in range(kept):
            above -= ordered[i] * np.log(1 - (i + 1) / n)
            below += ordered[i] * ordered[i]
        dimensions[query] = above / below if below > 0 else np.inf
