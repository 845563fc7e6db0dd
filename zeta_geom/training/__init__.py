"""Train classifiers by recipes: the paper's tables 4 to 8 and figures 8 to 10. Needs the extra `train`.

`run` trains by a recipe; `RECIPES` holds the paper's; `Classifier` is the Lightning module for loops of your own.
Nothing else in the package imports this room.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

PACKAGES = ("lightning", "medmnist", "optuna", "timm", "torchmetrics", "torchvision", "yaml")

_ROOMS = {
    "Classifier": "classifier",
    "IMAGE_SETS": "data",
    "ImageData": "data",
    "METRICS": "metrics",
    "NETWORKS": "networks",
    "RECIPES": "recipes",
    "Recipe": "recipe",
    "compare": "comparison",
    "load_image_data": "data",
    "load_network": "runs",
    "make_network": "networks",
    "read_recipe": "recipe_files",
    "run": "runs",
    "search": "gamma_search",
    "write_recipe": "recipe_files",
}

__all__ = sorted(_ROOMS)

if _absent := [package for package in PACKAGES if find_spec(package) is None]:
    raise ModuleNotFoundError(
        f'zeta_geom.training needs {", ".join(_absent)}: pip install "zeta-geom[train]".', name=_absent[0]
    )


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
