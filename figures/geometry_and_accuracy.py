"""Measures of an audit against gains in accuracy: rank correlations in each cell, and scatter plots."""

from __future__ import annotations

import textwrap
from pathlib import Path
from string import ascii_lowercase

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from analyses.geometry_and_accuracy.summary import SUPPORTED
from figures.common import data_name, network_name, save
from zeta_geom.audits.answers.accuracy import FROM_ORIGINALS
from zeta_geom.plots.heat_table import heat_table
from zeta_geom.plots.style import OKABE_ITO, PARAMETERS, panel_letter
from zeta_geom.records import Record, read

CELL = ["data", "n_train", "network"]
SPACES = {"pixels": "in pixels, or by ERM's network", "network": "in features of ERM's network",
          "imagenet": "in features of EfficientNet-Lite0"}  # fmt: skip
ORACLE = "oracle"  # measured on the samples themselves, so drawn with the pixels
MEAN = "mean"
SCATTERED = (("pixels", "dimension-k128"), ("pixels", "wrong-label-k8"), ("network", "coverage"),
             ("network", "authenticity"))  # fmt: skip
MARKERS = dict(
    zip(("pairs", "many samples", "pasting", "inside a network", "with a model", "single images"), "osD^vX")
)
COLORS = dict(zip(MARKERS, ("vermillion", "blue", "green", "purple", "orange", "black")))


def draw(results: Path) -> list[Path]:
    """Draw the figure from its records, and return the files."""
    records = {
        name: read(results / "records" / "geometry_and_accuracy" / name)
        for name in ("correlations", "cells", "points")
    }
    with mpl.rc_context(PARAMETERS):
        return save(draw_study(records), results / "figures" / "geometry_and_accuracy")


def draw_study(records: dict[str, Record]) -> Figure:
    """Draw the table of correlations over a row of scatter plots for each data set."""
    correlations, cells = records["correlations"].table, records["cells"].table
    correlations = correlations[correlations["cells"] > 0]
    if unknown := set(correlations["space"]) - {*SPACES, ORACLE}:
        raise ValueError(f"the figure has no place for the spaces {', '.join(sorted(unknown))}.")
    measures = list(dict.fromkeys(correlations["measure"]))
    names = list(cells[CELL].drop_duplicates().itertuples(index=False, name=None))
    shown = (*names, MEAN) if len(names) > 1 else (MEAN,)
    columns = [(space, cell) for space in SPACES for cell in shown if drawn(correlations, cells, space, cell)]
    points = records["points"].table
    scattered = [*points.drop_duplicates("data")[CELL].itertuples(index=False, name=None)]  # a cell of each data set
    heights = [0.26 * len(measures) + 1.0, *[2.7] * (len(scattered) - 1), 3.2]
    fig = Figure(figsize=(max(10.0, 3.6 + 0.82 * len(columns)), sum(heights)))
    top, *rows = fig.subfigures(len(heights), 1, height_ratios=heights)
    draw_table(top.subplots(), correlations, cells, measures, columns)
    letters = iter(ascii_lowercase[1:])
    for part, cell in zip(rows, scattered, strict=True):
        for ax, key in zip(part.subplots(1, len(SCATTERED), sharey=True), SCATTERED, strict=True):
            scatter(ax, points[(points[CELL] == list(cell)).all(axis=1)], key)
            panel_letter(ax, next(letters))
        part.suptitle(
            f"{heading(cells, cell)}: each augmentation (the axis is compressed below −1)".replace("\n", ", "),
            fontsize=9,
        )
    handles = [
        mpl.lines.Line2D([], [], ls="", marker=MARKERS[family], color=OKABE_ITO[COLORS[family]], label=family, ms=5)
        for family in MARKERS
    ]
    rows[-1].legend(handles=handles, loc="outside lower center", ncols=len(handles))
    fig.suptitle("Is the geometry of an augmentation correlated with the accuracy that it gives?", fontsize=10)
    return fig


def drawn(correlations: pd.DataFrame, cells: pd.DataFrame, space: str, cell: object) -> bool:
    """Return whether a column has an entry."""
    table = correlations if cell == MEAN else cells[(cells[CELL] == list(cell)).all(axis=1)]  # type: ignore[call-overload]
    return space in set(table["space"])


