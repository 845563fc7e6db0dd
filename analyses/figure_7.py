"""Figure 7: neighbourhoods in a plane with two classes and a curved boundary.

Does ζ-mixup lower the local dimension, and do a test point's neighbours vote for the right class more often than
under mixup? Drawn are one point and one test point, each chosen by a rule; measured are all of them, over seeds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel
from tqdm import tqdm

from analyses.context import Context
from zeta_geom.checks import one_hot
from zeta_geom.geometry import fukunaga_olsen, knn, local_spectra
from zeta_geom.mixers import Mixer, Mixup, ZetaMixup
from zeta_geom.neighborhoods import label_agreement


class Settings(BaseModel, frozen=True):
    """What Figure 7 is made with."""

    n_points: int = 512  # paper, "Synthetic Data", for its other sets in the plane
    n_tests: int = 512  # ours
    half_width: float = 2.0  # ours, of x1; the paper gives no equation for Figure 7
    amplitude: float = 0.75  # ours, of the boundary
    gap: float = 0.1  # ours, from the boundary to either class, along x2
    depth: float = 0.8  # ours, of either class, along x2
    batch_size: int = 32  # the authors' demonstration
    mixup_alpha: float = 1.0  # paper, the experiments' settings; λ once a batch
    gamma: float = 2.8  # of panels c and g; paper, its middle setting
    dimension_gamma: float = 6.0  # of panel e; the paper speaks of "large values of γ"; the value is ours
    dimension_anchor: str = "random"  # of panel e; paper, Algorithm 1
    gammas: tuple[float, ...] = (2.0, 2.4, 2.8, 3.2, 4.0, 5.0, 6.0, 8.0, 10.0)  # of panels h and i; ours
    dimension_k: int = 8  # paper, Figure 7d, e
    alpha: float = 0.05  # paper, of the dimension rule
    vote_ks: tuple[int, ...] = (8, 16)  # paper, Figure 7f, g
    seeds: int = 20  # ours
    drawn_seed: int = 0  # ours


PRESETS = {"quick": Settings(seeds=6), "full": Settings(), "paper": Settings()}


def run(context: Context, settings: Settings | None = None) -> None:
    """Write `figure_7/points`, what is drawn, and `figure_7/averages`, a row a mixed data set."""
    s = settings or PRESETS[context.preset]
    stored = s.model_dump(mode="json") | {"data_name": "two classes with a curved boundary"}
    context.record("figure_7/points", lambda: drawn_points(s), settings=stored)
    context.record("figure_7/averages", lambda: averages(s, None if context.progress else True), settings=stored)


def boundary(x1: np.ndarray, s: Settings) -> np.ndarray:
    """Return the boundary between the classes: x2 = amplitude · sin(π x1 / half_width)."""
    return s.amplitude * np.sin(np.pi * x1 / s.half_width)


def make_points(n: int, s: Settings, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Make points (n, 2) with labels: class 1 lies above the boundary and class 0 below, gap to gap + depth away."""
    y = generator.permutation((np.arange(n) >= n // 2).astype(np.int64))
    x1 = generator.uniform(-s.half_width, s.half_width, n)
    away = s.gap + generator.uniform(0, s.depth, n)
    return np.stack([x1, boundary(x1, s) + np.where(y == 1, away, -away)], axis=1), y


def mix(mixer: Mixer, X: np.ndarray, y: np.ndarray, s: Settings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mixed points, soft labels, and which point leads each: the one with the largest weight."""
    mixed, Y_new = mixer.mix_dataset(np.hstack([X, np.eye(len(X))]), y, batch_size=s.batch_size, n_classes=2)
    return mixed[:, :2], Y_new, mixed[:, 2:].argmax(axis=1)


def dimensions(X: np.ndarray, s: Settings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the local dimension of each point, the eigenvalues behind it, and the neighbours."""
    neighbors = knn(X, s.dimension_k).indices
    spectra = local_spectra(X[neighbors])
    return fukunaga_olsen(spectra, s.alpha), spectra, neighbors


def votes(X: np.ndarray, Y: np.ndarray, tests: np.ndarray, classes: np.ndarray, k: int) -> np.ndarray:
    """Return how many of each test point's k nearest points carry its class."""
    return label_agreement(X, Y, tests, classes, k=k, metric="euclidean").counts


def averages(s: Settings, quiet: bool | None) -> pd.DataFrame:
    """Measure all points and all test points, over seeds; a tied vote counts as half right."""
    rows = []
    for seed in tqdm(range(s.seeds), desc="figure 7", disable=quiet):
        generator = np.random.default_rng(seed)
        X, y = make_points(s.n_points, s, generator)
        tests, classes = make_points(s.n_tests, s, generator)
        before, *_ = dimensions(X, s)
        everyone: list[tuple[dict[str, Any], Any]] = [
            ({"method": "original", "gamma": np.nan, "anchor": ""}, (X, one_hot(y, 2), np.arange(len(X)))),
            (
                {"method": "mixup", "gamma": np.nan, "anchor": ""},
                mix(Mixup(s.mixup_alpha, random_state=seed), X, y, s),
            ),
        ]
        for anchor in ("self", "random"):
            for gamma in s.gammas:
                mixer = ZetaMixup(gamma, anchor=anchor, random_state=seed)
                everyone.append(({"method": "zeta", "gamma": gamma, "anchor": anchor}, mix(mixer, X, y, s)))
        for what, (X_new, Y_new, leaders) in everyone:
            after, *_ = dimensions(X_new, s)
            row = {**what, "seed": seed, "dimension": after.mean()}
            row |= {"lower": (after < before[leaders]).mean(), "higher": (after > before[leaders]).mean()}
            for k in s.vote_ks:
                correct = votes(X_new, Y_new, tests, classes, k)
                row |= {f"correct_{k}": correct.mean() / k}
                row |= {f"right_{k}": ((2 * correct > k) + 0.5 * (2 * correct == k)).mean()}
            rows.append(row)
    return pd.DataFrame(rows)


def drawn_points(s: Settings) -> dict[str, np.ndarray]:
    """Return the points of one seed, and what was chosen among them."""
    generator = np.random.default_rng(s.drawn_seed)
    X, y = make_points(s.n_points, s, generator)
    tests, classes = make_points(s.n_tests, s, generator)
    line = np.linspace(-s.half_width, s.half_width, 200)
    mixup = mix(Mixup(s.mixup_alpha, random_state=s.drawn_seed), X, y, s)
    zeta = mix(ZetaMixup(s.gamma, random_state=s.drawn_seed), X, y, s)
    large = ZetaMixup(s.dimension_gamma, anchor=s.dimension_anchor, random_state=s.drawn_seed)
    arrays = {"X": X, "y": y, "boundary": np.stack([line, boundary(line, s)], axis=1)}
    arrays |= {"X_mixup": mixup[0], "Y_mixup": mixup[1], "X_zeta": zeta[0], "Y_zeta": zeta[1]}
    return arrays | chosen_point(X, mix(large, X, y, s), s) | chosen_test(mixup, zeta, tests, classes, s)


def chosen_point(X: np.ndarray, mixed: tuple[np.ndarray, ...], s: Settings) -> dict[str, np.ndarray]:
    """Choose the output whose smaller eigenvalue, over the larger, fell most from its leader's.

    Among those whose dimension is lower than their leader's, where there are any.
    """
    X_new, Y_new, leaders = mixed
    before, spectra, neighbors = dimensions(X, s)
    after, spectra_new, neighbors_new = dimensions(X_new, s)
    ratio, ratio_new = (each[:, 0] / each[:, -1] for each in (spectra, spectra_new))
    fall = np.log(ratio[leaders] / np.maximum(ratio_new, np.finfo(float).tiny))
    fell = after < before[leaders]
    output = int(np.argmax(np.where(fell, fall, -np.inf) if fell.any() else fall))
    leader = leaders[output]
    return {
        "X_large": X_new,
        "Y_large": Y_new,
        "pair": np.array([leader, output]),
        "pair_neighbors": np.stack([neighbors[leader], neighbors_new[output]]),
        "pair_eigenvalues": np.stack([spectra[leader], spectra_new[output]]),
        "pair_dimensions": np.array([before[leader], after[output]]),
    }


def chosen_test(mixup: Any, zeta: Any, tests: np.ndarray, classes: np.ndarray, s: Settings) -> dict[str, np.ndarray]:
    """Choose the test point that has the most correct neighbours under ζ beyond mixup's, summed over the ks."""
    correct = np.array([[votes(X, Y, tests, classes, k) for k in s.vote_ks] for X, Y, _ in (mixup, zeta)])
    test = int(np.argmax((correct[1] - correct[0]).sum(axis=0)))
    largest = max(s.vote_ks)
    near = [knn(X, largest, queries=tests[test : test + 1]).indices[0] for X, _, _ in (mixup, zeta)]
    return {
        "test": tests[test],
        "test_class": np.array(classes[test]),
        "test_neighbors": np.stack(near),  # (mixup, ζ) x the largest k
        "test_correct": correct[:, :, test],  # (mixup, ζ) x ks
    }


if __name__ == "__main__":
    run(Context())
