"""One training of a recipe with one seed: its settings, its files, and its start or resumption."""

import json
import logging
import shutil
import time
import zipfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from zeta_geom.records.keys import Manifest, make_manifest, module_file
from zeta_geom.records.manifests import find_kept, keyed_name
from zeta_geom.training.data import ImageData
from zeta_geom.training.fit.building import Shapes, build_classifier, save_classifier, weights_fingerprint, weights_of
from zeta_geom.training.fit.loaders import ImageLoaders
from zeta_geom.training.fit.trainer import fitting_trainer, testing_trainer, undisturbed
from zeta_geom.training.recipes.schema import Recipe

logger = logging.getLogger(__name__)
LIBRARIES = ("lightning", "timm", "torchmetrics", "torchvision")


class OneRun:
    """One training: its settings, its files, and its execution."""

    def __init__(self, recipe: Recipe, seed: int, data: ImageData, folder: Path, devices: int) -> None:
        self.recipe, self.seed, self.data, self.devices = recipe, seed, data, devices
        self.runs, self.folder = folder, folder / recipe.name / f"seed-{seed}"
        self.weights, self.manifest = (self.folder.with_suffix(ending) for ending in (".safetensors", ".json"))
        self.settings = recipe.deciding() | {"data": data.name, "seed": seed, "devices": devices}
        teacher = None if recipe.mixer is None else recipe.mixer.teacher(seed)
        if teacher is not None:
            self.settings["teacher"] = weights_fingerprint(weights_of(teacher, folder))
        self.settings["versions"] = {library: version(library) for library in LIBRARIES}

    @property
    def source(self) -> list[Path]:
        """The modules that compute: this one, and those of the classes that read the images."""
        parts = [part for part in (self.data.train, self.data.validation, self.data.test) if part is not None]
        files = {path for part in parts if (path := module_file(type(part))) is not None}
        return [Path(__file__), *sorted(files)]

    @property
    def checkpoint(self) -> Path:
        """The checkpoint of the last complete epoch; other settings, data or code have another path."""
        return self.folder / keyed_name("checkpoint", self._manifest()) / "last.ckpt"

    def remove_checkpoints(self) -> None:
        """Remove the checkpoints of this training, those of older code too."""
        for folder in find_kept(self.folder, "checkpoint", self._manifest(), stale=True):
            shutil.rmtree(folder, ignore_errors=True)

    def _manifest(self) -> Manifest:
        name = f"{self.recipe.name}/seed-{self.seed}"
        return make_manifest(name, self.settings, self.data.fingerprint, self.source)

    def _last_epoch(self, stale: bool) -> Path | None:
        """Return the checkpoint to resume from (of older code, if this is accepted), or None."""
        for folder in find_kept(self.folder, "checkpoint", self._manifest(), stale=stale):
            path = folder / self.checkpoint.name
            if path.exists():
                if path != self.checkpoint:
                    logger.warning("%s, seed %d: resuming a training of older code", self.recipe.name, self.seed)
                return path
        return None

    def refuse_to_replace_others(self) -> None:
        """Raise if a finished run of this name had other settings: it may have taken days."""
        if not self.manifest.exists():
            return
        before = json.loads(self.manifest.read_text(encoding="utf-8"))["settings"]
        now = json.loads(json.dumps(self.settings))
        differing = [name for name in now if name != "versions" and before.get(name) != now[name]]
        if differing:
            text = "; ".join(f"{name} {before.get(name)}, not {now[name]}" for name in differing)
            raise ValueError(
                f"{self.folder} holds a finished run with {text}. Rename the recipe, or replace the run with force."
            )

    def train(
        self, accelerator: str, num_workers: int, progress: bool, logs: bool, stale: bool = False
    ) -> pd.DataFrame:
        """Train from the last checkpoint, if there is one; save the weights; return the table of test metrics."""
        recipe = self.recipe
        counts = self.data.class_counts()["train"]
        logger.info("%s, seed %d: training images of each class: %s", recipe.name, self.seed, counts.tolist())
        shapes = Shapes.of(self.data)
        classifier = build_classifier(recipe, self.seed, shapes, self.runs)
        loaders = ImageLoaders(self.data, batch_size=recipe.batch_size, seed=self.seed, num_workers=num_workers)
        checkpoint = self._last_epoch(stale)
        if checkpoint is not None and not zipfile.is_zipfile(checkpoint):  # torch.save writes ZIP files
            raise ValueError(f"{checkpoint} is damaged. Delete it to start the training again.")
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
            trainer.fit(classifier, loaders, ckpt_path=None if checkpoint is None else str(checkpoint))
            seconds = time.perf_counter() - started
            (scores,) = testing_trainer(**shared).test(classifier, loaders, verbose=False)
        self.manifest.unlink(missing_ok=True)  # an older result does not belong to these weights
        save_classifier(classifier, recipe, self.seed, shapes, self.weights)
        return self._table(scores, seconds, float(counts.max() / counts.min()))

    def _table(self, scores: Mapping[str, float], seconds: float, imbalance: float) -> pd.DataFrame:
        recipe, data, values = self.recipe, self.data, [float(scores[name]) for name in self.recipe.metrics]
        rows: dict[str, Any] = {"recipe": recipe.name, "data": data.name, "network": recipe.network}
        rows |= {"method": recipe.method, "seed": self.seed, "n_train": len(data.train), "n_test": len(data.test)}
        rows |= {"epochs": recipe.epochs, "devices": self.devices, "imbalance": imbalance}
        return pd.DataFrame(rows | {"metric": recipe.metrics, "value": values, "seconds": seconds})
