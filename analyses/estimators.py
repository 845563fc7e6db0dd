"""What each estimator of the local dimension says of data whose dimension is known: bias, spread and time.

The estimators are those that this package computes itself. They get the same neighbours, so that the times are those
of the estimates alone.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from analyses.context import Context
from zeta_geom.datasets import Dataset
from zeta_geom.geometry import ESTIMATORS, knn, local_dimension
from zeta_geom.manifolds import make_cube, make_curved_manifold, make_helix, make_sphere, make_torus


class Settings(BaseModel, frozen=True):
    """The settings of the table of estimators."""

    n_manifold: int = 8192  # paper, "Synthetic Data": points of the helix and of the manifold in R¹²
    n_samples: int = 2000  # ours: the table in ten core-minutes; k = 128 is then 6 % of the points
    n_images: int = 2000  # ours: as many images
    n_measured: int | None = None  # ours: points at which the dimension is estimated; None: all
    n_neighbors: tuple[int, ...] = (8, 128)  # paper, Fig. 6
    dimensions: tuple[int, ...] = (2, 5, 10, 20, 50)  # ours: of spheres, tori and cubes, in twice as many coordinates
    noises: tuple[float, ...] = (0.0, 0.01, 0.05)  # ours: relative to the spread of the coordinates
    far: float = 1000.0  # ours: distance of the outlier from a cube of side 1
    outlier_dim: int = 5  # ours: dimension of that cube
    seed: int = 0


PRESETS = {
    "quick": Settings(n_samples=1000, n_images=1000, n_measured=100, dimensions=(2, 10, 50)),
    "full": Settings(),
    "paper": Settings(n_samples=8192, n_images=10_000, n_measured=2000),
}
NAMES = tuple(name for name, entry in ESTIMATORS.items() if not entry.scikit)
FO = "FO"
SHAPES = {"sphere": make_sphere, "torus": make_torus, "cube": make_cube}
WARM = 16  # neighbours of the first call, which compiles


@dataclass(frozen=True)
class Case:
    """Points that can be drawn anew, and their dimension, if it is known."""

    dimension: int | None
    make: Callable[[int], np.ndarray]  # of a seed
    aside: int = 0  # points at the end at which the dimension is not measured


def run(context: Context, settings: Settings | None = None) -> None:
    """Write one table: a row per data set, number of neighbours and estimator."""
    settings = settings or PRESETS[context.preset]
    dataset = context.dataset("mnist")
    stored = settings.model_dump(mode="json") | {"data_name": dataset.name}

    def compute() -> pd.DataFrame:
        listed = cases(settings) | {"mnist": mnist_case(dataset, settings)}
        return measure_all(listed, settings, progress=context.progress)

    context.record("estimators/table", compute, settings=stored, data=dataset.fingerprint)


def cases(s: Settings) -> dict[str, Case]:
    """Return the synthetic data of the table, by name."""
    listed = {"helix-3d": Case(1, partial(helix, s.n_manifold))}
    for share in s.noises:
        listed["curved-12d" + f"+{share:g}" * (share > 0)] = Case(3, partial(curved, s.n_manifold, share))
    for name, make in SHAPES.items():
        listed |= {f"{name}-{d}d": Case(d, partial(shape, make, s.n_samples, d)) for d in s.dimensions}
    listed["curved-12d-twice"] = Case(3, partial(twice, s.n_manifold))
    most, d = max(s.n_neighbors), s.outlier_dim
    listed[f"cube-{d}d-few"] = Case(d, partial(shape, make_cube, most + 1, d))
    listed[f"cube-{d}d-outlier"] = Case(d, partial(outlier, most, d, s.far), aside=1)
    return listed


def helix(n: int, seed: int) -> np.ndarray:
    """Return points on the helix in R³."""
    return make_helix(n, random_state=seed)[0]


def curved(n: int, share: float, seed: int) -> np.ndarray:
    """Return points of the 3-D manifold in R¹², with noise relative to the spread of the coordinates."""
    rng = np.random.default_rng(seed)
    X = make_curved_manifold(n, random_state=rng)[0]
    return X + share * np.sqrt(X.var(axis=0).mean()) * rng.standard_normal(X.shape)


def shape(make: Callable[..., tuple[np.ndarray, np.ndarray]], n: int, d: int, seed: int) -> np.ndarray:
    """Return points of a sphere, torus or cube of dimension d in 2 d coordinates."""
    return make(n, intrinsic_dim=d, n_features=2 * d, random_state=seed)[0]


def twice(n: int, seed: int) -> np.ndarray:
    """Return n / 2 points of the 3-D manifold, each of them twice."""
    return np.repeat(make_curved_manifold(n // 2, random_state=seed)[0], 2, axis=0)


def outlier(n: int, d: int, far: float, seed: int) -> np.ndarray:
    """Return n points of a cube and one far away: among the n nearest of every other point, and of no fewer."""
    X = shape(make_cube, n + 1, d, seed)
    X[-1] += far / np.sqrt(2 * d)
    return X


def images(dataset: Dataset, n: int, seed: int) -> np.ndarray:
    """Return training images as points in [0, 1]."""
    rows = np.random.default_rng(seed).permutation(len(dataset.X_train))[:n]
    return dataset.X_train[rows].reshape(len(rows), -1).astype(np.float32) / 255


def mnist_case(dataset: Dataset, s: Settings) -> Case:
    """Return the images, whose dimension is not known."""
    return Case(None, partial(images, dataset, s.n_images))


def measure_all(
    listed: Mapping[str, Case], s: Settings, *, names: Sequence[str] = NAMES, progress: bool
) -> pd.DataFrame:
    """Return the rows of all data sets, each computed by one thread."""
    warm = np.random.default_rng(0).random((3 * WARM, 3))
    for name in names:
        local_dimension(warm, WARM, estimator=name)
    rows = []
    with threadpool_limits(1):
        for name, case in tqdm(listed.items(), desc="estimators", disable=None if progress else True):
            rows += [{"data": name} | row for row in measure(case, s, names)]
    return pd.DataFrame(rows)


def measure(case: Case, s: Settings, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return a row per number of neighbours and estimator; the bias is NaN if the dimension is not known."""
    X = case.make(s.seed)
    most = max(s.n_neighbors)
    local_dimension(X[: most + 1], s.n_neighbors, n_jobs=1)  # FO compiles other code for other types and shapes
    neighbors = knn(X, most, n_jobs=1)
    how: dict[str, Any] = {"neighbors": neighbors, "random_state": s.seed, "n_jobs": 1}
    if s.n_measured is not None and s.n_measured < len(X) and not case.aside:
        how["n_anchors"] = s.n_measured
    rows = []
    for k in s.n_neighbors:
        timings = {name: timed(X, k, name, how) for name in dict.fromkeys((FO, *names))}
        base = timings[FO][1]
        for name in names:
            values, seconds = timings[name]
            values = values[: len(values) - case.aside]
            finite = values[np.isfinite(values)]
            mean = finite.mean() if len(finite) else np.nan
            bias = np.nan if case.dimension is None else mean - case.dimension
            cell = {"k": k, "estimator": name, "dimension": case.dimension, "n": len(X), "measured": len(values)}
            cell |= {"mean": mean, "bias": bias, "std": finite.std() if len(finite) else np.nan}
            rows.append(cell | {"without": len(values) - len(finite), "seconds": seconds, "to_fo": seconds / base})
    return rows


def timed(X: np.ndarray, k: int, name: str, how: Mapping[str, Any]) -> tuple[np.ndarray, float]:
    """Return the dimension at each point, NaN where it is not finite, and the seconds; the table counts the NaN."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "(.|\n)*no finite dimension", RuntimeWarning)  # counted in the table
        start = time.perf_counter()
        values = local_dimension(X, k, estimator=name, **how)[k]
        return values.astype(np.float64), time.perf_counter() - start


if __name__ == "__main__":
    run(Context())
