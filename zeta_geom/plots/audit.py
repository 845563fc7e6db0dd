"""An audit in pictures: each measure's values beside what real samples give, densities, the worst samples, a map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

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
from zeta_geom.plots.densities import reflected_density
from zeta_geom.plots.names import ROW, as_label, lettered
from zeta_geom.plots.style import OKABE_ITO

__all__ = ["densities_of", "measure_panel", "points_map", "set_colors", "worst_images"]

OTHERS = ("blue", "vermillion", "green", "purple", "orange", "sky", "yellow")
LINES = ("-", "--", "-.", ":")
NUMBERS = ("value", "low", "high", "real", "real_low", "real_high")  # columns of a summary
TEXTS = ("measure", "title", "unit", "method", "verdict")
MARKERS = "osD^vPX"
REAL = "#7A7A7A"
TAIL = 0.995  # of the values, what a density shows


def set_colors(names: Sequence[str]) -> dict[str, str]:
    """Return a colour for each synthetic set, in turn.

    Parameters
    ----------
    names : sequence of str

    Returns
    -------
    dict of str -> str

    Examples
    --------
    >>> set_colors(["zeta", "mixup"])
    {'zeta': '#0072B2', 'mixup': '#D55E00'}
    """
    return {name: OKABE_ITO[OTHERS[i % len(OTHERS)]] for i, name in enumerate(names)}


@lettered
def measure_panel(ax: Any, rows: pd.DataFrame) -> Any:
    """Draw one measure: a row a method, its value and interval, over the band where another real sample would lie.

    A mark is filled where the value lies within the band, open where it lies outside, a cross where there is none.

    Parameters
    ----------
    ax : matplotlib Axes
    rows : DataFrame
        The rows of one measure of `Audit.summary`.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError, ValueError
        If a column is absent or holds no numbers, or the rows are not those of one measure.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> row = {"measure": "density", "title": "density", "unit": "", "method": "mixup", "value": 0.7, "low": 0.6}
    >>> row |= {"high": 0.8, "real": 1.0, "real_low": 0.9, "real_high": 1.1, "verdict": "outside, below"}
    >>> measure_panel(Figure().subplots(), pd.DataFrame([row])).get_title()
    'density'
    """
    check_table(rows, NUMBERS, "rows", texts=TEXTS)
    if rows["measure"].nunique() != 1:
        raise ValueError("rows must be those of one measure of an audit's summary; select them first.")
    colors = set_colors(list(rows["method"]))
    for place, row in enumerate(rows.to_dict("records")):
        if np.isfinite([row["real_low"], row["real_high"]]).all():
            ends = (row["real_low"], row["real_high"])
            ax.fill_betweenx((place - 0.5, place + 0.5), *ends, color=REAL, alpha=0.3, lw=0)
            ax.plot(ends, (place, place), color=REAL, alpha=0.6, lw=1, zorder=1)  # also where they are one
            ax.vlines(row["real"], place - 0.5, place + 0.5, color=REAL, lw=1)
        if not np.isfinite(row["value"]):
            ax.text(
                0.5, place, "not measurable", transform=ax.get_yaxis_transform(), ha="center", va="center", fontsize=6
            )
            continue
        color = colors[row["method"]]
        if np.isfinite(row["low"]):
            ax.plot((row["low"], row["high"]), (place, place), color=color, lw=1.2, zorder=2)
        face = color if row["verdict"] == "within" else "white"
        marker = "x" if row["verdict"] == "not measurable" else MARKERS[place % len(MARKERS)]
        ax.plot(row["value"], place, marker, color=color, mfc=face, mew=1.2, ms=4.5, zorder=3)
    ax.set(yticks=range(len(rows)), yticklabels=list(map(as_label, rows["method"])), ylim=(len(rows) - 0.5, -0.5))
    unit = rows["unit"].iloc[0]
    title = as_label(rows["title"].iloc[0], ROW)
    ax.set_title(title + (f" ({unit})" if unit in ("nats", "classes") else ""), fontsize=7)
    ax.tick_params(axis="y", length=0)
    ax.locator_params(axis="x", nbins=4)
    ax.margins(x=0.08)
    return ax


@lettered
def densities_of(ax: Any, values: Mapping[str, Any], colors: Mapping[str, str]) -> Any:
    """Draw the density of each set's values, lines of different dashes over one axis, each to its own height.

    The upper half per cent of all values is left out.

    Parameters
    ----------
    ax : matplotlib Axes
    values : mapping of name -> float array of shape (n,)
        Finite and not negative.
    colors : mapping of name -> colour
        Other names are drawn in black.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError, ValueError
        If a set has no value, or one that is not finite.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = densities_of(Figure().subplots(), {"original": np.arange(9.0), "zeta": np.arange(5.0)}, {"zeta": "blue"})
    >>> [line.get_label() for line in ax.lines]
    ['original', 'zeta']
    """
    values = {name: _values(one, name) for name, one in values.items()}
    every = np.concatenate(list(values.values()))
    low, high = float(every.min()), float(np.quantile(every, TAIL))
    spread = max(high - low, 1e-6 * max(abs(high), abs(low), 1e-30))  # values that are one are drawn, too
    limits = (low - 0.02 * spread if low > 0 else low, high + 0.02 * spread)
    for place, (name, one) in enumerate(values.items()):
        shown = one[one <= limits[1]]
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
def worst_images(figure: Any, images: np.ndarray, titles: Sequence[str], *, channels: str | None = None) -> Any:
    """Draw images in rows of six, each under its title.

    Parameters
    ----------
    figure : matplotlib Figure
    images : float array of shape (n, H, W), (n, H, W, C) or (n, C, H, W)
        Grey levels or colours from 0 to 1, clipped to it.
    titles : sequence of str
    channels : {"first", "last"}, optional
        Where the channels are; inferred by default (see `checks.image_axes`).

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    TypeError, ValueError
        If the images are not finite, of another shape, or not as many as the titles.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> len(worst_images(Figure(), np.zeros((2, 8, 8)), ["a", "b"]).axes)
    6
    """
    images = real_array(images, "images")
    check_finite(images, "images")
    if image_axes(images.shape, channels, "images") == (-2, -1) and images.ndim == 4:
        images = np.moveaxis(images, 1, -1)
    if images.shape[3:] not in ((), *((count,) for count in CHANNEL_COUNTS)) or not 0 < len(images) == len(titles):
        raise ValueError(
            "images must have shape (n, H, W), (n, H, W, C) or (n, C, H, W), C 1, 3 or 4, n at least 1, and a title "
            f"each; got shape {images.shape} and {len(titles)} titles."
        )
    rows = -(-len(images) // 6)
    axes = figure.subplots(rows, 6, squeeze=False).ravel()
    for ax in axes:
        ax.set_axis_off()
    for ax, image, title in zip(axes, images, titles):
        shown = np.clip(image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image, 0, 1)
        ax.imshow(shown, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
        ax.set_title(as_label(title), fontsize=6)
    return figure


@lettered
def points_map(ax: Any, xy: np.ndarray, owners: Sequence[str], name: str, color: str) -> Any:
    """Draw a map of real points, grey, and one synthetic set's, open rings in its colour.

    Parameters
    ----------
    ax : matplotlib Axes
    xy : float array of shape (n, 2)
    owners : sequence of str, of length n
        Which set each point belongs to; "original" is drawn grey.
    name : str
        The synthetic set that is drawn.
    color : str

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError, ValueError
        If the points are not finite, not in the plane, or not as many as the owners.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = points_map(Figure().subplots(), np.zeros((2, 2)), ["original", "zeta"], "zeta", "blue")
    >>> ax.get_title()
    'zeta'
    """
    xy, of = check_points(xy, "xy"), host_array(owners, "owners")
    if of.dtype.kind != "U":
        raise TypeError(f"owners must be names of sets; got dtype {of.dtype}.")
    if xy.shape[1] != 2 or of.shape != (len(xy),):
        raise ValueError(f"xy must have shape (n, 2), with an owner each; got {xy.shape} and owners {of.shape}.")
    real, own = xy[of == "original"], xy[of == name]
    ax.scatter(*real.T, s=4, color="#9A9A9A", lw=0, label="original", rasterized=True)
    ax.scatter(*own.T, s=9, facecolors="none", edgecolors=color, lw=0.6, label=as_label(name), rasterized=True)
    ax.set(xticks=[], yticks=[], title=as_label(name))
    ax.set_aspect("equal", adjustable="datalim")
    return ax


def _values(values: Any, name: str) -> np.ndarray:
    found = real_array(values, f"values of {name}").astype(np.float64)
    check_finite(found, f"values of {name}")
    if found.ndim != 1 or not len(found):
        raise ValueError(f"values of {name} must have shape (n,) with n at least 1; got shape {found.shape}.")
    if np.abs(found).max() > LARGEST:
        raise ValueError(f"values of {name} must lie within ±{LARGEST:g}, else their squares overflow. Rescale them.")
    return found
