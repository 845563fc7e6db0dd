"""Train classifiers by recipes: the paper's tables 2, 4 to 8 and figures 8 to 10.

`run` trains by a recipe; `RECIPES` holds the paper's; `Classifier` is the Lightning module for your own loops;
`load_mixer` returns what a run has learned as a mixer.
Only the command line imports this room. Recipes can be read, checked and written without the extra `train`; `run`,
`load_network`, `load_mixer`, `load_intrusion` and `make_network` need it when called, `Classifier`, `search` and
images when first used.
"""

from importlib import import_module
from typing import Any

from zeta_geom.rng.ranks import without_launcher
from zeta_geom.training.packages import require_packages

_ROOMS = {
    "AdaMixUp": "learned.methods",
    "AutoMixLiu": "learned.methods",
    "AutoMixZhu": "learned.methods",
    "Classifier": "fit.classifier",
    "IMAGE_SETS": "data",
    "ImageData": "data",
    "METRICS": "metrics",
    "NETWORKS": "networks",
    "RECIPES": "recipes.paper",
    "Recipe": "recipes.schema",
    "compare": "comparison",
    "load_image_data": "data",
    "load_intrusion": "learned.saved",
    "load_mixer": "learned.saved",
    "load_network": "runs",
    "make_network": "networks",
    "read_recipe": "recipes.files",
    "run": "runs",
    "search": "gamma_search",
    "write_recipe": "recipes.files",
}

_ON_THE_EXTRA = {"fit.classifier", "data", "gamma_search"}  # modules that import its packages

__all__ = sorted(_ROOMS)


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        if _ROOMS[name] in _ON_THE_EXTRA:
            require_packages()
        with without_launcher(keep_numbers=True):
            return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
