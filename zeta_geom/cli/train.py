"""`zeta-geom train`: train a classifier by a recipe; list, show and change recipes."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zeta_geom.cli.options import output, write
from zeta_geom.cli.values import to_ints, to_params

if TYPE_CHECKING:
    import pandas as pd

    from zeta_geom.training.recipes.schema import Recipe

END = "...\n"  # YAML ends a document that is a single number or word with it


def train(
    recipe: Annotated[str, typer.Argument(help="a name that --list lists, or a YAML file", show_default=False)] = "",
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE as in JSON, such as mixer.params.gamma=3; repeatable")
    ] = None,
    out: Annotated[Path | None, output(".csv", ".parquet")] = None,
    list_: Annotated[bool, typer.Option("--list", help="list the recipes whose names contain RECIPE")] = False,
    show: Annotated[bool, typer.Option(help="print the recipe as YAML, with the source of each setting")] = False,
    seeds: Annotated[str | None, typer.Option(help="seeds that replace the recipe's")] = None,
    folder: Annotated[Path, typer.Option(help="folder that keeps the runs; a killed run resumes")] = Path("runs"),
    accelerator: Annotated[str, typer.Option(help="Lightning's accelerator: auto, cpu, gpu, …")] = "auto",
    devices: Annotated[int, typer.Option(help="devices to train on; each takes a batch of its own", min=1)] = 1,
    workers: Annotated[int, typer.Option(help="processes per device that read images", min=0)] = 0,
    force: Annotated[bool, typer.Option(help="repeat finished runs")] = False,
    stale: Annotated[bool, typer.Option(help="accept runs of older code")] = False,
) -> None:
    """Train a classifier by a recipe, once for each seed, and measure it (training needs the extra `train`).

    Example: zeta-geom train table-4/fashion-mnist/resnet18/zeta-2.8 --set epochs=2 --set schedule.milestones=[]
    """
    from zeta_geom.records.disk import check_writable

    if list_:
        typer.echo(recipe_list(recipe))
        return
    settings = choose_recipe(recipe, to_params(set_ or [], "--set"))
    if show:
        typer.echo(as_yaml(settings), nl=False)
        return
    check_writable(folder, "--folder", folder=True)
    from zeta_geom.training import run  # imports torch, which --list and --show do without

    how: dict[str, Any] = {"accelerator": accelerator, "devices": devices, "num_workers": workers}
    numbers = None if seeds is None else to_ints(seeds, "--seeds")
    table = run(settings, folder=folder, seeds=numbers, force=force, stale=stale, **how)
    typer.echo(summary(table))
    if out is not None:
        write(out, table)


def recipe_list(part: str) -> str:
    """Return a line for each built-in recipe whose name contains `part`."""
    from zeta_geom.training.recipes.paper import RECIPES

    rows = [
        f"{name:52}{recipe.epochs:5} epochs of {recipe.batch_size:3}, {', '.join(recipe.metrics)}"
        for name, recipe in RECIPES.items()
        if part in name
    ]
    if not rows:
        raise ValueError(f"no recipe's name contains {part!r}; `zeta-geom train --list` lists all {len(RECIPES)}.")
    return "\n".join(rows)


def choose_recipe(name: str, settings: Mapping[str, object]) -> Recipe:
    """Return the recipe of a name or file with some settings changed; its name then says so."""
    from zeta_geom.training.recipes.files import change_recipe
    from zeta_geom.training.recipes.paper import find_recipe

    if not name:
        raise ValueError("train needs a RECIPE: a name that `zeta-geom train --list` lists, or a YAML file.")
    recipe = find_recipe(name)
    if settings and "name" not in settings:  # under the old name, its runs would pass for the recipe's
        words = (re.sub(r"[^\w.-]+", "-", f"{key}-{value}").strip("-") for key, value in settings.items())
        settings = {**settings, "name": "+".join([recipe.name, *words])}
    return change_recipe(recipe, settings, "ours, set on the command line")


def as_yaml(recipe: Recipe) -> str:
    """Return a recipe as YAML, with the source of each setting as a comment behind it."""
    import yaml

    lines = []
    for name, value in recipe.model_dump(mode="json", exclude={"sources"}).items():
        text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=math.inf)
        source = f"  # {recipe.sources[name]}" if name in recipe.sources else ""
        lines.append(f"{name}: {text.removesuffix(END).strip()}{source}")
    return "\n".join(lines) + "\n"


def summary(table: pd.DataFrame) -> str:
    """Return a line for the data, and one for each metric: mean ± standard deviation over the seeds."""
    first = table.iloc[0]
    imbalance = f"largest training class {first['imbalance']:.2f} times the smallest"
    lines = [f"{first['recipe']}: {first['n_train']} training and {first['n_test']} test images, {imbalance}"]
    for metric, values in table.groupby("metric", sort=False)["value"]:
        spread = f" ± {values.std():.4f}" if len(values) > 1 else ""
        lines.append(f"{metric}: {values.mean():.4f}{spread} over {len(values)} seed{'s' * (len(values) > 1)}")
    return "\n".join(lines)
