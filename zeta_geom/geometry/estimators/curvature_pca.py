"""CA-PCA: local PCA whose expected eigenvalues are corrected for the curvature of the manifold."""

import numpy as np

from zeta_geom.execution.threads import map_chunks, rows_that_fit
from zeta_geom.geometry.cpu.one_point import one_points
from zeta_geom.geometry.spectra import local_spectra


def estimate_curvature_pca(
    X: np.ndarray,
    indices: np.ndarray,
    distances: np.ndarray,
    *,
    rounding: np.ndarray | None = None,
    n_jobs: int | None,
) -> np.ndarray:
    """Return the dimension whose corrected ball fits the covariance of the k - 1 nearest points of each query best.

    The eigenvalues of their sample covariance are divided by ρ², the square of ρ = (r_{k-1} + r_k) / 2, and compared
    with a ball by `ball_misfits`; the dimension is the candidate of the least misfit, and of equal ones the smallest.
    Source: Gilbert and O'Neill 2023, "CA-PCA: manifold dimension estimation, adapted for curvature" (arXiv
    2309.13478): the radius between the last point inside and the first outside, the correction and the misfit, which
    agree with another implementation (tdhook; `benchmarks.peers.ca_pca`). That one puts the neighbour that fixes the
    radius into the covariance since its version 0.3; here it stays outside. Where the paper takes k + 1 neighbours,
    this function takes k, so that every estimator sees the same points. The correction was derived anew for a
    parabolic cylinder only, not in general. Decided here: candidates are 1 to min(d, k - 2), the largest rank that a
    covariance of k - 1 points has. The dimension is 0 if these points are one point up to rounding, as for the rule
    of Fukunaga and Olsen, and NaN for k = 2, where one point is left.
    """
    k = indices.shape[1]
    if k < 3:
        return np.full(len(indices), np.nan)
    dimensions = np.empty(len(indices))
    largest = min(X.shape[1], k - 2)

    def compute(rows: slice) -> None:
        points = X[indices[rows, :-1]].astype(np.float64, copy=False)
        radii = (distances[rows, -2] + distances[rows, -1]) / 2
        vanish = radii == 0  # the squares of all distances underflow
        radii[vanish] = 1
        points = (points - points[:, :1]) / radii[:, None, None]
        misfits = ball_misfits(local_spectra(points)[:, ::-1], largest)
        dimensions[rows] = np.where(vanish, 0.0, misfits.argmin(axis=1) + 1.0)

    size = rows_that_fit(8 * k * (4 * X.shape[1] + k))
    map_chunks(compute, len(indices), size, n_jobs=n_jobs, progress=False, description="dimension")
    dimensions[one_points(X, indices, (k - 1,), n_jobs=n_jobs)[0]] = 0
    return dimensions


def ball_misfits(spectra: np.ndarray, largest: int) -> np.ndarray:
    """Return the misfits of spectra with a curved ball of each dimension 1, …, `largest`, float64 (q, largest).

    A uniform ball of dimension d and radius 1 has d eigenvalues 1 / (d + 2). A manifold that bends loses some of them
    to further ones, the tail: the paper's estimate of the loss of each is c_d times the sum of the tail, with
    c_d = (3 d + 4) / (d (d + 4)), from an expansion to the second order in the curvature. The misfit of d is

        √(Σ_{i ≤ d} (λ_i + c_d τ_d - 1 / (d + 2))²) + 2 τ_d,    τ_d = Σ_{j > d} λ_j.

    Parameters
    ----------
    spectra : float64 array of shape (q, r)
        Eigenvalues in units of the squared radius, descending; negative ones, from rounding, count as 0.
    largest : int
        The largest candidate, at most r.

    Examples
    --------
    >>> ball_misfits(np.array([[0.25, 0.25, 0.0]]), 3).argmin() + 1
    np.int64(2)
    """
    spectra = np.maximum(spectra, 0.0)
    sums = np.zeros((len(spectra), spectra.shape[1] + 1))
    sums[:, :-1] = spectra[:, ::-1].cumsum(axis=1)[:, ::-1]  # column j: the eigenvalues from j on
    misfits = np.empty((len(spectra), largest))
    for d in range(1, largest + 1):
        tails = sums[:, d]
        correction = (3 * d + 4) / (d * (d + 4)) * tails
        off = spectra[:, :d] + (correction - 1 / (d + 2))[:, None]
        misfits[:, d - 1] = np.sqrt(np.einsum("ij,ij->i", off, off)) + 2 * tails
    return misfits