def draw_table(
    ax: Axes, correlations: pd.DataFrame, cells: pd.DataFrame, measures: list[str], columns: list[tuple]
) -> None:
    """Draw ρ of each measure in each cell and over cells, with its interval."""
    texts, small = np.full((2, len(measures), len(columns)), "", dtype=object)
    shades = np.full(texts.shape, np.nan)
    for (i, measure), (j, (space, cell)) in ((a, b) for a in enumerate(measures) for b in enumerate(columns)):
        table = correlations if cell == MEAN else cells[(cells[CELL] == list(cell)).all(axis=1)]
        spaces = [space, ORACLE] if space == "pixels" else [space]
        rows = table[table["space"].isin(spaces) & (table["measure"] == measure)]
        if len(rows):
            row = rows.iloc[0]
            star = "" if cell != MEAN or not row["p_holm"] < 0.05 else "**" if row["verdict"] == SUPPORTED else "*"
            texts[i, j], small[i, j] = f"{row['rho']:+.2f}{star}", f"{row['low']:+.2f} to {row['high']:+.2f}"
            shades[i, j] = row["rho"]
    headings = [heading(cells, cell) for _, cell in columns]
    used = [space for space in SPACES if any(space == column for column, _ in columns)]
    groups = [(SPACES[space], sum(space == column for column, _ in columns)) for space in used]
    titles = correlations.drop_duplicates("measure").set_index("measure")["title"]
    panel_letter(ax, "a")
    heat_table(
        ax,
        texts,
        shades,
        rows=[shortened(titles[name]) for name in measures],
        columns=headings,
        groups=groups,
        small=small,
        size=6.5,
    )
    networks, counts = listed_networks(cells), f"{cells['settings'].min()} to {cells['settings'].max()}"
    note = (
        f"Spearman's ρ across {counts} augmentations between a measure of the samples and the gain in test accuracy "
        f"over ERM, with 95 % bootstrap intervals; {networks}. *: p < 0.05 by permutation, after Holm's correction "
        "over all measures, whichever the sign; **: supported by the other rules of the plan too. Hatched: not "
        "measured."
    )
    ax.set_xlabel(textwrap.fill(note, max(95, 14 * len(columns))), fontsize=7, loc="left")


def heading(cells: pd.DataFrame, cell: object) -> str:
    """Return the heading of a column: the data and the number of images, or that it is a mean over all cells."""
    known = cells[CELL].drop_duplicates()
    if cell == MEAN and len(known) > 1:
        return MEAN
    data, n_train, _ = known.iloc[0] if cell == MEAN else cell  # type: ignore[misc]
    return f"{data_name(data).split(',')[0]}\n{n_train:,} images"


def shortened(title: str) -> str:
    """Return the title of a measure as it stands before a row."""
    title = title.replace(FROM_ORIGINALS, ": distance from real").replace("ClassifierOracle", "ERM's network")
    return title.replace("the oracle", "ERM's network").replace("oracle", "ERM's network")


def listed_networks(cells: pd.DataFrame) -> str:
    """Return which network was trained on which data."""
    pairs = cells[["data", "network"]].drop_duplicates()
    return ", ".join(f"{data_name(row.data)}: {network_name(row.network)}" for row in pairs.itertuples())


def scatter(ax: Axes, points: pd.DataFrame, key: tuple[str, str]) -> None:
    """Draw the gains of a cell against one measure, a marker for each family."""
    space, measure = key
    part = points[(points["space"] == space) & (points["measure"] == measure)]
    for family, rows in part.groupby("family", sort=False):
        ax.plot(rows["value"], 100 * rows["gain"], MARKERS[family], color=OKABE_ITO[COLORS[family]], ms=5, alpha=0.8)
    ax.axhline(0, color=OKABE_ITO["grey"], lw=0.8, zorder=0)
    ax.set_yscale("symlog", linthresh=1, linscale=2)  # most gains lie within a point, one loses fifteen
    ax.yaxis.set_major_locator(FixedLocator([-10, -5, -2, -1, -0.5, 0, 0.5, 1]))
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.yaxis.set_minor_locator(NullLocator())
    title = part["title"].iloc[0] if len(part) else f"{measure}: not measured"
    ax.set_xlabel(f"{textwrap.fill(title, 28)}\n({'pixels' if space == 'pixels' else 'features of ERM'})")
    if ax.get_subplotspec().is_first_col():
        ax.set_ylabel("gain over ERM / percentage points")


if __name__ == "__main__":
    for path in draw(Path("results/quick")):
        print(path)
