"""One training of a recipe: what decides it, where it is kept, and how it is done or gone on with."""

from __future__ import annotations

import hashlib
import json
import logging
import time
import zipfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from safetensors.torch import save_file

from zeta_geom import records
from zeta_geom.training.data import ImageData
from zeta_geom.training.fit.classifier import Classifier
from zeta_geom.training.fit.loaders import ImageLoaders
from zeta_geom.training.fit.networks import make_network
from zeta_geom.training.fit.trainer import fitting_trainer, testing_trainer, undisturbed
from zeta_geom.training.recipes.schema import Recipe

__all__ = ["OneRun", "build_classifier"]

logger = logging.getLogger(__name__)
LIBRARIES = ("lightning", "timm", "torchmetrics", "torchvision")


class OneRun:
    """One training: its key, its files, and how it is done."""

    def __init__(self, recipe: Recipe, seed: int, data: ImageData, folder: Path, devices: int) -> None:
        self.recipe, self.seed, self.data, self.devices = recipe, seed, data, devices
        self.folder = folder / f"seed-{seed}"
        self.weights, self.manifest = (folder / f"seed-{seed}.{ending}" for ending in ("safetensors", "json"))
        versions = {library: version(library) for library in LIBRARIES}
        self.settings = recipe.deciding() | {
            "data": data.name,
            "seed": seed,
            "devices": devices,
            "versions": versions,
        }

    @property
    def checkpoint(self) -> Path:
        """Where the last whole epoch is kept; other settings, data or code go to another place."""
        key = json.dumps([self.settings, self.data.fingerprint, records.code_fingerprint()], sort_keys=True)
        return self.folder / f"checkpoint-{hashlib.sha256(key.encode()).hexdigest()[:12]}" / "last.ckpt"

    def refuse_to_replace_others(self) -> None:
        """Raise where a finished run of this name had other settings: it may have taken days."""
        if not self.manifest.exists():
            return
        found, ours = (
            json.loads(self.manifest.read_text(encoding="utf-8"))["settings"],
            json.loads(json.dumps(self.settings)),
        )
        other = [name for name in ours if name != "versions" and found.get(name) != ours[name]]
        if other:
            told = "; ".join(f"{name} {found.get(name)}, not {ours[name]}" for name in other)
            raise ValueError(f"{self.folder} holds a finished run with {told}. Name the recipe anew, or force it.")

    def train(self, accelerator: str, num_workers: int, progress: bool, logs: bool) -> pd.DataFrame:
        """Train from where it was left, keep the weights, and return the table of test metrics."""
        recipe = self.recipe
        counts = self.data.class_counts()["train"]
        logger.info("%s, seed %d: training images of each class: %s", recipe.name, self.seed, counts.tolist())
        classifier = build_classifier(recipe, self.seed, self.data)
        loaders = ImageLoaders(self.data, batch_size=recipe.batch_size, seed=self.seed, num_workers=num_workers)
        begun = self.checkpoint if self.checkpoint.exists() else None
        if begun is not None and not zipfile.is_zipfile(begun):  # as torch.save writes them
            raise ValueError(f"{begun} is no whole checkpoint. Delete it, and the training begins anew.")
        shared: dict[str, Any] = {"precision": recipe.precision, "accelerator": accelerator, "progress": progress}
        started = time.perf_counter()
        with undisturbed(progress):
            trainer = fitting_trainer(
                **shared,
                epochs=recipe.epochs,
                checkpoint=self.checkpoint,
                logs=self.folder if logs else None,
                validates=self.data.validation is not None,
                devices=self.devices,
                batches=-(-len(self.data.train) // (recipe.batch_size * self.devices)),
            )
            trainer.fit(classifier, loaders, ckpt_path=None if begun is None else str(begun))
            seconds = time.perf_counter() - started
            (measured,) = testing_trainer(**shared).test(classifier, loaders, verbose=False)
        self.manifest.unlink(missing_ok=True)  # an older result must not stand beside these weights
        with records.atomic_path(self.weights) as temporary:
            save_file({name: each.contiguous().cpu() for name, each in classifier.state_dict().items()}, temporary)
        return self._table(measured, seconds, float(counts.max() / counts.min()))

    def _table(self, measured: Mapping[str, float], seconds: float, imbalance: float) -> pd.DataFrame:
        recipe = self.recipe
        rows = {
            "recipe": recipe.name,
            "data": self.data.name,
            "network": recipe.network,
            "method": recipe.method,
            "seed": self.seed,
            "n_train": len(self.data.train),
            "n_test": len(self.data.test),
            "epochs": recipe.epochs,
            "devices": self.devices,
            "imbalance": imbalance,
            "metric": recipe.metrics,
            "value": [float(measured[name]) for name in recipe.metrics],
            "seconds": seconds,
        }
        return pd.DataFrame(rows)


def build_classifier(recipe: Recipe, seed: int, data: ImageData) -> Classifier:
    """Return the classifier that a recipe describes, on the weights that the seed decides."""
    n_classes = len(data.class_names)
    return Classifier(
        make_network(recipe.network, n_classes, data.image_shape, seed=seed),
        n_classes,
        mixer=None if recipe.mixer is None else recipe.mixer.make(n_classes, seed=seed),
        optimizer=recipe.optimizer,
        schedule=recipe.schedule,
        augmentation=recipe.augmentation,
        metrics=recipe.metrics,
        mean=data.mean,
        std=data.std,
        seed=seed,
    )
