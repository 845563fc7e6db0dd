"""All trainings of the paper as recipes: one table, name -> recipe."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from zeta_geom.mixers import gamma_min
from zeta_geom.training.learned.methods import LEARNED
from zeta_geom.training.networks import NETWORKS
from zeta_geom.training.recipes.files import read_recipe
from zeta_geom.training.recipes.schema import Recipe

NATURAL = ("cifar-10", "cifar-100", "fashion-mnist", "stl-10", "imagenette", "imagewoof")
SKIN = ("isic-2016", "isic-2017", "isic-2018", "msk", "uda", "dermofit", "derm7point-clinical",
        "derm7point-dermoscopic", "ph2", "med-node")  # fmt: skip
MEDMNIST = ("pathmnist", "dermamnist", "octmnist", "pneumoniamnist", "bloodmnist", "tissuemnist", "breastmnist",
            "organamnist", "organcmnist", "organsmnist")  # fmt: skip
GAMMAS = tuple(round(1.8 + 0.2 * step, 1) for step in range(17))  # Figure 10: 1.8, 2.0, …, 5.0

ERM = None
MIXUP = {"name": "mixup", "params": {"alpha": 1.0}}
CUTMIX = {"name": "cutmix", "params": {"alpha": 1.0}}
CUTMIX_ZETA = {"name": "cutmix-zeta", "params": {"gamma": [round(gamma_min(), 5), 4.0]}}

NATURAL_TEXT = 'paper, "Training details" of NATURAL'
SKIN_TEXT = 'paper, "Training details" of SKIN'
MEDMNIST_TEXT = 'paper, "Training details" of MEDMNIST'
MANIFOLD_TEXT = "paper, text on Figure 9"
VERMA = "inferred, Verma et al. 2019, whose settings the paper says it follows"
EVALUATION = 'paper, "Evaluation on downstream task: classification": α = 1, T = m, and the values of γ'
OURS = {"precision": "ours", "crop": "not used", "background": "ours", "n_train": "paper, all images",
        "mixer": EVALUATION}  # fmt: skip
SGD = {"momentum": 0.9, "nesterov": True, "weight_decay": 5e-4}


def zeta(gamma: float) -> dict[str, Any]:
    """Return the settings of ζ-mixup over the whole batch."""
    return {"name": "zeta", "params": {"gamma": gamma}}


NATURAL_METHODS: dict[str, Any] = {"erm": ERM, "mixup": MIXUP} | {
    f"zeta-{gamma}": zeta(gamma) for gamma in (2.4, 2.8, 4.0)
}


def natural(data: str) -> dict[str, Any]:
    """Return the settings for a data set of natural images."""
    schedules = {"cifar-10": (200, 128, 0.1, (80, 120, 160)), "cifar-100": (200, 128, 0.1, (80, 120, 160)),
          "fashion-mnist": (200, 32, 0.1, (80, 120, 160)), "stl-10": (120, 32, 0.1, (80,)),
          "imagenette": (80, 32, 0.01, (25, 50, 65)), "imagewoof": (80, 32, 0.01, (25, 50, 65))}  # fmt: skip
    epochs, batch_size, learning_rate, milestones = schedules[data]
    settings: dict[str, Any] = {"data": data, "epochs": epochs, "batch_size": batch_size, "metrics": ("error",)}
    settings |= {"size": 224 if data in ("imagenette", "imagewoof") else None, "augmentation": ("flip",)}
    settings["optimizer"] = SGD | {"learning_rate": learning_rate}
    settings["schedule"] = {"milestones": milestones, "factor": 0.2}
    return settings | {"sources": _from(NATURAL_TEXT) | OURS | {"seeds": "paper, Table 4: three runs"}}


def with_cutmix(data: str) -> dict[str, Any]:
    """Return the settings of Table 5."""
    settings = natural(data) | {"schedule": {"milestones": (100, 150), "factor": 0.2}}
    settings["sources"] = settings["sources"] | {
        "mixer": "paper, text on Table 5; inferred: CutMix first, its α = 1 as in its authors' code",
        "seeds": "paper, Table 5: three runs",
        "augmentation": "inferred, as for Table 4",
    }
    return settings


def of_table_2(data: str) -> dict[str, Any]:
    """Return the settings for the methods of Table 2 that the paper does not train: those of Table 4."""
    settings = natural(data)
    sources = {"mixer": "inferred, Table 2; parameters as in the method's own paper", "seeds": "ours, as for Table 4"}
    return settings | {"sources": settings["sources"] | sources}


def further_methods(data: str) -> dict[str, Any]:
    """Return the methods of Table 2 that need a model or learn one; SuperMix's teacher is the classifier of ERM."""
    teacher = f"table-4/{data}/resnet18/erm/seed-{{seed}}"
    methods: dict[str, Any] = {name: {"name": name} for name in ("co-mixup", *LEARNED)}
    return methods | {"supermix": {"name": "supermix", "params": {"teacher": teacher}}}


