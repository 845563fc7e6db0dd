"""The distance from points to the curved manifold: starts on a grid that misses no basin, then Newton in the box."""

from functools import lru_cache

import numpy as np

from zeta_geom import checks
from zeta_geom.manifolds.curved import copies_of, points_at

CELLS = {1: 256, 2: 64, 3: 24}  # of the grid along each parameter, a full turn, by dimension
CHUNK = 512  # points at once, with up to 15,625 grid values each: 32 MB of float32
MAX_STEPS = 60
STILL = 1e-13  # smaller steps of a parameter end the iteration
FARTHEST = 2.0**60  # the largest distance from the origin whose square float32 holds with room


def curved_distance(X: np.ndarray, *, intrinsic_dim: int = 3) -> np.ndarray:
    """Return the distances of points from the manifold of `make_curved_manifold`.

    The copies of the 2 d coordinates are averaged first. A damped Newton method in the box [0, 1]^d starts at each
    local minimum of the squared distance on a grid that, by a bound on the second derivatives, may be next to the
    global minimum. The distance is exact to 1e-9 (`DISTANCE_TOLERANCE`).

    Parameters
    ----------
    X : float array of shape (n, n_features)
        Points.
    intrinsic_dim : int
        The dimension d, at most 3; `n_features` is a multiple of 2 d.

    Returns
    -------
    float64 array of shape (n, 1), in the units of X

    Raises
    ------
    TypeError, ValueError
        If `X` is not finite, its number of columns is no multiple of 2 d, or d is above 3.

    Examples
    --------
    >>> curved_distance(points_at(np.array([[0.3, 0.9, 0.6]]))).round(6).tolist()
    [[0.0]]
    """
    X = checks.check_points(X).astype(np.float64, copy=False)
    d = checks.check_int(intrinsic_dim, "intrinsic_dim", low=1, high=max(CELLS))
    parts = X.reshape(len(X), copies_of(X.shape[1], d), 2 * d)
    mean = parts.mean(axis=1)
    apart = ((parts - mean[:, None]) ** 2).sum(axis=(1, 2))
    squared = np.concatenate([_lowest(mean[i : i + CHUNK]) for i in range(0, len(X), CHUNK)])
    return np.asarray(np.sqrt(parts.shape[1] * squared + apart))[:, None]


def _lowest(Z: np.ndarray) -> np.ndarray:
    """Return the least squared distance of each point (n, 2 d) from the 2 d coordinates given once."""
    point, start = _starts(Z)
    p = _newton(Z[point], start)
    lowest = np.full(len(Z), np.inf)
    np.minimum.at(lowest, point, _squared(Z[point], p))
    return lowest


@lru_cache
def _grid(d: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the grid's parameters (q, d) and its points (q, 2 d)."""
    axis = np.linspace(0, 1, CELLS[d] + 1)
    nodes = np.stack(np.meshgrid(*[axis] * d, indexing="ij"), axis=-1).reshape(-1, d)
    return nodes, points_at(nodes)


def _starts(Z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return starts for the minimisation: the indices of their points (s,), and parameters (s, d)."""
    d = Z.shape[1] // 2
    nodes, points = _grid(d)
    # Taylor at the minimum, where free parameters have slope 0: the next node is at most half a cell away in each,
    # and `bend` bounds the second derivatives
    radius = np.linalg.norm(Z.reshape(-1, d, 2), axis=2).max(axis=1)
    bend = 2 + 8 * np.pi**2 * radius + 8 * np.pi * radius
    margin = bend * d / (8 * CELLS[d] ** 2) + 1e-5 * (1 + radius)
    # |z - f|² - |z|² in float32, whose rounding is far below the margin; scaled if float32 would overflow
    scale = np.where(radius > FARTHEST, FARTHEST / np.maximum(radius, FARTHEST), 1.0)[:, None]
    products = (Z * scale).astype(np.float32) @ points.T.astype(np.float32)
    values = (points**2).sum(axis=1).astype(np.float32) * scale.astype(np.float32) - 2 * products
    margin *= scale[:, 0]
    point, node = np.nonzero(values <= (values.min(axis=1) + margin)[:, None])
    index = np.array(np.unravel_index(node, (CELLS[d] + 1,) * d))
    node_values, least = values[point, node], np.ones(len(node), dtype=bool)
    for axis in range(d):
        for step in (-1, 1):
            beside = index.copy()
            beside[axis] = np.clip(beside[axis] + step, 0, CELLS[d])
            least &= node_values <= values[point, np.ravel_multi_index(tuple(beside), (CELLS[d] + 1,) * d)]
    return point[least], nodes[node[least]]


def _squared(Z: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Return the squared distances (s,) of points (s, 2 d) from the manifold's points at p (s, d)."""
    return np.asarray(((Z - points_at(p)) ** 2).sum(axis=1))


def _newton(Z: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Return parameters (s, d) from which no step inside the box decreases the distance."""
    p, damping = p.copy(), np.zeros(len(p))
    value, active = _squared(Z, p), np.arange(len(p))
    for _ in range(MAX_STEPS):
        slope, bend = _derivatives(Z[active], p[active])
        step = _step(p[active], slope, bend, damping[active])
        moved = np.clip(p[active] + step, 0, 1)
        new_value = _squared(Z[active], moved)
        lower = new_value <= value[active]
        farther = np.abs(moved - p[active]).max(axis=1) > STILL
        damping[active] = np.where(lower, damping[active] / 8, np.maximum(8 * damping[active], 1e-3))
        p[active[lower]], value[active[lower]] = moved[lower], new_value[lower]
        active = active[farther]
        if not len(active):
            break
    return p


def _step(p: np.ndarray, slope: np.ndarray, bend: np.ndarray, damping: np.ndarray) -> np.ndarray:
    """Return a descending Newton step in the parameters that no end of [0, 1] holds."""
    held = ((p <= 0) & (slope > 0)) | ((p >= 1) & (slope < 0))
    free = ~held[:, :, None] & ~held[:, None, :]
    eye = np.eye(p.shape[1])
    bend = np.where(free, bend, eye)
    least = np.linalg.eigvalsh(bend)[:, 0]
    shift = np.maximum(1e-3 - least, 0) + damping
    return -np.linalg.solve(bend + shift[:, None, None] * eye, np.where(held, 0, slope)[:, :, None])[:, :, 0]


def _derivatives(Z: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return gradient (s, d) and Hessian (s, d, d) of half the squared distance, ½ Σ_i (q_i² - 2 q_i c_i) + const."""
    s, d = p.shape
    x, y = Z[:, ::2], Z[:, 1::2]
    cos, sin, turn = np.cos(2 * np.pi * p), np.sin(2 * np.pi * p), 2 * np.pi
    along, across = x * cos + y * sin, y * cos - x * sin
    q, before = np.roll(p, -1, axis=1), np.roll(along, 1, axis=1)
    slope = p - before - turn * q * across
    bend, i, following = np.zeros((s, d, d)), np.arange(d), np.roll(np.arange(d), -1)
    bend[:, i, i] = 1 + turn**2 * q * along
    bend[:, i, following] -= turn * across  # for d = 1 both fall on the diagonal
    bend[:, following, i] -= turn * across
    return slope, bend
