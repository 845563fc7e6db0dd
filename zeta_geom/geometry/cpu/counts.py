"""The dimension at each of many points: certified counts first, float64 spectra for the undecided points."""

import logging
import threading
from collections.abc import Callable

import numpy as np

from zeta_geom.checks.scaling import power_of_two_scale
from zeta_geom.execution.threads import map_chunks, rows_that_fit
from zeta_geom.geometry.cpu.certified import LargeCounter
from zeta_geom.geometry.cpu.one_point import one_points
from zeta_geom.geometry.rules import RULES
from zeta_geom.geometry.spectra import local_spectra

logger = logging.getLogger(__name__)

COUNTED = 256  # points of a chunk: tens of milliseconds of a thread between two updates of the progress bar


def pointwise_dimensions(
    X: np.ndarray,
    indices: np.ndarray,
    ks: tuple[int, ...],
    alpha: float,
    rule: str,
    *,
    order: np.ndarray | None = None,
    n_jobs: int | None = -1,
    progress: bool = False,
) -> np.ndarray:
    """Return the dimension at each query for each number of neighbours, (len(ks), q), from `indices` (q, ≥ max(ks)).

    `order` (q,) puts queries close in space together, whose neighbours are then in cache; it changes no result.
    """
    ordered = indices if order is None else indices[order]
    one_point = one_points(X, ordered, ks, n_jobs=n_jobs)
    widest = np.subtract(X.max(axis=0), X.min(axis=0), dtype=np.float64).max()
    scale = power_of_two_scale(float(widest))
    dimensions, undecided = np.zeros(one_point.shape), ~one_point
    if rule == "FO":
        for group in _groups(ks, X.shape[1]):
            places = [ks.index(k) for k in group]
            for dtype in (np.float32, np.float64):
                points = np.flatnonzero(undecided[places].any(axis=0))
                logger.debug("k = %s: %d of %d points by %s", group, len(points), len(ordered), np.dtype(dtype))
                count = _counter(X, ordered, points, group, alpha, scale, dtype)
                title = f"dimension, k = {', '.join(map(str, group))}"
                chunks = map_chunks(count, len(points), COUNTED, n_jobs=n_jobs, progress=progress, description=title)
                for rows, (counts, unsure) in chunks:
                    at = np.ix_(places, rows)
                    dimensions[at] = np.where(one_point[at], 0, counts)
                    undecided[at] = unsure & ~one_point[at]
    for place, k in enumerate(ks):
        points = np.flatnonzero(undecided[place])

        def decide(rows: slice, place: int = place, k: int = k, points: np.ndarray = points) -> None:
            at = points[rows]
            dimensions[place, at] = RULES[rule](
                local_spectra(X[ordered[at, :k]].astype(np.float64, copy=False)), alpha
            )

        logger.debug("k = %d: %d of %d points by float64 spectra", k, len(points), len(ordered))
        size = rows_that_fit(8 * k * (3 * min(k, X.shape[1]) + 3 * X.shape[1]))  # three copies of points and products
        map_chunks(decide, len(points), size, n_jobs=n_jobs, progress=progress, description=f"undecided, k = {k}")
    if order is not None:
        dimensions[:, order] = dimensions.copy()
    return dimensions if rule == "participation_ratio" else dimensions.astype(np.int64)


def _counter(
    X: np.ndarray,
    indices: np.ndarray,
    points: np.ndarray,
    ks: tuple[int, ...],
    alpha: float,
    scale: float,
    dtype: type,
) -> Callable[[slice], tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]]:
    """Return the function that counts the large eigenvalues at a slice of `points`, with one counter per thread."""
    of_thread = threading.local()

    def count(rows: slice) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
        if not hasattr(of_thread, "counter"):
            of_thread.counter = LargeCounter(X, ks, alpha, scale, dtype)
        at = points[rows]
        return at, of_thread.counter(indices[at, : max(ks)])

    return count


def _groups(ks: tuple[int, ...], d: int) -> list[tuple[int, ...]]:
    """Return groups of ks: those below d share one Gram matrix, every other has its own covariance matrix."""
    shared = tuple(sorted({k for k in ks if k < d}))
    return [shared, *((k,) for k in sorted({k for k in ks if k >= d}))] if shared else [(k,) for k in sorted(set(ks))]
