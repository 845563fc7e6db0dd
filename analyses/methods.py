"""The methods side by side: distance from the manifold, wrong labels, and an oracle's view of mixed digits.

The table has a row per mixer of `zeta_geom.mixers` and per learned method, and a first row for the unmixed points.
Learned methods are trained on few digits first; the preset `quick` reads their rows from docs/cpu_study/learned.csv.
The features are the activations before the oracle's last layer; a mixer is called on them as on points, and the last
layer classifies the output. A label is wrong if the class of the nearest curve, or the oracle's class, is not among
its largest. A cell that is not defined carries the reason instead of a number.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import torch
from pydantic import BaseModel

from analyses.context import Context, side_by_side
from analyses.study.learned import TRAINED_ON, learned_mixer, learned_rows, trainable
from zeta_geom.checks import one_hot
from zeta_geom.datasets import Dataset
from zeta_geom.geometry import LocalPCA
from zeta_geom.manifolds import MANIFOLDS, wrong_labels
from zeta_geom.mixers import MIXERS, Mixer, make_mixer
from zeta_geom.mixers.table import LEARNED
from zeta_geom.realism import MNISTOracle, cross_entropy, soft_label_report
from zeta_geom.records import data_fingerprint


class Settings(BaseModel, frozen=True):
    """The settings of the table of methods; all other parameters are the mixers' defaults."""

    n_plane: int = 512  # paper, "Synthetic Data"
    noise: float = 0.1  # paper, "Synthetic Data"
    n_manifold: int = 8192  # paper, "Synthetic Data"
    n_images: int = 2048  # ours: the same number for every method
    n_measured: int | None = None  # ours: manifold points whose dimension and distance are measured; None: all
    batch_size: int = 32  # paper, its training on Fashion-MNIST; the authors' demonstration
    gamma: float = 2.8  # paper, Table 8's text; of every method with p-series weights
    n_neighbors: tuple[int, ...] = (8, 128)  # paper, Fig. 6
    floor: float = 1e-7  # ours, as for Figure 3: replaces zeros of the label in H(p, y)
    plane_seeds: int = 20  # ours, as for Figure 2: points and mixing are drawn anew for each
    manifold_seeds: int = 5  # ours, as for Figure 2
    image_seeds: int = 3  # ours: each takes other images


PRESETS = {
    "quick": Settings(n_images=1024, n_measured=2000, plane_seeds=6, manifold_seeds=3, image_seeds=2),
    "full": Settings(),
    "paper": Settings(n_images=10_000),
}
ORIGINAL = "original"
SERIES = {"zeta": "gamma", "p-series-pairs": "gamma", "cutmix-zeta": "gamma", "local-synthetic-instances": "p"}
MODELS = {"supermix": "teacher", "co-mixup": "model"}  # the parameter that takes a model of images

REMARKS = {
    ("mnist", "between-class-plus"): "makes images zero-mean, unlike those that the oracle was trained on",
    ("mnist", "supermix"): "has for its teacher the oracle that judges; rows that it does not recognise are left out",
    ("mnist", "co-mixup"): "cuts by the gradients of the oracle that judges",
    **{("mnist", method): TRAINED_ON for method in LEARNED},
    ("mnist-features", "manifold-mixup"): "at one layer is mixup of its activations, here with the same draws",
}


@dataclass(frozen=True)
class Subject:
    """One data set: a function that makes it from a seed, and a function that measures a mixture of it."""

    kind: str  # "points", "images" or "features"
    n_classes: int | None
    seeds: int
    make: Callable[[int], tuple[np.ndarray, np.ndarray | None]]
    measure: Callable[[np.ndarray, Any], dict[str, float]]


def run(context: Context, settings: Settings | None = None) -> None:
    """Write a record per data set, with a row per method and seed, and `methods/panel` with a row per cell."""
    s = settings or PRESETS[context.preset]
    dataset = context.dataset("mnist")
    stored = s.model_dump(mode="json")
    drawn = {"settings": stored | {"data_name": dataset.name}, "data": dataset.fingerprint}
    tables = {}
    for data, subject in subjects(s, dataset).items():
        compute = partial(measure, data, subject, s, context.progress)
        inputs = {"settings": stored} if data in MANIFOLDS else drawn
        tables[data] = context.record(f"methods/{data}", compute, **inputs).table
    learned, lacking = learned_record(context, s, dataset)
    tables["mnist"] = with_learned(tables["mnist"], learned, lacking)
    context.record(
        "methods/panel", lambda: summarise(tables), settings=drawn["settings"], data=fingerprint_of(tables)
    )


