"""Run a recipe: one training a seed, resumed where it was killed, recorded when it is done."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import time
import zipfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock
from safetensors.torch import load_file, save_file

from zeta_geom import records
from zeta_geom.training.classifier import Classifier
from zeta_geom.training.data import ImageData, load_image_data, subset
from zeta_geom.training.loaders import ImageLoaders
from zeta_geom.training.networks import make_network
from zeta_geom.training.recipe import Recipe
from zeta_geom.training.recipe_files import read_recipe, write_recipe
from zeta_geom.training.recipes import RECIPES
from zeta_geom.training.trainer import fitting_trainer, testing_trainer, undisturbed

__all__ = ["find_recipe", "load_network", "run"]

logger = logging.getLogger(__name__)
LIBRARIES = ("lightning", "timm", "torchmetrics", "torchvision")


def run(
    recipe: Recipe | str | Path,
    *,
    folder: Path | str = "runs",
    seeds: Sequence[int] | None = None,
    data_home: Path | str | None = None,
    download: bool = True,
    accelerator: str = "auto",
    devices: int = 1,
    num_workers: int = 0,
    force: bool = False,
    stale: bool = False,
    progress: bool = True,
    logs: bool = True,
) -> pd.DataFrame:
    """Train by a recipe, once for each seed, and measure on the test part.

    What is done is recorded and not done again; what was killed goes on after its last whole epoch.

    Parameters
    ----------
    recipe : Recipe, str or path
        A recipe, the name of one in `RECIPES`, or a YAML file.
    folder : path
        Holds `<recipe>/seed-<n>…`: the record, the weights (.safetensors), a folder with the checkpoint and the logs.
    seeds : sequence of int, optional
        In place of the recipe's.
    data_home : path, optional
        Where the data lie, as in `zeta_geom.datasets.data_home`.
    download : bool
        Whether data may be fetched.
    accelerator : str
        Of Lightning: "auto", "cpu", "gpu", …
    devices : int
        Devices of this machine to train on, each with a batch of its own (Lightning's "ddp_spawn"). The effective
        batch grows with it, so it is part of a run's record.
    num_workers : int
        Processes that read images, on each device.
    force, stale : bool
        As in `zeta_geom.records.record`.
    progress : bool
        Show a progress bar.
    logs : bool
        Write the loss of the steps, and validation metrics, as CSV and for TensorBoard.

    Returns
    -------
    DataFrame
        A row a seed and metric: recipe, data, network, method, seed, n_train, n_test, epochs, devices, imbalance
        (training images of the largest class for each of the smallest), metric, value (a share), seconds (of the
        training, since its last start).

    Raises
    ------
    FileNotFoundError
        If there is no such recipe, or the data are not to be had.
    ValueError
        If a setting is wrong.

    Examples
    --------
    >>> import tempfile
    >>> recipe = Recipe(name="mine", data="digits", network="resnet10-narrow", epochs=1, seeds=(0,),
    ...                 n_train=64, optimizer={"learning_rate": 0.1})
    >>> run(recipe, folder=tempfile.mkdtemp(), accelerator="cpu", progress=False)[["metric", "n_test"]]
      metric  n_test
    0  error     297
    """
    recipe = find_recipe(recipe)
    folder = Path(folder)
    whole = load_image_data(
        recipe.data, data_home=data_home, size=recipe.size, crop=recipe.crop, download=download, progress=progress
    )
    if recipe.mixer is not None:
        recipe.mixer.make(len(whole.class_names), seed=0)  # refuses parameters that do not fit these classes
    make_network(recipe.network, len(whole.class_names), whole.image_shape)
    write_recipe(recipe, folder / recipe.name / "recipe.yaml")
    tables = []
    for seed in recipe.seeds if seeds is None else seeds:
        data = whole if recipe.n_train is None else subset(whole, recipe.n_train, seed)
        one = _Run(recipe, seed, data, folder / recipe.name, devices)
        with FileLock(folder / recipe.name / f"seed-{seed}.lock"):  # a second process waits, and finds the record
            made = records.record(
                f"{recipe.name}/seed-{seed}",
                lambda: one.train(accelerator, num_workers, progress, logs),  # noqa: B023, called at once
                settings=one.settings,
                data=data.fingerprint,
                folder=folder,
                force=force or not one.weights.exists(),
                stale=stale,
            )
            one.forget_checkpoints()
        tables.append(made.table)
    return pd.concat(tables, ignore_index=True)


def find_recipe(recipe: Recipe | str | Path) -> Recipe:
    """Return a recipe from itself, its name in `RECIPES`, or its YAML file.

    Parameters
    ----------
    recipe : Recipe, str or path

    Returns
    -------
    Recipe

    Raises
    ------
    FileNotFoundError
        If it is neither a name nor a file.

    Examples
    --------
    >>> find_recipe("table-4/cifar-10/resnet18/mixup").epochs
    200
    """
    if isinstance(recipe, Recipe):
        return recipe
    return RECIPES[str(recipe)] if str(recipe) in RECIPES else read_recipe(recipe)


def load_network(recipe: Recipe, seed: int, data: ImageData, *, folder: Path | str = "runs") -> Classifier:
    """Return the classifier that a run ended with, in evaluation mode.

    Parameters
    ----------
    recipe : Recipe
    seed : int
    data : ImageData
        The data set of the recipe; its classes and shape are asked for alone.
    folder : path
        As given to `run`.

    Returns
    -------
    Classifier

    Raises
    ------
    FileNotFoundError
        If there is no such run.

    Examples
    --------
    >>> load_network(RECIPES["table-4/cifar-10/resnet18/mixup"], 0, None, folder="nowhere")
    Traceback (most recent call last):
    FileNotFoundError: there are no weights nowhere/...: run the recipe first.
    """
    weights = Path(folder) / recipe.name / f"seed-{seed}.safetensors"
    if not weights.exists():
        raise FileNotFoundError(f"there are no weights {weights}: run the recipe first.")
    classifier = _classifier(recipe, seed, data)
    classifier.load_state_dict(load_file(weights))
    return classifier.eval()


class _Run:
    """One training: its key, its files, and how it is done."""

    def __init__(self, recipe: Recipe, seed: int, data: ImageData, folder: Path, devices: int) -> None:
        self.recipe, self.seed, self.data, self.devices = recipe, seed, data, devices
        self.folder = folder / f"seed-{seed}"
        self.weights = folder / f"seed-{seed}.safetensors"
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

    def forget_checkpoints(self) -> None:
        """Remove what is not needed once the result is recorded, those of other settings or code too."""
        for kept in self.folder.glob("checkpoint-*"):
            shutil.rmtree(kept)

    def train(self, accelerator: str, num_workers: int, progress: bool, logs: bool) -> pd.DataFrame:
        """Train from where it was left, keep the weights, and return the table of test metrics."""
        recipe = self.recipe
        counts = self.data.class_counts()["train"]
        imbalance = counts.max() / max(counts.min(), 1)
        logger.info("%s, seed %d: training images of each class: %s", recipe.name, self.seed, counts.tolist())
        classifier = _classifier(recipe, self.seed, self.data)
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
            )
            trainer.fit(classifier, loaders, ckpt_path=None if begun is None else str(begun))
            seconds = time.perf_counter() - started
            (measured,) = testing_trainer(**shared).test(classifier, loaders, verbose=False)
        with records.atomic_path(self.weights) as temporary:
            save_file({name: each.contiguous().cpu() for name, each in classifier.state_dict().items()}, temporary)
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
            "imbalance": float(imbalance),
            "metric": recipe.metrics,
            "value": [float(measured[name]) for name in recipe.metrics],
            "seconds": seconds,
        }
        return pd.DataFrame(rows)


def _classifier(recipe: Recipe, seed: int, data: ImageData) -> Classifier:
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
