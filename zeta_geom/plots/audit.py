"""Pictures of an audit: the values of a measure against real samples, densities, the worst samples, a map."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zeta_geom.checks import (
    CHANNEL_COUNTS,
    LARGEST,
    check_finite,
    check_points,
    check_table,
    host_array,
    image_axes,
    real_array,
)
from zeta_geom.checks.types import ArrayLike
from zeta_geom.plots.densities import reflected_density
from zeta_geom.plots.names import ROW, as_label, lettered
from zeta_geom.plots.style import OKABE_ITO

SET_COLORS = ("blue", "vermillion", "green", "purple", "orange", "sky", "yellow")
LINES = ("-", "--", "-.", ":")
NUMBERS = ("value", "low", "high", "real", "real_low", "real_high")  # columns of a summary
TEXTS = ("measure", "title", "unit", "method", "verdict")
MARKERS = "osD^vPX"
REAL = "#7A7A7A"  # colour of real samples
TAIL = 0.995  # share of the values that a density shows: a few far values would squeeze the rest


def set_colors(names: Sequence[str]) -> dict[str, str]:
    """Return a colour for each synthetic set, by its name; the colours repeat after seven sets.

    Parameters
    ----------
    names : sequence of str
        Names of the sets.

    Returns
    -------
    dict of str -> str

    Examples
    --------
    >>> set_colors(["zeta", "mixup"])
    {'zeta': '#0072B2', 'mixup': '#D55E00'}
    """
    return {name: OKABE_ITO[SET_COLORS[i % len(SET_COLORS)]] for i, name in enumerate(names)}


@lettered
def measure_panel(ax: Axes, rows: pd.DataFrame) -> Axes:
    """Draw one measure: for each method its value and interval, over the band of another sample of real data.

    A marker is filled if the value lies within the band, open if it lies outside, and a cross if there is no band.

    Parameters
    ----------
    ax, rows : matplotlib Axes and DataFrame
        Axes to draw on, and the rows of one measure of `Audit.summary`; with a column `better`, the direction that
        is better stands below.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError, ValueError
        If a column is absent or does not hold numbers, or the rows belong to several measures.

    Examples
    --------
    >>> row = {"measure": "density", "title": "density", "unit": "", "method": "mixup", "verdict": "outside, below"}
    >>> row |= {"value": 0.7, "low": 0.6, "high": 0.8, "real": 1.0, "real_low": 0.9, "real_high": 1.1}
    >>> measure_panel(Figure().subplots(), pd.DataFrame([row])).get_title()
    'density'
    """
    check_table(rows, NUMBERS, "rows", texts=TEXTS)
    if rows["measure"].nunique() != 1:
        raise ValueError("rows must belong to one measure of an audit's summary; select them first.")
    colors = set_colors(list(rows["method"]))
    for place, row in enumerate(rows.to_dict("records")):
        if np.isfinite([row["real_low"], row["real_high"]]).all():
            ends = (row["real_low"], row["real_high"])
            ax.fill_betweenx((place - 0.5, place + 0.5), *ends, color=REAL, alpha=0.3, lw=0)
            ax.plot(ends, (place, place), color=REAL, alpha=0.6, lw=1, zorder=1)  # visible even if the ends are equal
            ax.vlines(row["real"], place - 0.5, place + 0.5, color=REAL, lw=1)
        if not np.isfinite(row["value"]):
            ax.text(
                0.5, place, "not measurable", transform=ax.get_yaxis_transform(), ha="center", va="center", fontsize=6
            )
            continue
        color = colors[row["method"]]
        if np.isfinite(row["low"]):
            ax.plot((row["low"], row["high"]), (place, place), color=color, lw=1.2, zorder=2)
        face = color if row["verdict"].startswith("within") else "white"
        marker = "x" if row["verdict"] == "not measurable" else MARKERS[place % len(MARKERS)]
        ax.plot(row["value"], place, marker, color=color, mfc=face, mew=1.2, ms=4.5, zorder=3)
    ax.set(yticks=range(len(rows)), yticklabels=list(map(as_label, rows["method"])), ylim=(len(rows) - 0.5, -0.5))
    unit = rows["unit"].iloc[0]
    title = as_label(rows["title"].iloc[0], ROW)
    ax.set_title(title + (f" ({unit})" if unit in ("nats", "classes") else ""), fontsize=7)
    ax.tick_params(axis="y", length=0)
    ax.locator_params(axis="x", nbins=4)
    ax.margins(x=0.08)
    if "better" in rows:
        better = rows["better"].iloc[0]
        ax.set_xlabel(f"{better} is better" if better else "no direction is better", fontsize=6, color=REAL)
    return ax


@lettered
def densities_of(ax: Axes, values: Mapping[str, ArrayLike], colors: Mapping[str, str]) -> Axes:
    """Draw the density of each set's values, scaled to a maximum of 1, without the largest 0.5 % of all values.

    Parameters
    ----------
    ax, values : matplotlib Axes, and mapping of name -> float array of shape (n,)
        Axes to draw on, and values of each set, finite.
    colors : mapping of name -> colour
        Colours of the sets; a set without a colour is drawn in black.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError, ValueError
        If a set has no value, or a value is not finite.

    Examples
    --------
    >>> densities_of(Figure().subplots(), {"zeta": np.arange(5.0)}, {"zeta": "blue"}).lines[0].get_label()
    'zeta'
    """
    sets = {name: _check_values(array, name) for name, array in values.items()}
    pooled = np.concatenate(list(sets.values()))
    low, high = float(pooled.min()), float(np.quantile(pooled, TAIL))
    spread = max(high - low, 1e-6 * max(abs(high), abs(low), 1e-30))  # not 0 even if all values are equal
    limits = (low - 0.02 * spread if low > 0 else low, high + 0.02 * spread)
    for place, (name, array) in enumerate(sets.items()):
        shown = array[array <= limits[1]]
        if not len(shown):
            continue
        deviation = min(shown.std(), np.subtract(*np.quantile(shown, [0.75, 0.25])) / 1.34) or shown.std()
        width = max(0.9 * deviation * len(shown) ** -0.2, spread / 200)  # Silverman's rule
        x, density = reflected_density(shown, bandwidth=width, limits=limits)
        color = colors.get(name, OKABE_ITO["black"])
        ax.plot(x, density / density.max(), color=color, ls=LINES[place % len(LINES)], lw=1.2, label=as_label(name))
    ax.set(xlim=limits, yticks=[])
    ax.set_ylim(bottom=0)
    ax.spines["left"].set_visible(False)
    return ax


@lettered
def worst_images(figure: Figure, images: np.ndarray, titles: Sequence[str], *, channels: str | None = None) -> Figure:
    """Draw images in rows of six, each under its title.

    Parameters
    ----------
    figure : matplotlib Figure
        An empty figure.
    images : float array of shape (n, H, W), (n, H, W, C) or (n, C, H, W)
        Grey levels or colours; they are clipped to 0..1.
    titles : sequence of str
        One for each image.
    channels : {"first", "last"}, optional
        The axis of the channels; inferred by default (see `checks.image_axes`).

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    TypeError, ValueError
        If the images are not finite or have another shape, or their number is not that of the titles.

    Examples
    --------
    >>> len(worst_images(Figure(), np.zeros((2, 8, 8)), ["a", "b"]).axes)
    6
    """
    images = real_array(images, "images")
    check_finite(images, "images")
    if image_axes(images.shape, channels, "images") == (-2, -1) and images.ndim == 4:
        images = np.moveaxis(images, 1, -1)
    if images.shape[3:] not in ((), *((count,) for count in CHANNEL_COUNTS)) or not 0 < len(images) == len(titles):
        raise ValueError(
            "images must have shape (n, H, W), (n, H, W, C) or (n, C, H, W), with C 1, 3 or 4 and n at least 1, "
            f"and one title per image; got shape {images.shape} and {len(titles)} titles."
        )
    rows = -(-len(images) // 6)
    plain = {"xticks": [], "yticks": [], "frame_on": False}  # axes switched off would still make ticks
    axes = figure.subplots(rows, 6, squeeze=False, subplot_kw=plain).ravel()
    for ax, image, title in zip(axes, images, titles):
        shown = np.clip(image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image, 0, 1)
        ax.imshow(shown, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
        ax.set_title(as_label(title), fontsize=6)
    return figure


@lettered
def points_map(ax: Axes, xy: np.ndarray, owners: Sequence[str], name: str, color: str) -> Axes:
    """Draw a map: real points as grey dots, and the points of one synthetic set as rings in its colour.

    Parameters
    ----------
    ax, xy : matplotlib Axes, and float array of shape (n, 2)
        Axes to draw on, and points of the map.
    owners : sequence of str, of length n
        The set of each point; "original" for real points.
    name, color : str
        The synthetic set to draw, and the colour of its rings.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError, ValueError
        If the points are not finite or not in the plane, or there is not one owner for each point.

    Examples
    --------
    >>> points_map(Figure().subplots(), np.zeros((2, 2)), ["original", "zeta"], "zeta", "blue").get_title()
    'zeta'
    """
    xy, of = check_points(xy, "xy"), host_array(owners, "owners")
    if of.dtype.kind != "U":
        raise TypeError(f"owners must be names of sets; got dtype {of.dtype}.")
    if xy.shape[1] != 2 or of.shape != (len(xy),):
        raise ValueError(f"xy must have shape (n, 2), with an owner per point; got {xy.shape} and owners {of.shape}.")
    real, synthetic = xy[of == "original"].T, xy[of == name].T
    ax.scatter(real[0], real[1], s=4, color="#9A9A9A", lw=0, label="original", rasterized=True)
    rings: dict[str, Any] = {"facecolors": "none", "edgecolors": color, "lw": 0.6, "label": as_label(name)}
    ax.scatter(synthetic[0], synthetic[1], s=9, rasterized=True, **rings)
    ax.set(xticks=[], yticks=[], title=as_label(name))
    ax.set_aspect("equal", adjustable="datalim")
    return ax


def _check_values(values: ArrayLike, name: str) -> np.ndarray:
    array: np.ndarray = real_array(values, f"values of {name}").astype(np.float64)
    check_finite(array, f"values of {name}")
    if array.ndim != 1 or not len(array):
        raise ValueError(f"values of {name} must have shape (n,) with n at least 1; got shape {array.shape}.")
    if np.abs(array).max() > LARGEST:
        raise ValueError(f"values of {name} must lie within ±{LARGEST:g}, or their squares overflow. Rescale them.")
    return array
