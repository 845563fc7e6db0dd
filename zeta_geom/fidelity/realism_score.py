"""Realism and rarity of single samples: the balls of real samples around a fake, and how large they are."""

from dataclasses import dataclass

import numpy as np

from zeta_geom.checks.scaling import squares_scale
from zeta_geom.checks.types import ArrayLike
from zeta_geom.execution.threads import map_chunks, rows_that_fit
from zeta_geom.fidelity.neighbor_balls import check_k, check_samples, neighbor_radii
from zeta_geom.geometry.cpu.balls import pair_distances

TILES = 4  # arrays of float64 that a chunk holds at once


@dataclass(frozen=True)
class Rarity:
    """Rarity of single fakes.

    Parameters
    ----------
    score : float
        The mean rarity of the fakes inside; 0 if none is inside.
    inside : bool array of shape (m,)
        Whether each fake lies in a ball of a real sample, as in `improved_precision_recall`.
    rarity : float64 array of shape (m,)
        Radius of the smallest ball that holds each fake, in the unit of the features; NaN outside all balls, where
        the paper leaves it undefined.

    Examples
    --------
    See `rarity_scores`.
    """

    score: float
    inside: np.ndarray
    rarity: np.ndarray


def realism_scores(
    real: ArrayLike,
    fake: ArrayLike,
    *,
    k: int = 3,
    pruned: bool = True,
    n_jobs: int | None = -1,
    progress: bool = False,
) -> np.ndarray:
    """Return the largest ratio of a real ball's radius to the distance of a fake from its centre.

    Parameters
    ----------
    real : float array of shape (n, d)
        Real samples, or their features.
    fake : float array of shape (m, d)
        Synthetic samples, in the same features and units.
    k : int
        A ball reaches to its centre's k-th neighbour, k below n; 3 as in the paper.
    pruned : bool
        Use only the balls whose radius is at most the median, as in the paper: large balls in sparse regions hold
        unrealistic samples, too.
    n_jobs : int or None
        Number of threads, as in scikit-learn; -1 uses all cores.
    progress : bool
        Show a progress bar, on a terminal.

    Returns
    -------
    ndarray of float64, shape (m,)
        0 or more, without unit; larger is more realistic. At least 1 if a ball holds the fake; inf for a copy of a
        centre.

    Raises
    ------
    TypeError, ValueError
        If the samples are not finite, real and 2-D, the widths differ, or k is out of range.

    Notes
    -----
    realism(x) = max_i NND_k(real_i) / ‖x - real_i‖, with NND_k(real_i) the distance of real_i to its k-th nearest
    other real sample. Without pruning, the fakes with a score of 1 or more are those that
    `improved_precision_recall` counts. A copy of a centre has the score inf, also if the radius is 0. If all radii
    are 0, all other fakes have the score 0.

    References
    ----------
    Kynkäänniemi et al. 2019, "Improved precision and recall metric for assessing generative models", Section 5,
    Equation 3; the paper discards the balls above the median radius.

    Examples
    --------
    >>> realism_scores([[0.0], [1.0], [3.0]], [[0.5], [5.0]], k=1, pruned=False)
    array([2., 1.])
    """
    X, Y = check_samples(real, fake, ("real", "fake"), min_samples=(2, 1))
    radii = neighbor_radii(X, check_k(k, X, "real"), n_jobs=n_jobs, progress=progress)
    if not isinstance(pruned, (bool, np.bool_)):
        raise TypeError(f"pruned must be True or False; got {pruned!r:.60}.")
    if pruned:
        kept = radii <= np.median(radii)
        X, radii = np.ascontiguousarray(X[kept]), radii[kept]
    middle = X.mean(axis=0, dtype=np.float64)

    def ratios(rows: slice) -> np.ndarray:
        low, high = _bounds(Y[rows], X, middle)
        with np.errstate(divide="ignore", invalid="ignore"):
            most, least = radii / np.maximum(low, 0), radii / high
        most[low <= 0] = np.inf  # perhaps a copy of the centre
        points, balls = np.nonzero((most >= least.max(axis=1, keepdims=True)) & (most > 0))
        distances = pair_distances(Y[rows], X, points, balls)
        exact = np.full(len(distances), np.inf)
        np.divide(radii[balls], distances, out=exact, where=distances > 0)
        largest = np.zeros(len(low))
        np.maximum.at(largest, points, exact)
        return np.sqrt(largest)

    size = rows_that_fit(8 * TILES * len(X))
    parts = map_chunks(ratios, len(Y), size, n_jobs=n_jobs, progress=progress, description="realism")
    return np.concatenate(parts)


