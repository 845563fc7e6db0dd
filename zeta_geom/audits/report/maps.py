"""A map of an audit's samples: the points themselves in the plane, else t-SNE of originals and synthetic ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zeta_geom.audits.estimates import ORIGINAL
from zeta_geom.audits.report.figures import PLAIN
from zeta_geom.audits.report.html import Picture, Section, png_bytes

if TYPE_CHECKING:
    from zeta_geom.audits.result import Audit

__all__ = ["maps"]

MAPPED = 500  # samples of each set
LEAST = 40  # samples that t-SNE takes
PERPLEXITY = 30


def maps(audit: Audit) -> Section:
    """Return the section with the map."""
    import matplotlib
    from matplotlib.figure import Figure

    from zeta_geom.neighborhoods import embed
    from zeta_geom.plots.audit import points_map, set_colors

    sets = {ORIGINAL: audit.sources, **audit.points}
    parts = {name: one.flat[:MAPPED] for name, one in sets.items()}
    X = np.concatenate(list(parts.values())).astype(np.float64)
    owners = np.repeat(list(parts), [len(one) for one in parts.values()])
    if X.shape[1] < 2 or len(X) < LEAST or np.ptp(X, axis=0).max() == 0:
        return Section(
            "Map", [f"No map was drawn: it takes two features, and {LEAST} samples that are not one point."]
        )
    if X.shape[1] == 2:
        xy, how = X, "The points themselves."
    else:
        perplexity = min(PERPLEXITY, (len(X) - 1) / 3)
        xy, _ = embed(X, perplexity=perplexity, random_state=audit.settings["random_state"])
        how = f"t-SNE of {len(X):,} samples together (perplexity {perplexity:g}); distances on it are no distances."
    colors = set_colors(audit.methods)
    with matplotlib.rc_context(PLAIN):
        figure = Figure(figsize=(3.3 * len(colors), 3.4), layout="constrained")
        for ax, (name, color) in zip(figure.subplots(1, len(colors), squeeze=False)[0], colors.items()):
            points_map(ax, xy, list(owners), name, color)
    alt = f"Originals as grey dots, and the samples of {', '.join(colors)} as rings, a panel each."
    caption = f"Grey: originals; rings: synthetic. {how}"
    text = [f"At most {MAPPED} samples of each set."]
    picture = Picture("Originals and synthetic samples", caption, alt, png_bytes(figure, dpi=130), "png")
    return Section("Map", text, pictures=[picture])
