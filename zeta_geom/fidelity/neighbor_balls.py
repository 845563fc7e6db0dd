"""Checked samples, and the radii of balls that reach to a sample's k-th neighbour."""

from collections.abc import Mapping
from contextlib import AbstractContextManager

import numpy as np
from threadpoolctl import threadpool_limits

from zeta_geom.checks import check_int, check_points, check_units
from zeta_geom.checks.scaling import common_unit
from zeta_geom.checks.types import ArrayLike
from zeta_geom.geometry.cpu.balls import pair_distances
from zeta_geom.geometry.knn import knn


def check_samples(
    first: ArrayLike,
    second: ArrayLike,
    names: tuple[str, str],
    *,
    min_samples: tuple[int, int] = (1, 1),
    keep_unit: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Return both as finite float arrays of one width, in a unit whose squares do not overflow, or raise."""
    A = check_points(first, names[0], min_samples=min_samples[0])
    B = check_points(second, names[1], min_samples=min_samples[1])
    if A.shape[1] != B.shape[1]:
        raise ValueError(
            f"{names[1]} must have as many columns as {names[0]}, {A.shape[1]}; got {B.shape[1]}. "
            "Pass both in the same features."
        )
    check_units(A, B, names)
    A, B = (A, B) if keep_unit else common_unit(A, B)
    return np.ascontiguousarray(A), np.ascontiguousarray(B)


def check_k(k: int, X: np.ndarray, name: str) -> int:
    """Return k as an int if every row of X has k neighbours among the others, or raise."""
    if check_int(k, "k", low=1) > len(X) - 1:
        raise ValueError(
            f"k must be at most {len(X) - 1} for the {len(X)} rows of {name}, because a row is not its "
            f"own neighbour; got {k}. Lower k or give more rows."
        )
    return int(k)


def neighbor_radii(X: np.ndarray, k: int, *, n_jobs: int | None, progress: bool) -> np.ndarray:
    """Return the squared distance (n,) of each point of X to its k-th nearest other point, as in `ball_members`."""
    indices = knn(X, k, n_jobs=n_jobs, progress=progress).indices
    rows = np.repeat(np.arange(len(X)), k)
    radii: np.ndarray = pair_distances(X, X, rows, indices.ravel()).reshape(-1, k).max(axis=1)
    return radii


def one_openmp_thread() -> AbstractContextManager[object]:
    """Keep scikit-learn's loops on one thread: on busy cores, threads of short loops wait twenty times the work."""
    limit: AbstractContextManager[object] = threadpool_limits(1, user_api="openmp")
    return limit


def mean_and_spread(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each column, float64 (d,); a constant column has the deviation 1."""
    constant = (X[0] == X).all(axis=0)  # its mean may be off by rounding
    mean, spread = X.mean(axis=0, dtype=np.float64), X.std(axis=0, dtype=np.float64)
    return np.where(constant, X[0], mean), np.where(constant | (spread == 0), 1.0, spread)


def check_sets(sets: Mapping[str, ArrayLike], min_samples: tuple[int, ...]) -> list[np.ndarray]:
    """Return sets by name as finite float arrays, all in the unit and of the width of the first, or raise."""
    (first, X), *others = sets.items()
    checked: list[np.ndarray] = []
    for (name, Y), least in zip(others, min_samples[1:]):
        pair = check_samples(X, Y, (first, name), min_samples=(min_samples[0], least), keep_unit=True)
        checked += pair[len(checked) > 0 :]
    return [np.ascontiguousarray(A) for A in common_unit(*checked)]
