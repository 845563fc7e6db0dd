"""Figure 2: whether mixed points stay near the manifold and keep the right label.

Crescents and spirals (2a), the helix (2b), and the helix for a grid of T and γ (2c). A wrong label is one whose
largest share is not the class of the nearest noiseless curve; ties, in label or in distance, count as right. The
distance is that from the nearest noiseless curve, by `Manifold.distances`: in closed form for the crescents, else by
bracketed Newton steps to 1e-9. The helix has one class: no label there can be wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel
from tqdm import tqdm

from analyses.context import Context
from zeta_geom.checks import one_hot
from zeta_geom.manifolds import MANIFOLDS, make_helix, wrong_labels
from zeta_geom.mixers import Mixer, Mixup, ZetaMixup


class Settings(BaseModel, frozen=True):
    """What Figure 2 is made with."""

    n_plane: int = 512  # paper, "Synthetic Data"
    noise: float = 0.1  # paper, "Synthetic Data"
    n_helix: int = 8192  # paper, "Synthetic Data"
    batch_size: int = 32  # the authors' demonstration; 2a and 2b
    mixup_alpha: float = 1.0  # paper, Table 4's text; λ once a batch, as in mixup's own code
    anchor: str = "self"  # the authors' code
    plane_gammas: tuple[float, ...] = (2.0, 2.2, 2.4, 2.6, 2.8, 3.0, 6.0)  # the authors' demonstration; 6.0 ours
    helix_gammas: tuple[float, ...] = (2.0, 4.0, 6.0)  # paper, Fig. 2b
    grid_sizes: tuple[int, ...] = (2, 4, 8, 16, 32, 128)  # paper, Fig. 2c; the batch is T
    grid_gammas: tuple[float, ...] = (2.0, 2.4, 2.8, 4.0, 6.0)  # paper, Fig. 2c
    plane_seeds: int = 20  # ours: data and mixing are drawn anew for each
    helix_seeds: int = 5  # ours
    drawn_seed: int = 0  # ours: the seed whose points are drawn


PRESETS = {
    "quick": Settings(plane_seeds=6, helix_seeds=2),
    "full": Settings(),
    "paper": Settings(),
}  # sizes are the paper's throughout: they take seconds


def run(context: Context, settings: Settings | None = None) -> None:
    """Write the records: tables with a row a mixed data set, and the points of one seed for drawing."""
    s = settings or PRESETS[context.preset]
    keep = partial(context.record, settings=s.model_dump(mode="json"))
    for data in PLANE:
        keep(f"figure_2/{data}", lambda data=data: stack(plane_mixes(s, s.drawn_seed, (data,))))
    keep("figure_2/helix", lambda: stack(helix_mixes(s, s.drawn_seed)))
    keep("figure_2/grid_points", lambda: stack(grid_mixes(s, s.drawn_seed)))
    keep("figure_2/label_error", lambda: measure(plane_mixes, s, s.plane_seeds, context.progress))
    keep("figure_2/helix_distance", lambda: measure(helix_mixes, s, s.helix_seeds, context.progress))
    keep("figure_2/grid", lambda: measure(grid_mixes, s, s.helix_seeds, context.progress))


PLANE = ("crescents", "spirals")
ORIGINAL = {"method": "original", "gamma": math.nan}
Mixed = tuple[dict[str, Any], np.ndarray, np.ndarray | None]  # what was done, points, soft labels


def mixers(s: Settings, gammas: tuple[float, ...], seed: int) -> Iterator[tuple[dict[str, Any], Mixer]]:
    """Give mixup, then ζ-mixup at each γ; one seed for all, so that every γ meets the same permutations."""
    yield {"method": "mixup", "gamma": math.nan}, Mixup(s.mixup_alpha, random_state=seed)
    for gamma in gammas:
        yield {"method": "zeta", "gamma": gamma}, ZetaMixup(gamma, anchor=s.anchor, random_state=seed)


def plane_mixes(s: Settings, seed: int, names: tuple[str, ...] = PLANE) -> Iterator[Mixed]:
    """Give two-class sets and what each mixer makes of them."""
    for data in names:
        X, y = MANIFOLDS[data].make(s.n_plane, noise=s.noise, random_state=seed)
        yield {"data": data, **ORIGINAL}, X, one_hot(y, 2)
        for what, mixer in mixers(s, s.plane_gammas, seed):
            yield {"data": data, **what}, *mixer.mix_dataset(X, y, batch_size=s.batch_size, n_classes=2)


def helix_mixes(s: Settings, seed: int) -> Iterator[Mixed]:
    """Give the helix and what each mixer makes of it."""
    X, _ = make_helix(s.n_helix, random_state=seed)
    yield {"data": "helix-3d", **ORIGINAL}, X, None
    for what, mixer in mixers(s, s.helix_gammas, seed):
        yield {"data": "helix-3d", **what}, *mixer.mix_dataset(X, batch_size=s.batch_size)


def grid_mixes(s: Settings, seed: int) -> Iterator[Mixed]:
    """Give the helix and what ζ-mixup makes of it for each T and γ; the batch is T."""
    X, _ = make_helix(s.n_helix, random_state=seed)
    yield {"data": "helix-3d", **ORIGINAL, "T": 1}, X, None
    for size in s.grid_sizes:
        for what, mixer in islice(mixers(s, s.grid_gammas, seed), 1, None):
            yield {"data": "helix-3d", **what, "T": size}, *mixer.mix_dataset(X, batch_size=size)


def stack(mixes: Iterator[Mixed]) -> dict[str, np.ndarray]:
    """Return mixed data sets as arrays to draw, the first axis over what was done, and the noiseless curves."""
    done, points, labels = zip(*mixes, strict=True)
    arrays = {name: np.array([what[name] for what in done]) for name in done[0]}
    if labels[0] is not None:
        arrays["Y"] = np.array(labels, dtype=np.float32)
    manifold = MANIFOLDS[done[0]["data"]]
    curves = manifold.curves(np.linspace(*manifold.limits, 400))
    return {**arrays, "X": np.array(points, dtype=np.float32), "curves": curves}


def measure(mixes: Callable[..., Iterator[Mixed]], s: Settings, seeds: int, progress: bool) -> pd.DataFrame:
    """Return the median distance from the manifold and, of two classes, the share of wrong labels, over seeds."""
    rows = []
    for seed in tqdm(range(seeds), desc=mixes.__name__, disable=None if progress else True):
        for what, X, Y in mixes(s, seed):
            distances = MANIFOLDS[what["data"]].distances(X)
            error = {} if Y is None else {"label_error": float(wrong_labels(distances, Y).mean())}
            rows.append({**what, "seed": seed, **error, "distance": float(np.median(distances.min(axis=1)))})
    return pd.DataFrame(rows)


if __name__ == "__main__":
    run(Context())
