"""Spheres, tori and cubes of any dimension, with Gaussian noise: data to test estimators of the dimension."""

import numpy as np

from zeta_geom import checks, rng


def make_sphere(
    n_samples: int = 8192,
    *,
    intrinsic_dim: int = 2,
    n_features: int | None = None,
    noise: float = 0.0,
    random_state: rng.RandomState = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Make uniform points on the unit sphere of dimension `intrinsic_dim`, with Gaussian noise.

    The sphere lies in the first d + 1 coordinates; without noise the others are 0. Source: Muller 1959, normalised
    Gaussian vectors.

    Parameters
    ----------
    n_samples, intrinsic_dim : int
        Number of points, and the dimension d of the sphere; a circle has d = 1.
    n_features : int, optional
        Number of coordinates, at least d + 1 (the default).
    noise : float
        Standard deviation of the noise in each coordinate.
    random_state : None, int, numpy.random.Generator, RandomState or torch.Generator
        Seeds the points and the noise.

    Returns
    -------
    X : float64 array of shape (n, n_features)
    u : float64 array of shape (n, d + 1)
        The noiseless points, of length 1.

    Raises
    ------
    TypeError, ValueError
        If a size is too small, or `noise` is negative or not finite.

    Examples
    --------
    >>> X, u = make_sphere(100, intrinsic_dim=2, n_features=4, random_state=0)
    >>> X.shape, np.allclose(np.linalg.norm(X, axis=1), 1)
    ((100, 4), True)
    """
    n_samples, d = _sizes(n_samples, intrinsic_dim)
    generator = rng.numpy_generator(random_state)
    normal = generator.standard_normal((n_samples, d + 1))
    u = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    return _embed(u, n_features, noise, generator), u


def make_torus(
    n_samples: int = 8192,
    *,
    intrinsic_dim: int = 2,
    n_features: int | None = None,
    noise: float = 0.0,
    random_state: rng.RandomState = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Make uniform points on the flat torus, the product of `intrinsic_dim` unit circles, with Gaussian noise.

    With angles t ~ U(0, 2π)^d the coordinates are cos t_i and sin t_i; without noise further ones are 0. Source: the
    Clifford torus, for d = 2.

    Parameters
    ----------
    n_samples, intrinsic_dim : int
        Number of points, and the dimension d of the torus.
    n_features : int, optional
        Number of coordinates, at least 2 d (the default).
    noise : float
        Standard deviation of the noise in each coordinate.
    random_state : None, int, numpy.random.Generator, RandomState or torch.Generator
        Seeds the angles and the noise.

    Returns
    -------
    X : float64 array of shape (n, n_features)
    t : float64 array of shape (n, d)
        The angles.

    Raises
    ------
    TypeError, ValueError
        If a size is too small, or `noise` is negative or not finite.

    Examples
    --------
    >>> X, t = make_torus(100, intrinsic_dim=3, random_state=0)
    >>> X.shape, np.allclose(X[:, 0], np.cos(t[:, 0]))
    ((100, 6), True)
    """
    n_samples, d = _sizes(n_samples, intrinsic_dim)
    generator = rng.numpy_generator(random_state)
    t = generator.uniform(0, 2 * np.pi, (n_samples, d))
    points = np.stack([np.cos(t), np.sin(t)], axis=2).reshape(n_samples, 2 * d)
    return _embed(points, n_features, noise, generator), t


def make_cube(
    n_samples: int = 8192,
    *,
    intrinsic_dim: int = 2,
    n_features: int | None = None,
    noise: float = 0.0,
    random_state: rng.RandomState = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Make uniform points in the unit cube of dimension `intrinsic_dim`, with Gaussian noise.

    The cube is [0, 1]^d in the first d coordinates; without noise the others are 0. It is flat, and has borders,
    which lower most estimates. Source: the standard test of estimators.

    Parameters
    ----------
    n_samples, intrinsic_dim : int
        Number of points, and the dimension d of the cube.
    n_features : int, optional
        Number of coordinates, at least d (the default).
    noise : float
        Standard deviation of the noise in each coordinate.
    random_state : None, int, numpy.random.Generator, RandomState or torch.Generator
        Seeds the points and the noise.

    Returns
    -------
    X : float64 array of shape (n, n_features)
    p : float64 array of shape (n, d)
        The noiseless points in the cube.

    Raises
    ------
    TypeError, ValueError
        If a size is too small, or `noise` is negative or not finite.

    Examples
    --------
    >>> X, p = make_cube(100, intrinsic_dim=3, n_features=6, random_state=0)
    >>> X.shape, bool(X.min() >= 0), bool(X.max() <= 1)
    ((100, 6), True, True)
    """
    n_samples, d = _sizes(n_samples, intrinsic_dim)
    generator = rng.numpy_generator(random_state)
    p = generator.random((n_samples, d))
    return _embed(p, n_features, noise, generator), p


def _sizes(n_samples: int, intrinsic_dim: int) -> tuple[int, int]:
    """Return the checked number of points and dimension."""
    return checks.check_int(n_samples, "n_samples", low=1), checks.check_int(intrinsic_dim, "intrinsic_dim", low=1)


def _embed(points: np.ndarray, n_features: int | None, noise: float, generator: np.random.Generator) -> np.ndarray:
    """Return the points with zeros in further coordinates, up to `n_features`, plus noise in all of them."""
    least = points.shape[1]
    n_features = least if n_features is None else checks.check_int(n_features, "n_features", low=least)
    noise = checks.check_real(noise, "noise", low=0)
    X = np.zeros((len(points), n_features))
    X[:, :least] = points
    return X + noise * generator.standard_normal(X.shape) if noise else X
