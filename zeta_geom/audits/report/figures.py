"""The figures of a report: one panel for each measure, densities, and the worst samples."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zeta_geom.audits.answers import real_range, rows_in, spaces_of
from zeta_geom.audits.report.html import Picture, png_bytes, svg_bytes
from zeta_geom.audits.result import AuditResult
from zeta_geom.audits.verdicts import UNKNOWN, number
from zeta_geom.checks import CHANNEL_COUNTS, image_axes
from zeta_geom.plots.audit import densities_of, measure_panel, set_colors, worst_images
from zeta_geom.plots.names import as_label, lettering, text_width
from zeta_geom.plots.style import PARAMETERS

PANEL_WIDTH = 2.5  # inches; the page enlarges a panel to 19 rem at most
LETTER = 0.058  # inches of a letter of a name, at most on average
TITLE_LETTERS = 42  # letters of a title that fit into this width
PLAIN = PARAMETERS | {"text.parse_math": False}  # draws a $ in a name literally
FIXED = {"figure.constrained_layout.use": False}  # for equal cells, no layout has to be computed
COLUMNS = 4  # panels in a row
WORST = 12
SMOOTH = ("geometry", "realism", "novelty")  # groups with continuous values, which have densities
ROUNDING = 1e-9  # relative range of values that are equal but for rounding


def drawable(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the measures that are measurable for at least one method, in one space."""
    measurable = (summary["verdict"] != UNKNOWN).groupby([summary["space"], summary["measure"]]).transform("any")
    return summary[measurable]


