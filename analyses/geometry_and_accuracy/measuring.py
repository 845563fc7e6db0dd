"""The geometry of each setting of a cell: an audit of its samples, in pixels and in features of networks."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from analyses.geometry_and_accuracy.settings import (
    CIFAR,
    ERM,
    MANIFOLD_MIXUP,
    N_CLASSES,
    SEEDS,
    SETTINGS,
    Cell,
    of_cell,
    recipe_of,
)
from analyses.geometry_and_accuracy.training import ALONE, appended, write_table
from zeta_geom.audits import audit
from zeta_geom.audits.measures.optional import OPTIONAL
from zeta_geom.mixers import ManifoldMixup
from zeta_geom.training import load_mixer, run
from zeta_geom.training.data import load_image_data
from zeta_geom.training.data.splitting import stratified_draw
from zeta_geom.training.fit.augmentation import augment
from zeta_geom.training.fit.building import load_classifier
from zeta_geom.training.networks import NETWORKS, features

SEED = SEEDS[0]
BATCH, PART = 32, 1000  # images that are mixed together; images in a forward pass
AT_ONCE = 4  # settings in an audit: the real samples are measured once for all, and a kill loses no more than these
MEASURES = [name for name in OPTIONAL if name != "auc-boosting"]  # it takes minutes for each setting
COLUMNS = ["data", "n_train", "network", "setting", "space", "measure", "title", "n", "value", "real", "better",
           "question"]  # fmt: skip
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
            logits = torch.cat([self.classifier.logits(part) for part in torch.from_numpy(X).float().split(PART)])
        return logits.double().softmax(dim=1).numpy()

    def features(self, X: np.ndarray) -> np.ndarray:
        """Return the input (n, c) of the last layer for images (n, C, H, W) in grey levels 0..1."""
        return inner_features(self.classifier, X)


def measure(
    cell: Cell, settings: Sequence[str], folder: Path, cifar: str = CIFAR, *, progress: bool = True
) -> pd.DataFrame:
    """Return a row for each of some settings, space and measure; a run that is needed and missing is trained."""
    run(recipe_of(cell, ERM, cifar), folder=folder, seeds=[SEED], **ALONE)
    classifier = load_classifier(f"{recipe_of(cell, ERM).name}/seed-{SEED}", folder)
    originals, heldout = two_draws(cell, cifar)
    shared: dict[str, Any] = {"channels": "first", "n_bootstrap": 10, "random_state": SEED, "progress": progress}
    shared["measures"] = MEASURES
    methods = {name: method_of(cell, name, folder, cifar) for name in settings if name != MANIFOLD_MIXUP}
    tables = []
    if methods:
        spaces: dict[str, Any] = {"pixels": "pixels", "network": BeforeLastLayer(classifier)}
        if cell.data == CIFAR:
            spaces["imagenet"] = "imagenet"
        oracle = ClassifierOracle(classifier)
        result = audit(
            *originals, against=methods, holdout=heldout, features=spaces, oracle=oracle, batch_size=BATCH,
            folder=folder / "features", **shared,
        )  # fmt: skip
        tables.append(result.summary.assign(n=result.summary["method"].map(lambda name: len(result.points[name]))))
    if MANIFOLD_MIXUP in settings:
        inside = audit(
            *originals,
            synthetic={MANIFOLD_MIXUP: mixed_inside(cell, classifier, originals)},
            holdout=(*heldout, inner_features(classifier, heldout[0] / np.float32(255))),
            features=inner_features(classifier, originals[0] / np.float32(255)),
            **shared,
        )
        tables.append(inside.summary.assign(space="network", n=cell.n_train))
    identity = {"data": cell.data, "n_train": cell.n_train, "network": cell.network}
    return pd.concat(tables, ignore_index=True).rename(columns={"method": "setting"}).assign(**identity)[COLUMNS]


def measure_missing(
    cell: Cell, table: Path, folder: Path, *, cifar: str = CIFAR, until: float = np.inf, progress: bool = True
) -> None:
    """Audit the settings of a cell that the table lacks, a few at once, and append the rows of each audit."""
    lacking = unmeasured(cell, read_measures(table))
    for start in range(0, len(lacking), AT_ONCE):
        if time.time() > until:
            return
        rows = measure(cell, lacking[start : start + AT_ONCE], folder, cifar, progress=progress)
        write_table(appended(read_measures(table), rows, COLUMNS), table)


def unmeasured(cell: Cell, measures: pd.DataFrame) -> list[str]:
    """Return the settings of a cell without rows in a table of measures."""
    done = set(of_cell(cell, measures)["setting"])
    return [name for name in SETTINGS if name not in done]


def read_measures(path: Path) -> pd.DataFrame:
    """Return the table of measures, empty if there is none yet."""
    return pd.read_parquet(path)[COLUMNS] if path.is_file() else pd.DataFrame({name: [] for name in COLUMNS})


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
        return recipe.mixer.make(N_CLASSES, seed=SEED)
    run(recipe, folder=folder, seeds=[SEED], **ALONE)
    return load_mixer(f"{recipe.name}/seed-{SEED}", folder=folder, random_state=SEED)


def single_images(names: tuple[str, ...]) -> Callable[[np.ndarray], np.ndarray]:
    """Return changes of single images as a function of a batch (m, C, H, W) in grey levels 0..1."""
    generator = torch.Generator().manual_seed(SEED)

    def change(X: np.ndarray) -> np.ndarray:
        return augment(torch.from_numpy(X), names, generator).numpy()

    return change


def inner_features(classifier: Any, X: np.ndarray) -> np.ndarray:
    """Return the input (n, c) of the classifier's last layer for images (n, C, H, W) in grey levels 0..1."""
    model = BeforeLastLayer(classifier).eval()
    with torch.no_grad():
        return torch.cat([model(part) for part in torch.from_numpy(X).float().split(PART)]).numpy()


def mixed_inside(cell: Cell, classifier: Any, images: Images) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return images, mixed labels (n, K) and features (n, c) of manifold mixup after the network's second stage."""
    model = BeforeLastLayer(classifier).eval()
    model.training = True  # of this module alone, its parts stay in evaluation mode: mixers leave evaluation unmixed
    layer = f"network.{NETWORKS[cell.network].stages[-1]}"
    mixer = ManifoldMixup([layer], n_classes=N_CLASSES, random_state=SEED)
    mixed, labels = [], []
    with torch.no_grad():
        for X, y in zip(*(torch.from_numpy(part).split(BATCH) for part in images), strict=True):
            outputs, Y = mixer.run(model, X.float() / 255, y)
            mixed.append(outputs)
            labels.append(Y)
    return images[0], torch.cat(labels).numpy(), torch.cat(mixed).numpy()
