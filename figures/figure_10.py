"""Figure 10: error against γ, and γ, weight decay and accuracy of searched models."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.common import data_name, listed, network_name, save, seeds_of
from zeta_geom.mixers import gamma_min
from zeta_geom.plots.parallel import parallel_models
from zeta_geom.plots.sensitivity import gamma_sensitivity
from zeta_geom.plots.style import PARAMETERS, panel_letter
from zeta_geom.records import read


def draw(results: Path) -> list[Path]:
    """Draw the panels whose data are there, and return the files."""
    folder = results / "records" / "figure_10"
    curves, models = (read(folder / name) for name in ("sensitivity", "search"))
    study = curves.settings["data_name"] == "cpu-study"
    with mpl.rc_context(PARAMETERS):
        fig = draw_panels(curves.table, models.table, curves.settings)
        return save(fig, results / "figures" / f"figure_10{'_cpu-study' if study else ''}")


def draw_panels(curves: pd.DataFrame, models: pd.DataFrame, settings: dict[str, Any]) -> Figure:
    """Draw a and b, error against γ, and c and d, the searches."""
    rows = [
        (letters, draw_row, table)
        for letters, draw_row, table in (("ab", draw_curves, curves), ("cd", draw_models, models))
        if len(table)
    ]
    sets = settings["sets"]
    shape = (len(rows), 2) if len(sets) > 1 else (1, len(rows))  # one data set: its panels side by side
    fig = Figure(figsize=(3.7 * shape[1] + 0.3, 2.7 * shape[0] + 1.1))
    axes = iter(fig.subplots(*shape, squeeze=False).ravel())
    for letters, draw_row, table in rows:
        for letter, data in zip(letters, sets):
            ax, part = next(axes), table[table["data"] == data]
            if len(part):
                draw_row(ax, part)
            else:
                ax.set_axis_off()
                ax.text(0.5, 0.5, f"{data_name(data)}: no data (see below)", ha="center", transform=ax.transAxes)
            panel_letter(ax, letter)
    fig.suptitle(title(curves, settings), fontsize=9)
    fig.supxlabel(caption(curves, models, settings, 76 * shape[1]), fontsize=7, ha="left", x=0.01)
    return fig


def draw_curves(ax: Axes, table: pd.DataFrame) -> None:
    """Draw the error of one data set against γ."""
    per_cent = table.assign(mean=100 * table["mean"], std=100 * table["std"])
    fixed = per_cent[per_cent["gamma"].isna()].set_index("method")
    levels = {name: (fixed.loc[name, "mean"], fixed.loc[name, "std"]) for name in fixed.index}
    gamma_sensitivity(ax, per_cent.dropna(subset="gamma"), levels)
    ax.set(xlabel="γ", ylabel="test error / %", title=data_name(table["data"].iloc[0]))


def draw_models(ax: Axes, table: pd.DataFrame) -> None:
    """Draw the models of one search."""
    parallel_models(ax, table["gamma"], table["weight_decay"], 100 * table["accuracy"])
    ax.set_title(data_name(table["data"].iloc[0]))


def title(curves: pd.DataFrame, settings: dict[str, Any]) -> str:
    """Return the title: data, sizes and networks."""
    shown = listed([data_name(name) for name in settings["sets"]])
    networks = listed([network_name(name) for name in curves["network"].unique()])
    sizes = listed([f"{n:,}" for n in sorted(curves["n_train"].unique())], " or ")
    with_them = f", {sizes} images, {networks}" if len(curves) else ""
    if settings["data_name"] != "cpu-study":
        return f"{shown}{with_them}"
    stand_in = "standing in for the paper's CIFAR-10 and CIFAR-100 with ResNet-18"
    return f"The study on two cores: {shown}{with_them},\n{stand_in}"


def caption(curves: pd.DataFrame, models: pd.DataFrame, settings: dict[str, Any], width: int) -> str:
    """Return the caption: the meaning of lines and colours, and the panels that are lacking."""
    paragraphs = []
    if len(curves):
        paragraphs.append(
            f"Error against γ: means over {seeds_of(curves['n'])}; bands: ± standard deviation over them."
        )
    if len(models):
        below = int((models["gamma"] < gamma_min()).sum())
        paragraphs.append(
            f"Searches: a curve a model, {len(models)} in all, each trained once; coloured by its test accuracy, the "
            f"{below} with γ below γ$_{{\\min}}$ = {gamma_min():.2f} in grey (where they "
            "lie beyond the accuracy axis, they meet its end). The search chose its models by test accuracy."
        )
    if settings["data_name"] == "cpu-study":
        paragraphs.append("The study has one data set, so that there is neither b nor d.")
    if settings["missing"]:
        paragraphs.append("Not drawn: " + " ".join(settings["missing"]))
    return "\n".join(textwrap.fill(text, width) for text in paragraphs)


if __name__ == "__main__":
    for path in draw(Path("results/quick")):
        print(path)
