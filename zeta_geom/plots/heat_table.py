"""A table of numbers whose cells are coloured by how they compare with one row, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from zeta_geom.checks import LARGEST, check_int, host_array, real_array
from zeta_geom.plots.names import ROW, as_label, as_text, lettered
from zeta_geom.plots.style import OKABE_ITO

__all__ = ["difference_colors", "heat_table", "relative_shades"]

GAP = 0.22  # between groups of columns, in widths of one
EMPTY = "#E4E4E4"
EVEN = 0.179  # the luminance on which black and white have the same contrast, by WCAG 2


@cache
def difference_colors() -> Any:
    """Return the colour map of a difference: blue is below, white none, vermillion above.

    Returns
    -------
    matplotlib LinearSegmentedColormap

    Examples
    --------
    >>> from matplotlib.colors import to_hex
    >>> to_hex(difference_colors()(0.0)), to_hex(difference_colors()(1.0))
    ('#0072b2', '#d55e00')
    """
    from matplotlib.colors import LinearSegmentedColormap

    stops = [OKABE_ITO["blue"], "white", OKABE_ITO["vermillion"]]
    return LinearSegmentedColormap.from_list("difference", stops, N=257)


def relative_shades(values: Any, *, reference: int = 0) -> np.ndarray:
    """Return how each value compares with that of one row, from -1 to 1 in every column.

    A difference of d becomes ± √(|d| / max |d|), the maximum taken over the column: by the root, small differences
    are seen beside a large one. NaN stays NaN.

    Parameters
    ----------
    values : float array of shape (rows, columns)
    reference : int
        The row that the others are compared with.

    Returns
    -------
    float64 array of shape (rows, columns)

    Raises
    ------
    TypeError, ValueError
        If there is no such row, or the values are no real numbers of two axes, or infinite.

    Examples
    --------
    >>> relative_shades([[1.0, 0.0], [5.0, 0.0], [0.0, np.nan]]).tolist()
    [[0.0, 0.0], [1.0, 0.0], [-0.5, nan]]
    """
    values = real_array(values, "values").astype(np.float64)
    if values.ndim != 2 or not len(values):
        raise ValueError(f"values must have shape (rows, columns), with at least one row; got shape {values.shape}.")
    if (np.abs(values) > LARGEST).any():
        raise ValueError(f"values must lie within ±{LARGEST:g}, or be NaN; write what is infinite as NaN.")
    reference = check_int(reference, "reference", low=0, high=len(values) - 1)
    difference = values - values[reference]
    largest = np.nanmax(np.abs(difference), axis=0, initial=0)
    return np.sign(difference) * np.sqrt(np.abs(difference) / np.where(largest > 0, largest, 1))


@lettered
def heat_table(
    ax: Any,
    texts: Any,
    shades: Any,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    groups: Sequence[tuple[str, int]],
    small: Any = None,
    size: float = 7.0,
) -> Any:
    """Draw a table with a text in each cell, coloured by its shade; cells without a shade are grey and hatched.

    Parameters
    ----------
    ax : matplotlib Axes
        Its frame, ticks and limits are replaced.
    texts : str array of shape (rows, columns)
        What stands in each cell.
    shades : float array of shape (rows, columns)
        From -1 to 1, as `relative_shades` gives them; NaN marks a cell that is not defined.
    rows, columns : sequences of str
        The names at the left and above.
    groups : sequence of (str, int)
        A heading, and over how many of the columns it stands; together over all of them.
    small : str array of shape (rows, columns), optional
        A second line in smaller print, such as a spread.
    size : float
        The size of the numbers, in typographic points.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If shapes, names and groups do not fit together.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> texts, shades = [["0.1", "1.0"], ["0.3", "a"]], [[0.0, 0.0], [1.0, np.nan]]
    >>> ax = heat_table(
    ...     Figure().subplots(), texts, shades, rows=["x", "y"], columns=["k = 8", "k = 9"], groups=[("set", 2)]
    ... )
    >>> [text.get_text() for text in ax.texts]
    ['k = 8', 'k = 9', 'set', '0.1', '1.0', '0.3', 'a']
    """
    texts, shades = _written(texts, "texts"), real_array(shades, "shades").astype(np.float64)
    small = np.full(texts.shape, "") if small is None else _written(small, "small")
    shape, widths = (len(rows), len(columns)), [width for _, width in groups]
    if not texts.shape == shades.shape == small.shape == shape or sum(widths) != shape[1]:
        raise ValueError(
            f"texts, shades and small must have a row a name and a column a name, {shape}, and groups must cover the "
            f"columns; got {texts.shape}, {shades.shape}, {small.shape} and groups of {widths}."
        )
    lefts = np.arange(shape[1]) + GAP * np.repeat(np.arange(len(widths)), widths)
    _head(ax, lefts, columns, groups, size)
    for i, j in np.ndindex(*shape):
        _cell(ax, float(lefts[j]), i, texts[i, j], small[i, j], shades[i, j], size)
    ax.set(xlim=(-0.05, lefts[-1] + 1.05), ylim=(shape[0] + 0.05, -0.05), xticks=[])
    ax.set_yticks(np.arange(shape[0]) + 0.5, [as_label(name, ROW) for name in rows])
    ax.tick_params(axis="y", length=0, labelsize=size + 1)
    ax.spines[:].set_visible(False)
    return ax


def _written(values: Any, name: str) -> np.ndarray:
    texts = host_array(values, name)
    if texts.dtype.kind == "V":
        raise TypeError(f"{name} must hold texts; got dtype {texts.dtype}.")
    return texts.astype(str)


def _head(ax: Any, lefts: np.ndarray, columns: Sequence[str], groups: Sequence[tuple[str, int]], size: float) -> None:
    """Write the columns' names above the table, and over them the groups' headings with a line each."""
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


def _cell(ax: Any, left: float, top: int, text: str, small: str, shade: float, size: float) -> None:
    """Draw one cell, and write into it."""
    from matplotlib.patches import Rectangle

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


def _luminance(color: Any) -> float:
    """Return the relative luminance of a colour of sRGB, from 0 to 1."""
    channels = np.asarray(color[:3])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
