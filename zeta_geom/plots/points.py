"""Point clouds: a two-class scatter coloured by soft label, and a projection of points in space."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from zeta_geom import checks
from zeta_geom.checks.types import ArrayLike
from zeta_geom.plots.style import OKABE_ITO

BEHIND = "#C9C9C9"  # points underneath


@cache
def two_class_colors() -> LinearSegmentedColormap:
    """Return the colour map of a two-class label: blue for class 0, vermillion for class 1, pale grey halfway.

    Returns
    -------
    matplotlib LinearSegmentedColormap

    Examples
    --------
    >>> [round(float(channel), 2) for channel in two_class_colors()(0.0)]
    [0.0, 0.45, 0.7, 1.0]
    """
    stops = [OKABE_ITO["blue"], "#C8C8C8", OKABE_ITO["vermillion"]]
    return LinearSegmentedColormap.from_list("two classes", stops)


def soft_scatter(
    ax: Axes, X: ArrayLike, share: ArrayLike, *, curves: ArrayLike | None = None, size: float = 4.0
) -> Axes:
    """Draw points of the plane, coloured by the share of class 1 in their label.

    Parameters
    ----------
    ax, X : matplotlib Axes, and float array of shape (n, 2)
        Axes to draw on, and the points to draw.
    share : float array of shape (n,)
        The share of class 1, from 0 to 1.
    curves : float array of shape (c, q, 2), optional
        Lines in grey under the points, such as the noiseless curves.
    size : float
        Area of a point, in square typographic points.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If a shape is wrong or a share lies outside [0, 1].

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> len(soft_scatter(Figure().subplots(), np.zeros((3, 2)), [0, 0.5, 1]).collections[0].get_offsets())
    3
    """
    points = _columns(X, 2)
    shares = checks.real_array(share, "share").astype(np.float64)
    if shares.shape != (len(points),):
        raise ValueError(f"share must have one value for each of the {len(points)} points; got shape {shares.shape}.")
    if not ((shares >= -1e-6) & (shares <= 1 + 1e-6)).all():  # float32 labels round
        raise ValueError(f"share must lie in [0, 1]; got values from {shares.min()} to {shares.max()}.")
    lines = np.zeros((0, 1, 2)) if curves is None else checks.real_array(curves, "curves")
    if lines.ndim != 3 or lines.shape[2] != 2:
        raise ValueError(f"curves must have shape (c, q, 2); got shape {lines.shape}.")
    for line in lines:
        ax.plot(*np.transpose(line), color="0.45", linewidth=0.6, zorder=1)
    look: dict[str, Any] = {"cmap": two_class_colors(), "vmin": 0, "vmax": 1}
    ax.scatter(points[:, 0], points[:, 1], c=shares, s=size, linewidths=0, rasterized=True, zorder=2, **look)
    ax.set_aspect("equal")
    return ax


def project(X: ArrayLike, elevation: float, azimuth: float, *, stretch: ArrayLike = (1, 1, 1)) -> np.ndarray:
    """Project points in space orthographically onto the plane that a viewer sees.

    The viewer looks at the origin from (cos e cos a, cos e sin a, sin e), with z upwards.

    Parameters
    ----------
    X : float array of shape (n, 3)
        Points to project.
    elevation, azimuth : float
        e and a, in degrees.
    stretch : three floats
        Factors of the three coordinates, applied before the projection.

    Returns
    -------
    float64 array of shape (n, 2), to the right and upwards

    Raises
    ------
    ValueError
        If `X` is not a finite array of three columns.

    Examples
    --------
    >>> project([[1, 2, 3]], 0, 0).tolist()
    [[2.0, 3.0]]
    """
    screen: np.ndarray = (_columns(X, 3) * _factors(stretch)) @ _screen(elevation, azimuth).T
    return screen


def axis_names(elevation: float, azimuth: float, *, stretch: ArrayLike = (1, 1, 1)) -> tuple[str, str]:
    """Return labels for the horizontal and the vertical axis of `project`, as sums of x, y and z.

    Parameters
    ----------
    elevation, azimuth, stretch : as in `project`
        The view.

    Returns
    -------
    (str, str)

    Examples
    --------
    >>> axis_names(70, 0, stretch=(1, 1, 4))
    ('y', '−0.94 x + 1.37 z')
    """
    right, up = _screen(elevation, azimuth) * _factors(stretch)
    return _sum_of(right), _sum_of(up)


def cloud(ax: Axes, XY: ArrayLike, *, color: str, behind: ArrayLike | None = None, size: float = 0.6) -> Axes:
    """Draw a dense cloud of points of the plane, with another cloud in grey under it.

    Parameters
    ----------
    ax, XY, behind : matplotlib Axes, and float arrays of shape (n, 2) and (q, 2)
        Axes to draw on, points to draw, and optionally points in grey underneath.
    color, size : str and float
        Colour of the points, and area of a point in square typographic points.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If a shape is wrong.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> len(cloud(Figure().subplots(), np.zeros((3, 2)), color="black").collections[0].get_offsets())
    3
    """
    if behind is not None:
        grey = _columns(behind, 2, "behind")
        ax.scatter(grey[:, 0], grey[:, 1], color=BEHIND, s=size, linewidths=0, rasterized=True)
    points = _columns(XY, 2, "XY")
    ax.scatter(points[:, 0], points[:, 1], color=color, s=size, linewidths=0, rasterized=True)
    ax.set_aspect("equal")
    return ax


def view_row(
    row: Sequence[Axes],
    clouds: ArrayLike,
    colors: list[str],
    *,
    originals: ArrayLike,
    view: tuple[float, float],
    stretch: ArrayLike = (1, 1, 1),
) -> Sequence[Axes]:
    """Draw point clouds in space from one view, one for each panel, with the originals in grey underneath.

    Parameters
    ----------
    row : sequence of matplotlib Axes
        Axes to draw on, one for each cloud.
    clouds, originals : float arrays of shape (panels, n, 3) and (q, 3)
        One cloud of points for each panel, and points in grey on every panel.
    colors : list of str
        One for each cloud.
    view, stretch : (float, float) and three floats
        Elevation and azimuth in degrees, and factors as in `project`.

    Returns
    -------
    sequence of matplotlib Axes

    Raises
    ------
    ValueError
        If a shape is wrong, or the numbers of panels, clouds and colours differ.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> row, clouds = Figure().subplots(1, 2), np.zeros((2, 5, 3))
    >>> len(view_row(row, clouds, ["black", "red"], originals=np.ones((4, 3)), view=(0, 90)))
    2
    """
    clouds = clouds if isinstance(clouds, (tuple, list)) else np.atleast_1d(checks.real_array(clouds, "clouds"))
    if not len(row) == len(clouds) == len(colors):
        raise ValueError(
            f"clouds and colors must have one entry per panel, {len(row)}; got {len(clouds)} and {len(colors)}."
        )
    behind = project(originals, *view, stretch=stretch)
    for ax, points, color in zip(row, clouds, colors, strict=True):
        cloud(ax, project(points, *view, stretch=stretch), color=color, behind=behind)
    return row


def _screen(elevation: float, azimuth: float) -> np.ndarray:
    """Return the unit vectors to the right and upwards, shape (2, 3)."""
    e = np.deg2rad(checks.check_real(elevation, "elevation"))
    a = np.deg2rad(checks.check_real(azimuth, "azimuth"))
    right = [-np.sin(a), np.cos(a), 0]
    up = [-np.sin(e) * np.cos(a), -np.sin(e) * np.sin(a), np.cos(e)]
    return np.array([right, up])


def _factors(stretch: ArrayLike) -> np.ndarray:
    """Return `stretch` as three finite numbers."""
    factors = checks.check_points(np.atleast_1d(checks.real_array(stretch, "stretch"))[None], "stretch")
    if factors.shape != (1, 3):
        raise ValueError(f"stretch must be three numbers; got shape {factors.shape[1:]}.")
    row: np.ndarray = factors[0].astype(np.float64)
    return row


def _sum_of(factors: np.ndarray) -> str:
    """Write a linear form of x, y and z, without the terms that vanish."""
    text = ""
    for factor, letter in zip(factors, "xyz", strict=True):
        size = f"{abs(factor):.2f}".rstrip("0").rstrip(".")
        if size == "0":
            continue
        sign = (" − " if factor < 0 else " + ") if text else ("−" if factor < 0 else "")
        text += f"{sign}{letter}" if size == "1" else f"{sign}{size} {letter}"
    return text


def _columns(X: ArrayLike, n: int, name: str = "X") -> np.ndarray:
    points = checks.check_points(X, name).astype(np.float64, copy=False)
    if points.shape[1] != n:
        raise ValueError(f"{name} must have {n} columns; got shape {points.shape}. Select or project them first.")
    return points
