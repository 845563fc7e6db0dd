"""CRESCENTS: two interleaving half circles in the plane, one for each class."""

import numpy as np

from zeta_geom import checks, rng
from zeta_geom.manifolds.curves import check_columns, check_parameters

CENTERS = np.array([[0.0, 0.0], [1.0, 0.5]])
CRESCENT_LIMITS = (0.0, np.pi)
SIDES = np.array([1.0, -1.0])  # the first opens downwards and lies above its centre, the second below


def make_crescents(
    n_samples: int = 512, *, noise: float = 0.1, random_state: rng.RandomState = None
) -> tuple[np.ndarray, np.ndarray]:
    """Make points of two classes on interleaving half circles, with Gaussian noise.

    Class 0 is (cos t, sin t) and class 1 is (1 - cos t, 0.5 - sin t), at evenly spaced t in [0, π], in random order.
    Source: the paper, section "Synthetic Data" (CRESCENTS); the curves are those of `sklearn.datasets.make_moons`.

    Parameters
    ----------
    n_samples, noise : int and float
        Number of points, at least 2, of both classes, and standard deviation of the noise in each coordinate.
    random_state : None, int, numpy.random.Generator, RandomState or torch.Generator
        Seeds the noise and the order.

    Returns
    -------
    X : float64 array of shape (n, 2)
    y : int64 array of shape (n,)

    Raises
    ------
    TypeError, ValueError
        If `n_samples` is below 2 or `noise` is negative or not finite.

    Examples
    --------
    >>> np.bincount(make_crescents(512, random_state=0)[1]).tolist()
    [256, 256]
    """
    from sklearn.datasets import make_moons

    n_samples = checks.check_int(n_samples, "n_samples", low=2)
    noise = checks.check_real(noise, "noise", low=0)
    seed = int(rng.numpy_generator(random_state).integers(2**32))  # scikit-learn takes no Generator
    X, y = make_moons(n_samples, noise=noise, random_state=seed)
    return X, y.astype(np.int64)


def crescent_curves(t: np.ndarray) -> np.ndarray:
    """Return the noiseless half circles of class 0 and class 1 at the angles `t`.

    Parameters
    ----------
    t : float array of shape (q,)
        Angles in [0, π], in radians.

    Returns
    -------
    float64 array of shape (2, q, 2)

    Raises
    ------
    TypeError, ValueError
        If `t` is not a finite array of one axis.

    Examples
    --------
    >>> crescent_curves(np.zeros(1)).tolist()
    [[[1.0, 0.0]], [[0.0, 0.5]]]
    """
    t = check_parameters(t)
    upper = np.stack([np.cos(t), np.sin(t)], axis=-1)
    return np.stack([upper, CENTERS[1] - upper])


def crescent_residual(X: np.ndarray) -> np.ndarray:
    """Return the error of points in the equation of either half circle of `make_crescents`: 0 on the curves.

    The equations are x² + y² = 1 with y ≥ 0, and (x - 1)² + (y - 0.5)² = 1 with y ≤ 0.5.

    Parameters
    ----------
    X : float array of shape (n, 2)
        Points.

    Returns
    -------
    float64 array of shape (n,)

    Raises
    ------
    ValueError
        If `X` is not a finite array of two columns.

    Examples
    --------
    >>> crescent_residual([[0.0, 1.0], [0.0, 1.5]]).tolist()
    [0.0, 1.25]
    """
    gap = check_columns(X, 2)[:, None] - CENTERS
    wrong_side = np.maximum(-SIDES * gap[..., 1], 0)
    return np.asarray(np.hypot((gap**2).sum(axis=2) - 1, wrong_side).min(axis=1))


def crescent_distances(X: np.ndarray) -> np.ndarray:
    """Return the distances of points from the curve of each class of `make_crescents`, in closed form.

    Parameters
    ----------
    X : float array of shape (n, 2)
        Points.

    Returns
    -------
    float64 array of shape (n, 2), one column for each class, in the units of X

    Raises
    ------
    ValueError
        If `X` is not a finite array of two columns.

    Examples
    --------
    >>> crescent_distances([[0.0, 0.0], [-1.0, -1.0]]).round(3).tolist()
    [[1.0, 0.118], [1.0, 1.5]]
    """
    gap = check_columns(X, 2)[:, None] - CENTERS
    arc = np.abs(np.linalg.norm(gap, axis=2) - 1)
    end = np.hypot(np.abs(gap[..., 0]) - 1, gap[..., 1])
    return np.asarray(np.where(SIDES * gap[..., 1] >= 0, arc, end))
