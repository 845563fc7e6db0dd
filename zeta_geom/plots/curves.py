"""Curves with bands: a measure against γ, and the dimension against scale."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from zeta_geom.checks import check_choice, check_table
from zeta_geom.plots.names import as_label, lettered
from zeta_geom.plots.style import METHOD_COLORS, METHOD_LABELS, OKABE_ITO

AGAINST = {"k": "number of neighbors k", "radius": "mean distance of the k-th neighbor"}
COLORS = ("black", "vermillion", "blue", "green", "orange", "purple", "sky", "grey", "yellow")
MARKERS = "os^Dv<>Px"


def curve_against_gamma(ax: Axes, table: pd.DataFrame, method: str, *, band: bool = True, **line: Any) -> Axes:
    """Draw mean ± standard deviation of a measure against γ.

    Parameters
    ----------
    ax, table : matplotlib Axes and DataFrame
        Axes to draw on, and a table with columns gamma, mean and std.
    method : str
        A key of METHOD_COLORS, for colour and label; any other name needs `color`.
    band : bool
        Shade one standard deviation on both sides.
    **line
        Passed to `ax.plot`.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError, ValueError
        If a column is absent or does not hold numbers, or the method is unknown and has no colour.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = pd.DataFrame({"gamma": [0, 1], "mean": [2, 1], "std": [0, 0]})
    >>> len(curve_against_gamma(Figure().subplots(), table, "zeta").lines)
    1
    """
    check_table(table, ["gamma", "mean", "std"])
    table = table.sort_values("gamma")
    color = line.get("color") or METHOD_COLORS[check_choice(method, "method", METHOD_COLORS)]
    look: dict[str, Any] = {"color": color, "label": _label(method), "lw": 1.4} | line
    ax.plot(table["gamma"], table["mean"], **look)
    if band:
        low, high = table["mean"] - table["std"], table["mean"] + table["std"]
        ax.fill_between(table["gamma"], low, high, color=color, alpha=0.13, lw=0)
    return ax


def level_across(ax: Axes, mean: float, std: float | None, method: str, **line: Any) -> Axes:
    """Draw a value that does not depend on γ as a horizontal line, with a band of one standard deviation.

    Parameters
    ----------
    ax, mean, std : matplotlib Axes and float
        Axes to draw on, height of the line, and half the height of the band; `std` None for no band.
    method : str
        A key of METHOD_COLORS; any other name needs `color`.
    **line
        Passed to `ax.axhline`.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> len(level_across(Figure().subplots(), 1.0, 0.1, "mixup").patches)
    1
    """
    color = line.get("color") or METHOD_COLORS[check_choice(method, "method", METHOD_COLORS)]
    look: dict[str, Any] = {"color": color, "label": _label(method), "lw": 1.4, "ls": "-."} | line
    ax.axhline(mean, **look)
    if std is not None:
        ax.axhspan(mean - std, mean + std, color=color, alpha=0.08, lw=0)
    return ax


def mark_gamma_min(ax: Axes, gamma: float) -> Axes:
    r"""Draw a dotted line at γ_min, with its name.

    Parameters
    ----------
    ax, gamma : matplotlib Axes and float
        Axes to draw on, and the position of the line.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> mark_gamma_min(Figure().subplots(), 1.73).texts[0].get_text()
    '$\\gamma_{\\min}$'
    """
    ax.axvline(gamma, color=OKABE_ITO["grey"], ls=":", lw=1)
    places: dict[str, Any] = {"xycoords": ("data", "axes fraction"), "xytext": (2, -2), "textcoords": "offset points"}
    ax.annotate(r"$\gamma_{\min}$", (gamma, 1), va="top", fontsize=7, color="#555555", **places)
    return ax


@lettered
def dimension_curves(ax: Axes, table: pd.DataFrame, *, against: str = "k") -> Axes:
    """Draw the mean dimension of each estimator against scale, with a band of 2 standard errors on both sides.

    Rows whose dimension or scale is not finite are not drawn; a text names estimators without any other.

    Parameters
    ----------
    ax, table : matplotlib Axes and DataFrame
        Axes to draw on, and a table of `dimension_scale`: estimator, k, radius, dimension and sem.
    against : {"k", "radius"}
        The horizontal axis, logarithmic.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError, ValueError
        If a column is absent or does not hold numbers, or `against` is another.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = pd.DataFrame({"estimator": "FO", "k": [8, 16], "radius": [0.1, 0.2], "dimension": [2, 3], "sem": 0.1})
    >>> len(dimension_curves(Figure().subplots(), table).lines)
    1
    """
    check_choice(against, "against", AGAINST)
    check_table(table, [against, "dimension", "sem"], texts=["estimator"])
    absent = []
    for place, (name, rows) in enumerate(table.groupby("estimator", sort=False)):
        label, color = as_label(str(name)), OKABE_ITO[COLORS[place % len(COLORS)]]
        x, y, sem = (rows[column].to_numpy(dtype=np.float64) for column in (against, "dimension", "sem"))
        drawn = np.isfinite(x) & np.isfinite(y) & (x > 0)
        if not drawn.any():
            absent.append(label)
            continue
        order = np.flatnonzero(drawn)[np.argsort(x[drawn], kind="stable")]
        x, y, sem = x[order], y[order], np.nan_to_num(sem[order], posinf=0.0)
        look: dict[str, Any] = {"color": color, "marker": MARKERS[place % len(MARKERS)], "ms": 3, "lw": 1.4}
        ax.plot(x, y, label=label, **look)
        with np.errstate(over="ignore", invalid="ignore"):  # bands that no axes can show
            ax.fill_between(x, y - 2 * sem, y + 2 * sem, color=color, alpha=0.2, lw=0)
    if absent:
        text = "no dimension: " + ", ".join(absent)
        ax.text(0.98, 0.02, text, transform=ax.transAxes, ha="right", va="bottom", fontsize=6, wrap=True)
    ax.set_xscale("log", base=2 if against == "k" else 10)
    ax.set(xlabel=AGAINST[against], ylabel="local intrinsic dimension")
    if against == "k" and ax.lines:
        ticks = sorted({int(k) for k in table["k"] if np.isfinite(k) and k > 0})[:12]
        ax.set_xticks(ticks, [str(k) for k in ticks])
    return ax


def _label(method: str) -> str:
    return METHOD_LABELS.get(method) or as_label(method)
