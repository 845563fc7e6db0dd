"""Figure 8: test images that only ζ-mixup gets right, where they lie among synthesised samples, and the counts."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from figures.saving import save
from zeta_geom.plots.features import class_map, interval_rows, predicted_picture
from zeta_geom.plots.names import as_label
from zeta_geom.plots.style import METHOD_COLORS, METHOD_LABELS, PARAMETERS, panel_letter, spread
from zeta_geom.records import Record, read

METHODS = ("erm", "mixup", "zeta")
SELECTIONS = {
    "i": "(i) paper's selection:\nonly ζ right",
    "ii": "(ii) mirror image:\nonly mixup right",
    "iii": "(iii) all test images",
}
TITLES = {
    "mnist": "MNIST",
    "mnist-sample": "MNIST sample",
    "isic-2017": "ISIC 2017",
    "derm7point-clinical": "derm7point: clinical",
}
STAND_IN = ", standing in for the paper's ISIC 2017 and derm7point"
COLUMNS = 12  # of pictures


def draw(results: Path) -> list[Path]:
    """Draw one figure for each data set that the records name, and return the files."""
    folder, written = results / "records" / "figure_8", []
    tables = {name: read(folder / name).table for name in ("neighbors", "accuracy", "intervals")}
    with mpl.rc_context(PARAMETERS):
        for data in tables["accuracy"]["data"].unique():
            own = {name: table[table["data"] == data] for name, table in tables.items()}
            fig = draw_set(read(folder / data / "drawn"), own)
            written += save(fig, results / "figures" / f"figure_8-{data}")
    return written


def draw_set(drawn: Record, tables: dict[str, pd.DataFrame]) -> Figure:
    """Draw the figure of one data set."""
    rows = max(1, -(-len(drawn["images"]) // COLUMNS))
    fig = Figure(figsize=(7.6, 5.7 + 0.85 * rows))
    top, middle, bottom = fig.subfigures(3, 1, height_ratios=(0.3 + 0.85 * rows, 3.4, 2.0))
    draw_images(top, drawn, rows)
    axes = middle.subplots(1, 2)
    for ax, method, letter in zip(axes, METHODS[1:], "bc", strict=True):
        draw_map(ax, drawn, method)
        panel_letter(ax, letter)
    draw_numbers(bottom.subplots(1, 2, width_ratios=(2, 1)), tables)
    data = drawn.settings["data_name"]
    fig.suptitle(f"{TITLES.get(data) or as_label(data)}{STAND_IN if data.startswith('mnist') else ''}", fontsize=9)
    fig.supxlabel(caption(drawn, tables), fontsize=7, ha="left", x=0.01)
    return fig


def draw_images(fig: Any, drawn: Record, rows: int) -> None:
    """Draw a: the test images with their class above and the three predictions below."""
    names = drawn["class_names"]
    axes = fig.subplots(rows, COLUMNS, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, image, truth, predicted in zip(axes.flat, drawn["images"], drawn["truth"], drawn["predicted"].T):
        ax.set_axis_on()
        predicted_picture(ax, image, names[truth], dict(zip(METHODS, names[predicted], strict=True)))
    fig.suptitle(" a", x=0.0, ha="left", fontsize=9, fontweight="bold")
    methods = [mpl.lines.Line2D([], [], ls="", color=METHOD_COLORS[m], label=METHOD_LABELS[m]) for m in METHODS]
    legend = fig.legend(  # words in the methods' colours: squares are the images of a in the maps below
        handles=methods,
        loc="outside upper right",
        ncols=3,
        handlelength=0,
        handletextpad=0,
        labelcolor="linecolor",
    )
    for text in legend.get_texts():
        text.set_fontweight("bold")


def draw_map(ax: Any, drawn: Record, method: str) -> None:
    """Draw b or c: the map of a method's synthesised samples, with the images of panel a as squares."""
    squares = drawn[f"test_xy_{method}"]
    tests = (squares, drawn["truth"]) if len(squares) else ()
    class_map(ax, drawn[f"train_xy_{method}"], drawn[f"train_labels_{method}"], drawn["class_names"].tolist(), *tests)
    ax.set(title=METHOD_LABELS[method], xlabel="t-SNE 1", ylabel="t-SNE 2", xticks=[], yticks=[])


