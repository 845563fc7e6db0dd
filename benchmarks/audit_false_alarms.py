"""How often does an audit call samples outside that are as real as the originals? It should be its nominal share.

In each repeat, originals and as real "synthetic" samples are drawn anew: Gaussian classes, or images of MNIST.
`--power` audits two changes of the real samples too: mixed with one another (λ = 0.9), and with noise whose standard
deviation is 2 % of the range. Two versions of the audit are compared at equal false alarms: a second share counts
samples as outside after the interval of each measure is widened until 5 % of the real samples are outside, and a
third after each of its two limits is moved until 2.5 % are beyond it.

Examples
--------
python -m benchmarks.audit_false_alarms
python -m benchmarks.audit_false_alarms --setting "5 features" --repeats 1000 --workers 2
python -m benchmarks.audit_false_alarms --power --repeats 100
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from itertools import starmap
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from benchmarks.shared.measuring import report
from zeta_geom import datasets
from zeta_geom.audits import audit
from zeta_geom.realism import MNISTOracle

CONFIDENCE = 0.95
SHARE, NOISE = 0.9, 0.02  # of the first of two mixed samples; standard deviation relative to the range
REAL, MIXED, NOISY = "real", "mixup", "noise"

Drawn = tuple[np.ndarray, np.ndarray]  # samples and class numbers


@dataclass(frozen=True)
class Case:
    """A distribution, and the number of samples in each half and in each synthetic set."""

    draw: Callable[[int, np.random.Generator], Drawn]
    n: int


def gaussians(d: int, n: int, rng: np.random.Generator) -> Drawn:
    """Return three overlapping Gaussian classes (n, d), whose spread falls from feature to feature, and labels."""
    y = rng.integers(0, 3, n)
    return rng.normal(size=(n, d)) / np.arange(1, d + 1) + 1.5 * np.eye(d)[y], y


def digits(space: str, n: int, rng: np.random.Generator) -> Drawn:
    """Return n of MNIST's 70,000 images, in pixels (n, 784) or features of LeNet (n, 84), and labels."""
    X, y = mnist(space)
    rows = rng.permutation(len(X))[:n]
    return X[rows], y[rows]


@cache
def mnist(space: str) -> Drawn:
    """Return all images of MNIST in a space, and labels."""
    data = datasets.load("mnist")
    images = np.concatenate([data.X_train, data.X_test])
    y = np.concatenate([data.y_train, data.y_test]).astype(np.int64)
    if space == "pixels":
        return images.reshape(len(images), -1) / 255.0, y
    oracle = MNISTOracle.pretrained()
    return np.concatenate([oracle.features(part) for part in np.array_split(images, 14)]), y


CASES = {
    "5 features, 300 samples": Case(partial(gaussians, 5), 300),
    "20 features, 800 samples": Case(partial(gaussians, 20), 800),
    "2,000 digits, pixels": Case(partial(digits, "pixels"), 1000),
    "2,000 digits, lenet": Case(partial(digits, "lenet"), 1000),
}


def synthetic(T: np.ndarray, y: np.ndarray, power: bool, rng: np.random.Generator) -> dict[str, tuple[Any, Any]]:
    """Return the samples to audit by name: real ones, and two changes of them."""
    sets: dict[str, tuple[Any, Any]] = {REAL: (T, y)}
    if power:
        labels, partners = np.eye(y.max() + 1)[y], rng.permutation(len(T))
        sets[MIXED] = (SHARE * T + (1 - SHARE) * T[partners], SHARE * labels + (1 - SHARE) * labels[partners])
        sets[NOISY] = (T + rng.normal(scale=NOISE * np.ptp(T), size=T.shape), y)
    return sets


