"""Sensitivity to γ: a measure against γ, with other methods as levels."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from zeta_geom.checks import check_finite, check_real, check_table, real_array
from zeta_geom.plots.curves import curve_against_gamma, level_across
from zeta_geom.plots.style import METHOD_COLORS, METHOD_LABELS

CLOSEST = 0.075  # smallest distance of labels, as a share of the axis's height: closer labels would touch
LARGEST_GAMMA = 1e6  # beyond it an axis has no readable ticks
STYLES = {"mixup": "-.", "erm": "--"}


def gamma_sensitivity(ax: Axes, table: pd.DataFrame, levels: Mapping[str, tuple[float, float | None]]) -> Axes:
    """Draw mean ± standard deviation of ζ-mixup against γ, and other methods as levels, with names at the right end.

    Parameters
    ----------
    ax, table : matplotlib Axes and DataFrame
        Axes to draw on, and a table with columns gamma, mean and std (NaN if unknown), one row for each value of γ.
    levels : mapping of str to (float, float or None)
        A key of METHOD_COLORS -> mean and standard deviation.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If a column is absent, there is no row, a γ or a mean is not finite, or a level's method is unknown.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = pd.DataFrame({"gamma": [2.0, 3.0], "mean": [5.0, 6.0], "std": [0.1, 0.2]})
    >>> [text.get_text() for text in gamma_sensitivity(Figure().subplots(), table, {"mixup": (6.5, 0.1)}).texts]
    ['mixup', 'ζ-mixup']
    """
    check_table(table, ["gamma", "mean", "std"])
    if not len(table):
        raise ValueError("table must have a row for each value of γ; it has none.")
    if not np.isfinite(table[["gamma", "mean"]].to_numpy(dtype=np.float64)).all():
        raise ValueError("table must hold finite numbers in gamma and mean; drop rows without a value.")
    if (table["gamma"].abs() > LARGEST_GAMMA).any():
        raise ValueError(f"table must have γ within ±{LARGEST_GAMMA:g}; drop other rows.")
    if unknown := [name for name in levels if name not in METHOD_COLORS]:
        raise ValueError(f"levels must have keys among {', '.join(METHOD_COLORS)}; got {', '.join(unknown)}.")
    table = table.sort_values("gamma")
    ends = {}
    for method, (mean, std) in levels.items():
        known = None if std is None or np.isnan(std) else std
        level_across(ax, mean, known, method, ls=STYLES.get(method, ":"))
        ends[method] = mean
    curve_against_gamma(ax, table.fillna({"std": 0.0}), "zeta", marker="o", ms=3)
    ends["zeta"] = table["mean"].iloc[-1]
    ax.set_xlim(table["gamma"].iloc[0] - 0.15, table["gamma"].iloc[-1] + 0.05)
    ax.margins(y=0.08)
    low, high = ax.get_ylim()
    places = spread_apart(np.array(list(ends.values())), CLOSEST * (high - low))
    for (method, _), place in zip(ends.items(), places):
        color, beside = METHOD_COLORS[method], ax.get_yaxis_transform()
        ax.text(1.015, place, METHOD_LABELS[method], transform=beside, color=color, va="center", fontsize=7.5)
    return ax


def spread_apart(places: np.ndarray, least: float) -> np.ndarray:
    """Move places apart to a distance of at least `least`, in the same order and with the least squared movement.

    Parameters
    ----------
    places : float array of shape (n,)
        Heights of labels, in any order.
    least : float
        Smallest distance between two labels.

    Returns
    -------
    float64 array of shape (n,)

    Raises
    ------
    TypeError, ValueError
        If `places` are not finite and 1-D, or `least` is negative.

    Examples
    --------
    >>> spread_apart(np.array([0.0, 5.0, 0.5]), 1.0).tolist()
    [-0.25, 5.0, 0.75]
    """
    places, least = real_array(places, "places").astype(np.float64), check_real(least, "least", low=0)
    if places.ndim != 1:
        raise ValueError(f"places must have shape (n,); got shape {places.shape}.")
    check_finite(places, "places")
    if not len(places):
        return places
    order = np.argsort(places, kind="stable")
    steps = least * np.arange(len(places))
    blocks: list[list[float]] = []  # isotonic regression of (place - step): pool blocks whose means descend
    for value in places[order] - steps:
        blocks.append([value])
        while len(blocks) > 1 and np.mean(blocks[-2]) > np.mean(blocks[-1]):
            last = blocks.pop()
            blocks[-1].extend(last)
    apart = np.empty(len(places))
    apart[order] = np.concatenate([np.full(len(block), np.mean(block)) for block in blocks]) + steps
    return apart
