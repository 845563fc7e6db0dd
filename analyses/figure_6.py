"""Figure 6: the local dimension of mixed data against γ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel

from analyses.context import Context
from analyses.forecast import ANNOUNCED, forecast
from zeta_geom.checks.grey_levels import to_floats
from zeta_geom.datasets.own_files import read_arrays
from zeta_geom.manifolds import MANIFOLDS
from zeta_geom.records import data_fingerprint
from zeta_geom.sweeps import gamma_sweep

MIXERS = {
    "zeta": ("zeta", {}),
    "mixup": ("mixup", {}),
    "mixup-per-sample": ("mixup", {"per_sample": True}),
}


class Settings(BaseModel, frozen=True):
    """Every number of the figure."""

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


# γ, dense where the curves of images bend; all among those of "full"
BEND = (0, 1, 2, 2.5, 3, 3.5, 4, 5, 7, 10, 15)
PRESETS = {
    "quick": Settings(image_gammas=BEND, n_anchors=1000),
    "full": Settings(),
    "paper": Settings(image_sets=("cifar-10", "cifar-100"), n_images=None),
}
WHERE_ABSENT = {"cifar-10": "fashion-mnist", "cifar-100": "mnist"}


def image_points(context: Context, settings: Settings) -> dict[str, np.ndarray]:
    """Return each image set as points in [0, 1], under the name of the set, or of the file, that was really read."""
    chosen = {}
    for path in context.images:
        images = to_floats(read_arrays(path, "X_train", labels=False)["X_train"])
        if images.ndim < 2 or not (0 <= images.min() <= images.max() <= 1):
            raise ValueError(f"X_train of {path} must be images (n, ...), uint8 or in [0, 1]; got {images.shape}.")
        chosen[path.stem] = images
    for name in () if context.images else settings.image_sets:
        try:
            dataset = context.dataset(name)
        except FileNotFoundError:
            if name not in WHERE_ABSENT:
                raise
            dataset = context.dataset(WHERE_ABSENT[name])
        chosen[dataset.name] = to_floats(dataset.X_train)
    return {name: pick(images, settings).astype(np.float32, copy=False) for name, images in chosen.items()}


def pick(images: np.ndarray, settings: Settings) -> np.ndarray:
    """Return so many of the images, drawn at random, as rows."""
    count = len(images) if settings.n_images is None else min(settings.n_images, len(images))
    return images[np.random.default_rng(settings.seed).permutation(len(images))[:count]].reshape(count, -1)


def run(context: Context, settings: Settings | None = None) -> None:
    """Sweep γ over the two manifolds and the image sets."""
    settings = settings or PRESETS[context.preset]
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
            print(f"figure 6, {name}: {forecast(X, settings.n_neighbors, runs, done)}")
        sweep(context, settings, f"images-{index}", X, about, **images)


def sweep(
    context: Context, settings: Settings, panel: str, X: np.ndarray, about: dict[str, Any], **batch: Any
) -> None:
    """Write the record of one panel; its runs are in a ledger beside it, so that a killed sweep goes on."""

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

    made_of = settings.model_dump(mode="json") | about | {"n_points": len(X)}
    context.record(f"figure_6/{panel}", compute, settings=made_of, data=data_fingerprint(X))
