"""The networks behind Figure 8: LeNet-5 on few digits, or the paper's own by their recipes, on skin images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from analyses.context import one_thread, side_by_side
from zeta_geom.datasets import Dataset
from zeta_geom.mixers import Mixer, Mixup, ZetaMixup
from zeta_geom.neighborhoods import label_agreement

METHODS = ("erm", "mixup", "zeta")
MIXED = METHODS[1:]

Seen = tuple[np.ndarray, np.ndarray]  # features (n, d) before the last layer, and predictions (n,) or labels (n, K)


class Settings(BaseModel, frozen=True):
    """The settings of Figure 8."""

    names: tuple[str, ...] = ("mnist",)  # ours; the paper has two sets of skin images
    recipes: dict[str, tuple[str, str, str]] = {}  # for a data set: those of ERM, mixup and ζ; empty: LeNet-5
    runs: Path = Path("runs")  # where trainings by recipes are kept
    data_home: Path | None = None  # None: where data sets are kept
    per_class: int | None = 100  # ours: training images of each class, drawn anew for each seed; None: all there are
    gamma: float = 2.8  # paper, its middle setting
    mixup_alpha: float = 1.0  # paper; λ once a batch
    epochs: int = 20  # ours: ERM reaches 96 % on MNIST, as it does with thirty
    batch_size: int = 32  # ours
    n_synthetic: int = 3000  # ours: three epochs of images, so that no class has fewer than k samples
    k: int = 128  # paper, text on Figure 8
    seeds: int = 5  # ours
    n_shown: int = 24  # ours; the paper shows 14
    perplexity: float = 30  # of the maps; openTSNE's default


def of_table_6(data: str, network: str) -> tuple[str, str, str]:
    """Return the names of the three recipes."""
    erm, mixup, zeta = (f"table-6/{data}/{network}/{method}" for method in ("erm", "mixup", "zeta-2.8"))
    return erm, mixup, zeta


PRESETS = {
    # with fewer images or epochs than in "full", ζ would gain more than it does later
    "quick": Settings(n_synthetic=2000, seeds=3),
    "full": Settings(),
    "paper": Settings(
        names=(),
        recipes={  # paper, text on Figure 8
            "isic-2017": of_table_6("isic-2017", "resnet50"),
            "derm7point-clinical": of_table_6("derm7point-clinical", "resnet18"),
        },
        seeds=3,
    ),
}


@dataclass(frozen=True)
class Subject:
    """A data set of the figure, and the function that computes the record of one seed."""

    name: str
    class_names: tuple[str, ...]
    y_test: np.ndarray
    fingerprint: str
    trained: str  # description of the training, for the caption
    test_images: Callable[[np.ndarray], np.ndarray]  # indices (r,) -> uint8 (r, H, W), or (r, H, W, 3)
    one_seed: Callable[[int], dict[str, np.ndarray]]


def digits(dataset: Dataset, s: Settings) -> Subject:
    """Return a data set on which LeNet-5 is trained."""
    make = partial(one_seed, partial(train_lenets, dataset, s), dataset.y_test, s)
    anew = "" if dataset.name == "mnist-sample" else " drawn anew for each seed"  # the sample has no more
    images = f"{s.per_class} training images a class{anew}" if s.per_class else "all the training images"
    trained = f"LeNet-5 trained three ways from one start: {images}, {s.epochs} epochs; γ = {s.gamma:g}"
    return Subject(
        dataset.name,
        dataset.class_names,
        dataset.y_test,
        dataset.fingerprint,
        trained,
        dataset.X_test.__getitem__,
        make,
    )


def one_seed(train: Callable[[int], Any], y_test: np.ndarray, s: Settings, seed: int) -> dict[str, np.ndarray]:
    """Train the three networks from one start, and count the neighbours of every test image.

    The first seed's record also holds the features of the synthesised samples and of the images of selection (i).
    """
    seen, synthesize = train(seed)
    arrays = {"predicted": np.stack([seen[method][1] for method in METHODS]).astype(np.int8)}
    selected = select(arrays["predicted"], y_test)["i"]
    for method in MIXED:
        features, labels = synthesize(method)
        agreement = label_agreement(features, labels, seen[method][0], y_test, k=s.k)
        arrays |= {f"{kind}_{method}": getattr(agreement, kind) for kind in ("counts", "soft", "balanced")}
        if seed == 0:
            arrays[f"train_features_{method}"] = features
            arrays[f"train_labels_{method}"] = labels.argmax(axis=1).astype(np.int8)
            arrays[f"test_features_{method}"] = seen[method][0][selected]
    return arrays


def select(predicted: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Return the three selections of test images, as boolean masks."""
    erm, mixup, zeta = predicted == y
    return {"i": ~erm & ~mixup & zeta, "ii": ~erm & mixup & ~zeta, "iii": np.ones(len(y), dtype=bool)}


def train_lenets(dataset: Dataset, s: Settings, seed: int) -> tuple[dict[str, Seen], Callable[[str], Seen]]:
    """Return each LeNet-5's features and predictions of the test images, and a function for a method's samples.

    That function synthesises samples and returns their features and labels. Initial weights and batches depend on the
    seed only.
    """
    from zeta_geom.realism import train_lenet

    rows = choose(dataset.y_train, s.per_class, seed)
    X, y = dataset.X_train[rows], dataset.y_train[rows]
    budget: dict[str, Any] = {"epochs": s.epochs, "batch_size": s.batch_size, "seed": seed, "progress": False}

    def train(method: str) -> tuple[Any, Seen]:
        model = train_lenet(X, y, mixer=make_mixer(method, s, seed), **budget)
        return model, look(model, dataset.X_test)

    trained = dict(zip(METHODS, side_by_side(train, METHODS), strict=True))

    @one_thread()
    def synthesize(method: str) -> Seen:
        mixer: Any = make_mixer(method, s, seed)
        samples, labels = mixer.mix_dataset(
            X / np.float32(255),
            y,
            batch_size=s.batch_size,
            n_classes=dataset.n_classes,
            n_out=s.n_synthetic,
            epoch=s.epochs,
        )
        return look(trained[method][0], samples)[0], labels

    return {method: seen for method, (_, seen) in trained.items()}, synthesize


def choose(y: np.ndarray, per_class: int | None, seed: int) -> np.ndarray:
    """Return the indices of the training images: `per_class` of each class, drawn at random, or all for None."""
    if per_class is None:
        return np.arange(len(y))
    order = np.random.default_rng(seed).permutation(len(y))
    return np.concatenate([order[y[order] == label][:per_class] for label in np.unique(y)])


def make_mixer(method: str, s: Settings, seed: int) -> Mixer | None:
    """Return the mixer of a method, none for ERM."""
    mixers = {
        "mixup": lambda: Mixup(s.mixup_alpha, random_state=seed),
        "zeta": lambda: ZetaMixup(s.gamma, random_state=seed),
    }
    return mixers[method]() if method in mixers else None


def look(model: Any, images: np.ndarray, batch_size: int = 100) -> Seen:
    """Return a LeNet-5's features (n, 84), before its last layer, and its predictions (n,)."""
    import torch

    features, predicted = [], []
    with torch.inference_mode():
        for start in range(0, len(images), batch_size):
            batch = images[start : start + batch_size]
            batch = batch / np.float32(255) if batch.dtype == np.uint8 else batch
            features.append(model.features(torch.from_numpy(batch[:, None])))
            predicted.append(model.fc3(features[-1]).argmax(dim=1))
    return torch.cat(features).numpy(), torch.cat(predicted).numpy()
