"""Recipes as YAML files, and with some of their settings changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from zeta_geom.records import atomic_path
from zeta_geom.training.recipes.schema import Recipe

__all__ = ["changed", "read_recipe", "write_recipe"]


def read_recipe(path: Path | str) -> Recipe:
    """Read a recipe from YAML.

    Parameters
    ----------
    path : path

    Returns
    -------
    Recipe

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no YAML, or a setting is absent, unknown or wrong: all are named.

    Examples
    --------
    See `write_recipe`.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no recipe {path}; `zeta-geom train --list` names those that are built in.")
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} must be YAML; got {' '.join(str(error).split())}.") from error
    if not isinstance(settings, dict):
        raise ValueError(f"{path} must hold settings, such as `network: resnet18`; got {type(settings).__name__}.")
    return _validated(settings, str(path))


def write_recipe(recipe: Recipe, path: Path | str) -> None:
    """Write a recipe as YAML.

    Parameters
    ----------
    recipe : Recipe
    path : path

    Examples
    --------
    >>> import tempfile
    >>> recipe = Recipe(name="mine", data="digits", network="resnet18", epochs=2, optimizer={"learning_rate": 0.1})
    >>> path = Path(tempfile.mkdtemp()) / "mine.yaml"
    >>> write_recipe(recipe, path)
    >>> read_recipe(path) == recipe
    True
    """
    with atomic_path(path) as temporary:
        temporary.write_text(
            yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True), encoding="utf-8"
        )


def changed(recipe: Recipe, settings: Mapping[str, Any], source: str = "ours") -> Recipe:
    """Return a recipe with some settings changed."""
    dumped = recipe.model_dump(mode="json")
    for key, value in settings.items():
        place, parts = dumped, key.split(".")
        for part in parts[:-1]:
            if place.get(part, {}) is None:
                place[part] = {}
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise ValueError(f"{key} must lead to a setting; {part} has none within it.")
        place[parts[-1]] = value
        if parts[0] in dumped["sources"]:
            dumped["sources"][parts[0]] = source
    return _validated(dumped, recipe.name)


def _validated(settings: Mapping[str, Any], where: str) -> Recipe:
    try:
        return Recipe.model_validate(settings)
    except ValidationError as error:
        found = (
            f"{'.'.join(map(str, each['loc'])) or 'recipe'}: {each['msg'].removeprefix('Value error, ')}"
            for each in error.errors()
        )
        raise ValueError(f"the recipe {where} is not valid. {'; '.join(found)}") from error
