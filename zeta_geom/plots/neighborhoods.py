"""Neighbourhoods in the plane: covariance ellipses, and circles around a test point's neighbours."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Ellipse

from zeta_geom import checks
from zeta_geom.checks.types import ArrayLike
from zeta_geom.plots.style import OKABE_ITO

STANDARD_DEVIATIONS = 2  # the half axes of an ellipse, in units of √λ


def neighborhood_ellipse(ax: Axes, neighbors: ArrayLike, *, color: str = OKABE_ITO["black"]) -> Axes:
    """Draw the covariance ellipse of a neighbourhood: centred on its mean, half axes 2 √λ along the eigenvectors.

    Parameters
    ----------
    ax, neighbors : matplotlib Axes, and float array of shape (k, 2)
        Axes to draw on, and at least 2 points.
    color : str
        Colour of the lines.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If `neighbors` is not a finite array of two columns and at least two rows.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> len(neighborhood_ellipse(Figure().subplots(), [[0.0, 0.0], [2.0, 0.0], [1.0, 0.0]]).patches)
    2
    """
    points = _plane(neighbors, "neighbors", min_samples=2)
    eigenvalues, axes = np.linalg.eigh(np.cov(points.T))
    height, width = 2 * STANDARD_DEVIATIONS * np.sqrt(np.maximum(eigenvalues, 0))
    angle = np.degrees(np.arctan2(axes[1, 1], axes[0, 1]))
    centre = tuple(points.mean(axis=0))
    ax.add_patch(Ellipse(centre, width, height, angle=angle, facecolor=color, alpha=0.12, zorder=1))
    ax.add_patch(Ellipse(centre, width, height, angle=angle, fill=False, edgecolor=color, lw=1.2, zorder=4))
    return ax


def ringed_points(ax: Axes, points: ArrayLike, *, size: float = 22, color: str = OKABE_ITO["black"]) -> Axes:
    """Draw rings around points, to mark them among others.

    Parameters
    ----------
    ax, points : matplotlib Axes, and float array of shape (k, 2)
        Axes to draw on, and the points to mark.
    size, color : float and str
        Area of a ring in square typographic points, and colour of the lines.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> len(ringed_points(Figure().subplots(), [[0.0, 1.0]]).collections)
    1
    """
    xy = _plane(points, "points")
    ax.scatter(xy[:, 0], xy[:, 1], s=size, facecolors="none", edgecolors=color, linewidths=0.7, zorder=5)
    return ax


def vote_circles(ax: Axes, test_point: ArrayLike, neighbors: ArrayLike, ks: tuple[int, ...]) -> Axes:
    """Draw a test point as a square, and for each k the circle through its k-th neighbour.

    Parameters
    ----------
    ax, test_point, neighbors : matplotlib Axes, and float arrays of shape (2,) and (k, 2)
        Axes to draw on, the centre of the circles, and its neighbours, nearest first.
    ks : tuple of int
        Numbers of neighbours, one for each circle.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If a shape is wrong, or there are fewer neighbours than the largest k.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> len(vote_circles(Figure().subplots(), [0.0, 0.0], [[1.0, 0.0], [0.0, 3.0]], (1, 2)).patches)
    2
    """
    centre = _plane(checks.host_array(test_point, "test_point")[None], "test_point")[0]
    points = _plane(neighbors, "neighbors")
    if max(ks) > len(points):
        raise ValueError(f"ks must be at most the {len(points)} neighbours; got {tuple(ks)}.")
    for k, style in zip(sorted(ks), ("-", "--", ":", "-.") * len(ks)):
        radius = float(np.linalg.norm(points[k - 1] - centre))
        ax.add_patch(Circle(tuple(centre), radius, fill=False, edgecolor="0.25", lw=0.9, ls=style, zorder=4))
    ax.plot(*centre, marker="s", ms=6.5, mfc=OKABE_ITO["green"], mec="black", mew=0.8, ls="", zorder=6)
    return ax


def window(*clouds: ArrayLike, margin: float = 0.15) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the limits of a square around all points, with a margin.

    Parameters
    ----------
    *clouds : float arrays of shape (k, 2)
        Sets of points.
    margin : float
        White space on each side, as a share of the points' range.

    Returns
    -------
    ((left, right), (bottom, top))

    Raises
    ------
    TypeError, ValueError
        If there is no cloud, a cloud is not finite or has not two columns, or the margin is negative.

    Examples
    --------
    >>> window([[0.0, 0.0], [2.0, 1.0]], margin=0.5)
    ((-1.0, 3.0), (-1.5, 2.5))
    """
    margin = checks.check_real(margin, "margin", low=0, high=1e6)
    points = np.concatenate([_plane(cloud, "clouds") for cloud in clouds]).astype(np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    x, y = (low + high) / 2
    half = float((high - low).max()) * (0.5 + margin)
    return (float(x - half), float(x + half)), (float(y - half), float(y + half))


def _plane(points: ArrayLike, name: str, *, min_samples: int = 1) -> np.ndarray:
    array = checks.check_points(points, name, min_samples=min_samples)
    if array.shape[1] != 2:
        raise ValueError(f"{name} must have two columns; got shape {array.shape}. Project the points first.")
    return array
