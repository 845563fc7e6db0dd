"""What estimators that compare the k points of a neighbourhood share: chunks of neighbourhoods, pairs of points."""

from collections.abc import Callable

import numpy as np

from zeta_geom.execution.compiling import njit
from zeta_geom.execution.threads import map_chunks, rows_that_fit
from zeta_geom.geometry.cpu.decisions import LOOSE

Kernel = Callable[[np.ndarray, np.ndarray, np.ndarray], None]


def map_neighborhoods(
    kernel: Kernel, X: np.ndarray, indices: np.ndarray, numbers: np.ndarray, *, n_jobs: int | None
) -> np.ndarray:
    """Return float64 (q,), which a compiled kernel fills from neighbourhoods (rows, k, d) and numbers (rows, …)."""
    dimensions = np.empty(len(indices))
    numbers = np.ascontiguousarray(numbers, dtype=np.float64)

    def compute(rows: slice) -> None:
        neighborhoods = X[indices[rows]].astype(np.float64, copy=False)
        kernel(neighborhoods, numbers[rows], dimensions[rows])

    k, d = indices.shape[1], X.shape[1]
    size = rows_that_fit(8 * k * (2 * d + k))
    map_chunks(compute, len(indices), size, n_jobs=n_jobs, progress=False, description="dimension")
    return dimensions


@njit(nogil=True, fastmath=LOOSE)
def pair_squares(points: np.ndarray, squares: np.ndarray) -> None:
    """Fill `squares` (k, k) with the squared distances of points (k, d)."""
    for i in range(len(points)):
        squares[i, i] = 0.0
        for j in range(i):
            total = 0.0
            for c in range(points.shape[1]):
                difference = points[i, c] - points[j, c]
                total += difference * difference
            squares[i, j] = squares[j, i] = total
