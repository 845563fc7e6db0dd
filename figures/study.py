"""The study on two cores at a glance: each method's test error less mixup's, a panel a part of the study."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from figures.names import data_name, network_name, seeds_of
from figures.saving import save
from zeta_geom.plots.differences import difference_key, difference_rows
from zeta_geom.plots.style import METHOD_LABELS, PARAMETERS
from zeta_geom.records import Record, read

METHODS = METHOD_LABELS | {f"zeta-{gamma}": f"{METHOD_LABELS['zeta']}, γ = {gamma}" for gamma in (2.4, 2.8, 4.0)}
NUMBERS = ["mean", "std", "difference", "low", "high"]
FARTHEST = 10.0  # percentage points: intervals that reach beyond it do not widen the axis


def draw(results: Path) -> list[Path]:
    """Draw the figure from its record, and return the files."""
    made = read(results / "records" / "study" / "intervals")
    with mpl.rc_context(PARAMETERS):
        return save(draw_study(made), results / "figures" / "study")


def draw_study(made: Record) -> Figure:
    """Draw a column of panels a data set, and a row a network and number of images."""
    table = made.table.assign(p=made.table["p_holm"], **(100 * made.table[NUMBERS]))
    rows = list(table.groupby(["network", "n_train"]).groups)
    columns = list(table["data"].unique())
    tall = [table[(table["network"] == a) & (table["n_train"] == b)]["method"].nunique() for a, b in rows]
    fig = Figure(figsize=(3.3 * len(columns) + 0.9, 0.19 * sum(tall) + 0.5 * len(rows) + 1.6))
    axes = fig.subplots(len(rows), len(columns), squeeze=False, sharex=True, height_ratios=[n + 1.5 for n in tall])
    empty = []
    for place, (network, n_train) in enumerate(rows):
        named: list[str] = []  # by the panel at the left
        for ax, data in zip(axes[place], columns):
            own = table[(table["network"] == network) & (table["n_train"] == n_train) & (table["data"] == data)]
            if own.empty:
                ax.set_axis_off()
                empty.append(ax)
                continue
            draw_part(ax, own, limits(table), made.settings["against"])
            if own["method"].tolist() == named:
                ax.set_yticklabels([])
            named = own["method"].tolist()
    for column in axes.T:
        [*_, last] = [ax for ax in column if ax not in empty]
        last.set_xlabel("← better      error − mixup's / percentage points      worse →", fontsize=7)
    key = {"handles": difference_key(), "title": f"test error against {METHODS[made.settings['against']]}'s"}
    if empty:
        empty[0].legend(loc="center", **key)
    else:
        fig.legend(loc="outside upper center", ncols=2, **key)
    fig.suptitle("The study on two cores: each method's test error less mixup's", fontsize=9)
    fig.supxlabel(caption(made), fontsize=7, ha="left", x=0.01)
    return fig


def draw_part(ax: Any, table: pd.DataFrame, axis: tuple[float, float], against: str) -> None:
    """Draw one part of the study."""
    first = table.iloc[0]
    difference_rows(ax, table, [METHODS.get(name, name) for name in table["method"]], errors(table), axis)
    ax.set_title(f"{data_name(first.data)}, {first.n_train:,} images\n{network_name(first.network)}, "
                 f"{seeds_of(table['n'])}", fontsize=8)  # fmt: skip
    ax.text(1.05, 1.01, "error / %", transform=ax.transAxes, va="bottom", fontsize=6.5)
    ax.tick_params(labelbottom=True)
    for row in np.flatnonzero(table["method"] == against):
        ax.annotate("reference", (0, row), (5, 0), textcoords="offset points", va="center", fontsize=6.5)


def errors(table: pd.DataFrame) -> list[str]:
    """Write mean and standard deviation, with a star for each run that guesses."""
    spread = table["std"].map("± {:.1f}".format, na_action="ignore").fillna("")
    return [f"{mean:.1f} {std}{'*' * n}" for mean, std, n in zip(table["mean"], spread, table["guessing"])]


def limits(table: pd.DataFrame) -> tuple[float, float]:
    """Return limits that hold all intervals within FARTHEST of 0, and 1 point at least."""
    ends = table[["low", "high"]]
    near = ends[(ends.abs() <= FARTHEST).all(axis=1)]
    return min(-1.0, 1.08 * near["low"].min()), max(1.0, 1.08 * near["high"].max())


def caption(made: Record) -> str:
    """Say what dots, bars and marks are."""
    text = (
        "Dots: mean difference of the test error from mixup's over the seeds that both have; bars: its paired 95 % "
        "t interval, each alone. Filled where p < 0.05 by the paired t test after Holm's correction over all methods "
        "of a panel"
    )
    if made.settings["left_out"]:
        text += f" and those not drawn ({len(made.settings['left_out'])} other γ of the sweep)"
    text += ", open else. Arrows point to what lies beyond the axis. At the right: mean error ± standard deviation."
    if made.table["guessing"].any():
        text += " *: a run whose classifier ended no better than guessing, one star each."
    return textwrap.fill(text, width=78 * made.table["data"].nunique())


if __name__ == "__main__":
    for path in draw(Path("results/quick")):
        print(path)
