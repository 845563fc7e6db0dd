"""Distances of points from a sampled manifold: residuals to the tangent plane of their nearest samples."""

import numpy as np

from zeta_geom.checks import check_jobs, check_points, check_real
from zeta_geom.checks.scaling import column_references
from zeta_geom.checks.types import ArrayLike
from zeta_geom.execution.threads import map_chunks, rows_that_fit
from zeta_geom.geometry.cpu.one_point import one_points
from zeta_geom.geometry.knn import Neighbors, knn
from zeta_geom.geometry.local_pca import check_neighbor_counts, check_neighbors
from zeta_geom.geometry.rules import fukunaga_olsen


def tangent_residual(
    X: ArrayLike,
    queries: ArrayLike,
    n_neighbors: int | tuple[int, ...] = (8, 128),
    alpha: float = 0.05,
    *,
    neighbors: Neighbors | None = None,
    n_jobs: int | None = -1,
    progress: bool = False,
) -> dict[int, np.ndarray]:
    """Return each query's distance from the tangent plane of its k nearest samples, for each k.

    Source: the plane is that of the local PCA of Fukunaga and Olsen 1971; the residual is a measure of this project.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Samples of the manifold.
    queries : array-like of shape (q, d)
        Points that are not among the samples.
    n_neighbors : int, or tuple of int
        k ≥ 2, below n.
    alpha : float
        Threshold of the Fukunaga-Olsen rule, which gives the dimension of the plane.
    neighbors : Neighbors, optional
        The result of `knn(X, k, queries=queries)` with k at least the largest of `n_neighbors`; searched by default.
    n_jobs, progress
        As in `LocalPCA`.

    Returns
    -------
    dict of int -> ndarray of float64, shape (q,)
        In the units of X.

    Raises
    ------
    TypeError, ValueError
        If the points are not 2-D and finite, k or alpha is out of range, or widths or `neighbors` do not fit.

    Notes
    -----
    With μ the mean of the k neighbours, λ_1 ≥ λ_2 ≥ … the eigenvalues of their covariance and u_i its eigenvectors,
    the plane goes through μ along the u_i with λ_i > α λ_1, and the residual is ‖(x - μ) - Σ_i u_i u_iᵀ(x - μ)‖. If
    all k neighbours are one point, up to rounding as in `LocalPCA`, the plane is that point. A plane of d dimensions
    leaves no residual.

    Examples
    --------
    >>> line = np.arange(20.0)[:, None] * [1.0, 0.0]
    >>> tangent_residual(line, [[4.2, 3.0]], 4)[4]
    array([3.])
    """
    X, Q = np.ascontiguousarray(check_points(X)), check_points(queries, "queries")
    if Q.shape[1] != X.shape[1]:
        raise ValueError(f"queries must have as many columns as X, {X.shape[1]}; got {Q.shape[1]}.")
    ks = check_neighbor_counts(n_neighbors, len(X))
    alpha = check_real(alpha, "alpha", low=0, high=1)
    check_jobs(n_jobs)
    if neighbors is None:
        neighbors = knn(X, max(ks), queries=Q, n_jobs=n_jobs, progress=progress)
    indices = check_neighbors(neighbors, len(X), max(ks), "neighbors", rows=len(Q))
    one_point = one_points(X, indices, ks, n_jobs=n_jobs)

    def residuals(rows: slice) -> np.ndarray:
        return np.array(
            [_residuals(X[indices[rows, :k]], Q[rows], alpha, flags[rows]) for k, flags in zip(ks, one_point)]
        )

    size = rows_that_fit(8 * max(ks) * (2 * X.shape[1] + 3 * min(max(ks), X.shape[1])))
    parts = map_chunks(residuals, len(Q), size, n_jobs=n_jobs, progress=progress, description="tangent planes")
    return dict(zip(ks, np.concatenate(parts, axis=1), strict=True))


def _residuals(neighbors: np.ndarray, x: np.ndarray, alpha: float, one_point: np.ndarray) -> np.ndarray:
    """Return the residuals (q,) of x (q, d) to the planes of `neighbors` (q, k, d), or to their `one_point` (q,)."""
    neighbors = neighbors.astype(np.float64)
    references = column_references(neighbors)
    if references.any():
        neighbors, x = neighbors - references, x - references[:, 0]
    mean = neighbors.mean(axis=1, keepdims=True)
    centred, offset = neighbors - mean, x.astype(np.float64)[:, :, None] - mean.transpose(0, 2, 1)
    k, d = centred.shape[1:]
    if k <= d:  # eigenvectors v of the Gram matrix give u = Nᵀv / √λ
        values, vectors = np.linalg.eigh(centred @ centred.transpose(0, 2, 1))
        along = vectors.transpose(0, 2, 1) @ (centred @ offset)
    else:
        values, vectors = np.linalg.eigh(centred.transpose(0, 2, 1) @ centred)
        along = vectors.transpose(0, 2, 1) @ offset
    values = values[:, ::-1]  # largest first
    dimension = np.where(one_point, 0, fukunaga_olsen(np.maximum(values, 0), alpha))
    kept = np.arange(values.shape[1]) < dimension[:, None]
    along = along[:, ::-1, 0]
    if k <= d:
        along = np.divide(along, np.sqrt(np.maximum(values, 0)), out=np.zeros_like(along), where=kept)
    squared = (offset[:, :, 0] ** 2).sum(axis=1) - (np.where(kept, along, 0) ** 2).sum(axis=1)
    squared[dimension >= d] = 0
    return np.asarray(np.sqrt(np.maximum(squared, 0)))
