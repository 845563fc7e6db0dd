"""The study on two cores at a glance: the test error of each method against mixup, in each part of the study."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import BaseModel

from analyses.context import Context
from analyses.study.tables import MAKES_TABLES, STUDY, over_seeds, read_table, table_fingerprint

INTERVALS = ["study", "method", "mean", "std", "n", "difference", "low", "high", "p", "n_pairs", "p_holm"]
PARTS = ["study", "data", "network", "n_train"]
AGAINST = "mixup"
GUESSING = 0.85  # a classifier with a larger error only guesses; both data sets have ten classes


class Settings(BaseModel, frozen=True):
    """The settings of the figure of the study."""

    tables: Path = Path("docs/cpu_study")
    methods: tuple[str, ...] = ("erm", "mixup", "zeta-2.4", "zeta-2.8", "zeta-4.0", "cutmix", "cutmix-zeta",
                                "p-series-pairs", "manifold-mixup", "dirichlet", "supermix", "co-mixup",
                                "adamixup", "automix-liu", "automix-zhu")  # fmt: skip


def run(context: Context, settings: Settings | None = None) -> None:
    """Write the record study/intervals, a row per part of the study and method; errors are fractions."""
    s = settings or Settings()
    runs = read_table(s.tables / "runs.csv", STUDY, MAKES_TABLES)
    table = intervals(runs[runs["metric"] == "error"], read_intervals(s.tables / "intervals.csv"))
    if AGAINST not in set(table["method"]):
        raise FileNotFoundError(f"{s.tables} has no errors of {AGAINST}, the reference of all comparisons.")
    shown = table[table["method"].isin(s.methods)]
    order = {method: place for place, method in enumerate(s.methods)}
    shown = shown.sort_values("method", key=lambda names: names.map(order), kind="stable", ignore_index=True)
    stored = {"data_name": "cpu-study", "against": AGAINST, "left_out": sorted({*table["method"]} - {*s.methods})}
    context.record("study/intervals", lambda: shown, settings=stored, data=table_fingerprint(shown))


def read_intervals(path: Path) -> pd.DataFrame:
    """Return the rows of errors; FileNotFoundError without the file, ValueError if it has other columns."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no {path}; {MAKES_TABLES}.")
    table = pd.read_csv(path)
    if lacking := [name for name in [*INTERVALS, "metric"] if name not in table]:
        raise ValueError(f"{path} must have the columns {', '.join([*INTERVALS, 'metric'])}; lacking: {lacking}.")
    return table.loc[table["metric"] == "error", INTERVALS]


def intervals(runs: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Join the intervals with the statistics of the runs; ValueError if they belong to other runs."""
    summary = over_seeds(runs, [*PARTS, "method"])
    guessed = runs["value"].gt(GUESSING).groupby([runs["study"], runs["method"]]).sum().rename("guessing")
    summary = summary.merge(guessed.reset_index(), on=["study", "method"])
    both = summary.merge(table, on=["study", "method"], how="outer", suffixes=("_runs", ""), sort=False)
    alike = np.isclose(both["mean"], both["mean_runs"], rtol=1e-4, atol=1e-6) & (both["n"] == both["n_runs"])
    if not alike.all():
        other = both.loc[~alike, "study"] + " " + both.loc[~alike, "method"]
        raise ValueError(f"intervals.csv must belong to the runs in runs.csv; they differ for {', '.join(other)}.")
    return both.merge(summary[["study", "method"]], how="right")[[*PARTS, *INTERVALS[1:], "guessing"]]


if __name__ == "__main__":
    run(Context())
