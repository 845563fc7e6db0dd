"""Neighbourhoods that are one point, up to the rounding of their coordinates."""

import numpy as np

from zeta_geom.execution.compiling import njit
from zeta_geom.execution.threads import map_chunks

SAME = 8  # times the rounding of a column: the few roundings of a change of unit or origin
ROWS = 1024  # neighbourhoods of a chunk: milliseconds of work for a thread


def one_points(X: np.ndarray, indices: np.ndarray, ks: tuple[int, ...], *, n_jobs: int | None = 1) -> np.ndarray:
    """Return (len(ks), q) of bool: max - min ≤ 8 · eps · max|x_c| in every column c of the k nearest."""
    flags = np.empty((len(indices), len(ks)), dtype=np.bool_)
    tolerance = SAME * float(np.finfo(X.dtype).eps)

    def flag(rows: slice) -> None:
        _flag(X, np.ascontiguousarray(indices[rows], dtype=np.int64), np.array(ks), tolerance, flags[rows])

    map_chunks(flag, len(indices), ROWS, n_jobs=n_jobs, progress=False, description="one point")
    return flags.T


@njit(nogil=True)
def _flag(X: np.ndarray, indices: np.ndarray, ks: np.ndarray, tolerance: float, flags: np.ndarray) -> None:
    """Write the flags (q, len(ks)); in most neighbourhoods the first two points decide."""
    most = ks.max()
    for i in range(len(indices)):
        row = indices[i]
        other = 1
        while other < most and not _apart(X[row[0]], X[row[other]], 2 * tolerance):
            other += 1
        for place in range(len(ks)):
            flags[i, place] = ks[place] <= other and _within(X, row[: ks[place]], tolerance)


@njit(nogil=True)
def _apart(a: np.ndarray, b: np.ndarray, tolerance: float) -> bool:
    """Return whether two points differ in a column by more than a third point of larger values could excuse."""
    for c in range(len(a)):
        x, y = np.float64(a[c]), np.float64(b[c])
        if abs(x - y) > tolerance * max(abs(x), abs(y)):
            return True
    return False


@njit(nogil=True)
def _within(X: np.ndarray, indices: np.ndarray, tolerance: float) -> bool:
    """Return whether the range of every column is within the rounding of its largest value."""
    for c in range(X.shape[1]):
        low = high = np.float64(X[indices[0], c])
        for point in indices[1:]:
            x = np.float64(X[point, c])
            low, high = min(low, x), max(high, x)
        if high - low > tolerance * max(high, -low):
            return False
    return True
