"""Figure 6: the local dimension of mixed data against γ."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel

from analyses.context import Context
from zeta_geom.checks.images import to_floats
from zeta_geom.datasets.own_files import read_arrays
from zeta_geom.geometry import LocalPCA
from zeta_geom.manifolds import MANIFOLDS
from zeta_geom.records import data_fingerprint
from zeta_geom.sweeps import gamma_sweep

MIXERS = {
    "zeta": ("zeta", {}),
    "mixup": ("mixup", {}),
    "mixup-per-sample": ("mixup", {"per_sample": True}),
}


ANNOUNCED = 10_000  # points; a sweep over more of them is preceded by a forecast
TRIED = (3000, 6000)  # points of the two runs behind the forecast


class Settings(BaseModel, frozen=True):
    """The settings of the figure."""

    n_samples: int = 8192  # paper
    batch_size: int = 32  # inferred: the authors' demonstration
    gammas: tuple[float, ...] = tuple(np.arange(0, 15.01, 0.5))  # paper: γ in [0, 15]; the step is ours
    n_neighbors: tuple[int, ...] = (8, 128)  # paper
    anchors: tuple[str, ...] = ("self", "random")  # "self" is the authors' code, "random" their Algorithm 1
    image_sets: tuple[str, ...] = ("fashion-mnist", "mnist")  # ours, for CIFAR-10 and CIFAR-100
    n_images: int | None = 10_000  # ours; None: all training images, as in the paper
    image_batch_size: int = 128  # paper, its CIFAR training
    image_gammas: tuple[float, ...] = tuple(np.arange(0, 15.01, 0.5))  # paper: γ in [0, 15]; the step is ours
    n_anchors: int | None = None  # ours: points at which the dimension is estimated, the same for every γ; None: all
    seed: int = 0


# values of γ, dense where the curves of images bend; a subset of those of "full"
BEND = (0, 1, 2, 2.5, 3, 3.5, 4, 5, 7, 10, 15)
PRESETS = {
    "quick": Settings(image_gammas=BEND, n_anchors=1000),
    "full": Settings(),
    "paper": Settings(image_sets=("cifar-10", "cifar-100"), n_images=None),
}
WHERE_ABSENT = {"cifar-10": "fashion-mnist", "cifar-100": "mnist"}


def image_points(context: Context, settings: Settings) -> dict[str, np.ndarray]:
    """Return each image set as points in [0, 1], under the name of the set or file that was read."""
    chosen = {}
    for path in context.images:
        chosen[path.name if path.is_dir() else path.stem] = read_images(path)
    for name in () if context.images else settings.image_sets:
        try:
            dataset = context.dataset(name)
        except FileNotFoundError:
            if name not in WHERE_ABSENT:
                raise
            dataset = context.dataset(WHERE_ABSENT[name])
        chosen[dataset.name] = to_floats(dataset.X_train)
    return {name: pick(images, settings).astype(np.float32, copy=False) for name, images in chosen.items()}


def read_images(path: Path) -> np.ndarray:
    """Return the array X_train of a file, or the pictures in a folder, or in its folder `train`, in [0, 1]."""
    training = path / "train"
    images = to_floats(read_arrays(training if training.is_dir() else path, "X_train", labels=False)["X_train"])
    if images.ndim < 2 or not (0 <= images.min() <= images.max() <= 1):
        raise ValueError(f"X_train of {path} must be images (n, ...), uint8 or in [0, 1]; got {images.shape}.")
    return images


def pick(images: np.ndarray, settings: Settings) -> np.ndarray:
    """Return `settings.n_images` of the images, drawn at random, as rows."""
    count = len(images) if settings.n_images is None else min(settings.n_images, len(images))
    return images[np.random.default_rng(settings.seed).permutation(len(images))[:count]].reshape(count, -1)


def run(context: Context, settings: Settings | None = None) -> None:
    """Sweep γ over the two manifolds and the image sets."""
    settings = settings or PRESETS[context.preset]
    if context.n_anchors is not None:
        settings = settings.model_copy(update={"n_anchors": context.n_anchors})
    points = image_points(context, settings)
    synthetic = {"gammas": settings.gammas, "batch_size": settings.batch_size}
    images = {"gammas": settings.image_gammas, "batch_size": settings.image_batch_size}
    for name in ("helix-3d", "curved-12d"):
        X = MANIFOLDS[name].make(settings.n_samples, random_state=settings.seed)[0]
        sweep(context, settings, name, X, {"data_name": name}, **synthetic)
    for index, (name, X) in enumerate(points.items(), start=1):
        about = {"data_name": name, "sets": len(points), "named_by_user": bool(context.images)}
        if len(X) > ANNOUNCED:
            runs = 1 + len(settings.anchors) * len(settings.image_gammas) + len(MIXERS) - 1
            done = len(list((context.results / "records" / "figure_6" / f"images-{index}" / "runs").glob("*")))
            print(f"figure 6, {name}: {forecast(X, settings, runs, done)}")
        sweep(context, settings, f"images-{index}", X, about, **images)


def sweep(
    context: Context, settings: Settings, panel: str, X: np.ndarray, about: dict[str, Any], **batch: Any
) -> None:
    """Write the record of one panel; its runs are in a ledger beside it, so that a killed sweep resumes."""

    def compute() -> pd.DataFrame:
        return gamma_sweep(
            X,
            data=about["data_name"],
            mixers=MIXERS,
            anchors=settings.anchors,
            n_neighbors=settings.n_neighbors,
            n_anchors=settings.n_anchors if (settings.n_anchors or len(X)) < len(X) else None,
            seeds=[settings.seed],
            folder=context.results / "records" / "figure_6" / panel,
            force=context.force,
            stale=context.stale,
            progress=context.progress,
            **batch,
        )

    stored = settings.model_dump(mode="json") | about | {"n_points": len(X)}
    context.record(f"figure_6/{panel}", compute, settings=stored, data=data_fingerprint(X))


def forecast(X: np.ndarray, settings: Settings, runs: int, done: int) -> str:
    """Return a sentence: how long `runs` estimates of the local dimension of X will take, of which `done` exist.

    The time of one estimate is between n times the seconds per point of a sample and a·n + b·n², whose a and b are
    measured on two samples: points whose spectrum decays, as that of images, come near the first.
    """
    LocalPCA(settings.n_neighbors).fit(X[: 2 * max(settings.n_neighbors)])  # compiles
    times = []
    for n in TRIED:
        anchors = None if settings.n_anchors is None else min(n, -(-settings.n_anchors * n // len(X)))
        start = time.perf_counter()
        LocalPCA(settings.n_neighbors, n_anchors=anchors).fit(X[:n])
        times.append(time.perf_counter() - start)
    per_point = np.divide(times, TRIED)
    square = max((per_point[1] - per_point[0]) / (TRIED[1] - TRIED[0]), 0.0)
    least = len(X) * per_point[1]
    most = least + len(X) * square * (len(X) - TRIED[1])
    left = max(runs - done, 0) / 60
    return (
        f"{runs} runs, {done} of them recorded, of {len(X):,} points in {X.shape[1]:,} dimensions: about "
        f"{least:.0f} to {most:.0f} s each, {least * left:.0f} to {most * left:.0f} min in all. "
        "A killed sweep resumes where it stopped."
    )
