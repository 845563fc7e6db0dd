"""The helix: a curve in R^3, or in R^n with zeros in the other coordinates."""

import numpy as np

from zeta_geom import checks, rng
from zeta_geom.manifolds.curves import check_columns, check_parameters, curve_distance

RADIUS = 100.0
HELIX_LIMITS = (0.0, 10 * np.pi)


def make_helix(
    n_samples: int = 8192, *, n_features: int = 3, random_state: rng.RandomState = None
) -> tuple[np.ndarray, np.ndarray]:
    """Make noiseless points on the helix (100 cos t, 100 sin t, t, 0, ..., 0) with t ~ U(0, 10π).

    Source: the paper, section "Synthetic Data"; the equation is that of "M13b_Spiral" in scikit-dimension.

    Parameters
    ----------
    n_samples, n_features : int
        Number of points, and of coordinates, at least 3; from the fourth on they are 0.
    random_state : None, int, numpy.random.Generator, RandomState or torch.Generator
        Seeds the parameters.

    Returns
    -------
    X : float64 array of shape (n, n_features)
    t : float64 array of shape (n,)

    Raises
    ------
    TypeError, ValueError
        If `n_samples` is below 1 or `n_features` below 3.

    Examples
    --------
    >>> [array.shape for array in make_helix(8192, n_features=12, random_state=0)]
    [(8192, 12), (8192,)]
    """
    n_samples = checks.check_int(n_samples, "n_samples", low=1)
    n_features = checks.check_int(n_features, "n_features", low=3)
    t = rng.numpy_generator(random_state).uniform(*HELIX_LIMITS, n_samples)
    return helix_curve(t, n_features=n_features), t


def helix_curve(t: np.ndarray, *, n_features: int = 3) -> np.ndarray:
    """Return the points of the helix at the parameters `t`.

    Parameters
    ----------
    t : float array of shape (n,)
        Parameters in [0, 10π].
    n_features : int
        The number of coordinates, at least 3.

    Returns
    -------
    float64 array of shape (n, n_features)

    Raises
    ------
    TypeError, ValueError
        If `t` is not a finite array of one axis.

    Examples
    --------
    >>> helix_curve(np.zeros(1), n_features=4).tolist()
    [[100.0, 0.0, 0.0, 0.0]]
    """
    t = check_parameters(t)
    X = np.zeros((len(t), checks.check_int(n_features, "n_features", low=3)))
    X[:, :3] = _helix(t)[0]
    return X


def helix_residual(X: np.ndarray) -> np.ndarray:
    """Return the error of points in the equation of `make_helix`: 0 on the curve.

    The equations are x = 100 cos z, y = 100 sin z, 0 ≤ z ≤ 10π, and 0 in every further coordinate.

    Parameters
    ----------
    X : float array of shape (n, d), d ≥ 3
        Points.

    Returns
    -------
    float64 array of shape (n,), in the units of X

    Raises
    ------
    ValueError
        If `X` is not a finite array of at least three columns.

    Examples
    --------
    >>> helix_residual([[100.0, 0.0, 0.0], [97.0, 4.0, 0.0]]).tolist()
    [0.0, 5.0]
    """
    X = _check_helix(X)
    beyond = X[:, 2] - np.clip(X[:, 2], *HELIX_LIMITS)
    off = X[:, :3] - _helix(X[:, 2])[0]
    return np.asarray(np.sqrt((off**2).sum(axis=1) + beyond**2 + (X[:, 3:] ** 2).sum(axis=1)))


def helix_distance(X: np.ndarray) -> np.ndarray:
    """Return the distances of points from the helix of `make_helix`, exact to 1e-9 (see `curve_distance`).

    Parameters
    ----------
    X : float array of shape (n, d), d ≥ 3
        Points.

    Returns
    -------
    float64 array of shape (n, 1), in the units of X

    Raises
    ------
    ValueError
        If `X` is not a finite array of at least three columns.

    Examples
    --------
    >>> helix_distance([[100.0, 0.0, 0.0], [100.0, 0.0, -3.0]]).round(6).tolist()
    [[0.0], [3.0]]
    """
    X = _check_helix(X)
    in_space = curve_distance(X[:, :3], _helix, HELIX_LIMITS)
    return np.asarray(np.hypot(in_space, np.linalg.norm(X[:, 3:], axis=1)))[:, None]


def _check_helix(X: np.ndarray) -> np.ndarray:
    X = checks.host_array(X, "X")
    return check_columns(X, max(X.shape[1], 3) if X.ndim == 2 else 3)


def _helix(t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return position, first and second derivative in R^3."""
    x, y, ones = RADIUS * np.cos(t), RADIUS * np.sin(t), np.ones_like(t)
    return np.stack([x, y, t], axis=-1), np.stack([-y, x, ones], axis=-1), np.stack([-x, -y, 0 * ones], axis=-1)
