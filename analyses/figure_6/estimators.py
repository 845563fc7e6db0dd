"""Figure 6 by five estimators: does a claim about the local dimension depend on how it is estimated?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from pydantic import BaseModel

from analyses import figure_6
from analyses.context import Context
from zeta_geom.manifolds import MANIFOLDS
from zeta_geom.records import data_fingerprint
from zeta_geom.sweeps import gamma_sweep


class Settings(BaseModel, frozen=True):
    """The settings of the figure."""

    estimators: tuple[str, ...] = ("FO", "MLE", "TLE", "GRIDE", "CA-PCA")  # one of each kind that names a point's k
    n_samples: int = 8192  # paper
    batch_size: int = 32  # inferred: the authors' demonstration
    gammas: tuple[float, ...] = figure_6.BEND[1:]  # without 0, where all points of a batch are copies of one
    n_neighbors: tuple[int, ...] = (8, 128)  # paper
    anchors: tuple[str, ...] = ("self", "random")  # as in figure 6
    image_sets: tuple[str, ...] = ("fashion-mnist", "mnist")  # ours, for CIFAR-10 and CIFAR-100
    n_images: int | None = 10_000  # as in figure 6
    image_batch_size: int = 128  # paper, its CIFAR training
    n_anchors: int = 1000  # ours: points at which the dimension is estimated, the same for every γ
    seed: int = 0


PRESETS = {
    "quick": Settings(gammas=(1, 2, 3, 5, 15), anchors=("self",), n_samples=2048, n_images=2000, n_anchors=200),
    "full": Settings(),
    "paper": Settings(image_sets=("cifar-10", "cifar-100"), n_images=None),
}


def run(context: Context, settings: Settings | None = None) -> None:
    """Sweep γ over the two manifolds and the image sets, with each estimator."""
    settings = settings or PRESETS[context.preset]
    if context.n_anchors is not None:
        settings = settings.model_copy(update={"n_anchors": context.n_anchors})
    points = figure_6.image_points(context, settings)
    for name in ("helix-3d", "curved-12d"):
        X = MANIFOLDS[name].make(settings.n_samples, random_state=settings.seed)[0]
        sweep(context, settings, name, name, X, len(points))
    for index, (name, X) in enumerate(points.items(), start=1):
        sweep(context, settings, f"images-{index}", name, X, len(points))


def sweep(context: Context, settings: Settings, panel: str, name: str, X: np.ndarray, sets: int) -> None:
    """Write the record of one data set: a table of `gamma_sweep` with the estimator in a column of its own."""
    image = panel.startswith("images")

    def compute() -> pd.DataFrame:
        table = gamma_sweep(
            X,
            data=name,
            gammas=settings.gammas,
            batch_size=settings.image_batch_size if image else settings.batch_size,
            mixers=("zeta", "mixup"),
            anchors=settings.anchors,
            n_neighbors=settings.n_neighbors,
            n_anchors=min(settings.n_anchors, len(X)),
            estimator=settings.estimators,
            seeds=[settings.seed],
            folder=context.results / "records" / "figure_6_estimators" / panel,
            force=context.force,
            stale=context.stale,
            progress=context.progress,
        )
        estimators = table["measure"].str.removeprefix("dimension").str.removeprefix("-")
        return table.assign(estimator=estimators.replace("", "FO"), measure="dimension")

    stored = settings.model_dump(mode="json") | {"data_name": name, "sets": sets, "n_points": len(X)}
    stored["named_by_user"] = bool(context.images)
    context.record(f"figure_6_estimators/{panel}", compute, settings=stored, data=data_fingerprint(X))
