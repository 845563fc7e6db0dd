"""The plain forms that judge the fast ones: everything in float64, everything held."""

import numpy as np


def plain_neighbours(X, k, queries=None, excluded=None):
    """Sort all distances; ties go to the lower index."""
    X = np.asarray(X, dtype=np.float64)
    Q, excluded = (X, np.arange(len(X))) if queries is None else (np.asarray(queries, dtype=np.float64), excluded)
    indices, squared = [], []
    for i, query in enumerate(Q):
        distances = ((query - X) ** 2).sum(axis=1)
        if excluded is not None:
            distances[excluded[i]] = np.inf
        nearest = np.argsort(distances, kind="stable")[:k]
        indices.append(nearest)
        squared.append(distances[nearest])
    return np.array(indices), np.array(squared)


def plain_one_point(X, indices):
    """Say where no column of a neighbourhood varies by more than 8 times the rounding of its largest value."""
    neighbors = np.asarray(X, dtype=np.float64)[indices]
    return (np.ptp(neighbors, axis=1) <= 8 * np.finfo(X.dtype).eps * np.abs(neighbors).max(axis=1)).all(axis=1)


def plain_dimension(X, indices, alpha=0.05):
    """Count the covariance eigenvalues above alpha times the largest, 0 for one point; say where rounding may decide.

    The neighbours less the first of them: the mean of a column far from 0 would be rounded.
    """
    one_point = plain_one_point(X, indices)
    X = np.asarray(X, dtype=np.float64)
    counts, close = [], []
    for row, one in zip(indices, one_point, strict=True):
        B = X[row] - X[row[0]]
        B -= B.mean(axis=0)
        eigenvalues = np.linalg.eigvalsh(B @ B.T if B.shape[0] <= B.shape[1] else B.T @ B)
        counts.append(0 if one else (eigenvalues > alpha * eigenvalues[-1]).sum())
        close.append((np.abs(eigenvalues - alpha * eigenvalues[-1]) < 1e-10 * eigenvalues[-1]).any())
    return np.array(counts), np.array(close)


def with_spectrum(rng, eigenvalues, k, d):
    """Make k points, centred, with this covariance spectrum."""
    r = len(eigenvalues)
    left = np.linalg.qr(np.column_stack([np.ones(k), rng.normal(size=(k, r))]))[0][:, 1:]
    right = np.linalg.qr(rng.normal(size=(d, r)))[0]
    return left * np.sqrt(np.array(eigenvalues) * (k - 1)) @ right.T
