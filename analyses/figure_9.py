"""Figure 9: ζ-mixup against manifold mixup on the same data with the same network.

In the paper manifold mixup trains ten times as long. In the study on two cores, which stands in for the paper at the
presets quick and full, both train for the same number of epochs. Higher is better for all metrics: an error becomes
1 - error.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from pydantic import BaseModel

from analyses.context import Context
from analyses.study.tables import (
    MAKES,
    MAKES_TABLES,
    STUDY,
    as_accuracy,
    finished_runs,
    over_seeds,
    read_table,
    table_fingerprint,
)

PAIR = ["data", "network", "n_train", "metric"]
NAMES = {"zeta-2.8": "zeta", "manifold-mixup": "manifold"}  # method -> prefix of its columns


class Settings(BaseModel, frozen=True):
    """The settings of Figure 9."""

    from_runs: bool = False  # whether from finished runs of the paper's recipes; else from the study's tables
    tables: Path = Path("docs/cpu_study")
    runs: Path = Path("runs")
    zeta_studies: tuple[str, ...] = (
        "table-4",
        "table-6",
        "table-7",
    )  # paper: "the same metrics as in Tables 4, 6, 7"
    manifold_studies: tuple[str, ...] = ("figure-9",)


PRESETS = {"quick": Settings(), "full": Settings(), "paper": Settings(from_runs=True)}


def run(context: Context, settings: Settings | None = None) -> None:
    """Write the record figure_9/pairs, a row per data set, network and metric; `n` is the number of seeds."""
    s = settings or PRESETS[context.preset]
    values = as_accuracy(find(s))
    stored = {"data_name": "runs" if s.from_runs else "cpu-study", "unpaired": unpaired(values)}
    if pairs(values).empty:
        raise FileNotFoundError(nothing(s))
    context.record("figure_9/pairs", lambda: pairs(values), settings=stored, data=table_fingerprint(values))


def find(s: Settings) -> pd.DataFrame:
    """Return the values of both methods, a row per run and metric."""
    if not s.from_runs:
        table = read_table(s.tables / "runs.csv", STUDY, MAKES_TABLES)
        return table[table["method"].isin(NAMES)]
    runs = finished_runs(s.runs)
    zeta = runs["study"].isin(s.zeta_studies) & (runs["method"] == "zeta-2.8")
    manifold = runs["study"].isin(s.manifold_studies) & (runs["method"] == "manifold-mixup")
    return runs[zeta | manifold]


def pairs(values: pd.DataFrame) -> pd.DataFrame:
    """Return mean, std and number of seeds of both methods, if both were trained on the same number of images."""
    epochs = ["epochs"] if "epochs" in values else []
    sides = []
    for method, name in NAMES.items():
        side = over_seeds(values[values["method"] == method], PAIR + epochs)
        sides.append(side.rename(columns={of: f"{name}_{of}" for of in ("mean", "std", "n", "epochs")}))
    return sides[0].merge(sides[1], on=PAIR).sort_values(PAIR[:3], kind="stable", ignore_index=True)


def unpaired(values: pd.DataFrame) -> list[str]:
    """Return the data sets and networks with runs of one method only."""
    both = pairs(values)
    paired = set(zip(both["data"], both["network"]))
    return sorted({"/".join(key) for key in zip(values["data"], values["network"]) if key not in paired})


def nothing(s: Settings) -> str:
    """Return a message: there is no pair, and which command makes one."""
    if not s.from_runs:
        table = s.tables / "runs.csv"
        return f"{table} has no data on which both {' and '.join(NAMES)} were trained; continue with {MAKES}."
    return (
        f"{s.runs} has no finished runs of both methods on the same data; run recipes such as "
        "figure-9/cifar-10/resnet18/manifold-mixup and table-4/cifar-10/resnet18/zeta-2.8 "
        "(`zeta-geom train --list` lists all: figure-9/…, and …/zeta-2.8 of tables 4, 6 and 7)."
    )


if __name__ == "__main__":
    run(Context())
