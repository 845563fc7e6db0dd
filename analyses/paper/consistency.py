"""Does the paper agree with itself? Its tables against its text, and against the numbers that a test set can give.

Nothing is trained: the numbers are those of `analyses/paper`. A row that fails means only that two printed
statements, or a printed number and the size of the test set, contradict each other.
"""

from __future__ import annotations

import pandas as pd
from pydantic import BaseModel

from analyses.context import Context
from analyses.paper import error_rates, reachable, scores, slips
from analyses.paper.check import Check
from analyses.paper.reading import FOLDER, TABLES, read_table
from zeta_geom.records import atomic_path, data_fingerprint


class Settings(BaseModel, frozen=True):
    """The ranges that are searched."""

    largest_test_set: int = 2000  # ours: over every test set of Table 6
    n_runs: int = 3  # paper, Fig. 9: means of three runs


PRESETS = {"quick": Settings(), "full": Settings(), "paper": Settings()}


def run(context: Context, settings: Settings | None = None) -> None:
    """Write the record, and paper_checks.csv with the same rows, one per check."""
    settings = settings or PRESETS[context.preset]
    files = sorted(FOLDER.glob("*.csv"))
    inputs = {
        "settings": settings.model_dump(mode="json"),
        "data": data_fingerprint(*(f.read_bytes() for f in files)),
    }
    table = context.record("paper_tables/checks", lambda: checks(settings), **inputs).table
    with atomic_path(context.results / "paper_checks.csv") as temporary:
        table.to_csv(temporary, index=False)


def checks(settings: Settings) -> pd.DataFrame:
    """Return the table of checks; `agrees` is empty if the paper prints nothing to compare with."""
    tables = {number: read_table(number) for number in TABLES}
    rows = [
        *error_rates.improvements(tables),
        *error_rates.table_4(tables[4]),
        *scores.table_6(tables[6]),
        *scores.table_7(tables[7]),
        *scores.all_data_sets(tables),
        *error_rates.table_8(tables),
        *slips.table_9(tables[9]),
        *slips.sizes(tables),
        *slips.text_alone(),
        *reachable.test_sizes(tables[6], settings.largest_test_set, settings.n_runs),
        *reachable.triples(tables[6]),
        *reachable.accuracies(tables[7], settings.n_runs),
    ]
    return pd.DataFrame(rows, columns=Check._fields).astype({"agrees": "boolean"})
