"""Balls that reach to a point's k-th neighbour, and who lies in them, without the N × N matrix.

A matrix product proposes with a bound on its error; where that leaves a doubt, sums of squared differences decide.
The radii come from the same sums, so that a point exactly on a sphere is inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np

from zeta_geom.checks import check_int, check_points, check_units
from zeta_geom.checks.scaling import common_unit
from zeta_geom.execution.compiling import njit

__all__ = [
    "BallMembers",
    "ball_members",
    "check_neighbours",
    "check_samples",
    "nearest_indices",
    "neighbour_radii",
    "pair_distances",
]

ROWS, COLUMNS = 512, 4096  # of a tile: 16 MiB of distances a thread


@dataclass(frozen=True)
class BallMembers:
    """Who lies in the balls.

    Parameters
    ----------
    points : int64 array of shape (n,)
        How many points each ball holds.
    balls : int64 array of shape (m,)
        How many balls hold each point.
    least : float64 array of shape (n,)
        The least value among the points that each ball holds; inf where it holds none or no values were given.
    """

    points: np.ndarray
    balls: np.ndarray
    least: np.ndarray


def check_samples(
    first: Any,
    second: Any,
    names: tuple[str, str],
    *,
    min_samples: tuple[int, int] = (1, 1),
    keep_unit: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Return both as finite float arrays of one width, in a unit whose squares neither overflow nor vanish, or raise.

    Shapes: `first` (n, d), `second` (m, d) -> (n, d), (m, d).
    """
    A = check_points(first, names[0], min_samples=min_samples[0])
    B = check_points(second, names[1], min_samples=min_samples[1])
    if A.shape[1] != B.shape[1]:
        raise ValueError(
            f"{names[1]} must have as many columns as {names[0]}, {A.shape[1]}; got {B.shape[1]}. "
            "Measure both in the same features."
        )
    check_units(A, B, names)
    A, B = (A, B) if keep_unit else common_unit(A, B)
    return np.ascontiguousarray(A), np.ascontiguousarray(B)


def check_neighbours(k: Any, X: np.ndarray, name: str) -> int:
    """Return k as an int if every row of X has so many neighbours among the others, or raise.

    Shapes: `X` (n, d).
    """
    if check_int(k, "k", low=1) > len(X) - 1:
        raise ValueError(
            f"k must be at most {len(X) - 1} for the {len(X)} rows of {name}, none of which is its own neighbour; "
            f"got {k}. Lower k or give more rows."
        )
    return int(k)


def neighbour_radii(X: np.ndarray, k: int, *, n_jobs: int | None, progress: bool) -> np.ndarray:
    """Return NND_k², the squared distance of each point to its k-th nearest other point.

    Shapes: `X` (n, d) -> (n,).
    """
    indices = nearest_indices(X, None, k, n_jobs=n_jobs, progress=progress)
    rows = np.repeat(np.arange(len(X)), k)
    return pair_distances(X, X, rows, indices.ravel()).reshape(-1, k).max(axis=1)


def nearest_indices(
    X: np.ndarray, queries: np.ndarray | None, k: int, *, n_jobs: int | None, progress: bool
) -> np.ndarray:
    """Return the rows of X that are the k nearest of each query, or of each row of X among the others.

    Shapes: `X` (n, d), `queries` (q, d) -> (q, k).
    """
    from zeta_geom.geometry.knn import knn  # the room of geometry brings scikit-learn

    return knn(X, k, queries=queries, n_jobs=n_jobs, progress=progress).indices


@njit(nogil=True)  # without fastmath: each sum is the same wherever it is taken
def pair_distances(A: np.ndarray, B: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return the squared distance of each pair, the float64 sum of its squared differences from left to right.

    Shapes: `A` (n, d), `B` (m, d), `rows` and `columns` (p,) -> (p,).
    """
    squared = np.empty(len(rows))
    for pair in range(len(rows)):
        total = 0.0
        for d in range(A.shape[1]):
            difference = np.float64(A[rows[pair], d]) - np.float64(B[columns[pair], d])
            total += difference * difference
        squared[pair] = total
    return squared


def ball_members(
    centres: np.ndarray,
    squared_radii: np.ndarray,
    points: np.ndarray,
    *,
    values: np.ndarray | None = None,
    n_jobs: int | None,
    progress: bool,
) -> BallMembers:
    """Count the points in each closed ball and the balls around each point, exactly.

    Shapes: `centres` (n, d), `squared_radii` (n,), `points` (m, d), `values` (m,).
    """
    from zeta_geom.geometry.cpu.threads import map_chunks

    middle = centres.mean(axis=0, dtype=np.float64)
    held = np.zeros(len(centres), dtype=np.int64)
    around = np.zeros(len(points), dtype=np.int64)
    least = np.full(len(centres), np.inf)
    lock = Lock()

    def count(rows: slice) -> None:
        for start in range(0, len(points), COLUMNS):
            columns = slice(start, start + COLUMNS)
            inside = _inside(centres[rows], squared_radii[rows], points[columns], middle)
            held[rows] += np.count_nonzero(inside, axis=1)
            own = np.count_nonzero(inside, axis=0)
            with lock:
                around[columns] += own
            if values is not None:
                lowest = np.where(inside, values[columns], np.inf).min(axis=1)
                least[rows] = np.minimum(least[rows], lowest)

    map_chunks(count, len(centres), ROWS, n_jobs=n_jobs, progress=progress, description="neighbour balls")
    return BallMembers(held, around, least)


def _inside(centres: np.ndarray, squared_radii: np.ndarray, points: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Return which points lie in which closed balls, bool (centres, points)."""
    a, b = centres - middle, points - middle
    a_squared, b_squared = np.einsum("ij,ij->i", a, a), np.einsum("ij,ij->i", b, b)
    slack = 2 * (a.shape[1] + 16) * np.finfo(np.float64).eps
    a_slack = slack * a_squared + np.finfo(np.float64).tiny  # products may underflow
    b *= -2.0
    lower = a @ b.T  # the squared distances less ‖a‖² and the bound
    lower += b_squared - slack * b_squared
    possible = lower <= (squared_radii - a_squared + a_slack)[:, None]
    lower += 2 * slack * b_squared
    inside = lower <= (squared_radii - a_squared - a_slack)[:, None]
    rows, columns = np.nonzero(possible & ~inside)
    inside[rows, columns] = pair_distances(centres, points, rows, columns) <= squared_radii[rows]
    return inside
