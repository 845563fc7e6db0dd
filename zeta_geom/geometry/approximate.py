"""Approximate nearest neighbours by NN-descent, for method="approximate"."""

import numpy as np

from zeta_geom.checks.scaling import column_references, squares_scale
from zeta_geom.geometry.cpu.decisions import squared_distances


def approximate_search(
    X: np.ndarray, Q: np.ndarray | None, k: int, *, n_jobs: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return most of the k nearest neighbours and their exact squared distances, both (q, k)."""
    try:
        from pynndescent import NNDescent
    except ImportError as error:
        raise ImportError(
            "method='approximate' needs the package pynndescent. Install it by pip install zeta-geom[approximate], "
            "or use method='exact'."
        ) from error
    except RuntimeError as error:  # numba has no folder for its cache, which pynndescent requires
        raise OSError(
            f"method='approximate' cannot import pynndescent ({error}). Set NUMBA_CACHE_DIR to a writable folder, or "
            "use method='exact'."
        ) from error
    points, queries = _fit_for_float32(X, Q)
    index = NNDescent(points, n_neighbors=min(k + 1, len(X)), random_state=0, n_jobs=n_jobs)
    if Q is None:
        indices = index.neighbor_graph[0].astype(np.int64)
        itself = indices == np.arange(len(X))[:, None]
        itself[~itself.any(axis=1), -1] = True  # if the search missed the point itself, drop the farthest
        indices = indices[~itself].reshape(len(X), -1)[:, :k]
    else:
        indices = index.query(queries, k=k)[0].astype(np.int64)
    indices = np.sort(indices, axis=1)
    squared = squared_distances(X if Q is None else Q, X, indices)
    order = np.argsort(squared, axis=1, kind="stable")
    return np.take_along_axis(indices, order, axis=1), np.take_along_axis(squared, order, axis=1)


def _fit_for_float32(X: np.ndarray, Q: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return points and queries in a unit and origin whose squared differences float32 can hold."""
    Q = X if Q is None else Q
    references = column_references(X, Q)
    if references.any():
        X, Q = (A.astype(np.float64, copy=False) - references for A in (X, Q))
    scale = squares_scale(X, Q, narrow=True)
    return (X, Q) if scale == 1 else (X * scale, Q * scale)
