"""Methods compared with one of them: one row for each method, with its difference and the interval."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from zeta_geom.checks import check_table
from zeta_geom.plots.names import as_text, lettered
from zeta_geom.plots.style import OKABE_ITO, name_rows

LEVEL = 0.05  # dots are filled if p is below it
LOWER, HIGHER, OPEN = OKABE_ITO["blue"], OKABE_ITO["vermillion"], "#595959"
COLUMNS = ("difference", "low", "high", "p")


@lettered
def difference_rows(
    ax: Axes, table: pd.DataFrame, names: Sequence[str], texts: Sequence[str], limits: tuple[float, float]
) -> Axes:
    """Draw one row for each method: its difference, the interval, and a text at the right; a line marks 0.

    A dot is filled if p < 0.05, blue below 0 and vermillion above it. Parts beyond the limits become arrows.

    Parameters
    ----------
    ax, table : matplotlib Axes and DataFrame
        Axes to draw on, and a table with columns difference, low, high and p; unknown values are NaN.
    names, texts : sequence of str
        Name of each row, and the text at its right.
    limits : (float, float)
        Ends of the axis, on both sides of 0.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If a column is absent, an interval lacks its difference, lengths differ, or 0 is not between the limits.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = pd.DataFrame({"difference": [30.0], "low": [20.0], "high": [40.0], "p": [0.2]})
    >>> [text.get_text() for text in difference_rows(Figure().subplots(), table, ["a"], ["48.7"], (-2, 2)).texts]
    ['+30.0', '48.7']
    """
    check_table(table, COLUMNS)
    if not len(names) == len(texts) == len(table) > 0:
        raise ValueError(
            f"names and texts must have one entry per row, {len(table)}; got {len(names)} and {len(texts)}."
        )
    if not limits[0] < 0 < limits[1]:
        raise ValueError(f"limits must have 0 between them; got {limits}.")
    if (table["low"] > table["difference"]).any() or (table["high"] < table["difference"]).any():
        raise ValueError("low <= difference <= high must hold in each row; swap low and high, or drop the row.")
    ax.axvline(0, color="black", lw=1, zorder=1)
    for row, (difference, low, high, p) in enumerate(table[list(COLUMNS)].to_numpy(dtype=np.float64)):
        if np.isfinite(difference):
            _interval(ax, row, (low, high), limits, _color(difference, p))
            _dot(ax, row, difference, p, limits)
        ax.text(1.05, row, as_text(texts[row]), transform=ax.get_yaxis_transform(), va="center", fontsize=6.5)
    ax.set_xlim(limits)
    return name_rows(ax, names, pad=8)


def difference_key() -> list[Line2D]:
    """Return the handles of a legend for `difference_rows`.

    Returns
    -------
    list of matplotlib Line2D

    Examples
    --------
    >>> [handle.get_label() for handle in difference_key()][:2]
    ['lower, p < 0.05 (filled)', 'higher, p < 0.05 (filled)']
    """

    def handle(marker: str, color: str, face: str, label: str) -> Line2D:
        return Line2D([], [], marker=marker, color=color, mfc=face, ms=5.5, mew=1.2, lw=1.2, label=label)

    return [
        handle("o", LOWER, LOWER, f"lower, p < {LEVEL} (filled)"),
        handle("o", HIGHER, HIGHER, f"higher, p < {LEVEL} (filled)"),
        handle("o", OPEN, "white", f"p ≥ {LEVEL} (open)"),
        handle(">", OPEN, "white", "beyond the axis: the difference in numbers"),
    ]


def _color(difference: float, p: float) -> str:
    if not p < LEVEL:  # NaN too
        return OPEN
    return LOWER if difference < 0 else HIGHER


def _interval(ax: Axes, row: int, ends: tuple[float, float], limits: tuple[float, float], color: str) -> None:
    """Draw the part of an interval within the limits, with an arrow at each clipped end."""
    if not np.isfinite(ends).all():
        return
    ax.plot(np.clip(ends, *limits), (row, row), lw=1.2, color=color, zorder=2, solid_capstyle="butt")
    for end, limit, marker in zip(ends, limits, "<>"):
        if abs(end) > abs(limit) and end * limit > 0:  # beyond it, on its side of 0
            ax.plot(limit, row, marker, color=color, ms=3, mew=0, clip_on=False, zorder=2)


def _dot(ax: Axes, row: int, difference: float, p: float, limits: tuple[float, float]) -> None:
    """Draw a difference as a dot or, beyond the limits, as an arrow with its number."""
    color = _color(difference, p)
    place = float(np.clip(difference, *limits))
    marker = "o" if place == difference else ("<" if difference < 0 else ">")
    face = "white" if color == OPEN else color
    ax.plot(place, row, marker, color=color, mfc=face, ms=5.5, mew=1.2, clip_on=False, zorder=3)
    if place != difference:
        side = {"<": ("left", 6), ">": ("right", -6)}[marker]
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        number = f"{difference:+.1f}".replace("-", "−")
        ax.annotate(number, (place, row), (side[1], 0), textcoords="offset points", ha=side[0], va="center",
                    fontsize=6.5, bbox=box, zorder=2.5)  # fmt: skip
