"""Balls around points and the points in them, without the N × N matrix.

A matrix product decides with a bound on its error; sums of squared differences decide the pairs within the bound. The
radii are such sums too, so that a point exactly on a sphere is inside.
"""

from dataclasses import dataclass
from threading import Lock

import numpy as np

from zeta_geom.execution.compiling import njit
from zeta_geom.execution.threads import map_chunks

ROWS, COLUMNS = 512, 4096  # of a tile: 16 MiB of float64 distances per thread, large enough for BLAS's full speed


@dataclass(frozen=True)
class BallMembers:
    """Members of n balls among m points."""

    points_in_ball: np.ndarray  # int64 (n,)
    balls_around_point: np.ndarray  # int64 (m,)
    least_value: np.ndarray  # float64 (n,), among the points in a ball; inf if it holds none, or without values


@njit(nogil=True)  # no fastmath, unlike decisions.squared_distance: compiled into any caller, a sum has the same bits
def pair_distances(A: np.ndarray, B: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return the squared distance of each pair (p,): its float64 squared differences, summed from left to right."""
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
    """Return the members of closed balls, exactly; `squared_radii` (n,) are sums of `pair_distances`."""
    middle = centres.mean(axis=0, dtype=np.float64)
    points_in_ball = np.zeros(len(centres), dtype=np.int64)
    balls_around_point = np.zeros(len(points), dtype=np.int64)
    least_value = np.full(len(centres), np.inf)
    lock = Lock()

    def count(rows: slice) -> None:
        for start in range(0, len(points), COLUMNS):
            columns = slice(start, start + COLUMNS)
            inside = _inside(centres[rows], squared_radii[rows], points[columns], middle)
            points_in_ball[rows] += np.count_nonzero(inside, axis=1)
            ball_counts = np.count_nonzero(inside, axis=0)
            with lock:
                balls_around_point[columns] += ball_counts
            if values is not None:
                lowest = np.where(inside, values[columns], np.inf).min(axis=1)
                least_value[rows] = np.minimum(least_value[rows], lowest)

    map_chunks(count, len(centres), ROWS, n_jobs=n_jobs, progress=progress, description="neighbour balls")
    return BallMembers(points_in_ball, balls_around_point, least_value)


def _inside(centres: np.ndarray, squared_radii: np.ndarray, points: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Return which points lie in which closed balls, bool (centres, points)."""
    # With a, b the points less `middle` and u = 2⁻⁵³, the product ‖a‖² + ‖b‖² - 2ab is off by at most
    # (d + 3) u (‖a‖ + ‖b‖)², in any order of summation (Higham 2002, section 3.1); subtracting `middle` adds 2 u, the
    # deciding sum is itself off by (d + 2) u of its value, and (‖a‖ + ‖b‖)² ≤ 2 (‖a‖² + ‖b‖²). Together a little less
    # than 4 (d + 16) u (‖a‖² + ‖b‖²), the slack here: eps = 2 u. Only pairs within it are summed directly.
    a, b = centres - middle, points - middle
    a_squared, b_squared = np.einsum("ij,ij->i", a, a), np.einsum("ij,ij->i", b, b)
    slack = 2 * (a.shape[1] + 16) * np.finfo(np.float64).eps
    a_slack = slack * a_squared + np.finfo(np.float64).tiny  # products may underflow
    b *= -2.0
    lower = a @ b.T  # lower bounds of the squared distances, less ‖a‖² and its slack
    lower += b_squared - slack * b_squared
    possible = lower <= (squared_radii - a_squared + a_slack)[:, None]
    lower += 2 * slack * b_squared  # now upper bounds
    inside: np.ndarray = lower <= (squared_radii - a_squared - a_slack)[:, None]
    rows, columns = np.nonzero(possible & ~inside)
    inside[rows, columns] = pair_distances(centres, points, rows, columns) <= squared_radii[rows]
    return inside
