"""Write a figure as PNG and PDF, whole or not at all."""

from pathlib import Path
from typing import Any

import matplotlib as mpl

from zeta_geom.plots.names import lettering
from zeta_geom.records import atomic_path


def save(fig: Any, path: Path) -> list[Path]:
    """Write `fig` to `path` with the endings .png and .pdf, and return both paths."""
    written = []
    with lettering(fig):
        for ending in ("png", "pdf"):
            target = path.with_name(f"{path.name}.{ending}")
            with atomic_path(target) as temporary:
                fig.savefig(temporary, format=ending)
            with mpl.rc_context({"figure.constrained_layout.use": False}):
                fig.set_layout_engine(None)  # the layout is found once: finding it again takes as long as drawing
            written.append(target)
    return written
