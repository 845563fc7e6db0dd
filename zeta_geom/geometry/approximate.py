"""Approximate nearest neighbours, for those who ask for them by name."""

from __future__ import annotations

import numpy as np

from zeta_geom.checks.scaling import column_references, squares_scale
from zeta_geom.geometry.cpu.decisions import squared_distances

__all__ = ["approximate_search"]


def approximate_search(
    X: np.ndarray, Q: np.ndarray | None, k: int, *, n_jobs: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Find most of the k nearest neighbours by NN-descent, with exact distances.

    Shapes: `X` (n, d), `Q` (q, d) -> (q, k), (q, k).
    """
    try:
        from pynndescent import NNDescent
    except ImportError as error:
        raise ImportError(
            "method='approximate' needs the package pynndescent. Install it with pip install zeta-geom[approximate], "
            "or use method='exact'."
        ) from error
    except RuntimeError as error:  # numba has no folder for its cache, and this package insists on one
        raise OSError(
            f"method='approximate' cannot import pynndescent ({error}). Set NUMBA_CACHE_DIR to a folder that can be "
            "written, or use method='exact'."
        ) from error
    points, queries = _fit_for_float32(X, Q)
    index = NNDescent(points, n_neighbors=min(k + 1, len(X)), random_state=0, n_jobs=n_jobs)
    if Q is None:
        found = index.neighbor_graph[0].astype(np.int64)
        own = found == np.arange(len(X))[:, None]
        own[~own.any(axis=1), -1] = True  # where it did not find the point itself, drop the farthest
        found = found[~own].reshape(len(X), -1)[:, :k]
    else:
        found = index.query(queries, k=k)[0].astype(np.int64)
    found = np.sort(found, axis=1)
    squared = squared_distances(X if Q is None else Q, X, found)
    order = np.argsort(squared, axis=1, kind="stable")
    return np.take_along_axis(found, order, axis=1), np.take_along_axis(squared, order, axis=1)


def _fit_for_float32(X: np.ndarray, Q: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return points and queries whose differences and squares float32, in which the package works, holds."""
    Q = X if Q is None else Q
    references = column_references(X, Q)
    if references.any():
        X, Q = (A.astype(np.float64, copy=False) - references for A in (X, Q))
    scale = squares_scale(X, Q, narrow=True)
    return (X, Q) if scale == 1 else (X * scale, Q * scale)
