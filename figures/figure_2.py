"""Figure 2: mixed crescents and spirals (2a), the mixed helix (2b), and the helix for a grid of T and γ (2c)."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from figures.saving import save
from zeta_geom.plots.points import axis_names, soft_scatter, two_class_colors, view_row
from zeta_geom.plots.style import METHOD_COLORS, OKABE_ITO, PARAMETERS, name_columns, panels_of, spread
from zeta_geom.records import read

VIEWS = ((0, 0), (70, 0), (90, 0))  # paper, Fig. 2b: (elevation, azimuth) in degrees
GRID_VIEW = (0, 90)  # paper, Fig. 2c
STRETCH = (1, 1, 4)  # ours: the helix is 200 wide and 31 high
KEYS = ("method", "gamma", "T")
LIMITS = {"crescents": ((-1.5, 2.5), (-1.1, 1.6)), "spirals": ((-2.2, 2.2), (-2.1, 2.1))}


def draw(results: Path) -> list[Path]:
    """Draw Figures 2a, 2b and 2c from the records, and return the files."""
    records, figures = results / "records" / "figure_2", results / "figures"
    with mpl.rc_context(PARAMETERS):
        return [
            *save(draw_plane(records), figures / "figure_2a"),
            *save(draw_helix(records), figures / "figure_2b"),
            *save(draw_grid(records), figures / "figure_2c"),
        ]


def draw_plane(records: Path) -> Figure:
    """Draw Figure 2a: a row a data set, a column a mixer."""
    table, sets = read(records / "label_error").table, [read(records / data) for data in LIMITS]
    panels = panels_of(sets[0].values, KEYS)
    fig = Figure(figsize=(12, 3.45))
    axes = fig.subplots(2, len(panels), squeeze=False, height_ratios=(2.7, 4.2))
    for row, points, (data, (xlim, ylim)) in zip(axes, sets, LIMITS.items(), strict=True):
        for ax, what, X, Y in zip(row, panels, points["X"], points["Y"], strict=True):
            soft_scatter(ax, X, Y[:, 1], curves=points["curves"], size=3)
            rows = {"data": data, **what}
            wrong = spread(table, "label_error", rows, ".1f", scale=100)
            ax.set_title(f"wrong {wrong} %\ndist. {spread(table, 'distance', rows, '.3f')}", fontsize=7, pad=3)
            ax.set(xlim=xlim, ylim=ylim, xticks=np.arange(-2 if data == "spirals" else -1, 3), yticks=(-1, 0, 1))
            ax.tick_params(labelleft=ax is row[0])
        row[0].set_ylabel(f"{data.upper()}\n$x_2$")
    name_columns(axes, [name_of(**what) for what in panels], "$x_1$")
    bar = fig.colorbar(ScalarMappable(cmap=two_class_colors()), ax=axes, fraction=0.02, pad=0.01, aspect=30)
    bar.set_label("share of class 1 in the label")
    fig.supxlabel(
        f"{sets[0]['X'].shape[1]:,} points a panel. Above each: share of points with a wrong label, and median "
        f"distance from the noiseless curves (grey); mean ± standard deviation over {table['seed'].nunique()} seeds.",
        fontsize=8,
    )
    return fig


def draw_helix(records: Path) -> Figure:
    """Draw Figure 2b: a row a view, a column a mixer."""
    table, points = read(records / "helix_distance").table, read(records / "helix")
    panels = panels_of(points.values, KEYS)
    colors = [OKABE_ITO["grey"], *(METHOD_COLORS[what["method"]] for what in panels[1:])]
    fig = Figure(figsize=(8.5, 5.35))
    axes = fig.subplots(len(VIEWS), len(panels), sharex=True, sharey="row", height_ratios=(0.63, 1.1, 0.97))
    for row, view in zip(axes, VIEWS, strict=True):
        view_row(row, points["X"], colors, originals=points["X"][0], view=view, stretch=STRETCH)
        row[0].set_ylabel(f"elevation {view[0]}°\n{axis_names(*view, stretch=STRETCH)[1]}")
    for ax, what in zip(axes[0], panels, strict=True):
        ax.set_title(f"distance {spread(table, 'distance', what, '.2f')}")
    name_columns(axes, [name_of(**what) for what in panels], axis_names(*VIEWS[-1], stretch=STRETCH)[0])
    fig.supxlabel(
        f"{points['X'].shape[1]:,} points. Above each column: {note_on_distance(table)} "
        "Azimuth 0°; originals in grey; z is drawn 4 times as large.",
        fontsize=8,
    )
    return fig


def draw_grid(records: Path) -> Figure:
    """Draw Figure 2c: a row a T, a column a γ."""
    table, points = read(records / "grid").table, read(records / "grid_points")
    panels = panels_of(points.values, KEYS)
    sizes, gammas = (sorted({what[key] for what in panels[1:]}) for key in ("T", "gamma"))
    right, up = axis_names(*GRID_VIEW, stretch=STRETCH)
    fig = Figure(figsize=(8.5, 1.3 + 1.15 * len(sizes)))
    axes = fig.subplots(len(sizes), len(gammas), sharex=True, sharey=True, squeeze=False)
    for row, size in zip(axes, sizes, strict=True):
        chosen = [i for i, what in enumerate(panels) if what["T"] == size]
        colors = [METHOD_COLORS["zeta"]] * len(chosen)
        view_row(row, points["X"][chosen], colors, originals=points["X"][0], view=GRID_VIEW, stretch=STRETCH)
        for ax, i in zip(row, chosen, strict=True):
            ax.set_title(spread(table, "distance", panels[i], ".2f"), fontsize=7, pad=3)
        row[0].set_ylabel(f"T = {size}\n{up}")
    name_columns(axes, [f"γ = {gamma:g}" for gamma in gammas], right)
    fig.supxlabel(
        f"{points['X'].shape[1]:,} points a panel. Above each: {note_on_distance(table)} "
        "Elevation 0°, azimuth 90°; originals in grey; z is drawn 4 times as large; a batch has T points.",
        fontsize=8,
    )
    return fig


def name_of(method: str, gamma: float) -> str:
    """Write what a panel shows."""
    return {"original": "input", "mixup": "mixup"}.get(method, f"ζ-mixup, γ = {gamma:.1f}")


def note_on_distance(table: pd.DataFrame) -> str:
    """Say what the numbers of the helix are, and what the originals' own is."""
    own, seeds = table[table["method"] == "original"]["distance"].max(), table["seed"].nunique()
    return (
        f"median distance from the helix (radius 100), mean ± standard deviation over {seeds} seeds; "
        f"the originals' own is {0 if own < 1e-9 else own:g}.\nThere is one class, so that no label can be wrong."
    )


if __name__ == "__main__":
    draw(Path("results/quick"))
