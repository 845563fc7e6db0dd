"""TLE: the dimension of a tight neighbourhood, from the distances among all of its points."""

import numpy as np

from zeta_geom.execution.compiling import njit
from zeta_geom.geometry.estimators.from_distances import distance_ratios
from zeta_geom.geometry.estimators.from_pairs import map_neighborhoods, pair_squares

LEAST = 1e-4  # a measurement below this share of the radius is left out: scikit-dimension's number, there absolute
SMALL = 1e-200  # a product of measurements, each at least LEAST², stays above the smallest double until it is folded


def estimate_tle(
    X: np.ndarray,
    indices: np.ndarray,
    distances: np.ndarray,
    *,
    rounding: np.ndarray | None = None,
    n_jobs: int | None,
) -> np.ndarray:
    """Return the dimension by the tight local estimator, the inverse mean of -log of all measurements.

    With q the query and r = r_k, a ball with its centre on the way from x_i (radius 0) to q (radius r) first reaches
    x_j at the radius s_ij and the reflected point 2q - x_j at t_ij. The measurements are s_ij / r and t_ij / r of all
    pairs, and twice each r_j / r. Infinite if all distances are equal.
    Source: Amsaleg et al. 2019, "Intrinsic dimensionality estimation within tight localities", section 4.
    """
    ratios = distance_ratios(X, indices, distances, rounding)
    dimensions = map_neighborhoods(
        _tight_dimensions, X, indices, np.concatenate([ratios, distances[:, -1:]], axis=1), n_jobs=n_jobs
    )
    dimensions[ratios[:, 0] == 1] = np.inf
    return dimensions


@njit(nogil=True, error_model="numpy")
def _tight_dimensions(neighborhoods: np.ndarray, numbers: np.ndarray, dimensions: np.ndarray) -> None:
    """Fill `dimensions` (q,); a row of `numbers` holds the k distances relative to the largest, and the largest."""
    k = neighborhoods.shape[1]
    squares = np.empty((k, k))
    for query in range(len(neighborhoods)):
        pair_squares(neighborhoods[query], squares)
        radius = numbers[query, k]
        total, product, count = 0.0, 1.0, 0
        for i in range(k):
            first = numbers[query, i] ** 2
            if numbers[query, i] >= LEAST:
                total += 2 * np.log(numbers[query, i])
                count += 2
            for j in range(k):
                if i == j:
                    continue
                other = numbers[query, j] ** 2
                apart = squares[i, j] / radius / radius
                direct = _reach(apart, first, other)
                reflected = _reach(2 * first + 2 * other - apart, first, other)
                if direct >= LEAST and reflected >= LEAST:
                    count += 2
                    product *= direct * reflected
                    if product < SMALL:
                        total += np.log(product)
                        product = 1.0
        total += np.log(product)
        dimensions[query] = -count / total


@njit(nogil=True, error_model="numpy")
def _reach(apart: float, first: float, other: float) -> float:
    """Return the radius s at which the ball from x_i to q reaches a point, 0 if it starts there.

    `apart`, `first` and `other` are the squared distances of x_i from the point, of x_i from q, and of the point from
    q, in units of r². s solves s² (1 - first) + s (first + apart - other) - apart = 0.
    """
    if apart <= 0:
        return 0.0
    middle = first + apart - other
    root: float = np.sqrt(middle * middle + 4 * apart * max(1 - first, 0.0))
    if middle > 0:
        return 2 * apart / (middle + root)  # without cancellation, and right for first = 1
    return (root - middle) / (2 * (1 - first))
