"""Estimators of the local dimension on manifolds of known dimension.

`coverage`: of intervals from as many draws of points, how many contain the mean of the estimator over further draws,
its own expectation? The bias against the true dimension is a column of its own.

Examples
--------
python -m benchmarks.estimators coverage
python -m benchmarks.estimators coverage --only sphere-10 --estimators MLE --draws 200 --further 1000 --workers 2
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from benchmarks.measuring import report
from zeta_geom.geometry import dimension_interval, dimension_scale
from zeta_geom.manifolds import make_cube, make_curved_manifold, make_helix, make_sphere, make_torus

CONFIDENCE = 0.95
DIMENSIONS = (2, 5, 10, 20, 50)
SHAPES: dict[str, Callable[..., Any]] = {"sphere": make_sphere, "torus": make_torus, "cube": make_cube}

# name -> (true dimension, generator of n points from a seed); shapes lie in twice as many dimensions
CASES: dict[str, tuple[int, Callable[..., Any]]] = {
    "helix": (1, make_helix),
    "curved": (3, make_curved_manifold),
    **{
        f"{name}-{d}": (d, partial(make, intrinsic_dim=d, n_features=2 * d))
        for name, make in SHAPES.items()
        for d in DIMENSIONS
    },
}
app = typer.Typer(no_args_is_help=True)


def draw(name: str, n: int, seed: int) -> np.ndarray:
    """Return n points of a manifold."""
    return np.asarray(CASES[name][1](n, random_state=seed)[0])


def intervals_of(name: str, estimators: tuple[str, ...], k: int, n: int, seed: int) -> list[tuple[float, ...]]:
    """Return mean, low, high and standard error of each estimator on one draw."""
    X = draw(name, n, seed)
    with threadpool_limits(1):  # processes share the cores
        found = [dimension_interval(X, k, one, confidence=CONFIDENCE, random_state=0, n_jobs=1) for one in estimators]
    return [(interval.dimension, interval.low, interval.high, interval.sem) for interval in found]


def means_of(name: str, estimators: tuple[str, ...], k: int, n: int, seed: int) -> list[float]:
    """Return the mean of each estimator on one draw."""
    with threadpool_limits(1):
        table = dimension_scale(draw(name, n, seed), k, estimators, n_splits=0, n_jobs=1)
    return [float(value) for value in table["dimension"]]


def repeat(call: Callable[[int], Any], seeds: range, workers: int, title: str) -> list[Any]:
    """Return the results of a call for each seed."""
    bar = partial(tqdm, total=len(seeds), desc=title, unit="draw", disable=None)
    if workers == 1:
        return list(bar(map(call, seeds)))
    with ProcessPoolExecutor(workers) as pool:
        return list(bar(pool.map(call, seeds)))


def covered(name: str, estimators: tuple[str, ...], k: int, n: int, draws: int, further: int, workers: int) -> Any:
    """Return a row for each estimator: coverage of its expectation, its bias, and how well the error is estimated."""
    of_draw, of_further = (partial(call, name, estimators, k, n) for call in (intervals_of, means_of))
    intervals = np.array(repeat(of_draw, range(draws), workers, f"{name}: intervals"))
    means = np.array(repeat(of_further, range(draws, draws + further), workers, f"{name}: further draws"))
    rows = []
    for place, estimator in enumerate(estimators):
        _, low, high, error = intervals[:, place].T
        expectation, spread = means[:, place].mean(), means[:, place].std(ddof=1)
        row = {"manifold": name, "d": CASES[name][0], "estimator": estimator, "k": k, "n": n, "draws": draws}
        row |= {"further": further, "expectation": expectation, "bias": expectation - CASES[name][0]}
        row |= {"spread": spread, "sem / spread": float(np.sqrt(np.mean(error**2)) / spread)}
        rows.append(row | {"coverage": float(np.mean((low <= expectation) & (expectation <= high)))})
    return rows


@app.callback()
def main() -> None:
    """Try estimators of the local dimension on manifolds of known dimension."""


@app.command()
def coverage(
    only: Annotated[str, typer.Option(help=f"some of {', '.join(CASES)}")] = " ".join(CASES),
    estimators: Annotated[str, typer.Option(help="names of estimators")] = "FO MLE TLE",
    k: Annotated[int, typer.Option(help="number of neighbors")] = 16,
    n: Annotated[int, typer.Option(help="points of a draw")] = 1000,
    draws: Annotated[int, typer.Option(help="draws with an interval")] = 200,
    further: Annotated[int, typer.Option(help="further draws, for the expectation")] = 1000,
    workers: Annotated[int, typer.Option(help="processes")] = 1,
    out: Annotated[Path, typer.Option(help="folder of the JSON file")] = Path("benchmarks/results"),
) -> None:
    """Measure how many intervals contain the expectation of the estimator; print a table, write JSON."""
    names = tuple(estimators.split())
    rows = [row for name in only.split() for row in covered(name, names, k, n, draws, further, workers)]
    report("estimators_coverage", rows, out, confidence=CONFIDENCE)


if __name__ == "__main__":
    app()