def subjects(s: Settings, dataset: Dataset) -> dict[str, Subject]:
    """Return the data sets of the table, by name."""
    listed = {}
    for data in ("crescents", "spirals"):
        make = partial(make_points, data, n_samples=s.n_plane, noise=s.noise)
        listed[data] = Subject("points", 2, s.plane_seeds, make, partial(on_plane, data))
    for data in ("helix-3d", "curved-12d"):
        make = partial(make_points, data, n_samples=s.n_manifold)
        listed[data] = Subject("points", None, s.manifold_seeds, make, partial(on_manifold, data, s))
    make, seen = partial(make_images, dataset, s.n_images), partial(make_features, dataset, s.n_images)
    listed["mnist"] = Subject("images", 10, s.image_seeds, make, partial(on_images, s))
    return listed | {"mnist-features": Subject("features", 10, s.image_seeds, seen, partial(on_features, s))}


def why_not(method: str, subject: Subject) -> str:
    """Return the reason why a method is not defined on a data set, "" if it is."""
    if method == ORIGINAL:
        return ""
    if method in LEARNED:
        return "" if subject.kind == "images" else f"mixes images: {subject.kind} have no height and width"
    traits = MIXERS[method].traits
    if method == "co-mixup" and find_spec("maxflow") is None:
        return "needs the package PyMaxflow (pip install zeta-geom[graphcut])"
    if traits.needs_images and subject.kind != "images":
        return f"mixes images: {subject.kind} have no height and width"
    if traits.needs_classes and subject.n_classes is None:
        return "mixes samples of two classes: these points have none"
    if traits.space == "features" and subject.kind != "features":
        return "mixes a model's features: measured on the oracle's"
    return ""


def measure(data: str, subject: Subject, s: Settings, progress: bool = False) -> pd.DataFrame:
    """Return a row for each method and seed; a method that is not defined has one row, with the reason."""
    points = [subject.make(seed) for seed in range(subject.seeds)]
    defined = [method for method in (ORIGINAL, *MIXERS) if not why_not(method, subject)]

    def row(task: tuple[int, str]) -> dict[str, Any]:
        seed, method = task
        mixer = None if method == ORIGINAL else mixer_of(method, s, seed)
        return row_of(method, mixer, subject, s, seed, points[seed])

    rows = side_by_side(row, product(range(subject.seeds), defined), name=data, progress=progress)
    reasons = {method: why_not(method, subject) for method in (*MIXERS, *LEARNED)}
    return pd.DataFrame(rows + [{"method": method, "reason": why} for method, why in reasons.items() if why])


def row_of(
    method: str,
    mixer: Mixer | None,
    subject: Subject,
    s: Settings,
    seed: int,
    points: tuple[np.ndarray, np.ndarray | None] | None = None,
) -> dict[str, Any]:
    """Return the row of a method and seed; without a mixer, of the unmixed points."""
    mixed = mix(mixer, *(points or subject.make(seed)), subject.n_classes, s)
    return {"method": method, "seed": seed, "reason": "", "n": len(mixed[0]), **subject.measure(*mixed)}


def learned_record(context: Context, s: Settings, dataset: Dataset) -> tuple[pd.DataFrame, str]:
    """Return the rows of learned methods on MNIST, and the reason why rows may be missing.

    They are read from the table of the study at the preset `quick`, and otherwise computed, with a training each.
    """
    if dataset.name != "mnist":
        return pd.DataFrame({"method": []}), "is learned on MNIST, and these images are another set"
    if context.preset == "quick" or not trainable():
        return learned_rows(s.n_images, s.image_seeds), f"make study has no table for {s.n_images:,} images"

    def compute() -> pd.DataFrame:
        subject, runs = subjects(s, dataset)["mnist"], context.results / "runs"
        tasks = product(range(subject.seeds), LEARNED)
        return pd.DataFrame(
            [row_of(method, learned_mixer(method, seed, runs, seed), subject, s, seed) for seed, method in tasks]
        )

    stored = s.model_dump(mode="json") | {"data_name": dataset.name}
    return context.record("methods/learned", compute, settings=stored, data=dataset.fingerprint).table, ""


def with_learned(table: pd.DataFrame, learned: pd.DataFrame, lacking: str) -> pd.DataFrame:
    """Return the rows of all methods; a learned method without rows has one row, with the reason."""
    missing = [{"method": method, "reason": lacking} for method in LEARNED if method not in set(learned["method"])]
    return pd.concat([table, learned.assign(reason=""), pd.DataFrame(missing)], ignore_index=True)


def fingerprint_of(tables: Mapping[str, pd.DataFrame]) -> str:
    """Return a hash over the values of tables."""
    return data_fingerprint(*(pd.util.hash_pandas_object(table, index=False) for table in tables.values()))


