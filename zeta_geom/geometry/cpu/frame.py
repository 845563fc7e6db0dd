"""Points in single precision, and short vectors of them whose distances never exceed the true ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.extmath import randomized_svd

from zeta_geom.checks.scaling import power_of_two_scale
from zeta_geom.geometry.cpu.threads import map_chunks, rows_that_fit

__all__ = ["ROUNDING", "Frame", "Placed", "fit_frame"]

ROUNDING = 2.0**-24  # relative error of one float32 operation
AXES = (32, 64, 128, 256)  # lengths that are tried
ORDERING_AXES = 16  # coordinates by which points are sorted into blocks
SAMPLE, PROBES = 2048, 256  # points that axes are found from; points as many, and queries of them, that judge
DIRECT_COST = 16  # of one coordinate of a survivor's distance, in those of a matrix product
FEW = 512  # points for which an order would cost more than it saves
SMALL_SEARCH = 2.0**35  # multiplications of all pairs' product; below, finding axes costs more than they save


@dataclass(frozen=True)
class Frame:
    """Where points are put for the search: x ↦ (x - mean) · scale, and the axes along which most of it varies.

    Parameters
    ----------
    mean : float64 array of shape (d,)
        Near the points' mean: float32's errors grow with the distance from it.
    scale : float
        A power of two, so that it changes no digit; points come to lie within about 1 of the mean, in each column.
    axes : float64 array of shape (d, p), or None
        Orthonormal; the short vectors are the coordinates along them. None: the points are their own short vectors.
    ordering : float64 array of shape (d, at most 16)
        Axes whose coordinates sort the points into blocks.
    """

    mean: np.ndarray
    scale: float
    axes: np.ndarray | None
    ordering: np.ndarray

    def rows(self, X: np.ndarray, which: Any) -> np.ndarray:
        """Return some rows of X in the frame, in float64."""
        return (np.asarray(X[which], dtype=np.float64) - self.mean) * self.scale

    def reach(self, X: np.ndarray) -> float:
        """Return how far points lie from the mean in any column, in the frame: about 1 where it fits them."""
        return _reach(X, self.mean) * self.scale

    def place(self, X: np.ndarray, order: np.ndarray, workers: int) -> Placed:
        """Return all rows of X in the frame, in the given order.

        Shapes: `X` (n, d), `order` (n,).
        """
        full = np.empty(X.shape, dtype=np.float32)
        short = full if self.axes is None else np.empty((len(X), self.axes.shape[1] + 1), dtype=np.float32)
        radii = np.empty(len(X))

        def place_rows(part: slice) -> None:
            points = self.rows(X, order[part])
            full[part] = points
            squares = np.einsum("nd,nd->n", points, points)
            radii[part] = np.sqrt(squares)
            if self.axes is not None:
                inside = points @ self.axes
                short[part, :-1] = inside
                # the length of what the axes leave out is a coordinate too: |a - b|² ≥ |a' - b'|² + (|a''| - |b''|)²
                short[part, -1] = np.sqrt(np.maximum(squares - np.einsum("np,np->n", inside, inside), 0))

        size = rows_that_fit(24 * X.shape[1])
        map_chunks(place_rows, len(X), size, n_jobs=workers, progress=False, description="placing")
        return Placed(full, short, radii)

    def order(self, X: np.ndarray, block: int, workers: int) -> np.ndarray:
        """Return an order of the rows of X in which each block of rows lies together in space."""
        coordinates = np.empty((len(X), self.ordering.shape[1]), dtype=np.float32)

        def project(part: slice) -> None:
            coordinates[part] = self.rows(X, part) @ self.ordering

        size = rows_that_fit(16 * X.shape[1])
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
    """Choose the frame in which k neighbours among the rows of X are searched with the least work.

    Shapes: `X` (n, d), `Q` (q, d).
    """
    n, d = X.shape
    chosen = np.random.default_rng(0).permutation(n)[: 2 * SAMPLE]
    sample = np.asarray(X[chosen], dtype=np.float64)
    constant = (sample == sample[0]).all(axis=0)
    mean = np.where(constant, sample[0], sample.mean(axis=0))  # the mean of a constant column would be rounded
    scale = power_of_two_scale(max(_reach(A, mean) for A in (X, X if Q is None else Q)))
    sample -= mean
    if d <= ORDERING_AXES or n <= FEW:
        return Frame(mean, scale, None, np.eye(d, min(d, ORDERING_AXES)))
    if n * (len(Q) if Q is not None else n / 2) * d < SMALL_SEARCH:
        _, _, axes = randomized_svd(
            (sample[:FEW] * scale).astype(np.float32), ORDERING_AXES, n_iter=1, random_state=0
        )
        return Frame(mean, scale, None, np.linalg.qr(axes.T.astype(np.float64))[0])
    seen, unseen = np.array_split(sample * scale, 2)  # axes fit the points that they were found from too well
    count = min(max(AXES), d, len(seen))
    _, _, axes = randomized_svd(seen.astype(np.float32), count, n_iter=2, random_state=0)
    axes = np.linalg.qr(axes.T.astype(np.float64))[0]
    length = _best_length(unseen, axes, k / n)
    return Frame(mean, scale, axes[:, :length] if length else None, axes[:, :ORDERING_AXES])


def _reach(X: np.ndarray, mean: np.ndarray) -> float:
    """Return how far points lie from the mean in any column."""
    return float(np.maximum(X.max(axis=0) - mean, mean - X.min(axis=0)).max())


def _best_length(sample: np.ndarray, axes: np.ndarray, share: float) -> int:
    """Return how many axes make the search cheapest, 0 for none: `share` of all points are neighbours."""
    m, d = sample.shape
    squares = np.einsum("nd,nd->n", sample, sample)
    probes = slice(0, min(PROBES, m))
    rank = min(int(np.ceil(share * m)), m - 1)
    true = _distances(sample, squares, probes)
    reach = np.partition(true, rank, axis=1)[:, rank, None]  # rank 0 is the probe itself
    best, cost = 0, float(d)
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
    return squares[probes, None] + squares - 2 * points[probes] @ points.T


def _halve(coordinates: np.ndarray, order: np.ndarray, block: int) -> None:
    """Sort `order` in place: halves at the median of the widest coordinate, until a block's rows are left."""
    if len(order) <= block:
        return
    blocks = -(-len(order) // block)
    half = blocks // 2 * block
    widest = np.ptp(coordinates[order], axis=0).argmax()
    order[:] = order[np.argpartition(coordinates[order, widest], half)]
    _halve(coordinates, order[:half], block)
    _halve(coordinates, order[half:], block)
