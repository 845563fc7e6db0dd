"""The figures of an audit: small multiples, densities, the worst samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zeta_geom.audits.report.html import Picture, png_bytes, svg_bytes
from zeta_geom.checks import CHANNEL_COUNTS, image_axes
from zeta_geom.plots.style import PARAMETERS

if TYPE_CHECKING:
    from zeta_geom.audits.result import Audit

__all__ = ["PLAIN", "densities", "small_multiples", "worst_of", "worst_pictures"]

PLAIN = PARAMETERS | {"text.parse_math": False}  # a $ in a name is a $
COLUMNS = 4  # panels beside each other
WORST = 12
SMOOTH = ("geometry", "realism", "novelty")  # groups whose values have densities
ROUNDING = 1e-9  # values that differ by less are one


def small_multiples(summary: pd.DataFrame) -> Any:
    """Draw a panel a measure, a row a method."""
    import matplotlib
    from matplotlib.figure import Figure

    from zeta_geom.plots.audit import measure_panel
    from zeta_geom.plots.names import as_label, lettering, text_width

    names = list(dict.fromkeys(summary["measure"]))
    rows, methods = -(-len(names) // COLUMNS), summary["method"].nunique()
    with matplotlib.rc_context(PLAIN), lettering():
        beyond = max(text_width(as_label(name)) for name in summary["method"]) - 16  # letters of the longest name
        figure = Figure(figsize=(10 + 0.07 * max(0, beyond), rows * (0.62 + 0.2 * methods)), layout="constrained")
        axes = figure.subplots(rows, COLUMNS, squeeze=False)
        for place, ax in enumerate(axes.ravel()):
            if place >= len(names):
                ax.set_axis_off()
                continue
            measure_panel(ax, summary[summary["measure"] == names[place]])
            if place % COLUMNS:
                ax.set_yticklabels([])
    return figure


def densities(audit: Audit) -> Iterator[Picture]:
    """Yield one picture: a panel for each measure whose values differ from sample to sample."""
    import matplotlib
    from matplotlib.figure import Figure

    from zeta_geom.plots.audit import densities_of, set_colors

    table = audit.samples
    chosen = audit.summary.drop_duplicates("measure")
    chosen = chosen[chosen["group"].isin(SMOOTH) & chosen["measure"].isin(table.columns)]
    panels = {}
    for row in chosen.to_dict("records"):
        parts = {str(name): rows[row["measure"]].dropna() for name, rows in table.groupby("method", sort=False)}
        parts = {name: one[np.isfinite(one)].to_numpy() for name, one in parts.items()}
        parts = {
            name: one for name, one in parts.items() if len(one) > 1 and np.ptp(one) > ROUNDING * np.abs(one).max()
        }
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
        "Black: real samples, by the same rule. Kernel estimates, each to its own height; in each panel the largest "
        "half per cent of the values is left out."
    )
    means = "; ".join(
        f"{title}: " + ", ".join(f"{name} median {np.median(one):.3g}" for name, one in parts.items())
        for (title, _), parts in panels.items()
    )
    yield Picture("Densities of single samples' values", caption, f"Medians. {means}.", svg_bytes(figure), "svg")


def worst_of(audit: Audit) -> tuple[str, dict[str, pd.DataFrame]]:
    """Return by which measure samples are the worst, and the worst twelve of each method."""
    columns = list(audit.samples.columns)
    planes = [name for name in columns if name.startswith("tangent-residual")]
    name = next(name for name in ("true-distance", *planes[::-1], "heldout-distance") if name in columns)
    title = audit.summary.set_index("measure")["title"].to_dict()[name]
    rows = {}
    for method in audit.methods:
        own = audit.samples[audit.samples["method"] == method].reset_index(drop=True)
        rows[method] = own.nlargest(WORST, name).dropna(axis=1, how="all")
    return title, rows


def worst_pictures(audit: Audit, measure: str, rows: Mapping[str, pd.DataFrame]) -> Iterator[Picture]:
    """Yield a picture a method of its worst samples, where samples are images."""
    import matplotlib
    from matplotlib.figure import Figure

    from zeta_geom.plots.audit import worst_images

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
        title = f"{method}: the worst {len(worst)}"
        yield Picture(
            title, f"By {measure}, worst first; grey images have 1 as black.", alt, png_bytes(figure, dpi=110), "png"
        )


def _drawable(shape: tuple[int, ...], channels: str | None) -> bool:
    """Say whether samples of this shape are images of more than one line, grey or in colour."""
    try:
        height, width = image_axes(shape, channels)
    except ValueError:
        return False
    counts = len(shape) == 3 or (len(shape) == 4 and shape[-1 if height == -3 else 1] in CHANNEL_COUNTS)
    return counts and min(shape[height], shape[width]) > 1
