"""The plain forms that judge the fast ones: everything in float64, everything held."""

import numpy as np


def plain_neighbours(X, k, queries=None, own=None):
    """Sort all distances; ties go to the lower index."""
    X = np.asarray(X, dtype=np.float64)
    Q, own = (X, np.arange(len(X))) if queries is None else (np.asarray(queries, dtype=np.float64), own)
    indices, squared = [], []
    for i, query in enumerate(Q):
        distances = ((query - X) ** 2).sum(axis=1)
        if own is not None:
            distances[own[i]] = np.inf
        nearest = np.argsort(distances, kind="stable")[:k]
        indices.append(nearest)
        squared.append(distances[nearest])
    return np.array(indices), np.array(squared)


def plain_dimension(X, indices, alpha=0.05):
    """Count the covariance eigenvalues above alpha times the largest; say where rounding may decide."""
    X = np.asarray(X, dtype=np.float64)
    counts, close = [], []
    for row in indices:
        B = X[row] - X[row].mean(axis=0)
        eigenvalues = np.linalg.eigvalsh(B @ B.T if B.shape[0] <= B.shape[1] else B.T @ B)
        counts.append((eigenvalues > alpha * eigenvalues[-1]).sum())
        close.append((np.abs(eigenvalues - alpha * eigenvalues[-1]) < 1e-10 * eigenvalues[-1]).any())
    return np.array(counts), np.array(close)