def study_of_gamma(data: str) -> dict[str, Any]:
    """Return the settings of Table 8 and Figure 10: the settings of Table 4."""
    settings = natural(data)
    text = 'paper, "ζ-mixup: hyperparameter sensitivity analysis and ablation study"'
    sources = {"mixer": f"{text}; for the search, its start", "seeds": "ours, the paper states no number"}
    return settings | {"sources": settings["sources"] | sources}


def skin(data: str) -> dict[str, Any]:
    """Return the settings for a skin data set."""
    epochs, every = (20, 4) if data == "isic-2018" else (50, 10)
    settings: dict[str, Any] = {"data": data, "size": 256, "crop": 0.8, "epochs": epochs, "batch_size": 32}
    settings["optimizer"] = SGD | {"learning_rate": 0.01}
    settings["schedule"] = {"milestones": tuple(range(every, epochs, every)), "factor": 0.1}
    settings["metrics"] = ("balanced_accuracy", "f1_micro", "f1_macro")
    sources = OURS | {
        "crop": SKIN_TEXT,
        "size": f"{SKIN_TEXT}; the text on Figure 9 says 224",
        "seeds": "inferred, text on Figure 9: means of three runs",
        "augmentation": f"{SKIN_TEXT}: it names no random augmentation",
    }
    return settings | {"sources": _from(SKIN_TEXT) | sources}


def medmnist(data: str) -> dict[str, Any]:
    """Return the settings for a data set of MedMNIST."""
    settings: dict[str, Any] = {"data": data, "epochs": 100, "batch_size": 128, "metrics": ("auc", "accuracy")}
    settings["optimizer"] = SGD | {"learning_rate": 0.01}
    sources = OURS | {
        "epochs": "inferred, text on Figure 9: a tenth of manifold mixup's 1,000",
        "optimizer": f"{MEDMNIST_TEXT}: SGD and 0.01; momentum and weight decay inferred, as for NATURAL",
        "schedule": f"{MEDMNIST_TEXT}: it names no decay",
        "seeds": "inferred, text on Figure 9: means of three runs",
        "augmentation": f"{MEDMNIST_TEXT}: it names none",
    }
    return settings | {"sources": _from(MEDMNIST_TEXT) | sources}


def with_manifold_mixup(data: str, network: str) -> dict[str, Any]:
    """Return the settings of Figure 9: ten times the epochs."""
    mixer: dict[str, Any] = {"name": "manifold-mixup", "params": {"layers": list(NETWORKS[network].stages)}}
    if data in NATURAL:
        settings = natural(data) | {
            "epochs": 2000,
            "batch_size": 100,
            "optimizer": {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 1e-4},
            "schedule": {"milestones": (500, 1000, 1500), "factor": 0.1},
            "augmentation": ("crop", "flip"),
        }
        mixer["params"]["alpha"] = 2.0
        sources = dict.fromkeys(("batch_size", "optimizer", "schedule", "augmentation", "mixer"), VERMA)
    else:
        settings = skin(data) if data in SKIN else medmnist(data)
        longer: dict[str, Any] = {}
        if data in SKIN:
            longer = {"milestones": tuple(10 * epoch for epoch in settings["schedule"]["milestones"]), "factor": 0.1}
        settings = settings | {"epochs": 10 * settings["epochs"], "schedule": longer}
        sources = {"schedule": MANIFOLD_TEXT, "mixer": "inferred, Verma et al. 2019: three layers; α as for mixup"}
    sources |= {"epochs": MANIFOLD_TEXT, "seeds": MANIFOLD_TEXT, "network": FIGURE_9[data][1]}
    return settings | {"mixer": mixer, "sources": settings["sources"] | sources}


