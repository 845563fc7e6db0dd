"""The recipes of the study on two cores: methods, data sets, numbers of images and seeds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zeta_geom.training import Recipe
from zeta_geom.training.networks import NETWORKS
from zeta_geom.training.recipes.paper import CUTMIX, CUTMIX_ZETA, GAMMAS, NATURAL_METHODS, zeta

METHODS: dict[str, Any] = NATURAL_METHODS | {
    "cutmix": CUTMIX,
    "cutmix-zeta": CUTMIX_ZETA,
    "dirichlet": {"name": "dirichlet"},
    "p-series-pairs": {"name": "p-series-pairs", "params": {"gamma": 2.8}},
    "manifold-mixup": {"name": "manifold-mixup", "params": {"layers": list(NETWORKS["lenet"].stages)}},
}
RESIDUAL_METHODS = ("erm", "mixup", "zeta-2.8", "cutmix", "cutmix-zeta")
LEARNED: dict[str, Any] = {  # the sizes are ours: published ones are for 50,000 images and more
    "adamixup": {"name": "adamixup"},
    "automix-liu": {"name": "automix-liu", "params": {"layer": "pool2", "momentum": 0.99}},
    "automix-zhu": {"name": "automix-zhu", "params": {"width": 8, "depth": 2}},
}
DIGITS = "mnist", 1000  # of the learned mixers in the panel of methods
OURS = "ours"


def with_models(data: str, n_train: int) -> dict[str, Any]:
    """Return the methods that need a model or learn one; SuperMix's teacher is ERM's classifier of the same seed."""
    teacher = f"{name_of(data, n_train, 'lenet', 'erm')}/seed-{{seed}}"
    return {
        "co-mixup": {"name": "co-mixup"},
        "supermix": {"name": "supermix", "params": {"teacher": teacher}},
    } | LEARNED


def name_of(data: str, n_train: int, network: str, method: str) -> str:
    """Return the name of a recipe."""
    return f"cpu-study/{data}-{n_train}/{network}/{method}"


def recipes() -> list[Recipe]:
    """Return the study's recipes, the most informative ones first."""

    def of(data: str, n_train: int, network: str, seeds: int, methods: Mapping[str, Any]) -> list[Recipe]:
        return [recipe(data, n_train, network, method, mixer, seeds) for method, mixer in methods.items()]

    sets = ("fashion-mnist", "mnist")
    few, more = ([item for data in sets for item in of(data, n_train, "lenet", seeds, METHODS)]
                 for n_train, seeds in ((1000, 5), (5000, 3)))  # fmt: skip
    swept = {f"zeta-{gamma}": zeta(gamma) for gamma in GAMMAS if f"zeta-{gamma}" not in METHODS}
    residual = {method: METHODS[method] for method in RESIDUAL_METHODS}
    return (
        few
        + of("fashion-mnist", 1000, "lenet", 5, swept)
        + of("fashion-mnist", 1000, "resnet10-narrow", 3, residual)
        + more
        + of("fashion-mnist", 1000, "lenet", 5, with_models("fashion-mnist", 1000))
        + of("fashion-mnist", 5000, "lenet", 3, with_models("fashion-mnist", 5000))
        + of(*DIGITS, "lenet", 3, LEARNED)
    )


def recipe(data: str, n_train: int, network: str, method: str, mixer: Any, seeds: int) -> Recipe:
    """Return one recipe; it keeps the paper's settings for Fashion-MNIST that suit few images."""
    paper = 'paper, "Training details" of NATURAL'
    flips = data != "mnist"
    epochs = 40 if n_train <= 1000 else 20
    settings = {
        "name": name_of(data, n_train, network, method),
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
    sources = dict.fromkeys(Recipe.model_fields.keys() - {"name", "sources", "size", "crop"}, OURS)
    stated = {"batch_size": paper, "metrics": paper, "augmentation": paper if flips else OURS}
    why = ": at 0.05 one in twelve ended at guessing" if network == "lenet" else ""
    stated["optimizer"] = f"{paper}; the learning rate is ours{why}"
    return Recipe.model_validate(settings | {"sources": sources | stated})
