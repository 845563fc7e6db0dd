"""How long a long sweep will take, said before it starts."""

from __future__ import annotations

import time

import numpy as np

from zeta_geom.geometry import LocalPCA

ANNOUNCED = 10_000  # points beyond which a sweep is foretold
TRIED = (3000, 6000)  # points of the two runs that foretell it


def forecast(X: np.ndarray, n_neighbors: tuple[int, ...], runs: int, done: int) -> str:
    """Say how long `runs` estimates of the local dimension of X will take, of which some are done.

    The seconds of one grow as a·n + b·n²; a and b come from two smaller ones.
    """
    LocalPCA(n_neighbors).fit(X[: 2 * max(n_neighbors)])  # compiles
    taken = []
    for n in TRIED:
        start = time.perf_counter()
        LocalPCA(n_neighbors).fit(X[:n])
        taken.append(time.perf_counter() - start)
    per_point = np.divide(taken, TRIED)
    square = max((per_point[1] - per_point[0]) / (TRIED[1] - TRIED[0]), 0.0)
    once = len(X) * (per_point[1] + square * (len(X) - TRIED[1]))
    return (
        f"{runs} runs, {done} of them recorded, of {len(X):,} points in {X.shape[1]:,} dimensions: about {once:.0f} "
        f"s each, {once * max(runs - done, 0) / 60:.0f} min in all. A sweep that is killed goes on where it was."
    )
