"""The tables behind Figures 9 and 10: the study on two cores, or finished runs of the paper's recipes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analyses.paper.runs import load_runs
from zeta_geom.records import data_fingerprint

STUDY = ("study", "data", "network", "n_train", "method", "seed", "metric", "value")
SEARCH = ("number", "gamma", "weight_decay", "metric", "value")
MAKES = "python -m analyses.study.train"
MAKES_TABLES = f"{MAKES} makes it"
MAKES_SEARCH = "python -m analyses.study.gamma_search makes it"
METRICS = ("accuracy", "balanced_accuracy", "f1_micro", "f1_macro", "auc")  # fractions; higher is better


def read_table(path: Path, columns: tuple[str, ...], remedy: str) -> pd.DataFrame:
    """Return columns of a CSV file; FileNotFoundError without the file, ValueError if it holds something else."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no {path}; {remedy}.")
    table = pd.read_csv(path)
    if lacking := [name for name in columns if name not in table]:
        raise ValueError(f"{path} must have the columns {', '.join(columns)}; lacking: {', '.join(lacking)}.")
    if not pd.api.types.is_numeric_dtype(table["value"]) or not table["value"].between(0, 1).all():
        raise ValueError(f"value in {path} must be fractions, 0 to 1, without gaps; {remedy}.")
    return table[list(columns)]


def finished_runs(folder: Path) -> pd.DataFrame:
    """Return the rows of all finished runs; `study` is the recipe's first part."""
    runs = load_runs(folder)
    return runs.assign(study=runs["recipe"].str.split("/").str[0])


def as_accuracy(table: pd.DataFrame) -> pd.DataFrame:
    """Return the metrics for which higher is better; an error becomes 1 - error, unless its accuracy exists too."""
    errors = table["metric"] == "error"
    turned = table[errors].assign(metric="accuracy", value=1 - table.loc[errors, "value"])
    both = pd.concat([table[table["metric"].isin(METRICS)], turned], ignore_index=True)
    return both.drop_duplicates([name for name in both if name not in ("value", "seconds")])


def as_error(table: pd.DataFrame) -> pd.DataFrame:
    """Return the error rates; 1 - accuracy for runs that have the accuracy only."""
    errors = table[table["metric"] == "error"]
    turned = table[table["metric"] == "accuracy"]
    both = pd.concat([errors, turned.assign(metric="error", value=1 - turned["value"])], ignore_index=True)
    return both.drop_duplicates([name for name in both if name not in ("value", "seconds")])


def over_seeds(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return mean, std (n - 1; NaN for one seed) and the number of seeds of `value` in each group."""
    return table.groupby(by, sort=False, dropna=False)["value"].agg(mean="mean", std="std", n="count").reset_index()


def table_fingerprint(table: pd.DataFrame) -> str:
    """Return a hash over a table's values."""
    return data_fingerprint(pd.util.hash_pandas_object(table, index=False).to_numpy())
