"""Figure 6: mean ± standard deviation of the local dimension against γ."""

from __future__ import annotations

import string
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from figures.common import data_name, save
from zeta_geom import records
from zeta_geom.manifolds import MANIFOLDS
from zeta_geom.mixers import gamma_min
from zeta_geom.plots import style
from zeta_geom.plots.sweep import sweep_panel

PAPER_SETS = ("cifar-10", "cifar-100")
TITLES = {"helix-3d": "1-D helix in $\\mathbb{R}^3$", "curved-12d": "3-D manifold in $\\mathbb{R}^{12}$"}


def draw(results: Path) -> list[Path]:
    """Draw a-d (manifolds) and e-h (image sets), and return the files."""
    folder = results / "records" / "figure_6"
    manifolds = [records.read(folder / name) for name in ("helix-3d", "curved-12d")]
    first = records.read(folder / "images-1")
    images = [first, *(records.read(folder / f"images-{i}") for i in range(2, first.settings["sets"] + 1))]
    names = [record.settings["data_name"] for record in images]
    suffix = "" if tuple(names) == PAPER_SETS else "-" + "-".join(names)
    letters = string.ascii_lowercase[4 : 4 + 2 * len(images)]
    return [
        *draw_panels(manifolds, "abcd", results / "figures" / "figure_6a-d"),
        *draw_panels(images, letters, results / "figures" / f"figure_6e-{letters[-1]}{suffix}"),
    ]


def draw_panels(panels: list[records.Record], letters: str, path: Path) -> list[Path]:
    """Draw one row per record, one column per k."""
    ks = panels[0].settings["n_neighbors"]
    with plt.rc_context(style.PARAMETERS):
        fig, axes = plt.subplots(len(panels), len(ks), figsize=(7.2, 2.5 * len(panels) + 0.5), squeeze=False)
        for row, record in zip(axes, panels):
            for ax, k in zip(row, ks):
                draw_curves(ax, record, k)
        for ax, letter in zip(axes.flat, letters):
            style.panel_letter(ax, letter)
        for ax in axes[-1]:
            ax.set_xlabel("γ")
        for ax in axes[:, 0]:
            ax.set_ylabel("local intrinsic dimension")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        fig.legend(handles, labels, loc="outside lower center", ncols=5, title=caption(panels), title_fontsize=7)
        if "data_name" in panels[0].settings and path.name.startswith("figure_6e"):
            fig.suptitle(stand_in_note(panels), fontsize=8)
        written = save(fig, path)
        plt.close(fig)
    return written


def draw_curves(ax: Axes, record: records.Record, k: int) -> None:
    """Draw the five curves of one panel."""
    sweep_panel(ax, record.table[record.table["k"] == k], bandless=("mixup-per-sample",))
    name = record.settings["data_name"]
    truth = f", true dimension {MANIFOLDS[name].dimension}" if name in MANIFOLDS else ""
    ax.set_title(f"{TITLES.get(name, data_name(name))}, k = {k}{truth}")


def caption(panels: list[records.Record]) -> str:
    """Return the caption: lines, bands and numbers of points."""
    seeds = {int(seed) for record in panels for seed in record.table["seed"]}
    sizes = sorted({(record.settings["n_points"], int(record.table["n"].iloc[0])) for record in panels})
    measured = " and ".join(f"{n:,} of {size:,}" if n < size else f"{size:,}" for size, n in sizes)
    sampled = any(n < size for size, n in sizes)
    errors = "; dark bands: ± 2 standard errors of the mean" if sampled else ""
    measured += " points, the same for every γ" if sampled else " points"
    return (
        f"Lines: mean over {measured} (seed {', '.join(map(str, sorted(seeds)))}).\n"
        f"Light bands: ± standard deviation over points, not drawn for λ per sample{errors}.\n"
        f"k neighbours span at most k − 1 dimensions; γ$_{{\\min}}$ = {gamma_min():.5f}."
    )


def stand_in_note(panels: list[records.Record]) -> str:
    """Return the note: the data of the panels, and the paper's data that they stand in for."""
    names = [record.settings["data_name"] for record in panels]
    sizes = [record.settings["n_points"] for record in panels]
    drawn = " and ".join(f"{data_name(name)} ({size:,} images)" for name, size in zip(names, sizes))
    note = f"Drawn from {drawn}"
    by_user = panels[0].settings["named_by_user"]
    return note if by_user or tuple(names) == PAPER_SETS else f"{note}, standing in for CIFAR-10 and CIFAR-100"
