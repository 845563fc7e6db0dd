"""Points in float32 about their mean, and short vectors whose distances never exceed those of the points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.utils.extmath import randomized_svd

from zeta_geom.checks.scaling import power_of_two_scale
from zeta_geom.execution.threads import map_chunks, rows_that_fit

ROUNDING = 2.0**-24  # relative error of one float32 operation: the unit roundoff u
AXES = (32, 64, 128, 256)  # lengths tried: a product twice as long costs twice, so that finer steps gain little
ORDERING_AXES = 16  # coordinates that sort points into blocks; each split takes the widest of them
SAMPLE = 2048  # points that axes are fitted to; as many others judge them
PROBES = 256  # of the judging points, those that serve as queries
DIRECT_COST = 16  # cost of a coordinate of a direct distance, measured in coordinates of a blocked matrix product
FEW = 512  # points, one block of the search: there is nothing to order
SMALL_SEARCH = 2.0**35  # multiplications of all pairs' product: below, fitting axes costs more than they save


@dataclass(frozen=True)
class Frame:
    """The frame of a search: x ↦ (x - mean) · scale, and the axes along which most of it varies."""

    mean: np.ndarray  # float64 (d,), of a sample: float32's errors grow with the distance from it
    scale: float  # a power of two, which changes no digit; columns come to lie within about 1 of the mean
    axes: np.ndarray | None  # float64 (d, p), orthonormal, of the short vectors; None: points are their own
    ordering: np.ndarray  # float64 (d, at most 16): axes whose coordinates sort the points into blocks

    def rows(self, X: np.ndarray, which: slice | np.ndarray) -> np.ndarray:
        """Return some rows of X in the frame, in float64."""
        rows: np.ndarray = (np.asarray(X[which], dtype=np.float64) - self.mean) * self.scale
        return rows

    def reach(self, X: np.ndarray) -> float:
        """Return the largest distance of the points from the mean in a column, in the frame: about 1 if it fits."""
        return _reach(X, self.mean) * self.scale

    def place(self, X: np.ndarray, order: np.ndarray, workers: int) -> Placed:
        """Return the rows of X in the frame, in this order (n,)."""
        full = np.empty(X.shape, dtype=np.float32)
        short = full if self.axes is None else np.empty((len(X), self.axes.shape[1] + 1), dtype=np.float32)
        radii = np.empty(len(X))

        def place_rows(rows: slice) -> None:
            points = self.rows(X, order[rows])
            full[rows] = points
            squares = np.einsum("nd,nd->n", points, points)
            radii[rows] = np.sqrt(squares)
            if self.axes is not None:
                inside = points @ self.axes
                short[rows, :-1] = inside
                # the length outside the axes is a coordinate too: |a - b|² ≥ |a' - b'|² + (|a''| - |b''|)²
                short[rows, -1] = np.sqrt(np.maximum(squares - np.einsum("np,np->n", inside, inside), 0))

        size = rows_that_fit(24 * X.shape[1])  # three float64 copies of a row
        map_chunks(place_rows, len(X), size, n_jobs=workers, progress=False, description="placing")
        return Placed(full, short, radii)

    def order(self, X: np.ndarray, block: int, workers: int) -> np.ndarray:
        """Return an order of the rows of X in which the rows of each block are close in space."""
        coordinates = np.empty((len(X), self.ordering.shape[1]), dtype=np.float32)

        def project(rows: slice) -> None:
            coordinates[rows] = self.rows(X, rows) @ self.ordering

        size = rows_that_fit(16 * X.shape[1])  # two float64 copies of a row
        map_chunks(project, len(X), size, n_jobs=workers, progress=False, description="ordering")
        order = np.arange(len(X))
        _halve(coordinates, order, block)
        return order


@dataclass(frozen=True)
class Placed:
    """Points in a frame: full (n, d) and short (n, p + 1) in float32, and their float64 lengths (n,)."""

    full: np.ndarray
    short: np.ndarray
    radii: np.ndarray


def fit_frame(X: np.ndarray, k: int, Q: np.ndarray | None = None) -> Frame:
    """Return the frame that makes the search of k neighbours among the rows of X cheapest."""
    n, d = X.shape
    chosen = np.random.default_rng(0).permutation(n)[: 2 * SAMPLE]
    sample = np.asarray(X[chosen], dtype=np.float64)
    constant = (sample == sample[0]).all(axis=0)
    mean = np.where(constant, sample[0], sample.mean(axis=0))  # the mean of a constant column would be rounded
    scale = power_of_two_scale(max(_reach(A, mean) for A in (X, X if Q is None else Q)))
    sample -= mean
    if d <= ORDERING_AXES or n <= FEW:
        return Frame(mean, scale, None, np.eye(d, min(d, ORDERING_AXES)))
    if n * (len(Q) if Q is not None else n / 2) * d < SMALL_SEARCH:  # ordering axes alone, from few points
        _, _, axes = randomized_svd(
            (sample[:FEW] * scale).astype(np.float32), ORDERING_AXES, n_iter=1, random_state=0
        )
        return Frame(mean, scale, None, np.linalg.qr(axes.T.astype(np.float64))[0])
    seen, unseen = np.array_split(sample * scale, 2)  # axes fit the points that they were fitted to too well
    count = min(max(AXES), d, len(seen))
    _, _, axes = randomized_svd(seen.astype(np.float32), count, n_iter=2, random_state=0)
    axes = np.linalg.qr(axes.T.astype(np.float64))[0]
    length = _best_length(unseen, axes, k / n)
    return Frame(mean, scale, axes[:, :length] if length else None, axes[:, :ORDERING_AXES])


def _reach(X: np.ndarray, mean: np.ndarray) -> float:
    """Return the largest distance of points from the mean in a column."""
    return float(np.maximum(X.max(axis=0) - mean, mean - X.min(axis=0)).max())


def _best_length(sample: np.ndarray, axes: np.ndarray, share: float) -> int:
    """Return the number of axes that makes the search cheapest, or 0; `share` of all points are neighbours."""
    m, d = sample.shape
    squares = np.einsum("nd,nd->n", sample, sample)
    probes = slice(0, min(PROBES, m))
    rank = min(int(np.ceil(share * m)), m - 1)
    true = _distances(sample, squares, probes)
    reach = np.partition(true, rank, axis=1)[:, rank, None]  # rank 0 is the probe itself
    best, cost = 0, float(d)  # per pair, in coordinates of a product; without axes no pair needs a second look
    for length in AXES:
        if length >= min(d, axes.shape[1] + 1):
            break
        inside = sample @ axes[:, :length]
        rest = np.sqrt(np.maximum(squares - np.einsum("np,np->n", inside, inside), 0))
        short = np.column_stack([inside, rest])
        survivors = np.mean(_distances(short, squares, probes) <= reach)
        if length + DIRECT_COST * d * survivors < cost:
            best, cost = length, length + DIRECT_COST * d * survivors
    return best


def _distances(points: np.ndarray, squares: np.ndarray, probes: slice) -> np.ndarray:
    squared: np.ndarray = squares[probes, None] + squares - 2 * points[probes] @ points.T
    return squared


def _halve(coordinates: np.ndarray, order: np.ndarray, block: int) -> None:
    """Sort `order` in place: split at the median of the widest coordinate, down to blocks (a k-d tree's leaves)."""
    if len(order) <= block:
        return
    blocks = -(-len(order) // block)
    half = blocks // 2 * block
    widest = np.ptp(coordinates[order], axis=0).argmax()
    order[:] = order[np.argpartition(coordinates[order, widest], half)]
    _halve(coordinates, order[:half], block)
    _halve(coordinates, order[half:], block)