BOTH_NETWORKS = ("resnet18", "resnet50"), "ours, Figure 9 only says that two networks were used, so both"
FIGURE_9 = {  # data -> networks, and the source of this choice
    **dict.fromkeys(("cifar-10", "cifar-100"), (("resnet18",), "inferred, as in Table 4")),
    **dict.fromkeys(("breastmnist", "pathmnist", "tissuemnist"), (("resnet18",), "inferred, as in Table 7")),
    "derm7point-clinical": (("resnet18",), "inferred, as in Figure 8"),
    "isic-2017": (("resnet50",), "inferred, as in Figure 8"),
    **dict.fromkeys(("msk", "dermofit"), BOTH_NETWORKS),
}
FOUR_NETWORKS = ("resnet18", "resnet50", "mobilenetv2", "efficientnet_b0")  # of Table 5


def paper_recipes() -> Iterator[Recipe]:
    """Yield the recipes of Tables 2 and 4 to 8 and Figures 9 and 10; the models of Figure 10's search share one."""
    for data in NATURAL:
        yield from _recipes("table-4", natural(data), ("resnet18",), NATURAL_METHODS)
    for data in ("cifar-10", "cifar-100"):
        both = {"cutmix": CUTMIX, "cutmix-zeta": CUTMIX_ZETA}
        yield from _recipes("table-5", with_cutmix(data), FOUR_NETWORKS, both)
    for data in ("cifar-10", "cifar-100"):
        yield from _recipes("table-2", of_table_2(data), ("resnet18",), further_methods(data))
    for data in SKIN:
        yield from _recipes("table-6", skin(data), ("resnet18", "resnet50"), NATURAL_METHODS)
    for data in MEDMNIST:
        methods = {method: NATURAL_METHODS[method] for method in ("erm", "mixup", "zeta-2.8")}
        yield from _recipes("table-7", medmnist(data), ("resnet18",), methods)
    ablation = {
        "mixup": MIXUP,
        "p-series-pairs": {"name": "p-series-pairs", "params": {"gamma": 2.8}},
        "dirichlet": {"name": "dirichlet", "params": {"alpha": 1.0}},
        "zeta-2.8": zeta(2.8),
    }
    yield from _recipes("table-8", study_of_gamma("cifar-100"), ("resnet18",), ablation)
    for data, (networks, _) in FIGURE_9.items():
        for network in networks:
            yield from _recipes("figure-9", with_manifold_mixup(data, network), (network,), {"manifold-mixup": ...})
    for data in ("cifar-10", "cifar-100"):
        swept = {"erm": ERM, "mixup": MIXUP} | {f"zeta-{gamma}": zeta(gamma) for gamma in GAMMAS}
        yield from _recipes("figure-10", study_of_gamma(data), ("resnet18",), swept)
        searched = study_of_gamma(data) | {"seeds": (0,)}
        yield from _recipes("figure-10-search", searched, ("resnet18",), {"zeta-2.8": zeta(2.8)})


def _recipes(
    table: str, settings: Mapping[str, object], networks: tuple[str, ...], methods: Mapping[str, object]
) -> Iterator[Recipe]:
    """Yield a recipe for each network and method; the mixer `...` stands for the mixer of the settings."""
    for network in networks:
        for method, mixer in methods.items():
            name = f"{table}/{settings['data']}/{network}/{method}"
            mixers = {} if mixer is ... else {"mixer": mixer}
            yield Recipe.model_validate({**settings, **mixers} | {"name": name, "network": network})


def _from(text: str) -> dict[str, str]:
    return dict.fromkeys((name for name in Recipe.model_fields if name not in ("name", "sources")), text)


RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in paper_recipes()}


def find_recipe(recipe: Recipe | str | Path) -> Recipe:
    """Return a recipe itself, or the recipe of a name in `RECIPES` or of a YAML file."""
    if isinstance(recipe, Recipe):
        return recipe
    return RECIPES[str(recipe)] if str(recipe) in RECIPES else read_recipe(recipe)
