"""What the study compares: augmentations in families, and cells of data set, number of images and network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from zeta_geom.training import Recipe
from zeta_geom.training.networks import NETWORKS

SEEDS = tuple(range(5))
CIFAR = "cifar-10-jpeg"  # a folder with train/<class> and test/<class>, from a lossy copy
ERM = "erm"
MANIFOLD_MIXUP = "manifold-mixup"
SUPERMIX, AUTOMIX = "supermix", "automix-liu"
DATA = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST", CIFAR: "CIFAR-10 from a JPEG copy"}
N_CLASSES = 10  # of each of the data sets


@dataclass(frozen=True)
class Cell:
    """One data set with a number of training images and a network."""

    data: str
    n_train: int
    network: str
    epochs: int

    @property
    def name(self) -> str:
        """Identifies the cell in tables, and is part of the names of its recipes."""
        return f"{self.data}-{self.n_train}/{self.network}"


@dataclass(frozen=True)
class Setting:
    """One augmentation: a mixer by its name and parameters, or changes of single images."""

    family: str
    mixer: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    augmentation: tuple[str, ...] = ()


CELLS = (
    Cell("fashion-mnist", 2000, "lenet", 30),
    Cell("mnist", 2000, "lenet", 30),
    Cell(CIFAR, 2000, "resnet10-tiny", 30),
    Cell("fashion-mnist", 5000, "lenet", 20),
    Cell(CIFAR, 5000, "resnet10-tiny", 20),
    Cell("mnist", 5000, "lenet", 20),
)


def _zeta(gamma: float, n_mix: int | None = None) -> Setting:
    return Setting("many samples", "zeta", {"gamma": gamma} | ({} if n_mix is None else {"n_mix": n_mix}))


SETTINGS: dict[str, Setting] = {
    "mixup-0.2": Setting("pairs", "mixup", {"alpha": 0.2}),
    "mixup-1": Setting("pairs", "mixup", {"alpha": 1.0}),
    "p-series-pairs-2.8": Setting("pairs", "p-series-pairs", {"gamma": 2.8}),
    "sample-pairing": Setting("pairs", "sample-pairing"),
    "between-class": Setting("pairs", "between-class"),
    "local-synthetic-instances": Setting("pairs", "local-synthetic-instances"),
    **{f"zeta-{gamma:g}": _zeta(gamma) for gamma in (1.8, 2.4, 2.8, 3.4, 4.0, 6.0)},
    **{f"zeta-{gamma:g}-T4": _zeta(gamma, 4) for gamma in (1.8, 2.8)},
    "dirichlet": Setting("many samples", "dirichlet"),
    "cutmix": Setting("pasting", "cutmix"),
    "cutmix-zeta-2.8": Setting("pasting", "cutmix-zeta", {"gamma": 2.8}),
    "gridmix": Setting("pasting", "gridmix"),
    "resizemix": Setting("pasting", "resizemix"),
    "fmix": Setting("pasting", "fmix"),
    "saliencymix": Setting("pasting", "saliencymix"),
    MANIFOLD_MIXUP: Setting("inside a network", MANIFOLD_MIXUP),
    SUPERMIX: Setting("with a model", SUPERMIX),
    AUTOMIX: Setting("with a model", AUTOMIX, {"momentum": 0.99}),  # published for 50,000 images: 0.999
    "flip": Setting("single images", augmentation=("flip",)),
    "crop": Setting("single images", augmentation=("crop",)),
    "noise-5": Setting("single images", augmentation=("noise-5",)),
    "noise-20": Setting("single images", augmentation=("noise-20",)),
}
FAMILIES = tuple(dict.fromkeys(setting.family for setting in SETTINGS.values()))


def of_cell(cell: Cell, table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a cell."""
    same = (table["data"] == cell.data) & (table["n_train"] == cell.n_train) & (table["network"] == cell.network)
    return table[same]


def recipe_of(cell: Cell, setting: str, cifar: str = CIFAR) -> Recipe:
    """Return the recipe of a setting, or of ERM; `cifar` is the folder that CIFAR-10 is read from."""
    chosen = SETTINGS.get(setting, Setting(""))
    values = {
        "name": f"geometry-study/{cell.name}/{setting}",
        "data": f"folder:{cifar}" if cell.data == CIFAR else cell.data,
        "size": 32 if cell.data == CIFAR else None,
        "n_train": cell.n_train,
        "network": cell.network,
        "epochs": cell.epochs,
        "batch_size": 32,
        "optimizer": {"learning_rate": 0.01 if cell.network == "lenet" else 0.1},
        "schedule": {"milestones": (cell.epochs // 2, 3 * cell.epochs // 4), "factor": 0.2},
        "augmentation": chosen.augmentation,
        "mixer": None if chosen.mixer is None else {"name": chosen.mixer, "params": _params(cell, setting)},
        "seeds": SEEDS,
        "sources": dict.fromkeys(("epochs", "optimizer", "schedule", "augmentation", "mixer"), "ours"),
    }
    return Recipe.model_validate(values)


def _params(cell: Cell, setting: str) -> dict[str, Any]:
    """Return a mixer's parameters, with the layers of the cell's network, or the run of ERM that teaches."""
    stages = NETWORKS[cell.network].stages
    for_cell: dict[str, Any] = {
        MANIFOLD_MIXUP: {"layers": list(stages)},
        AUTOMIX: {"layer": stages[-1]},
        SUPERMIX: {"teacher": f"geometry-study/{cell.name}/{ERM}/seed-{{seed}}"},
    }
    return SETTINGS[setting].params | for_cell.get(setting, {})
