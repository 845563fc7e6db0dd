"""The estimators of the local dimension on data of known dimension: bias, spread, time, and coverage of intervals.

The table is that of `analyses.estimators`, at any size. With `--coverage`, each of `--draws` samples gives a 95 %
interval for the mean of each estimator (`dimension_interval`), which should contain the mean over further samples.

Examples
--------
python -m benchmarks.estimators
python -m benchmarks.estimators --coverage
python -m benchmarks.estimators --coverage --only "sphere-10d torus-2d" --estimators "MLE GRIDE" --n 1000 --k 16
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from analyses.estimators import NAMES, PRESETS, Case, cases, measure_all, mnist_case
from benchmarks.measuring import report
from zeta_geom import datasets
from zeta_geom.geometry import dimension_interval, dimension_scale

# The coverage takes 25 core-minutes with these; other sizes, data sets and estimators are options.
COVERED = 256  # points of a sample
COVERED_K = 8  # neighbours there: halves of 256 points have 16 times as many
COVERED_DIMENSIONS = (2, 10, 50)  # of spheres, tori and cubes
COVERED_ESTIMATORS = "FO MLE TLE GRIDE CA-PCA"  # those of Figure 6 under five estimators
ONE_POINT_SET = ("few", "outlier")  # sets made for the largest k of the table


def means(case: Case, seeds: Sequence[int], k: int, names: Sequence[str]) -> np.ndarray:
    """Return the mean of each estimator over the points of each sample, float64 (samples, names)."""
    rows = []
    for seed in seeds:
        table = dimension_scale(case.make(seed), k, names, n_splits=0, n_jobs=1)
        rows.append(table["dimension"].to_numpy())
    return np.array(rows)


def cover(case: Case, k: int, names: Sequence[str], draws: int, further: int) -> list[dict[str, Any]]:
    """Return a row per estimator: the share of intervals that contain the mean over further samples."""
    expectations = means(case, range(draws, draws + further), k, names)
    rows = []
    for name, values in zip(names, expectations.T, strict=True):
        expected, ends, errors = values.mean(), [], []
        for seed in range(draws):
            made = dimension_interval(case.make(seed), k, name, random_state=seed, n_jobs=1)
            ends.append((made.low, made.high))
            errors.append(made.sem)
        low, high = np.array(ends).T
        inside = (low <= expected) & (expected <= high)
        spread = values.std(ddof=1)
        row = {"estimator": name, "k": k, "expectation": expected}
        row["bias"] = np.nan if case.dimension is None else expected - case.dimension
        row |= {"standard deviation": spread, "standard error": np.sqrt(np.mean(np.square(errors)))}
        row |= {"coverage": inside.mean(), "too high": (low > expected).mean()}
        rows.append(row | {"of width 0": (low == high).mean(), "intervals": draws})
    return rows


def coverage(listed: dict[str, Case], k: int, names: Sequence[str], draws: int, further: int) -> list[dict[str, Any]]:
    """Return the rows of all data sets."""
    rows = []
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.filterwarnings("ignore", "(.|\n)*no finite dimension", RuntimeWarning)
        for data, case in tqdm(listed.items(), desc="coverage", disable=None):
            rows += [{"data": data} | row for row in cover(case, k, names, draws, further)]
    return rows


def chosen(beginnings: str, known: Sequence[str], option: str) -> list[str]:
    """Return the names that begin with one of the words, or all names."""
    words = beginnings.split()
    unknown = [word for word in words if not any(name.startswith(word) for name in known)]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} begins none of {'; '.join(known)}.", param_hint=option)
    return [name for name in known if not words or name.startswith(tuple(words))]


def main(
    coverage_of_intervals: Annotated[bool, typer.Option("--coverage", help="of the interval of the mean")] = False,
    draws: Annotated[int, typer.Option(help="intervals of each estimator and data set")] = 200,
    further: Annotated[int, typer.Option(help="further samples; their mean is to be covered")] = 1000,
    n: Annotated[int | None, typer.Option(help="points of a sample")] = None,
    k: Annotated[int, typer.Option(help="neighbours, for the coverage")] = COVERED_K,
    only: Annotated[str, typer.Option(help="beginnings of names of data sets; all by default")] = "",
    estimators: Annotated[str, typer.Option(help="beginnings of names; all, or five for the coverage")] = "",
    out: Annotated[Path, typer.Option(help="folder of the JSON file")] = Path("benchmarks/results"),
) -> None:
    """Measure, print a table, write JSON."""
    if not estimators and coverage_of_intervals:
        estimators = COVERED_ESTIMATORS
    names = chosen(estimators, NAMES, "--estimators")
    size = n or COVERED
    if coverage_of_intervals:
        sizes: dict[str, Any] = {"n_samples": size, "n_manifold": size, "dimensions": COVERED_DIMENSIONS}
        listed = cases(PRESETS["full"].model_copy(update=sizes))
        listed = {name: case for name, case in listed.items() if not name.endswith(ONE_POINT_SET)}
        listed = {name: listed[name] for name in chosen(only, list(listed), "--only")}
        rows = coverage(listed, k, names, draws, further)
        report("estimators_coverage", rows, out, n=size, further=further)
        return
    settings = PRESETS["full"]
    if n:
        settings = settings.model_copy(update={"n_samples": n, "n_manifold": n, "n_images": n})
    all_cases = cases(settings) | {"mnist": mnist_case(datasets.load("mnist"), settings)}
    listed = {name: all_cases[name] for name in chosen(only, list(all_cases), "--only")}
    table = measure_all(listed, settings, names=names, progress=True)
    report("estimators", table.to_dict("records"), out, settings=settings.model_dump(mode="json"))
    with pd.option_context("display.width", 250):
        print(table.pivot(index="data", columns=["k", "estimator"], values="bias").round(2).to_string())


if __name__ == "__main__":
    typer.run(main)
