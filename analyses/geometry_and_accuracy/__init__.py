"""Does the geometry of an augmentation predict the accuracy that training with it gives?

docs/geometry_and_accuracy.md has the plan and the results. `python -m analyses.geometry_and_accuracy` carries out the
missing runs and audits; this module computes the results from the finished cells.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd
from pydantic import BaseModel

from analyses.context import Context
from analyses.geometry_and_accuracy.summary import summarise
from analyses.study.tables import table_fingerprint

TABLES = Path("docs/geometry_study")
RUNS, MEASURES = "runs.parquet", "measures.parquet"
MAKES = "make geometry-study makes it"


class Settings(BaseModel, frozen=True):
    """Where the tables of the study are."""

    tables: Path = TABLES


def run(context: Context, settings: Settings | None = None) -> None:
    """Write the records correlations, cells, ranking and points of geometry_and_accuracy."""
    s = settings or Settings()
    runs, measures = (read_table(s.tables / name) for name in (RUNS, MEASURES))
    data = table_fingerprint(runs) + table_fingerprint(measures)
    results = cache(lambda: summarise(runs, measures))
    for name in ("correlations", "cells", "ranking", "points"):
        context.record(f"geometry_and_accuracy/{name}", lambda: results()[name], settings={}, data=data)  # noqa: B023


def read_table(path: Path) -> pd.DataFrame:
    """Return a table of the study; FileNotFoundError without it."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no {path}; {MAKES}.")
    return pd.read_parquet(path)


if __name__ == "__main__":
    run(Context())
