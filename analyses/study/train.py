"""Classifiers on few real images: do the paper's orderings of methods show on two cores?

LeNet-5 on 1,000 and 5,000 images of Fashion-MNIST and MNIST with ten methods, a small residual network with five,
Figure 10a's sweep over γ, and 10c's search over γ and weight decay. Each run is recorded when it is done, so that a
killed study goes on. The tables go to docs/cpu_study, from where the claims table and the figures take them.

Examples
--------
python -m analyses.study.train --minutes 90
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import joblib
import pandas as pd
import typer
from tqdm import tqdm

from analyses.context import one_thread
from analyses.study.gamma_search import searched
from zeta_geom.records import atomic_path
from zeta_geom.training import Recipe, run
from zeta_geom.training.comparison import compare
from zeta_geom.training.networks import NETWORKS
from zeta_geom.training.recipes.paper import CUTMIX, CUTMIX_ZETA, GAMMAS, NATURAL_METHODS, zeta

TABLES = Path("docs/cpu_study")
METHODS: dict[str, Any] = NATURAL_METHODS | {
    "cutmix": CUTMIX,
    "cutmix-zeta": CUTMIX_ZETA,
    "dirichlet": {"name": "dirichlet"},
    "p-series-pairs": {"name": "p-series-pairs", "params": {"gamma": 2.8}},
    "manifold-mixup": {"name": "manifold-mixup", "params": {"layers": list(NETWORKS["lenet"].stages)}},
}
RESIDUAL_METHODS = ("erm", "mixup", "zeta-2.8", "cutmix", "cutmix-zeta")
OURS = "ours"
ALONE: dict[str, Any] = {"accelerator": "cpu", "progress": False, "logs": False, "stale": True}  # of each run
SEARCHED = 60  # models; the paper has 200


def recipes() -> list[Recipe]:
    """Return the study's recipes, those that answer most first."""

    def of(data: str, n_train: int, network: str, seeds: int, methods: Mapping[str, Any]) -> list[Recipe]:
        return [recipe(data, n_train, network, method, mixer, seeds) for method, mixer in methods.items()]

    sets = ("fashion-mnist", "mnist")
    few, more = ([each for data in sets for each in of(data, n_train, "lenet", seeds, METHODS)]
                 for n_train, seeds in ((1000, 5), (5000, 3)))  # fmt: skip
    swept = {f"zeta-{gamma}": zeta(gamma) for gamma in GAMMAS if f"zeta-{gamma}" not in METHODS}
    residual = {method: METHODS[method] for method in RESIDUAL_METHODS}
    return (
        few
        + of("fashion-mnist", 1000, "lenet", 5, swept)
        + of("fashion-mnist", 1000, "resnet10-narrow", 3, residual)
        + more
    )


def recipe(data: str, n_train: int, network: str, method: str, mixer: Any, seeds: int) -> Recipe:
    """Return one recipe; what the paper says of Fashion-MNIST is kept where few images allow it."""
    paper = 'paper, "Training details" of NATURAL'
    flips = data != "mnist"
    epochs = 40 if n_train <= 1000 else 20
    settings = {
        "name": f"cpu-study/{data}-{n_train}/{network}/{method}",
        "data": data,
        "n_train": n_train,
        "network": network,
        "epochs": epochs,
        "batch_size": 32,
        "optimizer": {"learning_rate": 0.01 if network == "lenet" else 0.1},
        "schedule": {"milestones": (epochs // 2, 3 * epochs // 4), "factor": 0.2},
        "augmentation": ("flip",) if flips else (),
        "mixer": mixer,
        "seeds": tuple(range(seeds)),
    }
    own = dict.fromkeys(Recipe.model_fields.keys() - {"name", "sources", "size", "crop"}, OURS)
    stated = {"batch_size": paper, "metrics": paper, "augmentation": paper if flips else OURS}
    why = ": at 0.05 one in twelve ended at guessing" if network == "lenet" else ""
    stated["optimizer"] = f"{paper}; the learning rate is ours{why}"
    return Recipe.model_validate(settings | {"sources": own | stated})


def one_run(recipe: Recipe, seed: int, folder: Path, until: float) -> pd.DataFrame | None:
    """Train once on one thread, or return None where the time is over."""
    if time.time() > until:
        return None
    with one_thread():
        return run(recipe, folder=folder, seeds=[seed], **ALONE)


def runs(folder: Path, until: float, jobs: int) -> Iterator[pd.DataFrame]:
    """Yield the table of each run that is there or could be made in time."""
    todo = [(recipe, seed) for recipe in recipes() for seed in recipe.seeds]
    parallel = joblib.Parallel(jobs, return_as="generator")
    made = parallel(joblib.delayed(one_run)(recipe, seed, folder, until) for recipe, seed in todo)
    for table in tqdm(made, total=len(todo), desc="cpu study", unit="run"):
        if table is not None:
            yield table


def main(
    folder: Annotated[Path, typer.Option(help="where the runs are kept")] = Path("runs"),
    minutes: Annotated[float, typer.Option(help="no run begins later than this")] = 90,
    jobs: Annotated[int, typer.Option(help="runs at once")] = 2,
) -> None:
    """Make the runs that are missing, and write docs/cpu_study/runs.csv, intervals.csv and search.csv."""
    until = time.time() + 60 * minutes
    tables = list(runs(folder, until, jobs))
    if not tables:
        raise typer.BadParameter(f"--minutes leaves no time for a run; got {minutes}.")
    table = pd.concat(tables, ignore_index=True)
    common = recipe("fashion-mnist", 1000, "lenet", "search", zeta(2.8), 1)
    with one_thread():
        models = searched(common, folder, SEARCHED, jobs, timeout=max(until - time.time(), 0), **ALONE)
    keep(table, models, TABLES)
    typer.echo(f"{len(table)} of {sum(len(recipe.seeds) for recipe in recipes())} runs; tables in {TABLES}")


def keep(table: pd.DataFrame, models: pd.DataFrame, folder: Path) -> None:
    """Write the runs, each method against mixup, and the models of the search."""
    study = table["recipe"].str.split("/", expand=True)
    named = table.assign(study=study[1] + "/" + study[2], method=study[3])
    columns = ["study", "data", "network", "n_train", "method", "seed", "metric", "value", "seconds"]
    intervals = compare(named, by=("study", "metric"))
    for name, part in {"runs": named[columns], "intervals": intervals, "search": models}.items():
        with atomic_path(folder / f"{name}.csv") as temporary:
            part.to_csv(temporary, index=False, float_format="%.6g")


if __name__ == "__main__":
    typer.run(main)
