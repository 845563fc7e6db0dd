"""Two methods compared on many data sets: a pair of dots in each row, joined by a line in the winner's colour."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from zeta_geom.checks import check_table
from zeta_geom.plots.names import as_label, lettered
from zeta_geom.plots.style import OKABE_ITO, name_rows

WINNER_COLORS = (OKABE_ITO["blue"], OKABE_ITO["orange"], OKABE_ITO["grey"])  # first, second, neither
MARKERS = ("o", "D")
APART = 0.13  # distance of a dot from the middle of its row: neither bar hides the other
COLUMNS = ("first", "first_std", "second", "second_std")


@lettered
def paired_dots(ax: Axes, table: pd.DataFrame, names: Sequence[str]) -> Axes:
    """Draw one row for each pair: two dots with their standard deviations, a dotted line between, and the difference.

    A dot of the higher method is filled, and gives line and dots its colour; the difference is first minus second.

    Parameters
    ----------
    ax, table : matplotlib Axes and DataFrame
        Axes to draw on, and columns first, first_std, second and second_std in per cent; a deviation may be NaN.
    names : sequence of str
        Name of each row.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If a column is absent, a mean is not finite, or the number of names is not that of the rows.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = pd.DataFrame({"first": [90.0], "first_std": [1.0], "second": [88.0], "second_std": [0.5]})
    >>> paired_dots(Figure().subplots(), table, ["digits"]).texts[0].get_text()
    '+2.0'
    """
    check_table(table, COLUMNS)
    if len(names) != len(table) or not len(table):
        raise ValueError(f"names must have one name per row of table; got {len(names)} for {len(table)} rows.")
    values = table[list(COLUMNS)].to_numpy(dtype=np.float64)
    if not np.isfinite(values[:, ::2]).all():
        raise ValueError("first and second must be finite numbers; drop rows without a value.")
    for row, (first, first_std, second, second_std) in enumerate(values):
        difference = first - second
        higher = 2 if difference == 0 else int(difference < 0)
        color, ys = WINNER_COLORS[higher], (row - APART, row + APART)
        ax.plot((first, second), ys, ls=":", lw=1.5, color=color, zorder=1)
        for side, (mean, std) in enumerate(((first, first_std), (second, second_std))):
            if np.isfinite(std):
                ax.plot((mean - std, mean + std), (ys[side],) * 2, lw=1, color=color, alpha=0.7, zorder=1)
            face = color if side == higher else "white"
            ax.plot(mean, ys[side], MARKERS[side], color=color, mfc=face, ms=5.5, mew=1.3, zorder=2)
        text, beside = f"{difference:+.1f}".replace("-", "−"), ax.get_yaxis_transform()
        ax.text(1.01, row, text, transform=beside, va="center", fontsize=7)
    return name_rows(ax, names)


def paired_dots_key(names: tuple[str, str]) -> list[Line2D]:
    """Return the handles of a legend for `paired_dots`: a marker for each method, and a colour for each outcome.

    Parameters
    ----------
    names : (str, str)
        Names of the first and the second method.

    Returns
    -------
    list of matplotlib Line2D

    Examples
    --------
    >>> paired_dots_key(("ζ-mixup", "manifold mixup"))[2].get_label()
    'ζ-mixup is higher (filled)'
    """
    methods = [
        Line2D([], [], ls="", marker=marker, color="black", mfc="white", mew=1.3, label=as_label(name))
        for marker, name in zip(MARKERS, names)
    ]
    outcomes = [
        Line2D([], [], ls=":", lw=1.5, marker=marker, color=color, label=f"{as_label(name)} is higher (filled)")
        for marker, color, name in zip(MARKERS, WINNER_COLORS, names)
    ]
    return [*methods, *outcomes]
