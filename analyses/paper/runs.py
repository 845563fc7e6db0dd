"""Read the records of finished trainings: one record per run, one row per metric."""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd

from zeta_geom import records
from zeta_geom.datasets.hidden import is_hidden

logger = logging.getLogger(__name__)
TEXTS = ["recipe", "data", "network", "method", "metric"]
NUMBERS = ["seed", "n_train", "n_test", "epochs", "value", "seconds"]
COLUMNS = [*TEXTS, *NUMBERS]


def load_runs(folder: Path) -> pd.DataFrame:
    """Return the rows of every record `<folder>/**/seed-*.parquet` but hidden ones; no rows without the folder.

    A table without a manifest was left by an interrupted run; it is skipped with a warning.

    Raises
    ------
    ValueError
        If a record does not match its checksum, holds no such table, or contains a run twice.
    """
    tables = []
    for path in sorted(folder.glob("**/seed-*.parquet")):
        if is_hidden(path.relative_to(folder)):
            continue
        try:
            tables.append(check_runs(records.read(path.with_suffix("")).table, str(path)))
        except FileNotFoundError:
            logger.warning("%s: skipped, because its manifest is incomplete; repeat this training", path)
    if not tables:
        return pd.DataFrame(columns=COLUMNS)
    return check_runs(pd.concat(tables, ignore_index=True), str(folder))


def check_runs(runs: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return the columns of a run's table that are read here; ValueError if the table is malformed."""
    lacking = [name for name in COLUMNS if name not in runs]
    if lacking:
        raise ValueError(f"{source}: a run's table must have the columns {', '.join(COLUMNS)}; lacking: {lacking}.")
    wrong = [name for name in NUMBERS if not pd.api.types.is_numeric_dtype(runs[name])]
    wrong += [name for name in NUMBERS[:-1] if runs[name].isna().any()]  # seconds may be unknown
    if wrong:
        raise ValueError(f"{source}: columns {wrong} must hold a number in each row; repeat these trainings.")
    metric = runs[runs["metric"].isin(("error", "accuracy", "balanced_accuracy", "f1_micro", "f1_macro", "auc"))]
    outside = metric[~metric["value"].between(0, 1)]
    if len(outside):
        raise ValueError(f"{source}: value must be a fraction, 0 to 1; got {outside['value'].tolist()[:3]}.")
    key = ["recipe", "seed", "metric"]
    doubled = runs[runs.duplicated(key)]
    if len(doubled):
        raise ValueError(
            f"{source}: the same run occurs twice: {doubled[key].values.tolist()[:3]}; keep one of them."
        )
    return runs[COLUMNS]
