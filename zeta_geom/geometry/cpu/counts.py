"""The dimension at each of many points: certified counts where they suffice, float64 spectra elsewhere."""

from __future__ import annotations

import logging
import threading
from typing import Any

import numpy as np

from zeta_geom.checks.scaling import power_of_two_scale
from zeta_geom.geometry.cpu.certified import LargeCounter
from zeta_geom.geometry.cpu.one_point import one_points
from zeta_geom.geometry.cpu.threads import map_chunks, rows_that_fit
from zeta_geom.geometry.rules import RULES
from zeta_geom.geometry.spectra import local_spectra

__all__ = ["pointwise_dimensions"]

logger = logging.getLogger(__name__)

COUNTED = 256  # points between two looks at the progress bar


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
    """Return the dimension at each query, for each number of neighbours.

    Shapes: `X` (n, d), `indices` (ks), `order` (q,) -> (ks).
    """
    ordered = indices if order is None else indices[order]
    same = one_points(X, ordered, ks, n_jobs=n_jobs)
    widest = np.subtract(X.max(axis=0), X.min(axis=0), dtype=np.float64).max()
    scale = power_of_two_scale(float(widest))
    found, undecided = np.zeros(same.shape), ~same
    if rule == "FO":
        for group in _groups(ks, X.shape[1]):
            places = [ks.index(k) for k in group]
            for dtype in (np.float32, np.float64):
                left = np.flatnonzero(undecided[places].any(axis=0))
                logger.debug("k = %s: %d of %d points by %s", group, len(left), len(ordered), np.dtype(dtype))
                count = _Count(X, ordered, group, alpha, scale, dtype, left)
                title = f"dimension, k = {', '.join(map(str, group))}"
                chunks = map_chunks(count, len(left), COUNTED, n_jobs=n_jobs, progress=progress, description=title)
                for rows, (counts, open_still) in chunks:
                    at = np.ix_(places, rows)
                    found[at], undecided[at] = np.where(same[at], 0, counts), open_still & ~same[at]
    for place, k in enumerate(ks):
        left = np.flatnonzero(undecided[place])

        def decide(rows: slice, place: int = place, k: int = k, left: np.ndarray = left) -> None:
            at = left[rows]
            found[place, at] = RULES[rule](local_spectra(X[ordered[at, :k]].astype(np.float64, copy=False)), alpha)

        logger.debug("k = %d: %d of %d points by float64 spectra", k, len(left), len(ordered))
        size = rows_that_fit(8 * k * (3 * min(k, X.shape[1]) + 3 * X.shape[1]))
        map_chunks(decide, len(left), size, n_jobs=n_jobs, progress=progress, description=f"undecided, k = {k}")
    if order is not None:
        found[:, order] = found.copy()
    return found if rule == "participation_ratio" else found.astype(np.int64)


class _Count:
    """Counts for a slice of the points that are left, with a counter for each thread."""

    def __init__(self, X: np.ndarray, indices: np.ndarray, *how: Any) -> None:
        self.X, self.indices = X, indices
        self.ks, self.alpha, self.scale, self.dtype, self.left = how
        self.mine = threading.local()

    def __call__(self, rows: slice) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
        if not hasattr(self.mine, "counter"):
            self.mine.counter = LargeCounter(self.X, self.ks, self.alpha, self.scale, self.dtype)
        at = self.left[rows]
        return at, self.mine.counter(self.indices[at, : max(self.ks)])


def _groups(ks: tuple[int, ...], d: int) -> list[tuple[int, ...]]:
    """Return the k that share the Gram matrix of the most neighbours, and singly those with a smaller covariance."""
    shared = tuple(sorted({k for k in ks if k < d}))
    return [shared, *((k,) for k in sorted({k for k in ks if k >= d}))] if shared else [(k,) for k in sorted(set(ks))]
