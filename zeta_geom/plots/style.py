"""The common look of all figures: colours for colour-blind readers, plain axes, letters and names around panels."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from zeta_geom.checks import check_real, check_table
from zeta_geom.mixers.table import LEARNED, MIXERS
from zeta_geom.plots.names import ROW, as_label, as_text, lettered

OKABE_ITO = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
    "grey": "#8C8C8C",
}

METHOD_COLORS = {
    "original": OKABE_ITO["black"],
    "erm": OKABE_ITO["grey"],
    "mixup": OKABE_ITO["vermillion"],
    "mixup-per-sample": OKABE_ITO["orange"],
    "zeta": OKABE_ITO["blue"],
    "zeta-random": OKABE_ITO["green"],
}

METHOD_LABELS = {"original": "original", "erm": "ERM"} | {name: kind.traits.title for name, kind in MIXERS.items()}
METHOD_LABELS |= {name: row[0] for name, row in LEARNED.items()}
METHOD_LABELS |= {
    "mixup-per-sample": f"{METHOD_LABELS['mixup']} (λ per sample)",
    "zeta-random": f"{METHOD_LABELS['zeta']} (random anchor)",
}

PARAMETERS: dict[Any, Any] = {  # of Matplotlib's rcParams
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 9,
    "axes.labelsize": 8,
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "font.size": 8,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "savefig.dpi": 200,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
}


def panel_letter(ax: Axes, letter: str) -> Axes:
    """Write a panel's letter at the upper left, outside the axes.

    Parameters
    ----------
    ax, letter : matplotlib Axes and str
        Axes to draw on, and the letter.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> panel_letter(Figure().subplots(), "a").get_title(loc="left")
    'a'
    """
    ax.set_title(letter, loc="left", fontweight="bold")
    return ax


def name_rows(ax: Axes, names: Sequence[str], **ticks: float) -> Axes:
    """Name the rows 0, 1, ... of axes from top to bottom, over light vertical lines."""
    labels = [as_label(name, ROW) for name in names]
    ax.set(yticks=range(len(names)), yticklabels=labels, ylim=(len(names) - 0.5, -0.5))
    ax.tick_params(axis="y", length=0, **ticks)
    ax.grid(axis="x", lw=0.4, color="#DDDDDD")
    ax.set_axisbelow(True)
    return ax


@lettered
def name_columns(axes: np.ndarray, names: list[str], xlabel: str) -> np.ndarray:
    """Write a name above each column of panels, over the titles there, and an axis label below the last row.

    Parameters
    ----------
    axes : array of matplotlib Axes of shape (rows, columns)
        The panels.
    names, xlabel : list of str, and str
        One name for each column, and the label of the horizontal axes.

    Returns
    -------
    array of matplotlib Axes

    Raises
    ------
    ValueError
        If the number of names is not that of the columns.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> name_columns(Figure().subplots(2, 2), ["input", "mixup"], "x")[0, 1].get_title()
    'mixup'
    """
    if len(names) != axes.shape[1]:
        raise ValueError(f"names must hold one name for each of the {axes.shape[1]} columns; got {len(names)}.")
    for top, bottom, name in zip(axes[0], axes[-1], names, strict=True):
        below, name = top.get_title(), as_text(name)
        top.set_title(f"{name}\n{below}" if below else name, fontsize=7.5)
        bottom.set_xlabel(xlabel)
    return axes


def panels_of(arrays: Mapping[str, np.ndarray], keys: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the settings of each panel, from arrays with one value for each panel.

    Parameters
    ----------
    arrays, keys : mapping of str to array of shape (panels, ...), and tuple of str
        Arrays with one value for each panel, and names of the arrays with settings; absent ones are skipped.

    Returns
    -------
    list of dict

    Examples
    --------
    >>> panels_of({"T": np.array([2, 4]), "X": np.zeros((2, 5))}, ("gamma", "T"))
    [{'T': 2}, {'T': 4}]
    """
    present = [key for key in keys if key in arrays]
    return [dict(zip(present, row, strict=True)) for row in zip(*(arrays[k].tolist() for k in present), strict=True)]


def spread(
    table: pd.DataFrame, column: str, conditions: Mapping[str, str | float | None], form: str, *, scale: float = 1
) -> str:
    """Write the mean ± the standard deviation of a column over the rows that `conditions` selects, such as seeds.

    Parameters
    ----------
    table, conditions : DataFrame and mapping
        One row for each value; column -> value that selected rows must have there, where NaN matches NaN.
    column, form : str
        Name of the column, and format of both numbers.
    scale : float
        Factor of the values, such as 100 for per cent.

    Returns
    -------
    str

    Raises
    ------
    TypeError, ValueError
        If a column is absent or does not hold numbers, or no row matches.

    Examples
    --------
    >>> spread(pd.DataFrame({"seed": [0, 1], "error": [0.1, 0.3]}), "error", {}, ".1f", scale=100)
    '20.0 ± 14.1'
    """
    check_table(table, [column], texts=conditions)
    chosen = np.ones(len(table), dtype=bool)
    for key, value in conditions.items():
        chosen &= (
            table[key].isna() if value is None or value != value else table[key] == value
        )  # NaN differs from NaN
    values = table.loc[chosen, column].astype(np.float64) * check_real(scale, "scale")
    if values.empty:
        raise ValueError(f"conditions must match at least one row of table; {dict(conditions)} matches none.")
    with np.errstate(invalid="ignore", over="ignore"):  # infinite values have no spread
        mean, deviation = values.mean(), values.std(ddof=min(1, len(values) - 1))
    return f"{format(mean, form)} ± {format(deviation, form)}"
