"""Estimators of the local dimension on manifolds of known dimension.

`table`: bias, spread, and time against FO's, of every estimator that this package computes; `analyses.estimators` at
any size.

`coverage`: of intervals from as many draws of points, how many contain the mean of the estimator over further draws,
its own expectation? The bias against the true dimension is a column of its own.

Examples
--------
python -m benchmarks.estimators table --n 1000
python -m benchmarks.estimators coverage
python -m benchmarks.estimators coverage --only sphere-10d --estimators MLE --draws 200 --further 1000 --workers 2
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from analyses.estimators import NAMES, PRESETS, Settings, cases, measure_all, mnist_case
from benchmarks.shared.measuring import report
from zeta_geom import datasets
from zeta_geom.geometry import dimension_interval, dimension_scale

CONFIDENCE = 0.95
FULL = PRESETS["full"]
NOT_COVERED = ("-few", "-outlier")  # sets of points that are made for the largest k of the table
CASES = {name: case for name, case in cases(FULL).items() if not name.endswith(NOT_COVERED)}
app = typer.Typer(no_args_is_help=True)


def draw(name: str, n: int, seed: int) -> np.ndarray:
    """Return n points of a manifold."""
    return cases(sized(n))[name].make(seed)


def sized(n: int) -> Settings:
    """Return the settings of the table with n points in every set."""
    return FULL.model_copy(update={"n_manifold": n, "n_samples": n, "n_images": n})


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
        d = CASES[name].dimension
        row = {"manifold": name, "d": d, "estimator": estimator, "k": k, "n": n, "draws": draws}
        row |= {"further": further, "expectation": expectation, "bias": expectation - d}
        row |= {"spread": spread, "sem / spread": float(np.sqrt(np.mean(error**2)) / spread)}
        row |= {"coverage": float(np.mean((low <= expectation) & (expectation <= high)))}
        rows.append(row | {"of width 0": float(np.mean(low == high))})  # all points of a draw have one dimension
    return rows


@app.callback()
def main() -> None:
    """Try estimators of the local dimension on manifolds of known dimension."""


@app.command()
def table(
    only: Annotated[str, typer.Option(help="some of the data sets; all by default")] = "",
    estimators: Annotated[str, typer.Option(help="names of estimators")] = " ".join(NAMES),
    n: Annotated[int | None, typer.Option(help="points of every set; by default those of the preset full")] = None,
    out: Annotated[Path, typer.Option(help="folder of the JSON file")] = Path("benchmarks/results"),
) -> None:
    """Measure bias, spread and time; print a table, write JSON."""
    settings = sized(n) if n else FULL
    listed = cases(settings) | {"mnist": mnist_case(datasets.load("mnist"), settings)}
    listed = {name: listed[name] for name in only.split() or listed}
    measured = measure_all(listed, settings, names=estimators.split(), progress=True)
    report("estimators", measured.to_dict("records"), out, settings=settings.model_dump(mode="json"))
    with pd.option_context("display.width", 250):
        print(measured.pivot(index="data", columns=["k", "estimator"], values="bias").round(2).to_string())


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
    """Measure how many intervals contain the expectation of the estimator; after each manifold, print and write."""
    names, rows = tuple(estimators.split()), []
    for name in only.split():
        rows += covered(name, names, k, n, draws, further, workers)
        report("estimators_coverage", rows, out, confidence=CONFIDENCE)


if __name__ == "__main__":
    app()
