"""The table of manifolds: generator, true dimension, equation and distances."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from zeta_geom import checks
from zeta_geom.manifolds.crescents import (
    CRESCENT_LIMITS,
    crescent_curves,
    crescent_distances,
    crescent_residual,
    make_crescents,
)
from zeta_geom.manifolds.curved import curved_residual, make_curved_manifold
from zeta_geom.manifolds.curves import DISTANCE_TOLERANCE
from zeta_geom.manifolds.helix import HELIX_LIMITS, helix_curve, helix_distance, helix_residual, make_helix
from zeta_geom.manifolds.projection import curved_distance
from zeta_geom.manifolds.spirals import SPIRAL_LIMITS, make_spirals, spiral_curves, spiral_distances, spiral_residual

LABEL_TIE = 1e-6  # larger than the rounding of a sum of 128 float32 weights


@dataclass(frozen=True)
class Manifold:
    """One manifold of the table.

    Parameters
    ----------
    make : callable
        ``(n_samples=..., *, random_state=None, **other)`` -> X (n, n_features), and labels (n,) or parameters.
    dimension, n_features : int
        The true dimension of the noiseless points, and the number of coordinates.
    residual : callable
        X (n, n_features) -> (n,): the error of each point in the equation; 0 on the manifold.
    distances : callable, optional
        X (n, n_features) -> (n, K): the distance from each class's noiseless curve; (n, 1) for a single manifold.
    curves : callable, optional
        t (q,) -> (K, q, n_features): points on each noiseless curve.
    limits : (float, float), optional
        The first and the last t of the curves.
    n_classes : int
        The number of classes; 0 if `make` returns parameters instead of labels.

    Examples
    --------
    >>> MANIFOLDS["helix-3d"].dimension
    1
    """

    make: Callable[..., tuple[np.ndarray, np.ndarray]]
    dimension: int
    n_features: int
    residual: Callable[[np.ndarray], np.ndarray]
    distances: Callable[[np.ndarray], np.ndarray] | None = None
    curves: Callable[[np.ndarray], np.ndarray] | None = None
    limits: tuple[float, float] | None = None
    n_classes: int = 0

    def distance(self, X: np.ndarray) -> np.ndarray:
        """Return each point's distance from the nearest noiseless curve, or from the manifold.

        Parameters
        ----------
        X : float array of shape (n, n_features)
            Points.

        Returns
        -------
        float64 array of shape (n,)

        Raises
        ------
        ValueError
            If the manifold has no distance function, or `X` has another shape.

        Examples
        --------
        >>> MANIFOLDS["crescents"].distance([[0.0, 1.5]]).tolist()
        [0.5]
        """
        return np.asarray(self._distances(X).min(axis=1))

    def nearest_class(self, X: np.ndarray) -> np.ndarray:
        """Return the class of each point's nearest noiseless curve; of equally close ones the first.

        Parameters
        ----------
        X : float array of shape (n, n_features)
            Points.

        Returns
        -------
        int64 array of shape (n,)

        Raises
        ------
        ValueError
            If the manifold has no classes, or `X` has another shape.

        Examples
        --------
        >>> MANIFOLDS["crescents"].nearest_class([[0.0, 1.5], [1.0, -1.0]]).tolist()
        [0, 1]
        """
        if not self.n_classes:
            raise ValueError("this manifold has no classes; use 'crescents' or 'spirals'.")
        return np.asarray(self._distances(X).argmin(axis=1))

    def _distances(self, X: np.ndarray) -> np.ndarray:
        if self.distances is None:
            raise ValueError("this manifold has no distance function; use one of MANIFOLDS, such as 'helix-3d'.")
        return self.distances(X)


def _helix_entry(n_features: int) -> Manifold:
    """Return the helix in R^n."""

    def make(n_samples: int = 8192, **other: Any) -> tuple[np.ndarray, np.ndarray]:
        return make_helix(n_samples, n_features=n_features, **other)

    def curves(t: np.ndarray) -> np.ndarray:
        return helix_curve(t, n_features=n_features)[None]

    return Manifold(make, 1, n_features, helix_residual, helix_distance, curves, HELIX_LIMITS)


MANIFOLDS = {
    "crescents": Manifold(
        make_crescents, 1, 2, crescent_residual, crescent_distances, crescent_curves, CRESCENT_LIMITS, n_classes=2
    ),
    "spirals": Manifold(
        make_spirals, 1, 2, spiral_residual, spiral_distances, spiral_curves, SPIRAL_LIMITS, n_classes=2
    ),
    "helix-3d": _helix_entry(3),
    "helix-12d": _helix_entry(12),
    "curved-12d": Manifold(make_curved_manifold, 3, 12, curved_residual, curved_distance),
}


def get_manifold(name: str) -> Manifold:
    """Return the manifold of this name.

    Parameters
    ----------
    name : str
        A key of `MANIFOLDS`.

    Returns
    -------
    Manifold

    Raises
    ------
    ValueError
        If no manifold has this name.

    Examples
    --------
    >>> get_manifold("curved-12d").n_features
    12
    """
    return MANIFOLDS[checks.check_choice(name, "name", MANIFOLDS)]


def wrong_labels(distances: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """Return which points have a wrong label: the top class of the label is not the class of the nearest curve.

    Ties count as right: distances that differ by at most 1e-9, or shares that differ by at most 1e-6, are equal.
    Source: the paper, Fig. 2a and its text ("label error").

    Parameters
    ----------
    distances, Y : float arrays of shape (n, K)
        The distance of each point from the noiseless curve of each class, and soft labels.

    Returns
    -------
    bool array of shape (n,)

    Raises
    ------
    ValueError
        If the shapes differ or `Y` holds no soft labels.

    Examples
    --------
    >>> wrong_labels([[0.1, 0.2], [0.1, 0.2], [0.1, 0.2]], [[0.9, 0.1], [0.1, 0.9], [0.5, 0.5]]).tolist()
    [False, True, False]
    """
    distances = checks.check_points(distances, "distances")
    Y = checks.check_labels(Y, "Y")
    if Y.shape != distances.shape:
        raise ValueError(f"Y must be soft labels in the shape of distances {distances.shape}; got shape {Y.shape}.")
    nearest = distances - distances.min(axis=1, keepdims=True) <= DISTANCE_TOLERANCE
    leading = Y.max(axis=1, keepdims=True) - Y <= LABEL_TIE
    return np.asarray(~(nearest & leading).any(axis=1))
