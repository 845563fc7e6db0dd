"""What the benchmarks share: interleaved timing, the matrix product as a yardstick, tables and JSON."""

from __future__ import annotations

import json
import logging
import platform
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_info
from tqdm import tqdm

from zeta_geom import records

ROWS = 2048  # of the product at a time


def seconds(call: Callable[[], Any]) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def interleaved(
    calls: Mapping[str, Callable[[], Any]], rounds: int, *, progress: bool = True
) -> dict[str, list[float]]:
    """Time each call once a round, and return the seconds of each.

    The order is drawn anew for each round: what a call leaves in caches and heap falls on all the others alike.
    """
    rng = np.random.default_rng(0)
    taken: dict[str, list[float]] = {name: [] for name in calls}
    description = " / ".join(calls) if len(calls) <= 5 else f"{len(calls)} calls"
    for _ in tqdm(range(rounds), desc=description, unit="round", disable=None if progress else True):
        for name in rng.permutation(list(calls)):
            taken[name].append(seconds(calls[name]))
    return taken


def full_product(X: np.ndarray) -> None:
    """Multiply all points with all others in float32, some rows at a time so that N × N products are never held."""
    scratch = np.empty((min(ROWS, len(X)), len(X)), dtype=np.float32)
    for start in range(0, len(X), ROWS):
        rows = X[start : start + ROWS]
        np.matmul(rows, X.T, out=scratch[: len(rows)])


class Decisions(logging.Handler):
    """Collects what `zeta_geom.geometry` says of points that float32 left undecided."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        self.said.append(record.getMessage())

    def __enter__(self) -> Decisions:
        self.logger = logging.getLogger("zeta_geom.geometry")
        self.level = self.logger.level
        self.logger.setLevel(logging.DEBUG)
        self.logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        self.logger.removeHandler(self)
        self.logger.setLevel(self.level)


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    libraries = [
        f"{library['internal_api']} {library['version']} ({library.get('architecture')}, {library['num_threads']})"
        for library in threadpool_info()
    ]
    return {"machine": platform.machine(), "python": platform.python_version(), "libraries": libraries}


def report(name: str, rows: list[dict[str, Any]], folder: Path, **more: Any) -> None:
    """Print a table and write it as JSON, under a temporary name first."""
    with pd.option_context("display.width", 200, "display.max_columns", 30, "display.max_colwidth", 80):
        print(pd.DataFrame(rows).to_string(index=False, float_format=lambda value: f"{value:.3g}"))
    folder.mkdir(parents=True, exist_ok=True)
    with records.atomic_path(folder / f"{name}.json") as temporary:
        temporary.write_text(
            json.dumps({"rows": rows, **more, **machine()}, indent=1, default=str) + "\n", encoding="utf-8"
        )
    print(f"written: {folder / f'{name}.json'}")