def draw_numbers(axes: Any, tables: dict[str, pd.DataFrame]) -> None:
    """Draw d, ζ against mixup in correct neighbours for each selection, and e, the accuracies."""
    left, right = axes
    rows = tables["intervals"].set_index("selection").reindex([*SELECTIONS]).dropna(subset="relative")
    values = tables["neighbors"].groupby(["selection", "seed"])["relative_difference"].first() * 100
    seeds = [values[name].dropna() for name in rows.index]
    limits = [rows[name] * 100 for name in ("relative", "relative_low", "relative_high")]
    interval_rows(left, *limits, seeds, [SELECTIONS[name] for name in rows.index])
    left.margins(x=0.2)
    left.set(title="right-class neighbours, ζ against mixup", xlabel="difference / % of mixup's (95 % t interval)")
    panel_letter(left, "d")
    for place, method in enumerate(METHODS):
        accuracy = 100 * tables["accuracy"].query("method == @method")["accuracy"]
        right.plot(np.full(len(accuracy), place), accuracy, "o", color=METHOD_COLORS[method], ms=3, alpha=0.7)
        right.hlines(accuracy.mean(), place - 0.3, place + 0.3, color=METHOD_COLORS[method], lw=1.6)
    right.set(title="test accuracy", ylabel="accuracy / %", xlim=(-0.6, 2.6), xticks=range(3))
    right.set_xticklabels([METHOD_LABELS[method] for method in METHODS])
    panel_letter(right, "e")


def verdict(tables: dict[str, pd.DataFrame]) -> str:
    """Say what the average over all test images says, in counts and in label mass."""
    row = tables["intervals"].set_index("selection").loc["iii"]
    low, high = 100 * row["relative_low"], 100 * row["relative_high"]
    says = "ζ has more" if low > 0 else "ζ has fewer" if high < 0 else "no difference is shown"
    mass = f"{row['soft']:+.1f} [{row['soft_low']:+.1f}, {row['soft_high']:+.1f}]"
    return (
        f"Verdict, from (iii): {says} ({100 * row['relative']:+.1f} % [{low:+.1f}, {high:+.1f}]); "
        f"in label mass of the right class, in place of counts, the difference is {mass}."
    )


def compared(table: pd.DataFrame, selection: str) -> str:
    """Write the counts of both methods, as mean and standard deviation over seeds."""
    rows = {"selection": selection}
    both = (
        f"{name} {spread(table, 'mean_count', rows | {'method': m}, '.1f')}"
        for m, name in (("mixup", "mixup"), ("zeta", "ζ"))
    )
    return ", ".join(both)


def caption(drawn: Record, tables: dict[str, pd.DataFrame]) -> str:
    """Say what was drawn, and what the numbers are."""
    s, n_seeds = drawn.settings, tables["neighbors"]["seed"].nunique()
    table, counts = tables["neighbors"], []
    for name in SELECTIONS:
        images = sorted(set(table.query("selection == @name")["n_images"]))
        span = f"{images[0]:,} to {images[-1]:,}" if len(images) > 1 else f"{images[0]:,}"
        counts.append(f"({name}) {compared(table, name)} ({span} images)")
    return textwrap.fill(
        f"{s['trained']}. "
        f"a: the first {len(drawn['images'])} of the {int(drawn['n_selected'])} test images that ERM and mixup get "
        "wrong and ζ gets right (seed 0); above each its class, below what each takes it for. "
        f"b, c: {s['n_synthetic']:,} synthesised samples, coloured by the largest share of their label, as each "
        "method's own network sees them before its last layer (t-SNE, cosine); squares: the images of a, filled by "
        "their true class. "
        f"d: samples of the right class among the {s['k']} nearest (cosine); dots: seeds; bars: 95 % t interval over "
        f"{n_seeds} seeds. Counts, mean ± standard deviation over seeds: {'; '.join(counts)}. "
        "(i) favours ζ, and (ii) mixup, by selection. " + verdict(tables),
        width=144,
    )


if __name__ == "__main__":
    for path in draw(Path("results/quick")):
        print(path)
