"""Figure 6: the local dimension of mixed data against γ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel

from analyses.context import Context
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
    n_images: int | None = 4000  # ours; None: all training images, as in the paper
    image_batch_size: int = 128  # paper, its CIFAR training
    image_gammas: tuple[float, ...] = tuple(np.arange(0, 15.01, 1.0))  # ours
    seed: int = 0


PRESETS = {
    "quick": Settings(),
    "paper": Settings(
        image_sets=("cifar-10", "cifar-100"), n_images=None, image_gammas=tuple(np.arange(0, 15.01, 0.5))
    ),
}
WHERE_ABSENT = {"cifar-10": "fashion-mnist", "cifar-100": "mnist"}


def image_points(context: Context, settings: Settings) -> dict[str, np.ndarray]:
    """Return each image set as points in [0, 1], under the name of the set that was really read."""
    points = {}
    for name in settings.image_sets:
        try:
            dataset = context.dataset(name)
        except FileNotFoundError:
            if name not in WHERE_ABSENT:
                raise
            dataset = context.dataset(WHERE_ABSENT[name])
        images = dataset.X_train
        count = len(images) if settings.n_images is None else min(settings.n_images, len(images))
        chosen = np.random.default_rng(settings.seed).permutation(len(images))[:count]
        points[dataset.name] = images[chosen].reshape(count, -1).astype(np.float32) / 255
    return points


def run(context: Context, settings: Settings | None = None) -> None:
    """Sweep γ over the two manifolds and the two image sets."""
    settings = settings or PRESETS[context.preset]
    synthetic = {"gammas": settings.gammas, "batch_size": settings.batch_size}
    images = {"gammas": settings.image_gammas, "batch_size": settings.image_batch_size}
    for name in ("helix-3d", "curved-12d"):
        X = MANIFOLDS[name].make(settings.n_samples, random_state=settings.seed)[0]
        sweep(context, settings, name, name, X, **synthetic)
    for index, (name, X) in enumerate(image_points(context, settings).items(), start=1):
        sweep(context, settings, f"images-{index}", name, X, **images)


def sweep(context: Context, settings: Settings, panel: str, data_name: str, X: np.ndarray, **batch: Any) -> None:
    """Write the record of one panel; each run within it is a record too, so that a killed sweep goes on."""

    def compute() -> pd.DataFrame:
        return gamma_sweep(
            X,
            data=data_name,
            mixers=MIXERS,
            anchors=settings.anchors,
            n_neighbors=settings.n_neighbors,
            seeds=[settings.seed],
            folder=context.results / "records" / "figure_6" / panel,
            force=context.force,
            stale=context.stale,
            progress=context.progress,
            **batch,
        )

    made_of = settings.model_dump(mode="json") | {"data_name": data_name}
    context.record(f"figure_6/{panel}", compute, settings=made_of, data=data_fingerprint(X))
