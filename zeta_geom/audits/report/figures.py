"""The figures of a report: one panel for each measure, densities, and the worst samples."""

from collections.abc import Iterator, Mapping
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from zeta_geom.audits.report.html import Picture, png_bytes, svg_bytes
from zeta_geom.audits.result import AuditResult
from zeta_geom.checks import CHANNEL_COUNTS, image_axes
from zeta_geom.plots.audit import densities_of, measure_panel, set_colors, worst_images
from zeta_geom.plots.names import as_label, lettering, text_width
from zeta_geom.plots.style import PARAMETERS

PLAIN = PARAMETERS | {"text.parse_math": False}  # draws a $ in a name literally
COLUMNS = 4  # panels in a row
WORST = 12
SMOOTH = ("geometry", "realism", "novelty")  # groups with continuous values, which have densities
ROUNDING = 1e-9  # relative range of values that are equal but for rounding


def small_multiples(summary: pd.DataFrame) -> Figure:
    """Draw one panel for each measure, with one row for each method."""
    names = list(dict.fromkeys(summary["measure"]))
    rows, methods = -(-len(names) // COLUMNS), summary["method"].nunique()
    with matplotlib.rc_context(PLAIN), lettering():
        letters = max(text_width(as_label(name)) for name in summary["method"])
        width = 10 + 0.07 * max(0, letters - 16)  # inches; names of up to 16 letters fit into 10
        figure = Figure(figsize=(width, rows * (0.62 + 0.2 * methods)), layout="constrained")
        axes = figure.subplots(rows, COLUMNS, squeeze=False)
        for place, ax in enumerate(axes.ravel()):
            if place >= len(names):
                ax.set_axis_off()
                continue
            measure_panel(ax, summary[summary["measure"] == names[place]])
            if place % COLUMNS:
                ax.set_yticklabels([])
    return figure


def densities(audit: AuditResult) -> Iterator[Picture]:
    """Yield one picture with a panel for each measure whose values vary; none if no measure does."""
    table = audit.samples
    chosen = audit.summary.drop_duplicates("measure")
    chosen = chosen[chosen["group"].isin(SMOOTH) & chosen["measure"].isin(table.columns)]
    panels = {}
    for row in chosen.to_dict("records"):
        parts = {str(name): rows[row["measure"]].dropna() for name, rows in table.groupby("method", sort=False)}
        parts = {name: values[np.isfinite(values)].to_numpy() for name, values in parts.items()}
        parts = {name: values for name, values in parts.items() if _varies(values)}
        if parts and len(np.unique(np.concatenate(list(parts.values())))) > 2:
            panels[row["title"], row["unit"]] = parts
    if not panels:
        return
    colors = set_colors(audit.methods)
    with matplotlib.rc_context(PLAIN):
        rows = -(-len(panels) // COLUMNS)
        figure = Figure(figsize=(10, 1.5 * rows + 0.4), layout="constrained")
        axes = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
        handles: dict[str, Any] = {}
        for ax, ((title, unit), parts) in zip(axes, panels.items()):
            densities_of(ax, parts, colors)
            ax.set_title(title + (f" ({unit})" if unit == "nats" else ""), fontsize=7)
            handles |= {line.get_label(): line for line in ax.lines}
        for ax in axes[len(panels) :]:
            ax.set_axis_off()
        figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=min(len(handles), 6))
    caption = (
        "Black: real samples. Kernel density estimates, each scaled to the same height; the largest 0.5 % of the "
        "values in each panel are left out."
    )
    means = "; ".join(
        f"{title}: " + ", ".join(f"{name} median {np.median(values):.3g}" for name, values in parts.items())
        for (title, _), parts in panels.items()
    )
    yield Picture(
        "Densities of the values of single samples", caption, f"Medians. {means}.", svg_bytes(figure), "svg"
    )


def _varies(values: np.ndarray) -> bool:
    return len(values) > 1 and bool(np.ptp(values) > ROUNDING * np.abs(values).max())


def worst_of(audit: AuditResult) -> tuple[str, dict[str, pd.DataFrame]]:
    """Return the title of the measure that ranks the samples, and the twelve worst samples of each method."""
    columns = list(audit.samples.columns)
    planes = [name for name in columns if name.startswith("tangent-residual")]
    name = next(name for name in ("true-distance", *planes[::-1], "heldout-distance") if name in columns)
    title = audit.summary.set_index("measure")["title"].to_dict()[name]
    rows = {}
    for method in audit.methods:
        samples = audit.samples[audit.samples["method"] == method].reset_index(drop=True)
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
        with matplotlib.rc_context(PLAIN):
            figure = worst_images(
                Figure(figsize=(7, 2.7), layout="constrained"), X[worst.index], titles, channels=channels
            )
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
