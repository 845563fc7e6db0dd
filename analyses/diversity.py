"""How diverse are mixed images, and how rich their labels, against T and γ?

Every output has a leader, the sample with the largest weight. Measured are the distance from it (in units of grey
levels 0..1, and relative to the distance between two images drawn at random), the effective number of classes
exp H(y), and the number of classes with more than 1 % of the label.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel
from tqdm import tqdm

from analyses.context import Context
from zeta_geom.checks import one_hot
from zeta_geom.mixers import Mixup, ZetaMixup
from zeta_geom.realism import entropy


class Settings(BaseModel, frozen=True):
    """Every number of the analysis."""

    n_images: int = 12800  # ours: 100 batches
    batch_size: int = 128  # paper, its largest T in Figure 2c
    sizes: tuple[int, ...] = (2, 4, 8, 16, 32, 128)  # T; paper, Figure 2c
    gammas: tuple[float, ...] = (2.0, 2.4, 2.8, 4.0, 6.0)  # paper, Figure 2c
    threshold: float = 0.01  # of a class that counts; ours
    seed: int = 0


PRESETS = {"quick": Settings(n_images=6400), "full": Settings(), "paper": Settings(n_images=59904)}


def run(context: Context, settings: Settings | None = None) -> None:
    """Write one table: a row for each (method, T, γ)."""
    settings = settings or PRESETS[context.preset]
    dataset = context.dataset("mnist")
    made_of = settings.model_dump(mode="json") | {"data_name": dataset.name}

    def compute() -> pd.DataFrame:
        order = np.random.default_rng(settings.seed).permutation(len(dataset.X_train))[: settings.n_images]
        X = dataset.X_train[order].reshape(len(order), -1).astype(np.float32) / 255
        y = dataset.y_train[order]
        rows = [measure("mixup", Mixup(random_state=settings.seed), X, y, settings)]
        grid = list(product(settings.sizes, settings.gammas))
        for size, gamma in tqdm(grid, desc="diversity", disable=None if context.progress else True):
            mixer = ZetaMixup(gamma, n_mix=size, random_state=settings.seed)
            rows.append(measure("zeta", mixer, X, y, settings) | {"T": size, "gamma": gamma})
        return pd.DataFrame(rows)

    context.record("diversity/mnist", compute, settings=made_of, data=dataset.fingerprint)


def measure(method: str, mixer: Any, X: np.ndarray, y: np.ndarray, settings: Settings) -> dict[str, Any]:
    """Mix the images batch by batch, and return mean and standard deviation of each measure."""
    distances, labels = [], []
    Y = one_hot(y, 10)
    for start in range(0, len(X) - settings.batch_size + 1, settings.batch_size):
        rows = slice(start, start + settings.batch_size)
        plan = mixer.draw(X[rows].shape, like=X)
        X_new, Y_new = mixer.apply(X[rows], Y[rows], plan)
        if method == "mixup":
            leaders = np.arange(settings.batch_size) if plan.lam >= 0.5 else plan.partners
        else:
            leaders = plan.weights.argmax(axis=1)
        distances.append(np.linalg.norm(X_new - X[rows][leaders], axis=1))
        labels.append(Y_new)
    apart = np.linalg.norm(X - np.roll(X, 1, axis=0), axis=1).mean()
    label = np.concatenate(labels).astype(np.float64)
    values = {
        "distance": np.concatenate(distances),
        "relative_distance": np.concatenate(distances) / apart,
        "effective_classes": np.exp(entropy(label / label.sum(axis=1, keepdims=True))),
        "classes": (label > settings.threshold).sum(axis=1),
    }
    spread = {f"{name}_{kind}": getattr(value, kind)() for name, value in values.items() for kind in ("mean", "std")}
    return {"method": method, "T": 2, "gamma": np.nan, "n": len(label)} | spread
