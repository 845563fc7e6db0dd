"""Classifiers on few real images: do the paper's orderings of methods show on two cores?

LeNet-5 on 1,000 and 5,000 images of Fashion-MNIST and MNIST with ten methods, a small residual network with five,
Figure 10a's sweep over γ, 10c's search over γ and weight decay, and the methods of Table 2 that need a model or learn
one. Each run is recorded when it is done, so that a killed study resumes. The tables go to docs/cpu_study, where the
claims table and the figures read them.

Examples
--------
python -m analyses.study.train --minutes 90
python -m analyses.study.train --only "adamixup automix-liu"
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import joblib
import pandas as pd
import typer
from tqdm import tqdm

from analyses.context import one_thread
from analyses.study.gamma_search import searched
from analyses.study.panel import write_panel
from analyses.study.recipes import LEARNED, recipe, recipes
from zeta_geom.records import atomic_path
from zeta_geom.training import Recipe, run
from zeta_geom.training.comparison import compare
from zeta_geom.training.recipes.paper import zeta

TABLES = Path("docs/cpu_study")
ALONE: dict[str, Any] = {"accelerator": "cpu", "progress": False, "logs": False, "stale": True}  # of each run
COLUMNS = ["study", "data", "network", "n_train", "method", "seed", "metric", "value", "seconds"]
SEARCHED = 60  # models; the paper has 200


def one_run(recipe: Recipe, seed: int, folder: Path, until: float) -> pd.DataFrame | None:
    """Train once on one thread, or return None if the time is over."""
    if time.time() > until:
        return None
    with one_thread():
        return run(recipe, folder=folder, seeds=[seed], **ALONE)


def runs(folder: Path, until: float, jobs: int, only: Sequence[str] = ()) -> Iterator[pd.DataFrame]:
    """Yield the table of each run that is finished, or could be finished in time: of all methods, or `only` some."""
    chosen = [each for each in recipes() if not only or method_of(each) in only]
    teachers = {each.mixer.teacher(0) for each in chosen if each.mixer is not None} - {None}
    names = {str(teacher).rpartition("/")[0] for teacher in teachers} | {each.name for each in chosen}
    todo = [(each, seed) for each in recipes() if each.name in names for seed in each.seeds]
    parallel = joblib.Parallel(jobs, return_as="generator")
    tables = parallel(joblib.delayed(one_run)(each, seed, folder, until) for each, seed in todo)
    for (each, _), table in zip(todo, tqdm(tables, total=len(todo), desc="cpu study", unit="run")):
        if table is not None and each in chosen:
            yield table


def main(
    folder: Annotated[Path, typer.Option(help="where the runs are kept")] = Path("runs"),
    minutes: Annotated[float, typer.Option(help="no run begins later than this")] = 90,
    jobs: Annotated[int, typer.Option(help="runs at once")] = 2,
    only: Annotated[str, typer.Option(help="methods to train; the tables keep all other rows")] = "",
) -> None:
    """Train the missing runs, and write runs.csv, intervals.csv, search.csv and learned.csv in docs/cpu_study."""
    until, methods = time.time() + 60 * minutes, only.split()
    if unknown := set(methods) - {method_of(each) for each in recipes()}:
        raise typer.BadParameter(f"--only must name methods of the study; got {', '.join(sorted(unknown))}.")
    tables = list(runs(folder, until, jobs, methods))
    if not tables:
        raise typer.BadParameter(f"--minutes leaves no time for a run; got {minutes}.")
    table = labelled(pd.concat(tables, ignore_index=True))
    if methods and (TABLES / "runs.csv").is_file():
        table = pd.concat([pd.read_csv(TABLES / "runs.csv"), table], ignore_index=True)
        table = table.drop_duplicates(["study", "method", "seed", "metric"], keep="last", ignore_index=True)
    keep(table, TABLES)
    if time.time() < until and (not methods or set(LEARNED) & set(methods)):
        write_panel(folder, TABLES)
    if not methods:
        common = recipe("fashion-mnist", 1000, "lenet", "search", zeta(2.8), 1)
        with one_thread():
            models = searched(common, folder, SEARCHED, jobs, timeout=max(until - time.time(), 0), **ALONE)
        write(models, TABLES / "search.csv")
    typer.echo(f"{len(table)} of {sum(len(each.seeds) for each in recipes())} runs; tables in {TABLES}")


def method_of(recipe: Recipe) -> str:
    """Return the method of a recipe of the study, the last part of its name."""
    return recipe.name.rpartition("/")[2]


def labelled(table: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of runs.csv; the study and the method are parts of the recipe's name."""
    parts = table["recipe"].str.split("/", expand=True)
    return table.assign(study=parts[1] + "/" + parts[2], method=parts[3])[COLUMNS]


def keep(table: pd.DataFrame, folder: Path) -> None:
    """Write the runs, and each method against mixup."""
    write(table, folder / "runs.csv")
    write(compare(table, by=("study", "metric")), folder / "intervals.csv")


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV."""
    with atomic_path(path) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g")


if __name__ == "__main__":
    typer.run(main)
