"""Run a recipe: one training for each seed, resumed after a kill, recorded when finished."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_file

from zeta_geom import records
from zeta_geom.checks import check_int
from zeta_geom.execution.guard import require_main_guard, starts_afresh
from zeta_geom.execution.locks import hold
from zeta_geom.mixers.models import modules_of
from zeta_geom.rng.ranks import without_launcher
from zeta_geom.training.packages import require_packages
from zeta_geom.training.recipes.files import change_recipe, write_recipe
from zeta_geom.training.recipes.paper import find_recipe
from zeta_geom.training.recipes.schema import Recipe

if TYPE_CHECKING:
    from zeta_geom.training.data import ImageData
    from zeta_geom.training.fit.classifier import Classifier

NEED_EVERY_CLASS = {"auc", "balanced_accuracy", "f1_macro"}  # metrics that are means over the classes


@without_launcher()  # all its processes run on this machine
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

    Finished runs are recorded and not repeated; a killed run resumes from its last complete epoch.

    Parameters
    ----------
    recipe : Recipe, str or path
        A recipe, the name of one in `RECIPES`, or a YAML file.
    folder : path
        Receives `<recipe>/seed-<n>…`: the record, the weights (.safetensors), a folder with checkpoint and logs.
    seeds : sequence of int, optional
        Seeds that replace the recipe's.
    data_home, download : path, bool, optional
        As in `load_image_data`.
    accelerator : str
        Lightning's accelerator: "auto", "cpu", "gpu", …
    devices : int
        Devices of this machine to train on, each with a batch of its own (Lightning's "ddp_spawn"). The effective
        batch grows with this number, so it is part of a run's record.
    num_workers : int
        Processes that read images, for each device.
    force, stale : bool
        As in `zeta_geom.records.record`; with `stale`, a killed run resumes from a checkpoint of older code too.
    progress, logs : bool
        Show a progress bar, on a terminal; write losses and validation metrics as CSV and for TensorBoard.

    Returns
    -------
    DataFrame
        One row for each seed and metric: recipe, data, network, method, seed, n_train, n_test, epochs, devices,
        imbalance (size of the largest training class / size of the smallest), metric, value, seconds (of
        the training, since its last start).

    Raises
    ------
    FileNotFoundError
        If there is no such recipe, the data are missing and cannot be fetched, or the run of a teacher is missing.
    ImportError
        If a package of the extra `train` is missing.
    RuntimeError
        If it starts processes, and the calling script has no `if __name__ == "__main__":`.
    ValueError
        If a setting is wrong, or a finished run of that name and seed had other settings, unless `force`.

    Examples
    --------
    >>> import tempfile
    >>> recipe = Recipe(name="mine", data="digits", network="resnet10-narrow", epochs=1, seeds=(0,),
    ...                 n_train=64, optimizer={"learning_rate": 0.1})
    >>> run(recipe, folder=tempfile.mkdtemp(), accelerator="cpu", progress=False)[["metric", "n_test"]]
      metric  n_test
    0  error     297
    """
    require_packages()
    refuse_without_guard("training.run", devices, num_workers)
    from zeta_geom.training.data import load_image_data, subset
    from zeta_geom.training.fit.building import states_how_it_is_built
    from zeta_geom.training.fit.one_run import OneRun

    recipe = find_recipe(recipe)
    if seeds is not None:
        recipe = change_recipe(recipe, {"seeds": list(seeds)})
    folder, progress = Path(folder), progress and sys.stderr.isatty()
    num_workers = check_int(num_workers, "num_workers", low=0)
    framing: dict[str, Any] = {"size": recipe.size, "crop": recipe.crop, "background": recipe.background}
    whole = load_image_data(recipe.data, data_home=data_home, **framing, download=download, progress=progress)
    _refuse_what_does_not_fit(recipe, whole, devices, folder)
    parts = {seed: whole if recipe.n_train is None else subset(whole, recipe.n_train, seed) for seed in recipe.seeds}
    trainings = [OneRun(recipe, seed, data, folder, devices) for seed, data in parts.items()]
    if not force:
        for training in trainings:
            training.refuse_to_replace_others()
    write_recipe(recipe, folder / recipe.name / "recipe.yaml")
    tables: list[pd.DataFrame] = []
    for training in trainings:
        waiting = f"another process trains {training.folder}; waiting for its record"
        with hold(training.folder.with_suffix(".lock"), waiting=waiting):
            result = records.record(
                f"{recipe.name}/seed-{training.seed}",
                lambda: training.train(accelerator, num_workers, progress, logs, stale),  # noqa: B023, called at once
                settings=training.settings,
                data=training.data.fingerprint,
                folder=folder,
                source=training.source,
                force=force or not states_how_it_is_built(training.weights),
                stale=stale,
            )
            training.remove_checkpoints()
        tables.append(result.table)
    return pd.concat(tables, ignore_index=True)