def mix(
    mixer: Mixer | None, X: np.ndarray, y: np.ndarray | None, n_classes: int | None, s: Settings
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the same number of mixed rows as X has, with soft labels; those of the original are one-hot."""
    if mixer is None:
        return X, None if y is None else one_hot(y, n_classes or 0)
    arrays: Any = (X, y) if "numpy" in mixer.traits.backends else (torch.from_numpy(X), torch.from_numpy(y))
    mixed = mixer.mix_dataset(*arrays, batch_size=s.batch_size, n_classes=n_classes, n_out=len(X))
    return tuple(None if part is None else np.asarray(part) for part in mixed)


def mixer_of(method: str, s: Settings, seed: int) -> Mixer:
    """Return the mixer at the settings' γ; the model of a method that needs one is the oracle, in float32."""
    params: dict[str, Any] = {SERIES[method]: s.gamma} if method in SERIES else {}
    if method in MODELS:
        params[MODELS[method]] = copy.deepcopy(oracle().model).float()
    return make_mixer(method, random_state=seed, **params)


@cache
def oracle() -> MNISTOracle:
    """Return the oracle, loaded once."""
    return MNISTOracle.pretrained()


def make_points(data: str, seed: int, **settings: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Return points of a manifold, and their classes if it has several."""
    X, y = MANIFOLDS[data].make(random_state=seed, **settings)
    return X, y if MANIFOLDS[data].n_classes else None


def make_images(dataset: Dataset, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return training images drawn by the seed, of shape (n, 1, 28, 28), and their classes."""
    rows = np.random.default_rng(seed).permutation(len(dataset.X_train))[:n]
    return dataset.X_train[rows, None].astype(np.float32) / 255, dataset.y_train[rows].astype(np.int64)


def make_features(dataset: Dataset, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the oracle's features (n, 84) of the images that `make_images` draws, and their classes."""
    X, y = make_images(dataset, n, seed)
    return oracle().features(X), y


def on_plane(data: str, X: np.ndarray, Y: np.ndarray) -> dict[str, float]:
    """Return the share of wrong labels."""
    return {"label_error": float(wrong_labels(MANIFOLDS[data].distances(X), Y).mean())}


def on_manifold(data: str, s: Settings, X: np.ndarray, Y: None) -> dict[str, float]:
    """Return the mean local dimension, and the median distance from the manifold."""
    rows = np.random.default_rng(0).permutation(len(X))[: s.n_measured]
    return dimensions(X, s, s.n_measured) | {"distance": float(np.median(MANIFOLDS[data].distance(X[rows])))}


def on_images(s: Settings, X: np.ndarray, Y: np.ndarray) -> dict[str, float]:
    """Return the mean local dimension of images, and the measures of the oracle's predictions."""
    return dimensions(X.reshape(len(X), -1), s) | judged(oracle().log_proba(X), Y, s)


def on_features(s: Settings, X: np.ndarray, Y: np.ndarray) -> dict[str, float]:
    """Return the mean local dimension of features, and the measures of the last layer's predictions."""
    with torch.inference_mode():
        log_p = oracle().model.fc3(torch.from_numpy(X)).log_softmax(dim=1).numpy()
    return dimensions(X, s) | judged(log_p, Y, s)


def dimensions(X: np.ndarray, s: Settings, n_anchors: int | None = None) -> dict[str, float]:
    """Return the mean local dimension over all points, or over `n_anchors` of them, for each number of neighbours."""
    anchors = n_anchors if n_anchors and n_anchors < len(X) else None
    means = LocalPCA(s.n_neighbors, n_anchors=anchors, random_state=0).fit(X).dimension_
    return {f"dimension_{k}": float(mean) for k, mean in zip(s.n_neighbors, means, strict=True)}


def judged(log_p: np.ndarray, Y: np.ndarray, s: Settings) -> dict[str, float]:
    """Compare log-predictions (n, 10) with soft labels (n, 10): medians in nats, and shares of the images."""
    report = soft_label_report(log_p, Y)
    floored = np.maximum(Y.astype(np.float64), s.floor)
    floored /= floored.sum(axis=1, keepdims=True)
    return {
        "entropy": float(np.median(report["entropy"])),
        "entropy_mean": float(report["entropy"].mean()),
        "h_p_y_floored": float(np.median(cross_entropy(np.exp(log_p), floored))),
        "infinite": float(np.isinf(report["h_p_y"]).mean()),
        "label_error": float(wrong_labels(-log_p, Y).mean()),
    }


def summarise(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return a row per data set, method and measure: mean and spread over seeds, or the reason why there is none."""
    rows = []
    for data, table in tables.items():
        for method, part in table.groupby("method", sort=False):
            cell = {"data": data, "method": method, "n": part["n"].iloc[0], "reason": part["reason"].iloc[0]}
            cell["remark"] = "" if cell["reason"] else REMARKS.get((data, method), "")
            for name in table.columns.drop(["method", "seed", "reason", "n"]):
                statistics = {"mean": part[name].mean(), "std": part[name].std(), "seeds": part[name].count()}
                rows.append(cell | {"measure": name} | statistics)
    return pd.DataFrame(rows)


if __name__ == "__main__":
    run(Context())
