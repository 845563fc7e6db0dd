"""Which neighbourhoods are one point, up to the rounding of their coordinates."""

from __future__ import annotations

import numpy as np

from zeta_geom.execution.compiling import njit
from zeta_geom.geometry.cpu.threads import map_chunks

__all__ = ["SAME", "one_points"]

SAME = 8  # times the rounding of a column: points that differ by no more, in every column, are one point
ROWS = 1024  # neighbourhoods looked at by a thread at once


def one_points(X: np.ndarray, indices: np.ndarray, ks: tuple[int, ...], *, n_jobs: int | None = 1) -> np.ndarray:
    """Say where the k nearest are one point: in every column c, max - min is at most 8 · eps · max|x_c|.

    Shapes: `X` (n, d), `indices` (ks) -> (ks).
    """
    found = np.empty((len(indices), len(ks)), dtype=np.bool_)
    tolerance = SAME * float(np.finfo(X.dtype).eps)

    def look(rows: slice) -> None:
        _look(X, np.ascontiguousarray(indices[rows], dtype=np.int64), np.array(ks), tolerance, found[rows])

    map_chunks(look, len(indices), ROWS, n_jobs=n_jobs, progress=False, description="one point")
    return found.T


@njit(nogil=True)
def _look(X: np.ndarray, indices: np.ndarray, ks: np.ndarray, tolerance: float, found: np.ndarray) -> None:
    """Write (q, len(ks)) of what `one_points` returns; in most neighbourhoods the first two points tell."""
    most = ks.max()
    for i in range(len(indices)):
        near = indices[i]
        other = 1
        while other < most and not _apart(X[near[0]], X[near[other]], 2 * tolerance):
            other += 1
        for place in range(len(ks)):
            found[i, place] = ks[place] <= other and _within(X, near[: ks[place]], tolerance)


@njit(nogil=True)
def _apart(a: np.ndarray, b: np.ndarray, tolerance: float) -> bool:
    """Say whether two points differ by so much in a column that no third one's size makes up for it."""
    for c in range(len(a)):
        x, y = np.float64(a[c]), np.float64(b[c])
        if abs(x - y) > tolerance * max(abs(x), abs(y)):
            return True
    return False


@njit(nogil=True)
def _within(X: np.ndarray, near: np.ndarray, tolerance: float) -> bool:
    """Say whether every column's range is within the rounding of its largest value."""
    for c in range(X.shape[1]):
        low = high = np.float64(X[near[0], c])
        for point in near[1:]:
            x = np.float64(X[point, c])
            low, high = min(low, x), max(high, x)
        if high - low > tolerance * max(high, -low):
            return False
    return True