def refuse_without_guard(call: str, devices: int, num_workers: int) -> None:
    """Raise RuntimeError if processes that the call starts would run the calling script again."""
    readers = check_int(num_workers, "num_workers", low=0) > 0 and starts_afresh()
    starts = check_int(devices, "devices", low=1) > 1 or readers
    require_main_guard(f"{call} with devices={devices}, num_workers={num_workers}", starts=starts)


def _refuse_what_does_not_fit(recipe: Recipe, data: ImageData, devices: int, folder: Path) -> None:
    """Raise, before anything is written, if network, mixer or metrics do not fit the data or each other."""
    from zeta_geom.training.fit.building import Shapes, build_classifier

    classifier = build_classifier(recipe, recipe.seeds[0], Shapes.of(data), folder)
    network = classifier.network
    modules_of(network, getattr(getattr(classifier.hook, "mixer", None), "layers", ()))
    share = -(-(recipe.n_train or len(data.train)) // check_int(devices, "devices", low=1))
    if recipe.batch_size > share:
        raise ValueError(f"batch_size must be at most the {share} training images; got {recipe.batch_size}.")
    if share % recipe.batch_size == 1 or recipe.batch_size == 1:
        try:
            network.train()(torch.zeros(1, *data.image_shape))
        except ValueError as error:
            raise ValueError(
                f"batch_size must leave no batch of one image, which {recipe.network} cannot normalise; "
                f"{share} images in batches of {recipe.batch_size} leave one. Choose another batch_size."
            ) from error
    absent = [data.class_names[k] for k in np.flatnonzero(data.class_counts()["test"] == 0)]
    if absent and (metrics := set(recipe.metrics) & NEED_EVERY_CLASS):
        raise ValueError(
            f"metrics {', '.join(sorted(metrics))} need a test image of each class; "
            f"the test part has none of {', '.join(absent)}."
        )


@without_launcher()
def load_network(recipe: Recipe, seed: int, data: ImageData, *, folder: Path | str = "runs") -> Classifier:
    """Return the trained classifier of a run, in evaluation mode.

    Parameters
    ----------
    recipe, seed, folder : Recipe, int, path
        Those of the run.
    data : ImageData
        The data set of the recipe; only its classes, image shape, mean and standard deviation are used.

    Returns
    -------
    Classifier
        On the CPU.

    Raises
    ------
    FileNotFoundError
        If there is no such run, or, for SuperMix, its teacher's run is missing.
    ImportError
        If a package of the extra `train` is missing.

    Examples
    --------
    >>> load_network(find_recipe("table-4/cifar-10/resnet18/mixup"), 0, None, folder="nowhere")
    Traceback (most recent call last):
    FileNotFoundError: the file of weights nowhere/... does not exist; run the recipe first.
    """
    require_packages()
    from zeta_geom.training.fit.building import Shapes, build_classifier, weights_of

    weights = weights_of(f"{recipe.name}/seed-{seed}", folder)
    classifier = build_classifier(recipe, seed, Shapes.of(data), folder)
    classifier.load_state_dict(load_file(weights))
    return classifier.eval()