def small_multiples(summary: pd.DataFrame) -> Figure:
    """Draw one panel for each measurable measure and space, with one row for each method."""
    panels = [rows for _, rows in drawable(summary).groupby(["space", "measure"], sort=False)]
    several = len(spaces_of(summary)) > 1
    rows, methods = max(1, -(-len(panels) // COLUMNS)), summary["method"].nunique()
    with matplotlib.rc_context(PLAIN), lettering():
        letters = max(text_width(as_label(name)) for name in summary["method"])
        width = 10 + 0.07 * max(0, letters - 16)  # inches; names of up to 16 letters fit into 10
        figure = Figure(figsize=(width, rows * (0.8 + 0.2 * methods)), layout="constrained")
        axes = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
        for place, (ax, panel) in enumerate(zip(axes, panels)):
            measure_panel(ax, panel)
            if several:
                ax.set_title(f"{ax.get_title()}\n{as_label(panel['space'].iloc[0])}", fontsize=7)
            if place % COLUMNS:
                ax.set_yticklabels([])
        for ax in axes[len(panels) :]:
            ax.set_axis_off()
    return figure


def panel(rows: pd.DataFrame) -> Picture:
    """Return a small picture of one measure."""
    first = rows.to_dict("records")[0]
    with matplotlib.rc_context(PLAIN | FIXED), lettering():
        figure = Figure()
        ax = measure_panel(figure.subplots(), rows)
        letters = max(text_width(as_label(name)) for name in rows["method"])
        _frame(figure, ax, ax.get_title(), 0.2 * len(rows), 0.1 + LETTER * letters)
        content = svg_bytes(figure)
    values = ", ".join(f"{name} {number(value)}" for name, value in zip(rows["method"], rows["value"]))
    alt = f"{first['title']}: {values}; real samples {real_range(first)}."
    return Picture(str(first["title"]), "", alt, content, "svg")


def _frame(figure: Figure, ax: Axes, title: str, height: float, left: float) -> None:
    """Give the axes of a figure this height, a title above them, and room on the left; sizes in inches.

    The margins are fixed: a computed layout takes as long as the drawing itself.
    """
    lines = textwrap.wrap(title, TITLE_LETTERS)
    top, bottom, right = 0.1 + 0.12 * len(lines), 0.36 if ax.get_xlabel() else 0.24, 0.15
    width, total = max(PANEL_WIDTH, left + 1.5), top + height + bottom
    figure.set_size_inches(width, total)
    ax.set_position((left / width, bottom / total, 1 - (left + right) / width, height / total))
    ax.set_title("")
    figure.text(0.5, 1 - 0.04 / total, "\n".join(lines), ha="center", va="top", fontsize=7)


def densities(audit: AuditResult, space: str) -> Iterator[Picture]:
    """Yield a small picture for each measure whose values vary in a space, then their legend; none if none does."""
    spaces = spaces_of(audit.summary)
    summary, table = rows_in(audit.summary, space, spaces), rows_in(audit.samples, space, spaces)
    chosen = summary.drop_duplicates("measure")
    chosen = chosen[chosen["group"].isin(SMOOTH) & chosen["measure"].isin(table.columns)]
    colors = set_colors(audit.methods)
    handles: dict[str, Any] = {}
    for row in chosen.to_dict("records"):
        parts = {str(name): rows[row["measure"]].dropna() for name, rows in table.groupby("method", sort=False)}
        parts = {name: finite for name, values in parts.items() if _varies(finite := _mostly_finite(values))}
        if not set(parts) & set(audit.methods) or len(np.unique(np.concatenate(list(parts.values())))) <= 2:
            continue
        with matplotlib.rc_context(PLAIN | FIXED), lettering():
            figure = Figure()
            ax = densities_of(figure.subplots(), parts, colors)
            handles |= {str(line.get_label()): line for line in ax.lines}
            title = row["title"] + (f" ({row['unit']})" if row["unit"] == "nats" else "")
            _frame(figure, ax, title, 0.95, 0.15)
            content = svg_bytes(figure)
        medians = ", ".join(f"{name} {number(float(np.median(values)))}" for name, values in parts.items())
        yield Picture(title, "", f"Density of {title}; medians: {medians}.", content, "svg")
    if handles:
        with matplotlib.rc_context(PLAIN | FIXED), lettering():
            figure = Figure(figsize=(PANEL_WIDTH, 0.2 + 0.17 * len(handles)))
            figure.legend(handles.values(), handles.keys(), loc="center left")
            yield Picture("Legend", "", f"Legend: {', '.join(handles)}.", svg_bytes(figure), "svg")


def _mostly_finite(values: pd.Series[float]) -> np.ndarray:
    """Return the finite values; none if most values are infinite, so that the rest is not what the measure says."""
    numbers = values.to_numpy(dtype=np.float64)
    finite = numbers[np.isfinite(numbers)]
    return finite if 2 * len(finite) >= len(numbers) else finite[:0]


def _varies(values: np.ndarray) -> bool:
    return len(values) > 1 and bool(np.ptp(values) > ROUNDING * np.abs(values).max())


def worst_of(audit: AuditResult) -> tuple[str, dict[str, pd.DataFrame]]:
    """Return the title of the measure that ranks the samples in the first space, and the worst of each method."""
    spaces = spaces_of(audit.summary)
    table = rows_in(audit.samples, spaces[0], spaces)
    columns = list(table.columns)
    planes = [name for name in columns if name.startswith("tangent-residual")]
    candidates = ("true-distance", *planes[::-1], "heldout-distance")
    name = next(name for name in candidates if name in columns and table[name].notna().any())
    title = audit.summary.set_index("measure")["title"].to_dict()[name]
    rows = {}
    for method in audit.methods:
        samples = table[(table["method"] == method) & table[name].notna()].reset_index(drop=True)
        if len(samples):
            rows[method] = samples.nlargest(WORST, name).dropna(axis=1, how="all")
    return title, rows


def worst_pictures(audit: AuditResult, measure: str, rows: Mapping[str, pd.DataFrame]) -> Iterator[Picture]:
    """Yield one picture of the worst samples for each method; none if samples are not images."""
    for method, worst in rows.items():
        X = audit.points[method].X
        channels = audit.settings.get("channels")
        if not _drawable(X.shape, channels):
            return
        titles = [f"row {row}" if row >= 0 else "" for row in worst["row"]]
        with matplotlib.rc_context(PLAIN | FIXED):
            figure = Figure(figsize=(7, 2.7))
            figure.subplots_adjust(left=0.01, right=0.99, bottom=0.01, top=0.93, wspace=0.05, hspace=0.2)
            worst_images(figure, X[worst.index], titles, channels=channels)
        alt = f"The {len(worst)} samples of {method} with the largest {measure}; the table below has their values."
        title = f"{method}: the {len(worst)} worst samples"
        caption = f"By {measure}, the worst first; in grey images 1 is black."
        yield Picture(title, caption, alt, png_bytes(figure, dpi=110), "png")


def _drawable(shape: tuple[int, ...], channels: str | None) -> bool:
    """Return whether samples of this shape are images, grey or in colour, with at least 2 × 2 pixels."""
    try:
        height, width = image_axes(shape, channels)
    except ValueError:
        return False
    known_channels = len(shape) == 3 or (len(shape) == 4 and shape[-1 if height == -3 else 1] in CHANNEL_COUNTS)
    return known_channels and min(shape[height], shape[width]) > 1
