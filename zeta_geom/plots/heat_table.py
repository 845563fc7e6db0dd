"""A table of numbers; the colour of a cell is its difference from one row, scaled column by column."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle

from zeta_geom.checks import LARGEST, check_int, host_array, real_array
from zeta_geom.checks.types import ArrayLike
from zeta_geom.plots.names import ROW, as_label, as_text, lettered
from zeta_geom.plots.style import OKABE_ITO

GAP = 0.22  # between groups of columns, as a share of a column's width
EMPTY = "#E4E4E4"
EVEN = 0.179  # the luminance on which black and white have the same contrast, by WCAG 2


@cache
def difference_colors() -> LinearSegmentedColormap:
    """Return the colour map of a difference: blue for negative, white for 0, vermillion for positive.

    Returns
    -------
    matplotlib LinearSegmentedColormap

    Examples
    --------
    >>> [round(float(channel), 2) for channel in difference_colors()(0.0)]
    [0.0, 0.45, 0.7, 1.0]
    """
    stops = [OKABE_ITO["blue"], "white", OKABE_ITO["vermillion"]]
    return LinearSegmentedColormap.from_list("difference", stops, N=257)


def relative_shades(values: ArrayLike, *, reference: int = 0) -> np.ndarray:
    """Return the difference of each value from one row, scaled to -1..1 in every column.

    A difference d becomes ± √(|d| / max |d|), with the maximum over the column; NaN stays NaN.

    Parameters
    ----------
    values : float array of shape (rows, columns)
        Values to compare, column by column; NaN where there is no value.
    reference : int
        Index of the row to subtract.

    Returns
    -------
    float64 array of shape (rows, columns)

    Raises
    ------
    TypeError, ValueError
        If there is no such row, or the values are not real numbers of two axes, or infinite.

    Examples
    --------
    >>> relative_shades([[1.0, 0.0], [5.0, 0.0], [0.0, np.nan]]).tolist()
    [[0.0, 0.0], [1.0, 0.0], [-0.5, nan]]
    """
    numbers = real_array(values, "values").astype(np.float64)
    if numbers.ndim != 2 or not len(numbers):
        raise ValueError(f"values must have shape (rows, columns), with at least one row; got shape {numbers.shape}.")
    if (np.abs(numbers) > LARGEST).any():
        raise ValueError(f"values must lie within ±{LARGEST:g}, or be NaN; replace infinite values by NaN.")
    row = check_int(reference, "reference", low=0, high=len(numbers) - 1)
    difference = numbers - numbers[row]
    largest = np.nanmax(np.abs(difference), axis=0, initial=0)
    shades: np.ndarray = np.sign(difference) * np.sqrt(np.abs(difference) / np.where(largest > 0, largest, 1))
    return shades


@lettered
def heat_table(
    ax: Axes,
    texts: ArrayLike,
    shades: ArrayLike,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    groups: Sequence[tuple[str, int]],
    small: ArrayLike | None = None,
    size: float = 7.0,
) -> Axes:
    """Draw a table with a text in each cell, coloured by its shade; cells without a shade are grey and hatched.

    Parameters
    ----------
    ax : matplotlib Axes
        Its frame, ticks and limits are replaced.
    texts, small : str arrays of shape (rows, columns)
        Text of each cell, and optionally a second line in smaller print, such as a spread.
    shades : float array of shape (rows, columns)
        From -1 to 1, as from `relative_shades`; NaN marks a cell without a value.
    rows, columns : sequences of str
        Names of the rows and of the columns.
    groups : sequence of (str, int)
        Headings over neighbouring columns, each with its number of columns; together they cover all columns.
    size : float
        Size of the numbers, in typographic points.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If shapes, names and groups do not match.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = heat_table(Figure().subplots(), [["0.1"]], [[0.0]], rows=["x"], columns=["k = 8"], groups=[("set", 1)])
    >>> [text.get_text() for text in ax.texts]
    ['k = 8', 'set', '0.1']
    """
    texts, shades = _as_strings(texts, "texts"), real_array(shades, "shades").astype(np.float64)
    small = np.full(texts.shape, "") if small is None else _as_strings(small, "small")
    shape, widths = (len(rows), len(columns)), [width for _, width in groups]
    if not texts.shape == shades.shape == small.shape == shape or sum(widths) != shape[1]:
        raise ValueError(
            f"texts, shades and small must have shape {shape}, by the names of rows and columns, and groups must "
            f"cover the columns; got {texts.shape}, {shades.shape}, {small.shape} and groups of {widths}."
        )
    lefts = np.arange(shape[1]) + GAP * np.repeat(np.arange(len(widths)), widths)
    _head(ax, lefts, columns, groups, size)
    for i, j in np.ndindex(*shape):
        _cell(ax, float(lefts[j]), i, str(texts[i, j]), str(small[i, j]), float(shades[i, j]), size)
    ax.set(xlim=(-0.05, lefts[-1] + 1.05), ylim=(shape[0] + 0.05, -0.05), xticks=[])
    ax.set_yticks(np.arange(shape[0]) + 0.5, [as_label(name, ROW) for name in rows])
    ax.tick_params(axis="y", length=0, labelsize=size + 1)
    ax.spines[:].set_visible(False)
    return ax


def _as_strings(values: ArrayLike, name: str) -> np.ndarray:
    texts = host_array(values, name)
    if texts.dtype.kind == "V":
        raise TypeError(f"{name} must hold texts; got dtype {texts.dtype}.")
    return texts.astype(str)


def _head(
    ax: Axes, lefts: np.ndarray, columns: Sequence[str], groups: Sequence[tuple[str, int]], size: float
) -> None:
    """Write the columns' names above the table, and above them the groups' headings, each over a line."""
    for left, name in zip(lefts, columns, strict=True):
        ax.text(left + 0.5, -0.2, as_text(name), ha="center", va="baseline", fontsize=size, linespacing=1.1)
    lines = max(name.count("\n") for name in columns) + 1
    above, done = -0.25 - 0.35 * lines, 0
    for heading, width in groups:
        ends = lefts[done] + 0.04, lefts[done + width - 1] + 0.96
        ax.plot(ends, (above, above), color="black", lw=0.8, clip_on=False)
        middle = sum(ends) / 2
        ax.text(middle, above - 0.1, as_text(heading), ha="center", va="bottom", fontsize=size + 1, fontweight="bold")
        done += width


def _cell(ax: Axes, left: float, top: int, text: str, small: str, shade: float, size: float) -> None:
    """Draw one cell with its text."""
    if np.isnan(shade):
        look: dict[str, Any] = {"facecolor": EMPTY, "edgecolor": "#B5B5B5", "hatch": "/////", "lw": 0}
        ink, box = "black", {"boxstyle": "circle,pad=0.15", "facecolor": EMPTY, "edgecolor": "none"}
    else:
        color = difference_colors()((shade + 1) / 2)
        look, box = {"facecolor": color, "edgecolor": "white", "lw": 0.5}, None
        ink = "black" if _luminance(color) > EVEN else "white"
    ax.add_patch(Rectangle((left, top), 1, 1, **look))
    middle = 0.36 if small else 0.5
    ax.text(left + 0.5, top + middle, as_text(text), ha="center", va="center", fontsize=size, color=ink, bbox=box)
    if small:
        ax.text(left + 0.5, top + 0.76, as_text(small), ha="center", va="center", fontsize=size - 2, color=ink)


def _luminance(color: Sequence[float]) -> float:
    """Return the relative luminance of a colour of sRGB, from 0 to 1."""
    channels = np.asarray(color[:3])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
