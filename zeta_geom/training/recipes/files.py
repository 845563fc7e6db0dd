"""Read, write and change recipes; their files are YAML."""

from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import ValidationError

from zeta_geom.records import atomic_path
from zeta_geom.training.recipes.schema import Recipe


def read_recipe(path: Path | str) -> Recipe:
    """Read a recipe from YAML.

    Parameters
    ----------
    path : path
        A YAML file.

    Returns
    -------
    Recipe
        Validated.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, it is not YAML, or settings are missing, unknown or wrong: all are named.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no recipe {path}; `zeta-geom train --list` names the built-in recipes.")
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
    recipe, path : Recipe, path
        An existing file is replaced.

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


def change_recipe(recipe: Recipe, settings: Mapping[str, object], source: str = "ours") -> Recipe:
    """Return a recipe with other values of settings; "optimizer.momentum" names a setting within a setting."""
    dumped = recipe.model_dump(mode="json")
    for key, value in settings.items():
        group, parts = dumped, key.split(".")
        for part in parts[:-1]:
            if group.get(part, {}) is None:
                group[part] = {}
            group = group.setdefault(part, {})
            if not isinstance(group, dict):
                raise ValueError(f"{key} must name a setting; {part} contains no settings.")
        group[parts[-1]] = value
        if parts[0] in dumped["sources"]:
            dumped["sources"][parts[0]] = source
    return _validated(dumped, recipe.name)


def _validated(settings: Mapping[str, object], where: str) -> Recipe:
    try:
        return Recipe.model_validate(settings)
    except ValidationError as error:
        messages = (
            f"{'.'.join(map(str, entry['loc'])) or 'recipe'}: {entry['msg'].removeprefix('Value error, ')}"
            for entry in error.errors()
        )
        raise ValueError(f"the recipe {where} is not valid. {'; '.join(messages)}") from error
