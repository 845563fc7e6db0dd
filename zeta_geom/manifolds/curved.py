"""A nonlinear manifold of any dimension d in 2 d coordinates, repeated once or several times."""

import numpy as np

from zeta_geom import checks, rng


def make_curved_manifold(
    n_samples: int = 8192, *, intrinsic_dim: int = 3, n_features: int = 12, random_state: rng.RandomState = None
) -> tuple[np.ndarray, np.ndarray]:
    """Make noiseless points on a curved manifold of dimension `intrinsic_dim`.

    With p ~ U(0, 1)^d and q = (p_2, ..., p_d, p_1), the coordinates are q_i cos 2πp_i and q_i sin 2πp_i, repeated
    n_features / (2 d) times. Source: the paper, Fig. 6c, d; equation of "M8_Nonlinear" in scikit-dimension.

    Parameters
    ----------
    n_samples, intrinsic_dim : int
        Number of points, and the dimension d of the manifold.
    n_features : int
        Number of coordinates, a multiple of 2 d; 4 d in the paper.
    random_state : None, int, numpy.random.Generator, RandomState or torch.Generator
        Seeds the parameters.

    Returns
    -------
    X : float64 array of shape (n, n_features)
    p : float64 array of shape (n, intrinsic_dim)

    Raises
    ------
    TypeError, ValueError
        If a size is below 1, or `n_features` is no multiple of 2 · `intrinsic_dim`.

    Examples
    --------
    >>> [array.shape for array in make_curved_manifold(100, random_state=0)]
    [(100, 12), (100, 3)]
    """
    n_samples = checks.check_int(n_samples, "n_samples", low=1)
    intrinsic_dim = checks.check_int(intrinsic_dim, "intrinsic_dim", low=1)
    copies = copies_of(n_features, intrinsic_dim)
    p = rng.numpy_generator(random_state).random((n_samples, intrinsic_dim))
    return curved_points(p, copies=copies), p


def curved_points(p: np.ndarray, *, copies: int = 2) -> np.ndarray:
    """Return the points of the manifold at the parameters `p`.

    Parameters
    ----------
    p : float array of shape (n, d)
        Parameters in [0, 1].
    copies : int
        How often the 2 d coordinates are repeated.

    Returns
    -------
    float64 array of shape (n, 2 · d · copies)

    Raises
    ------
    TypeError, ValueError
        If `p` is not finite and 2-D, or `copies` is no positive integer.

    Examples
    --------
    >>> curved_points(np.array([[0.5, 0.25]]), copies=1).round(6).tolist()
    [[-0.25, 0.0, 0.0, 0.5]]
    """
    p = checks.check_points(p, "p", min_samples=0).astype(np.float64, copy=False)
    return np.tile(points_at(p), (1, checks.check_int(copies, "copies", low=1)))


def points_at(p: np.ndarray) -> np.ndarray:
    """Return the first 2 d coordinates of the points at checked parameters."""
    q = np.roll(p, -1, axis=1)
    pairs = np.stack([q * np.cos(2 * np.pi * p), q * np.sin(2 * np.pi * p)], axis=2)
    return pairs.reshape(len(p), 2 * p.shape[1])


def curved_residual(X: np.ndarray, *, intrinsic_dim: int = 3) -> np.ndarray:
    """Return the error of points in the equation of `make_curved_manifold`: 0 on the manifold.

    The radius of the i-th pair of coordinates is q_i = p_{i+1}, so the radii give p. The equations say that each pair
    has the angle 2πp_i, that p lies in [0, 1]^d, and that the copies agree.

    Parameters
    ----------
    X : float array of shape (n, n_features)
        Points.
    intrinsic_dim : int
        The dimension d; `n_features` is a multiple of 2 d.

    Returns
    -------
    float64 array of shape (n,)

    Raises
    ------
    ValueError
        If `X` is not finite or its number of columns is no multiple of 2 d.

    Examples
    --------
    >>> curved_residual([[-0.25, 0.0, 0.0, 0.5]], intrinsic_dim=2).round(6).tolist()
    [0.0]
    """
    X = checks.check_points(X).astype(np.float64, copy=False)
    d = checks.check_int(intrinsic_dim, "intrinsic_dim", low=1)
    copies = copies_of(X.shape[1], d)
    radii = np.linalg.norm(X[:, : 2 * d].reshape(-1, d, 2), axis=2)
    p = np.roll(radii, 1, axis=1)
    off = np.linalg.norm(X - curved_points(p, copies=copies), axis=1)
    return np.asarray(np.hypot(off, np.linalg.norm(np.maximum(p - 1, 0), axis=1)))


def copies_of(n_features: int, intrinsic_dim: int) -> int:
    """Return how often the 2 d coordinates are repeated, or raise ValueError."""
    n_features = checks.check_int(n_features, "n_features", low=1)
    if n_features % (2 * intrinsic_dim):
        raise ValueError(
            f"n_features must be a multiple of 2 · intrinsic_dim = {2 * intrinsic_dim}, the number of different "
            f"coordinates; got {n_features}. Use {4 * intrinsic_dim}, as the paper does."
        )
    return n_features // (2 * intrinsic_dim)
