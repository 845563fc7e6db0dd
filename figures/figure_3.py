"""Figure 3: mixed digits, their soft labels, and the predictions of an oracle."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure, SubFigure

from figures.common import save
from zeta_geom.mixers import p_series_weights
from zeta_geom.plots.densities import density_curve
from zeta_geom.plots.images import image_grid, picture, soft_label_bars
from zeta_geom.plots.style import METHOD_COLORS, METHOD_LABELS, PARAMETERS, panel_letter
from zeta_geom.records import Record, read

METHODS = ("mixup", "zeta")
BANDWIDTH = 0.03  # ours, in nats; one for both methods, so that the heights of their peaks compare
SURE = 0.1  # paper: the inset of g takes images with an entropy below it
G_SHOWN = 3.0  # ours, in nats: the end of g's axis; the text states the share beyond it


def draw(results: Path) -> list[Path]:
    """Draw the whole figure from the records, and return the files."""
    folder = results / "records" / "figure_3"
    images, scores, summary = (read(folder / name) for name in ("images", "scores", "summary"))
    sample = images.settings["data_name"] != "mnist"
    with mpl.rc_context(PARAMETERS):
        fig = Figure(figsize=(7.2, 8.6))
        top, middle, bottom = fig.subfigures(3, 1, height_ratios=(2.6, 2.6, 3.0))
        draw_grids(top, images)
        draw_labels(middle, images)
        draw_densities(bottom, scores, summary.table)
        if sample:
            fig.suptitle(f"Drawn from {images.settings['data_name']}, 1,000 of MNIST's 60,000 training images")
        return save(fig, results / "figures" / f"figure_3{'-sample' if sample else ''}")


def draw_grids(fig: SubFigure, images: Record) -> None:
    """Draw panels a to c: the originals and their mixtures by both methods in one batch."""
    axes, n = fig.subplots(1, 3), len(images["original"])
    image_grid(axes[0], images["original"], title=f"the first {n // 10} of each class")
    names = (f"mixup, λ = {float(images['mixup_lambda']):.2f} for all", f"ζ-mixup, γ = {images.settings['gamma']:g}")
    for ax, method, name in zip(axes[1:], METHODS, names, strict=True):
        shown = images[f"{method}_shown"]
        image_grid(ax, images[method], marked=shown, color=METHOD_COLORS[method], title=name)
    for ax, letter in zip(axes, "abc", strict=True):
        panel_letter(ax, letter)


def draw_labels(fig: SubFigure, images: Record) -> None:
    """Draw panels d and e: four images of each method with their labels and the oracle's predictions."""
    axes = fig.subplots(2, 8, width_ratios=(0.8, 1) * 4)
    for row, letter, method in zip(axes, "de", METHODS, strict=True):
        for i, k in enumerate(images[f"{method}_shown"]):
            left, right = row[2 * i], row[2 * i + 1]
            picture(left, images[method][k], color=METHOD_COLORS[method])
            left.set_xlabel(f"{i + 1}: distance {images[f'{method}_distance'][k]:.2f}", fontsize=6)
            label, predicted = images[f"{method}_label"][k], images[f"{method}_predicted"][k]
            soft_label_bars(right, label, predicted, color=METHOD_COLORS[method])
            right.tick_params(labelsize=5.5, length=1.5, pad=1.5)
        panel_letter(row[0], letter)
        row[0].set_title(METHOD_LABELS[method], loc="right", color=METHOD_COLORS[method])
    ranks = " %, ".join(f"{100 * share:g}" for share in images.settings["shown"])
    fig.supxlabel(
        "Bars: soft label y; dots: the oracle's prediction p, by class. Images 1–4 are those framed above, at the "
        f"quantiles\n{ranks} % of the distance ½ Σ |y − p| of label and prediction among the "
        f"{len(images['mixup'])} images of each method.",
        fontsize=7,
    )


def draw_densities(fig: SubFigure, scores: Record, summary: pd.DataFrame) -> None:
    """Draw panels f and g: the oracle's entropy, and the cross-entropy of its prediction with the label."""
    table, floor = scores.table, scores.settings["floor"]
    left, right = fig.subplots(1, 2)
    inset = left.inset_axes((0.42, 0.3, 0.55, 0.5))
    sure_inset = right.inset_axes((0.42, 0.3, 0.55, 0.5))
    limits = (0, float(np.log(10))), (0, float(-np.log(floor)) + 0.01)
    sure = table[table["entropy"] < SURE]
    for ax, part, measure, limit, labelled in (
        (left, table, "entropy", limits[0], True),
        (inset, table, "entropy", limits[0], False),
        (right, table, "h_p_y_floored", limits[1], True),
        (sure_inset, sure, "h_p_y_floored", limits[1], False),
    ):
        for method in METHODS:
            values = part.loc[part["method"] == method, measure]
            label = described(summary, method, measure) if labelled else "_"
            density_curve(ax, values, method, bandwidth=BANDWIDTH, limits=limit, label=label)
        ax.set(xlim=limit, ylim=(0, None))
    inset.set(yscale="log", ylim=(1e-3, None))
    inset.set_title("density on a log scale", fontsize=7)
    sure_inset.set_title(f"images with H(p) < {SURE:g}", fontsize=7)
    for ax in (right, sure_inset):
        ax.set_xlim(0, G_SHOWN)
    left.set(xlabel="entropy of the oracle's prediction, H(p) (nats)", ylabel="density (1/nat)")
    right.set(xlabel=f"H(p, y) = −Σ p ln y (nats), y floored at $10^{{{np.log10(floor):.0f}}}$")
    for ax, letter in zip((left, right), "fg", strict=True):
        panel_letter(ax, letter)
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0))
    fig.supxlabel(note(scores, summary), fontsize=7)


def described(summary: pd.DataFrame, method: str, measure: str) -> str:
    """Write a method's name and median, with the medians' range over seeds, to three digits."""
    row = row_of(summary, method, measure)
    median, low, high = (
        np.format_float_positional(row[of], precision=3, unique=False, fractional=False)
        for of in ("median", "lowest_seed_median", "highest_seed_median")
    )
    return f"{METHOD_LABELS[method]}: median {median} ({low}–{high})"


def note(scores: Record, summary: pd.DataFrame) -> str:
    """Return the note: the data behind the densities, and the values beyond the axes."""
    table, settings = scores.table, scores.settings
    beyond = [f"{(part['h_p_y_floored'] > G_SHOWN).mean():.1%}" for _, part in table.groupby("method")]
    endless = [f"{row_of(summary, method, 'h_p_y')['share_infinite']:.0%}" for method in METHODS]
    leader = p_series_weights(settings["batch_size"], settings["gamma"])[0]
    return (
        f"{len(table) // 2:,} images a method, in batches of {settings['batch_size']}. "
        f"In brackets: the medians' range over {settings['seeds']} seeds. All areas are 1.\n"
        f"Gaussian kernels of {BANDWIDTH:g} nats, folded back at the limits. "
        f"Beyond {G_SHOWN:g} nats in g: {beyond[0]} of mixup's images, {beyond[1]} of ζ-mixup's.\n"
        f"Without the floor H(p, y) is infinite for {endless[0]} and {endless[1]}. "
        f"ζ-mixup's peak is at −ln {leader:.2f} = {-np.log(leader):.2f}: {leader:.2f} is the leader's weight."
    )


def row_of(summary: pd.DataFrame, method: str, measure: str) -> pd.Series:
    """Return the row of a method and a measure."""
    return summary[(summary["method"] == method) & (summary["measure"] == measure)].iloc[0]


if __name__ == "__main__":
    draw(Path("results/quick"))
