"""Figure 9: ζ-mixup and manifold mixup on the same data, a pair of dots a row."""

from __future__ import annotations

import textwrap
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from figures.names import METRICS, data_name, listed, network_name, seeds_of
from figures.saving import save
from zeta_geom.plots.paired_dots import paired_dots, paired_dots_key
from zeta_geom.plots.style import METHOD_LABELS, PARAMETERS
from zeta_geom.records import Record, read

METHODS = (METHOD_LABELS["zeta"], METHOD_LABELS["manifold-mixup"])


def draw(results: Path) -> list[Path]:
    """Draw the figure from its record, and return the files."""
    made = read(results / "records" / "figure_9" / "pairs")
    suffix = "_cpu-study" if is_study(made) else ""
    with mpl.rc_context(PARAMETERS):
        return save(draw_pairs(made), results / "figures" / f"figure_9{suffix}")


def is_study(made: Record) -> bool:
    """Return whether the study on two cores stands in for the paper's runs."""
    return made.settings["data_name"] == "cpu-study"


def draw_pairs(made: Record) -> Figure:
    """Draw a row for each data set, network and metric."""
    table = made.table
    sides = {"first": "zeta_mean", "first_std": "zeta_std", "second": "manifold_mean", "second_std": "manifold_std"}
    per_cent = pd.DataFrame({name: 100 * table[column] for name, column in sides.items()})
    fig = Figure(figsize=(6.8, (0.36 if len(table) < 10 else 0.27) * len(table) + 2.0))
    ax = paired_dots(fig.subplots(), per_cent, row_names(table))
    ax.margins(x=0.06)
    measured = listed(metrics(table), ", ") if table["metric"].nunique() < 3 else "the metric that the row names"
    ax.set_xlabel(f"{measured} on the test images / %  (higher is better)")
    ax.text(1.01, 1.0, "ζ − manifold,\npoints", transform=ax.transAxes, va="bottom", fontsize=7)
    ax.legend(handles=paired_dots_key(METHODS), loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, handlelength=2.6)
    fig.suptitle(title(made), fontsize=9)
    fig.supxlabel(caption(made), fontsize=7, ha="left", x=0.01)
    return fig


def metrics(table: pd.DataFrame) -> list[str]:
    """Return the names of the metrics, in the order of the rows."""
    return [METRICS[name] for name in table["metric"].unique()]


def row_names(table: pd.DataFrame) -> list[str]:
    """Name what differs from row to row, the data always."""
    differs = {"n_train": bool(table.groupby("data")["n_train"].nunique().max() > 1)}
    differs |= {name: table[name].nunique() > 1 for name in ("network", "metric")}
    names = []
    for row in table.itertuples(index=False):
        parts = [data_name(row.data)]
        parts += [f"{row.n_train:,} images"] * differs["n_train"] + [network_name(row.network)] * differs["network"]
        names.append(", ".join([*parts, *[METRICS[row.metric]] * differs["metric"]]))
    return names


def title(made: Record) -> str:
    """Say which data and networks are shown."""
    networks = listed([network_name(name) for name in made.table["network"].unique()])
    if not is_study(made):
        return f"ζ-mixup (γ = 2.8) against manifold mixup, {networks}"
    sizes = listed([f"{n:,}" for n in sorted(made.table["n_train"].unique())], " or ")
    return f"The study on two cores: {sizes} images, {networks}; not the paper's data and networks"


def caption(made: Record) -> str:
    """Say what the dots are, and what is not the paper's."""
    table = made.table
    seeds = seeds_of([*table["zeta_n"], *table["manifold_n"]])
    text = f"Dots: means over {seeds}; bars: ± standard deviation over them. γ = 2.8. "
    if "accuracy" in set(table["metric"]):
        text += "Accuracy is 1 − error rate, so that higher is better. "
    if "zeta_epochs" in table:
        ratio = sorted({f"{a / b:g}" for a, b in zip(table["manifold_epochs"], table["zeta_epochs"])})
        text += f"Manifold mixup trained {' to '.join({ratio[0]: 0, ratio[-1]: 0})} times as many epochs. "
    else:
        text += "Both trained for as many epochs; in the paper manifold mixup has ten times as many. "
    if made.settings["unpaired"]:
        text += f"Not drawn, one of the two being absent: {', '.join(made.settings['unpaired'])}."
    return textwrap.fill(text, width=118)


if __name__ == "__main__":
    for path in draw(Path("results/quick")):
        print(path)
