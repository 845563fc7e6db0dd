"""Figures 4 and 5: originals, mixup and ζ-mixup, each image at one place on all panels."""

from __future__ import annotations

import textwrap
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from figures.names import data_name
from figures.saving import save
from zeta_geom.plots.images import picture_grid
from zeta_geom.plots.style import METHOD_COLORS, PARAMETERS, panel_letter
from zeta_geom.records import Record, read

COLUMNS = 6
WRITTEN = 46  # letters in a line of the text beside the panels
PAPER = {"4": "isic-2017", "5": "isic-2018"}


def draw(results: Path, number: str = "4") -> list[Path]:
    """Draw the figure from its record, and return the files."""
    made = read(results / "records" / f"figure_{number}" / "images")
    with mpl.rc_context(PARAMETERS):
        fig = draw_panels(made, number)
        return save(fig, results / "figures" / f"figure_{number}_{made.settings['data_name']}")


def draw_panels(made: Record, number: str) -> Figure:
    """Draw a and b over the three panels of ζ-mixup, with what is to be said beside them."""
    n, height, width = made["original"].shape[:3]
    gammas, rows = made.settings["gammas"], -(-n // COLUMNS)
    columns = max(3, len(gammas))
    fig = Figure(figsize=(2.55 * columns, 2 * (2.3 * rows / COLUMNS * height / width + 0.25) + 0.35))
    grid = fig.subplots(2, columns)
    axes = [*grid[0, :2], *grid[1, : len(gammas)]]
    keys = ["original", "mixup", *(f"zeta-{gamma:g}" for gamma in gammas)]
    for ax, key, letter in zip(axes, keys, "abcdefgh"):
        picture_grid(ax, made[key], columns=COLUMNS)
        panel_letter(ax, letter)
    axes[0].set_title("originals")
    axes[1].set_title("mixup", color=METHOD_COLORS["mixup"])
    for ax, gamma in zip(axes[2:], gammas):
        share = float(made[f"zeta-{gamma:g}-leader"])
        ax.set_title(f"ζ-mixup, γ = {gamma:.1f} ({100 * share:.0f} %)", color=METHOD_COLORS["zeta"])
    for row in range(rows):
        lam, middle = made["lambda"][made["batch"][row * COLUMNS]], (row + 0.5) * height / width
        text = f"{'λ = ' * (row == 0)}{lam:.2f}"
        axes[1].text(-0.1, middle, text, ha="right", va="center", fontsize=6.5, color=METHOD_COLORS["mixup"])
    for ax in (*grid[0, 2:], *grid[1, len(gammas) :]):
        ax.set_axis_off()
    grid[0, 2].text(0, 1, caption(made), transform=grid[0, 2].transAxes, va="top", fontsize=7, linespacing=1.4)
    fig.suptitle(title(made, number), fontsize=9)
    return fig


def title(made: Record, number: str) -> str:
    """Say what the pictures are, and what they stand for."""
    name = made.settings["data_name"]
    if made.settings["named_by_user"]:
        return f"{name}, a folder of your own"
    return data_name(name) + (f", standing in for the paper's {data_name(PAPER[number])}" * (name != PAPER[number]))


def caption(made: Record) -> str:
    """Say how the images were mixed."""
    s, batches = made.settings, len(made["lambda"])
    shown = "pictures" if s["named_by_user"] else "training images"
    whole = f"{batches} batches of {s['batch_size']}" if batches > 1 else f"one batch of {made['batch_length']}"
    paragraphs = (
        f"{len(made['original'])} {shown}, from {whole}; a place is the same image on all panels.",
        "mixup: λ times that image and 1 − λ times a random one of its batch; λ, beside the rows, is drawn once a "
        "batch.",
        "ζ-mixup: a weighted mean of the whole batch. That image has the largest share, in brackets; the order of "
        f"the others is the same for every γ (seed {s['seed']}).",
        "Levels are mixed from black (0) to white (1), and drawn so.",
    )
    return "\n\n".join(textwrap.fill(text, WRITTEN) for text in paragraphs)


if __name__ == "__main__":
    for path in draw(Path("results/quick")):
        print(path)
