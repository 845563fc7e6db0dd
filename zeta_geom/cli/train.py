"""What `zeta-geom train` says and does."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import yaml

from zeta_geom.training.recipes.files import changed
from zeta_geom.training.recipes.paper import RECIPES, find_recipe
from zeta_geom.training.recipes.schema import Recipe

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["asked", "listed", "shown", "summary"]


END = "...\n"  # what YAML puts behind a single number or word


def listed(part: str) -> str:
    """Return a line for each built-in recipe whose name holds `part`."""
    rows = [
        f"{name:52}{each.epochs:5} epochs of {each.batch_size:3}, {', '.join(each.metrics)}"
        for name, each in RECIPES.items()
        if part in name
    ]
    if not rows:
        raise ValueError(f"no recipe's name holds {part!r}; `zeta-geom train --list` lists all {len(RECIPES)}.")
    return "\n".join(rows)


def asked(name: str, settings: Mapping[str, Any]) -> Recipe:
    """Return the recipe of a name or file; with settings changed, its name says so."""
    if not name:
        raise ValueError("train needs a RECIPE: a name that `zeta-geom train --list` lists, or a YAML file.")
    found = find_recipe(name)
    if settings and "name" not in settings:  # else it would pass for the recipe itself
        words = (re.sub(r"[^\w.-]+", "-", f"{key}-{value}").strip("-") for key, value in settings.items())
        settings = {**settings, "name": "+".join([found.name, *words])}
    return changed(found, settings, "ours, set on the command line")


def shown(recipe: Recipe) -> str:
    """Return a recipe as YAML, the source of each setting behind it as a comment."""
    lines = []
    for name, value in recipe.model_dump(mode="json", exclude={"sources"}).items():
        text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=math.inf)
        source = f"  # {recipe.sources[name]}" if name in recipe.sources else ""
        lines.append(f"{name}: {text.removesuffix(END).strip()}{source}")
    return "\n".join(lines) + "\n"


def summary(table: pd.DataFrame) -> str:
    """Return a line a metric: mean ± standard deviation over the seeds, and what is to be known of the classes."""
    first = table.iloc[0]
    imbalance = f"largest training class {first['imbalance']:.2f} times the smallest"
    lines = [f"{first['recipe']}: {first['n_train']} training and {first['n_test']} test images, {imbalance}"]
    for metric, values in table.groupby("metric", sort=False)["value"]:
        spread = f" ± {values.std():.4f}" if len(values) > 1 else ""
        lines.append(f"{metric}: {values.mean():.4f}{spread} over {len(values)} seed{'s' * (len(values) > 1)}")
    return "\n".join(lines)
