"""Figure 6 by five estimators: the mean local dimension against γ, a row a data set and a column an estimator."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from figures.common import data_name, listed, save
from figures.figure_6 import PAPER_SETS, TITLES, stand_in_note
from zeta_geom import records
from zeta_geom.plots import style
from zeta_geom.plots.sweep import sweep_panel

AT_LIMIT = 2.0  # dimensions: means this close to the largest value that k points allow say nothing about the data
LARGEST = {"FO": 1, "CA-PCA": 2}  # these give at most k less this number; the others have no limit
SHORT = {"helix-3d": "the helix", "curved-12d": "the 3-D manifold"}


def draw(results: Path) -> list[Path]:
    """Draw the panels at the largest k, and return the files."""
    folder = results / "records" / "figure_6_estimators"
    first = records.read(folder / "images-1")
    names = ["helix-3d", "curved-12d", *(f"images-{i}" for i in range(1, first.settings["sets"] + 1))]
    rows = [records.read(folder / name) for name in names]
    estimators, k = first.settings["estimators"], max(first.settings["n_neighbors"])
    with plt.rc_context(style.PARAMETERS):
        fig, axes = plt.subplots(
            len(rows), len(estimators), figsize=(1.9 * len(estimators) + 0.4, 1.75 * len(rows) + 0.8), sharex=True
        )
        for line, record in zip(axes, rows, strict=True):
            table = record.table[record.table["k"] == k]
            for ax, estimator in zip(line, estimators, strict=True):
                draw_curves(ax, table[table["estimator"] == estimator], estimator, k)
            name = record.settings["data_name"]
            line[0].set_ylabel(TITLES.get(name, data_name(name)))
        for ax, estimator in zip(axes[0], estimators, strict=True):
            ax.set_title(estimator)
        for ax in axes[-1]:
            ax.set_xlabel("γ")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        fig.legend(handles, labels, loc="outside lower center", ncols=4, title=caption(rows, k), title_fontsize=7)
        fig.suptitle(f"Mean local dimension by five estimators. {stand_in_note(rows[2:])}.", fontsize=8)
        names = [record.settings["data_name"] for record in rows[2:]]
        suffix = "" if tuple(names) == PAPER_SETS else "-" + "-".join(names)
        written = save(fig, results / "figures" / f"figure_6_estimators{suffix}")
        plt.close(fig)
    return written


def draw_curves(ax: Axes, table: pd.DataFrame, estimator: str, k: int) -> None:
    """Draw the curves of one data set and estimator, and say if all of them are at its largest value."""
    sweep_panel(ax, table, bandless=("original", "mixup", "zeta"))
    if table["mean"].notna().any():
        ax.set_ylim(top=1.15 * table["mean"].max())
    if estimator in LARGEST and table["mean"].min() > k - LARGEST[estimator] - AT_LIMIT:
        text = f"every mean within {AT_LIMIT:g}\nof the largest value,\nk − {LARGEST[estimator]}"
        ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", fontsize=7)


def caption(rows: list[records.Record], k: int) -> str:
    """Return the caption: points, k and bands."""
    names = [record.settings["data_name"] for record in rows]
    drawn = [
        f"{record.settings['n_points']:,} of {SHORT.get(name) or data_name(name)}"
        for name, record in zip(names, rows)
    ]
    n = int(rows[0].table["n"].max())
    return (
        f"k = {k}; means over the same {n:,} points at each γ, whose neighbours are searched among all points:\n"
        f"{listed(drawn)}. Dark bands: ± 2 standard errors of the mean."
    )
