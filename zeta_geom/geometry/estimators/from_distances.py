"""Estimators that use only the distances of the k nearest points: MLE, MOM and MADA."""

import numpy as np

ROUNDING = 8  # times eps · max|x|: distances that differ by less count as equal, as in the rule for a single point


def coordinate_rounding(X: np.ndarray) -> np.ndarray:
    """Return the length below which distances from each point differ by rounding of its coordinates, float64 (n,)."""
    return np.asarray(ROUNDING * np.finfo(X.dtype).eps * np.abs(X).max(axis=1), dtype=np.float64)


def rounding_of(X: np.ndarray, indices: np.ndarray, rounding: np.ndarray | None) -> np.ndarray:
    """Return the length below which distances around each query differ by rounding of the points, float64 (q, 1).

    `rounding` (n,) is that of each point, if X was shifted; otherwise `coordinate_rounding` gives it.
    """
    nearest = indices[:, 0]  # one far point among the neighbours changes nothing
    return (coordinate_rounding(X[nearest]) if rounding is None else rounding[nearest])[:, None]


def distance_ratios(
    X: np.ndarray, indices: np.ndarray, distances: np.ndarray, rounding: np.ndarray | None
) -> np.ndarray:
    """Return the distances divided by the largest, 1 where they are equal up to rounding, float64 (q, k)."""
    radii = distances[:, -1:]
    lengths = np.maximum(rounding_of(X, indices, rounding), ROUNDING * np.finfo(np.float64).eps * radii)
    with np.errstate(invalid="ignore"):  # 0 / 0 if all distances underflow
        return np.where((radii > 0) & (radii - distances <= lengths), 1.0, distances / radii)


def estimate_mle(
    X: np.ndarray,
    indices: np.ndarray,
    distances: np.ndarray,
    *,
    rounding: np.ndarray | None = None,
    n_jobs: int | None,
) -> np.ndarray:
    """Return the maximum-likelihood dimension, (k - 1) / Σ_j log(r_k / r_j).

    It is the number of the k - 1 nearer points over the sum of their logarithms; infinite if all distances are equal.
    Source: Levina and Bickel 2004, "Maximum likelihood estimation of intrinsic dimension", equation 8.
    """
    with np.errstate(divide="ignore"):
        sums = -np.log(distance_ratios(X, indices, distances, rounding)).sum(axis=1)
        return np.asarray((distances.shape[1] - 1) / sums)


def estimate_mom(
    X: np.ndarray,
    indices: np.ndarray,
    distances: np.ndarray,
    *,
    rounding: np.ndarray | None = None,
    n_jobs: int | None,
) -> np.ndarray:
    """Return the dimension by the method of moments, m / (r_k - m) with m the mean of the k distances.

    Infinite if all distances are equal. Source: Amsaleg et al. 2018, "Extreme-value-theoretic estimation of local
    intrinsic dimensionality", section 3.2.
    """
    means = distance_ratios(X, indices, distances, rounding).mean(axis=1)
    with np.errstate(divide="ignore"):
        return np.asarray(means / (1 - means))


def estimate_mada(
    X: np.ndarray,
    indices: np.ndarray,
    distances: np.ndarray,
    *,
    rounding: np.ndarray | None = None,
    n_jobs: int | None,
) -> np.ndarray:
    """Return the manifold-adaptive dimension, log 2 / log(r_k / r_h) with h = ⌊k / 2⌋.

    Infinite if r_h = r_k. Source: Farahmand, Szepesvári and Audibert 2007, "Manifold-adaptive dimension estimation",
    section 3.
    """
    half = distance_ratios(X, indices, distances, rounding)[:, distances.shape[1] // 2 - 1]
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(2) / -np.log(half))
