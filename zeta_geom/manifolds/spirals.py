"""SPIRALS: two interleaving Archimedean arms in the plane, one for each class."""

import numpy as np

from zeta_geom import checks, rng
from zeta_geom.manifolds.curves import check_columns, check_parameters, curve_distance

PITCH = 0.2  # r = PITCH · t
SPIRAL_LIMITS = (0.5 * np.pi, 3 * np.pi)


def make_spirals(
    n_samples: int = 512, *, noise: float = 0.1, random_state: rng.RandomState = None
) -> tuple[np.ndarray, np.ndarray]:
    """Make points of two classes on the interleaving arms of a spiral, with Gaussian noise.

    Class 0 is 0.2 t (cos t, sin t) with t ~ U(0.5π, 3π), and class 1 is the same arm turned by π, in shuffled order.
    Source: the paper, section "Synthetic Data" (SPIRALS), without an equation; the equation is this project's choice.

    Parameters
    ----------
    n_samples, noise : int and float
        Number of points, at least 2, of both classes, and standard deviation of the noise in each coordinate.
    random_state : None, int, numpy.random.Generator, RandomState or torch.Generator
        Seeds the parameters, the noise and the order.

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
    >>> np.bincount(make_spirals(512, random_state=0)[1]).tolist()
    [256, 256]
    """
    n_samples = checks.check_int(n_samples, "n_samples", low=2)
    noise = checks.check_real(noise, "noise", low=0)
    generator = rng.numpy_generator(random_state)
    y = generator.permutation((np.arange(n_samples) >= n_samples // 2).astype(np.int64))
    t = generator.uniform(*SPIRAL_LIMITS, n_samples)
    X = spiral_curves(t)[y, np.arange(n_samples)]
    return X + noise * generator.standard_normal(X.shape), y


def spiral_curves(t: np.ndarray) -> np.ndarray:
    """Return the noiseless arms of class 0 and class 1 at the angles `t`.

    Parameters
    ----------
    t : float array of shape (q,)
        Angles in [0.5π, 3π], in radians.

    Returns
    -------
    float64 array of shape (2, q, 2)

    Raises
    ------
    TypeError, ValueError
        If `t` is not a finite array of one axis.

    Examples
    --------
    >>> spiral_curves(np.array([np.pi])).round(3)[:, 0, 0].tolist()
    [-0.628, 0.628]
    """
    arm = _arm(check_parameters(t))[0]
    return np.stack([arm, -arm])


def spiral_residual(X: np.ndarray) -> np.ndarray:
    """Return the error of points in the equation of either arm of `make_spirals`: 0 on the curves.

    With r = |p| and t = r / 0.2, the equations are p = ± r (cos t, sin t) with 0.5π ≤ t ≤ 3π.

    Parameters
    ----------
    X : float array of shape (n, 2)
        Points.

    Returns
    -------
    float64 array of shape (n,), in the units of X

    Raises
    ------
    ValueError
        If `X` is not a finite array of two columns.

    Examples
    --------
    >>> spiral_residual([[-0.2 * np.pi, 0.0], [0.0, 0.0]]).round(3).tolist()
    [0.0, 0.314]
    """
    X = check_columns(X, 2)
    r = np.linalg.norm(X, axis=1)
    beyond = r - PITCH * np.clip(r / PITCH, *SPIRAL_LIMITS)
    on_arm = np.stack([r * np.cos(r / PITCH), r * np.sin(r / PITCH)], axis=1)
    off = np.minimum(np.linalg.norm(X - on_arm, axis=1), np.linalg.norm(X + on_arm, axis=1))
    return np.asarray(np.hypot(off, beyond))


def spiral_distances(X: np.ndarray) -> np.ndarray:
    """Return the distances of points from the curve of each class of `make_spirals`, to 1e-9 (see `curve_distance`).

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
    >>> spiral_distances([[-0.2 * np.pi, 0.0]]).round(3).tolist()
    [[0.0, 0.613]]
    """
    X = check_columns(X, 2)
    return np.stack([curve_distance(X, _arm, SPIRAL_LIMITS), curve_distance(-X, _arm, SPIRAL_LIMITS)], axis=1)


def _arm(t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the arm of class 0 with its first and second derivative."""
    outward = np.stack([np.cos(t), np.sin(t)], axis=-1)
    along = np.stack([-np.sin(t), np.cos(t)], axis=-1)
    t = t[..., None]
    return PITCH * t * outward, PITCH * (outward + t * along), PITCH * (2 * along - t * outward)
