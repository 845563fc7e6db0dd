"""Figure 10: error against γ (a, b), and a search over γ and weight decay (c, d).

The paper has both for CIFAR-10 and CIFAR-100 with ResNet-18. At the presets quick and full the study on two cores
stands in for them, with one data set. Panels without data are left out, and the record lists them.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from pydantic import BaseModel

from analyses.context import Context
from analyses.study.tables import (
    MAKES,
    MAKES_SEARCH,
    MAKES_TABLES,
    SEARCH,
    STUDY,
    as_accuracy,
    as_error,
    finished_runs,
    over_seeds,
    read_table,
    table_fingerprint,
)

LEVELS = ("erm", "mixup")
SWEPT = r"zeta-(\d+(?:\.\d+)?)"
CURVES = ["data", "network", "n_train", "method", "gamma", "mean", "std", "n"]
MODELS = ["data", "number", "gamma", "weight_decay", "accuracy"]


class Settings(BaseModel, frozen=True):
    """The settings of Figure 10."""

    from_runs: bool = False  # whether from finished runs of the paper's recipes; else from the study's tables
    tables: Path = Path("docs/cpu_study")
    runs: Path = Path("runs")
    study: str = "fashion-mnist-1000/lenet"  # ours
    data: tuple[str, ...] = ("fashion-mnist",)


PRESETS = {
    "quick": Settings(),
    "full": Settings(),
    "paper": Settings(from_runs=True, data=("cifar-10", "cifar-100")),
}


def run(context: Context, settings: Settings | None = None) -> None:
    """Write the records figure_10/sensitivity, a row per data set and method, and figure_10/search, one per model."""
    s = settings or PRESETS[context.preset]
    missing: list[str] = []  # messages "panel: reason"
    curves = sensitivity(s, missing)
    models = search(s, missing)
    if curves.empty and models.empty:
        raise FileNotFoundError(f"Figure 10 has no data. {' '.join(missing)}")
    stored = {"data_name": "runs" if s.from_runs else "cpu-study", "sets": s.data, "missing": missing}
    for name, table in (("sensitivity", curves), ("search", models)):
        context.record(
            f"figure_10/{name}",
            lambda: table,  # noqa: B023, called at once
            settings=stored,
            data=table_fingerprint(table),
        )


def sensitivity(s: Settings, missing: list[str]) -> pd.DataFrame:
    """Return the mean error of every method, with γ if it has one; add a message to `missing` for a lacking panel."""
    try:
        if s.from_runs:
            remedy = "`zeta-geom train figure-10/…` makes them."
            values = finished_runs(s.runs)
            values = values[values["study"] == "figure-10"]
        else:
            remedy = f"continue with {MAKES}."
            values = read_table(s.tables / "runs.csv", STUDY, MAKES_TABLES)
            values = values[values["study"] == s.study]
    except FileNotFoundError as error:
        missing.append(f"a: {error}")
        return pd.DataFrame(columns=CURVES)
    gamma = values["method"].str.extract(f"^{SWEPT}$")[0].astype(float)
    values = as_error(values.assign(gamma=gamma)[gamma.notna() | values["method"].isin(LEVELS)])
    swept = over_seeds(values, CURVES[:5])
    parts = []
    for letter, data in zip("ab", s.data):
        part = swept[swept["data"] == data]
        if part["gamma"].nunique() < 2:
            missing.append(f"{letter}: no runs of ζ-mixup at several values of γ on {data}; {remedy}")
        elif part["n_train"].nunique() > 1:
            raise ValueError(
                f"the runs of Figure 10 on {data} must have the same number of images; got {set(part['n_train'])}."
            )
        else:
            parts.append(part)
    return pd.concat(parts, ignore_index=True)[CURVES] if parts else pd.DataFrame(columns=CURVES)


def search(s: Settings, missing: list[str]) -> pd.DataFrame:
    """Return γ, weight decay and accuracy of every model; add a message to `missing` for a lacking panel."""
    parts = []
    for letter, data in zip("cd", s.data):
        path = s.runs / f"figure-10-search-{data}.csv" if s.from_runs else s.tables / "search.csv"
        try:
            table = read_table(path, SEARCH, MAKES_SEARCH if s.from_runs else MAKES_TABLES)
        except FileNotFoundError as error:
            missing.append(f"{letter}: {error}")
            continue
        table = as_accuracy(table)
        table = table[table["metric"] == "accuracy"].rename(columns={"value": "accuracy"})
        if table.empty or not (table["weight_decay"] > 0).all() or not table["gamma"].notna().all():
            raise ValueError(f"{path} must hold error or accuracy, γ, and weight decays above 0.")
        parts.append(table.assign(data=data)[MODELS])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=MODELS)


if __name__ == "__main__":
    run(Context())
