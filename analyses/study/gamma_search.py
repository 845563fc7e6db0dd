"""Figure 10c and d: a search over γ and weight decay by several processes, whose results are kept in one file.

Examples
--------
python -m analyses.study.gamma_search --data cifar-10 --models 200 --jobs 2
python -m analyses.study.gamma_search --recipe mine.yaml --models 20
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import joblib
import pandas as pd
import typer

from zeta_geom.records import atomic_path
from zeta_geom.training import Recipe, search
from zeta_geom.training.recipes.paper import find_recipe


def searched(recipe: Recipe, folder: Path, n_models: int, jobs: int, **settings: Any) -> pd.DataFrame:
    """Return the models of a search by `jobs` processes; `settings` as for `zeta_geom.training.search`."""
    storage = folder / f"{recipe.name.replace('/', '-')}.db"
    search(recipe, storage, n_models=n_models, folder=folder, timeout=0)  # creates the file
    share = joblib.delayed(search)(recipe, storage, n_models=n_models, folder=folder, **settings)
    return max(joblib.Parallel(jobs)([share] * jobs), key=len)  # the process that ended last has all models


def main(
    data: Annotated[
        str, typer.Option(help="cifar-10 or cifar-100: the recipe figure-10-search/<data>/…")
    ] = "cifar-10",
    recipe: Annotated[str, typer.Option(help="another recipe, by name or YAML file")] = "",
    models: Annotated[int, typer.Option(help="models in all; the paper has 200", min=1)] = 200,
    jobs: Annotated[int, typer.Option(help="processes that train at once", min=1)] = 1,
    runs: Annotated[Path, typer.Option(help="folder of the runs, the search and its table")] = Path("runs"),
    accelerator: Annotated[str, typer.Option(help="Lightning's accelerator")] = "auto",
) -> None:
    """Start or resume the search, and write its table beside the runs."""
    common = find_recipe(recipe or f"figure-10-search/{data}/resnet18/zeta-2.8")
    table = searched(common, runs, models, jobs, accelerator=accelerator, progress=jobs == 1)
    path = runs / f"figure-10-search-{data if not recipe else common.name.replace('/', '-')}.csv"
    with atomic_path(path) as temporary:
        table.to_csv(temporary, index=False)
    typer.echo(f"{len(table)} models in {path}")


if __name__ == "__main__":
    typer.run(main)
