"""The geometry of each setting of a cell: an audit of its samples, in pixels and in features of networks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from analyses.geometry_study.settings import CIFAR, ERM, MANIFOLD_MIXUP, SEEDS, SETTINGS, Cell, recipe_of
from analyses.geometry_study.training import ALONE
from zeta_geom.audits import audit
from zeta_geom.audits.measures.optional import OPTIONAL
from zeta_geom.mixers import ManifoldMixup
from zeta_geom.training import load_mixer, run
from zeta_geom.training.data import load_image_data
from zeta_geom.training.data.splitting import stratified_draw
from zeta_geom.training.fit.augmentation import augment
from zeta_geom.training.fit.building import load_classifier
from zeta_geom.training.networks import NETWORKS, features, last_layer

SEED = SEEDS[0]
BATCH = 32
MEASURES = [name for name in OPTIONAL if name != "auc-boosting"]  # it takes minutes for each setting
COLUMNS = ["data", "n_train", "network", "setting", "space", "measure", "title", "value", "real",
           "better", "question"]  # fmt: skip
Images = tuple[np.ndarray, np.ndarray]  # uint8 (n, C, H, W), and classes (n,)


class BeforeLastLayer(nn.Module):
    """A classifier up to the input of its last layer; `network` is a part, so that its layers have names."""

    def __init__(self, classifier: Any) -> None:
        super().__init__()
        self.network, self.standardize = classifier.network, classifier.standardize

    def forward(self, x: Tensor) -> Tensor:
        """Return features (n, c) of images (n, C, H, W) in grey levels 0..1."""
        return features(self.network, self.standardize(x))


@dataclass(frozen=True)
class ClassifierOracle:
    """A trained classifier as the oracle of an audit."""

    classifier: Any

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return class probabilities (n, K) of images (n, C, H, W) in grey levels 0..1."""
        with torch.no_grad():
            logits = torch.cat([self.classifier.logits(part) for part in torch.from_numpy(X).float().split(1000)])
        return logits.double().softmax(dim=1).numpy()


def measure_cell(cell: Cell, folder: Path, cifar: str = CIFAR, *, progress: bool = True) -> pd.DataFrame:
    """Return a row for each setting, space and measure; a run that is needed is trained first if it is missing."""
    run(recipe_of(cell, ERM, cifar), folder=folder, seeds=[SEED], **ALONE)
    classifier = load_classifier(f"{recipe_of(cell, ERM).name}/seed-{SEED}", folder)
    originals, heldout = two_draws(cell, cifar)
    shared: dict[str, Any] = {"channels": "first", "n_bootstrap": 10, "random_state": SEED, "progress": progress}
    spaces: dict[str, Any] = {"pixels": "pixels", "network": BeforeLastLayer(classifier)}
    if cell.data == CIFAR:
        spaces["imagenet"] = "imagenet"
    methods = {name: method_of(cell, name, folder, cifar) for name in SETTINGS if name != MANIFOLD_MIXUP}
    result = audit(
        *originals,
        against=methods,
        holdout=heldout,
        features=spaces,
        oracle=ClassifierOracle(classifier),
        measures=MEASURES,
        batch_size=BATCH,
        **shared,
    )
    inside = audit(
        *originals,
        synthetic={MANIFOLD_MIXUP: mixed_inside(cell, classifier, originals)},
        holdout=(*heldout, inner_features(classifier, heldout[0])),
        features=inner_features(classifier, originals[0]),
        measures=MEASURES,
        **shared,
    )
    rows = pd.concat([result.summary, inside.summary.assign(space="network")], ignore_index=True)
    identity = {"data": cell.data, "n_train": cell.n_train, "network": cell.network}
    return rows.rename(columns={"method": "setting"}).assign(**identity)[COLUMNS]


def two_draws(cell: Cell, cifar: str = CIFAR) -> tuple[Images, Images]:
    """Return the training images of the seed, and equally many others of the training part."""
    recipe = recipe_of(cell, ERM, cifar)
    train: Any = load_image_data(recipe.data, size=recipe.size, progress=False).train
    drawn = stratified_draw(train.labels, cell.n_train, SEED)
    others = np.setdiff1d(np.arange(len(train)), drawn)
    heldout = others[stratified_draw(train.labels[others], cell.n_train, SEED)]
    return _images(train, drawn), _images(train, heldout)


def _images(train: Any, rows: np.ndarray) -> Images:
    X = torch.stack([train[int(row)][0] for row in rows]).numpy()
    return X, np.asarray(train.labels[rows])


def method_of(cell: Cell, name: str, folder: Path, cifar: str) -> Any:
    """Return a setting as an augmentation of an audit: a mixer, trained if it learns, or a function of a batch."""
    recipe = recipe_of(cell, name, cifar)
    if recipe.mixer is None:
        return single_images(recipe.augmentation)
    if recipe.mixer.learned() is None and recipe.mixer.teacher(SEED) is None:
        return recipe.mixer.make(10, seed=SEED)
    run(recipe, folder=folder, seeds=[SEED], **ALONE)
    return load_mixer(f"{recipe.name}/seed-{SEED}", folder=folder, random_state=SEED)


def single_images(names: tuple[str, ...]) -> Callable[[np.ndarray], np.ndarray]:
    """Return changes of single images as a function of a batch (m, C, H, W) in grey levels 0..1."""
    generator = torch.Generator().manual_seed(SEED)

    def change(X: np.ndarray) -> np.ndarray:
        return augment(torch.from_numpy(X), names, generator).numpy()

    return change


def inner_features(classifier: Any, X: np.ndarray) -> np.ndarray:
    """Return the input (n, c) of the classifier's last layer for images uint8 (n, C, H, W)."""
    with torch.no_grad():
        parts = [BeforeLastLayer(classifier)(part.float() / 255) for part in torch.from_numpy(X).split(1000)]
    return torch.cat(parts).numpy()


def mixed_inside(cell: Cell, classifier: Any, images: Images) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return images, mixed labels (n, K) and features (n, c) of manifold mixup after the network's second stage."""
    model = BeforeLastLayer(classifier).eval()
    layer = f"network.{NETWORKS[cell.network].stages[-1]}"
    mixer = ManifoldMixup([layer], n_classes=last_layer(classifier.network).out_features, random_state=SEED)
    mixed, labels = [], []
    with torch.no_grad():
        for X, y in zip(*(torch.from_numpy(part).split(BATCH) for part in images), strict=True):
            outputs, Y = mixer.run(model, X.float() / 255, y)
            mixed.append(outputs)
            labels.append(Y)
    return images[0], torch.cat(labels).numpy(), torch.cat(mixed).numpy()