def rarity_scores(
    real: ArrayLike, fake: ArrayLike, *, k: int = 3, n_jobs: int | None = -1, progress: bool = False
) -> Rarity:
    """Return the radius of the smallest real ball that holds each fake: large where real samples are sparse.

    Parameters
    ----------
    real : float array of shape (n, d)
        Real samples, or their features.
    fake : float array of shape (m, d)
        Synthetic samples, in the same features and units.
    k : int
        A ball reaches to its centre's k-th neighbour, k below n; 3 as in the paper.
    n_jobs : int or None
        Number of threads, as in scikit-learn; -1 uses all cores.
    progress : bool
        Show a progress bar, on a terminal.

    Returns
    -------
    Rarity
        The mean of the fakes inside, which fakes are inside, and the rarity of each.

    Raises
    ------
    TypeError, ValueError
        If the samples are not finite, real and 2-D, the widths differ, or k is out of range.

    Notes
    -----
    rarity(x) = min_i NND_k(real_i) over the i with ‖x - real_i‖ ≤ NND_k(real_i). It depends on the unit and on the
    number of real samples: compare with the rarity of real samples. Neither more nor less is better: fakes that are
    all near the centre of a class have a low rarity, and outliers in large balls a high one.

    References
    ----------
    Han et al. 2023, "Rarity Score: A New Metric to Evaluate the Uncommonness of Synthesized Images", the definition
    of the score; k = 3 as in its experiments.

    Examples
    --------
    >>> rarity_scores([[0.0], [1.0], [3.0]], [[0.5], [3.5], [9.0]], k=1).rarity
    array([ 1.,  2., nan])
    """
    X, Y = check_samples(real, fake, ("real", "fake"), min_samples=(2, 1), keep_unit=True)
    scale = squares_scale(X, Y)
    if scale != 1:
        X, Y = ((A * scale).astype(A.dtype, copy=False) for A in (X, Y))
    radii = neighbor_radii(X, check_k(k, X, "real"), n_jobs=n_jobs, progress=progress)
    middle = X.mean(axis=0, dtype=np.float64)

    def least_radii(rows: slice) -> np.ndarray:
        low, high = _bounds(Y[rows], X, middle)
        least: np.ndarray = np.where(high <= radii, radii, np.inf).min(axis=1)
        points, balls = np.nonzero((low <= radii) & (high > radii) & (radii < least[:, None]))
        inside = pair_distances(Y[rows], X, points, balls) <= radii[balls]
        np.minimum.at(least, points[inside], radii[balls[inside]])
        return least

    size = rows_that_fit(8 * TILES * len(X))
    parts = map_chunks(least_radii, len(Y), size, n_jobs=n_jobs, progress=progress, description="rarity")
    squared = np.concatenate(parts)
    inside = np.isfinite(squared)
    rarity = np.where(inside, np.sqrt(np.where(inside, squared, 0)) / scale, np.nan)
    return Rarity(float(rarity[inside].mean()) if inside.any() else 0.0, inside, rarity)


def _bounds(points: np.ndarray, centres: np.ndarray, middle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return bounds below and above the squared distances (points, centres), as `pair_distances` sums them.

    The error of the matrix product is at most `slack` · (‖a‖² + ‖b‖²), by the same reasoning as in `ball_members`.
    """
    a, b = points - middle, centres - middle
    a_squared, b_squared = np.einsum("ij,ij->i", a, a)[:, None], np.einsum("ij,ij->i", b, b)
    norms = a_squared + b_squared
    distances = norms - 2 * (a @ b.T)
    slack = 2 * (a.shape[1] + 16) * np.finfo(np.float64).eps * norms + np.finfo(np.float64).tiny
    return distances - slack, distances + slack
