"""The trainings of the study: missing runs are carried out, and each finished run is appended to a table."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from tqdm import tqdm

from analyses.context import one_thread
from analyses.geometry_and_accuracy.settings import ERM, SEEDS, SETTINGS, Cell, of_cell, recipe_of
from zeta_geom.records import atomic_path
from zeta_geom.training import run

RUN = ["data", "n_train", "network", "setting", "seed"]
COLUMNS = [*RUN, "accuracy", "seconds"]
ALONE: dict[str, Any] = {"accelerator": "cpu", "progress": False, "logs": False, "stale": True}


def train_missing(
    cell: Cell, table: Path, folder: Path, *, cifar: str, until: float, jobs: int, progress: bool = True
) -> bool:
    """Carry out the missing runs of a cell, ERM first, and append each; return whether all are finished."""
    runs = read_runs(table)
    tasks = missing(cell, runs)
    train = joblib.delayed(train_one)
    for group in ([task for task in tasks if task[0] == ERM], [task for task in tasks if task[0] != ERM]):
        results = joblib.Parallel(jobs, return_as="generator")(
            train(cell, *task, folder, cifar, until) for task in group
        )
        for row in _bar(results, len(group), cell.name, progress):
            if row is not None:
                runs = appended(runs, pd.DataFrame([row]), COLUMNS)
                write_table(runs, table)
    return not missing(cell, runs)


def missing(cell: Cell, runs: pd.DataFrame) -> list[tuple[str, int]]:
    """Return the settings and seeds of a cell that a table of runs lacks, seed by seed."""
    finished = of_cell(cell, runs)
    done = set(zip(finished["setting"], finished["seed"]))
    return [(setting, seed) for seed in SEEDS for setting in (ERM, *SETTINGS) if (setting, seed) not in done]


def train_one(cell: Cell, setting: str, seed: int, folder: Path, cifar: str, until: float) -> dict[str, Any] | None:
    """Train once on one thread, after its teacher, or return None if the time is over."""
    if time.time() > until:
        return None
    recipe = recipe_of(cell, setting, cifar)
    needed = [] if recipe.mixer is None or recipe.mixer.teacher(seed) is None else [recipe_of(cell, ERM, cifar)]
    with one_thread():
        for each in (*needed, recipe):
            result = run(each, folder=folder, seeds=[seed], **ALONE).iloc[0]
    identity = {"data": cell.data, "n_train": cell.n_train, "network": cell.network, "setting": setting, "seed": seed}
    return identity | {"accuracy": 1 - result["value"], "seconds": result["seconds"]}


def read_runs(path: Path) -> pd.DataFrame:
    """Return the table of finished runs, empty if there is none yet."""
    return pd.read_parquet(path)[COLUMNS] if path.is_file() else pd.DataFrame({name: [] for name in COLUMNS})


def appended(table: pd.DataFrame, rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Return a table with further rows; an empty one has no dtypes to keep."""
    return (pd.concat([table, rows], ignore_index=True) if len(table) else rows)[columns]


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as Parquet, whole or not at all."""
    with atomic_path(path) as temporary:
        table.to_parquet(temporary, index=False)


def _bar(results: Iterable[Any], total: int, name: str, progress: bool) -> Iterator[Any]:
    yield from tqdm(results, total=total, desc=name, unit="run", disable=None if progress else True)
