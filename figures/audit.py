"""The audit of ζ-mixup against mixup: its report as one page, and the figure of every measure."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from figures.common import data_name, save
from zeta_geom.audits import Audit
from zeta_geom.audits.result import TABLES
from zeta_geom.audits.samples import Samples
from zeta_geom.records import read

REPEAT = "make figures ONLY=audit"


def draw(results: Path) -> list[Path]:
    """Write the report and the figure from the records, and return the files."""
    records = results / "records" / "audit"
    points = read(records / "points")
    name = points.settings["data_name"]
    suffix = "" if name == "mnist" else f"_{name}"
    report = as_audit({table: read(records / table).table for table in TABLES}, points.values)
    title = f"ζ-mixup against mixup on {data_name(name)}: an audit"
    page = report.to_html(results / "figures" / f"audit{suffix}.html", title=title, repeat=REPEAT)
    figure = report.plot()
    sizes = f"{len(report.sources.X):,} images augmented, {len(report.heldout_points.X):,} held out"
    figure.suptitle(f"{title}; {sizes}. Grey: where another sample of real data would lie", fontsize=9)
    return [page, *save(figure, results / "figures" / f"audit{suffix}")]


def as_audit(tables: dict[str, object], arrays: dict[str, np.ndarray]) -> Audit:
    """Rebuild the audit from its tables and arrays."""
    settings = json.loads(str(arrays["settings"]))
    sets = [
        Samples(*(arrays[f"{part}{place}"] for part in ("X", "Y", "rows")))
        for place in range(len(settings["methods"]) + 2)
    ]
    points = dict(zip(settings["methods"], sets[2:]))
    spaces = {"pixels": {"original": sets[0], **points}}
    return Audit(**tables, settings=settings, points=points, spaces=spaces, sources=sets[0], heldout_points=sets[1])
