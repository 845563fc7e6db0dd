"""The distance from points to a parametrised curve: the smallest over all stationary points and both ends."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from zeta_geom import checks

Curve: TypeAlias = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]

DISTANCE_TOLERANCE = 1e-9  # absolute
CELLS_PER_TURN = 128  # the features of all curves here are wider than such a cell
CHUNK = 4096  # points at once, so that their grid values stay in the cache
MAX_STEPS = 60  # by bisection alone, a cell of 0.05 shrinks to 1e-19


def check_columns(X: object, n_features: int) -> np.ndarray:
    """Return `X` (n, n_features) as finite float64 points of `n_features` coordinates, or raise."""
    points = checks.check_points(X)
    if points.shape[1] != n_features:
        raise ValueError(
            f"X must have {n_features} columns, the coordinates of this manifold; got shape {points.shape}. "
            "Choose the manifold of these points."
        )
    return points.astype(np.float64, copy=False)


def check_parameters(t: object) -> np.ndarray:
    """Return the parameters `t` (q,) of points on a curve as finite float64 numbers, or raise."""
    parameters = checks.host_array(t, "t")
    if parameters.ndim != 1:
        raise ValueError(f"t must have shape (q,), one parameter per point; got shape {parameters.shape}.")
    return checks.check_points(parameters[:, None], "t", min_samples=0)[:, 0].astype(np.float64, copy=False)


def curve_distance(X: np.ndarray, curve: Curve, limits: tuple[float, float]) -> np.ndarray:
    """Return each point's Euclidean distance from a curve that ends at both limits.

    The stationary points of the squared distance are bracketed on a grid of 128 cells per 2π of the parameter, and
    refined by Newton's method or bisection. The distance is exact to 1e-9 (`DISTANCE_TOLERANCE`) for curves whose
    features are as wide as a cell.

    Parameters
    ----------
    X : float64 array of shape (n, d)
        Points.
    curve : callable
        t of shape (q,) -> position, first and second derivative, each of shape (q, d).
    limits : (float, float)
        The first and the last parameter.

    Returns
    -------
    float64 array of shape (n,), in the units of X

    Raises
    ------
    TypeError, ValueError
        If `X` is not finite and 2-D, or has other columns than the curve's points.

    Examples
    --------
    >>> line = lambda t: tuple(np.stack([part, 0 * t], axis=1) for part in (t, 1 + 0 * t, 0 * t))
    >>> curve_distance(np.array([[0.0, 3.0], [4.0, 0.0]]), line, (-1.0, 2.0))
    array([3., 2.])
    """
    low, high = limits
    cells = int(np.ceil(CELLS_PER_TURN * (high - low) / (2 * np.pi)))
    grid = np.linspace(low, high, cells + 1)
    position, tangent, _ = curve(grid)
    X = check_columns(X, position.shape[1])
    offset = np.einsum("gd,gd->g", position, tangent)
    nearest = np.empty(len(X))
    for start in range(0, len(X), CHUNK):
        points = X[start : start + CHUNK]
        slope = offset - points @ tangent.T  # half the derivative of the squared distance, (points, grid)
        index, cell = np.nonzero((slope[:, :-1] < 0) & (slope[:, 1:] >= 0))
        t = _refine(points[index], curve, grid[cell], grid[cell + 1])
        ends = np.linalg.norm(points[:, None] - position[[0, -1]], axis=2).min(axis=1)
        np.minimum.at(ends, index, np.linalg.norm(points[index] - curve(t)[0], axis=1))
        nearest[start : start + CHUNK] = ends
    return nearest


def _refine(points: np.ndarray, curve: Curve, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the root, between `low` and `high`, of the slope of each point's squared distance."""
    t: np.ndarray = (low + high) / 2
    for _ in range(MAX_STEPS):
        position, first, second = curve(t)
        gap = position - points
        slope, speed = np.einsum("qd,qd->q", gap, first), np.einsum("qd,qd->q", first, first)
        bend = speed + np.einsum("qd,qd->q", gap, second)
        low, high = np.where(slope < 0, t, low), np.where(slope < 0, high, t)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = t - slope / bend
        moved = np.where((bend > 0) & (step >= low) & (step <= high), step, (low + high) / 2)
        moving = (moved - t) ** 2 * speed  # the squared length of the step along the curve
        t = moved
        if (moving <= (DISTANCE_TOLERANCE / 10) ** 2).all():
            break
    return t