def one_audit(name: str, repeat: int, power: bool) -> pd.DataFrame:
    """Return a row for each synthetic set and measure: whether it is outside, and its distance in half intervals."""
    case, rng = CASES[name], np.random.default_rng(repeat)
    X, y = case.draw(3 * case.n, rng)  # at once: images are drawn without replacement
    sets = synthetic(X[2 * case.n :], y[2 * case.n :], power, rng)
    how: dict[str, Any] = {"n_bootstrap": 300, "confidence": CONFIDENCE, "random_state": repeat, "n_jobs": 1}
    with threadpool_limits(1):  # processes share the cores
        made = audit(
            X[: 2 * case.n],
            y[: 2 * case.n],
            synthetic=sets,
            n_neighbors=(8, 32),
            n_classes=y.max() + 1,
            progress=False,
            **how,
        )
    table = made.summary[made.summary["verdict"] != "not measurable"]
    return table.assign(outside=table["verdict"].str.startswith("outside"), distance=distances(table))[
        ["method", "measure", "outside", "distance"]
    ]


def distances(table: pd.DataFrame) -> np.ndarray:
    """Return the signed distances of values from those of real samples, 1 and -1 at the ends of the interval."""
    above = table["value"] - table["real"]
    half = np.where(above > 0, table["real_high"] - table["real"], table["real"] - table["real_low"])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(above / half, nan=0.0, posinf=np.inf, neginf=-np.inf)


def shares(audits: pd.DataFrame) -> pd.DataFrame:
    """Return the share of audits that called each set outside, by measure, also at equal false alarms."""
    table = {}
    for name, rows in audits.groupby("measure", sort=False):
        by_set = dict(tuple(rows.groupby("method")))
        real = by_set[REAL]["distance"]
        limit = real.abs().quantile(CONFIDENCE)
        low, high = real.quantile((1 - CONFIDENCE) / 2), real.quantile((1 + CONFIDENCE) / 2)
        table[name] = {"false alarms": by_set[REAL]["outside"].mean(), "audits": len(by_set[REAL])}
        for changed in (MIXED, NOISY):
            if changed in by_set:
                table[name][changed] = by_set[changed]["outside"].mean()
                distance = by_set[changed]["distance"]
                table[name][f"{changed}, equal false alarms"] = (distance.abs() > limit).mean()
                table[name][f"{changed}, equal on each side"] = ((distance < low) | (distance > high)).mean()
    return pd.DataFrame.from_dict(table, orient="index")


def all_audits(name: str, repeats: int, power: bool, workers: int) -> pd.DataFrame:
    """Return the rows of all audits of a case."""
    tasks = [(name, repeat, power) for repeat in range(repeats)]
    bar = partial(tqdm, total=repeats, desc=name, unit="audit", disable=None)
    if workers == 1:
        return pd.concat(bar(starmap(one_audit, tasks)))
    with ProcessPoolExecutor(workers) as pool:
        return pd.concat(bar(pool.map(one_audit, *zip(*tasks, strict=True))))


def main(
    repeats: Annotated[int, typer.Option(help="audits of each setting")] = 200,
    setting: Annotated[list[str] | None, typer.Option(help="beginning of a setting's name; all by default")] = None,
    power: Annotated[bool, typer.Option(help="audit mixup and noise too")] = False,
    workers: Annotated[int, typer.Option(help="processes")] = 1,
    out: Annotated[Path, typer.Option(help="folder of the JSON file")] = Path("benchmarks/results"),
) -> None:
    """Measure, print a table, write JSON; after each setting, what is known so far."""
    chosen = [name for name in CASES if setting is None or name.startswith(tuple(setting))]
    if not chosen:
        raise typer.BadParameter(f"no setting begins so; the settings are {', '.join(CASES)}.", param_hint="setting")
    tables: dict[str, pd.DataFrame] = {}
    for name in chosen:
        tables[name] = shares(all_audits(name, repeats, power, workers))
        measures = list(dict.fromkeys(measure for table in tables.values() for measure in table.index))
        rows = [
            {"measure": measure} | {case: table["false alarms"].get(measure) for case, table in tables.items()}
            for measure in measures
        ]
        means = {case: float(table["false alarms"].mean()) for case, table in tables.items()}
        details = {case: table.reset_index(names="measure").to_dict("records") for case, table in tables.items()}
        how = {"repeats": repeats, "expected": 1 - CONFIDENCE, "means": means}
        report("audit_false_alarms", rows, out, **how, **({"power": details} if power else {}))


if __name__ == "__main__":
    typer.run(main)
