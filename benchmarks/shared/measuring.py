"""What the benchmarks share: the points to measure on, the matrix product as a yardstick, tables and JSON."""

from __future__ import annotations

import json
import logging
import platform
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from threadpoolctl import threadpool_info

from zeta_geom import datasets, records

ROWS = 2048  # of the product at a time


def fashion(n: int = 60_000) -> np.ndarray:
    """Return Fashion-MNIST's training images as points in [0, 1], float32 of shape (n, 784)."""
    return datasets.load("fashion-mnist").X_train[:n].reshape(n, -1).astype(np.float32) / 255


def crops(n: int = 50_000, seed: int = 0) -> np.ndarray:
    """Return random crops of Fashion-MNIST, up-sampled to 32 × 32 and coloured, float32 of shape (n, 3072).

    A crop keeps 60 to 100 % of the side; foreground and background have random colours.
    """
    rng = np.random.default_rng(seed)
    images = datasets.load("fashion-mnist").X_train[rng.permutation(60_000)[:n], None]
    result = np.empty((n, 3, 32, 32), dtype=np.float32)
    for start in range(0, n, 1000):
        part = torch.from_numpy(images[start : start + 1000].astype(np.float32) / 255)
        m = len(part)
        side = torch.from_numpy(rng.uniform(0.6, 1.0, m).astype(np.float32))
        centre = torch.from_numpy(rng.uniform(-1, 1, (m, 2)).astype(np.float32)) * (1 - side[:, None])
        affine = torch.zeros(m, 2, 3)
        affine[:, 0, 0] = affine[:, 1, 1] = side
        affine[:, :, 2] = centre
        grid = torch.nn.functional.affine_grid(affine, [m, 1, 32, 32], align_corners=False)
        grey = torch.nn.functional.grid_sample(part, grid, padding_mode="border", align_corners=False)
        front = torch.from_numpy(rng.uniform(0.3, 1.0, (m, 3, 1, 1)).astype(np.float32))
        back = torch.from_numpy(rng.uniform(0.0, 0.4, (m, 3, 1, 1)).astype(np.float32))
        result[start : start + m] = back + (front - back) * grey
    return result.reshape(n, -1)


def noise(n: int = 50_000, d: int = 3072, seed: int = 0) -> np.ndarray:
    """Return white noise, float32 of shape (n, d)."""
    return np.random.default_rng(seed).standard_normal((n, d), dtype=np.float32)


def axes_for(X: np.ndarray, shares: tuple[float, ...] = (0.9, 0.99)) -> list[int]:
    """Return the numbers of principal axes that explain these shares of the variance."""
    sample = X[:: max(1, len(X) // 10_000)].astype(np.float64)
    variances = np.linalg.eigvalsh(np.cov(sample, rowvar=False))[::-1]
    explained = np.cumsum(variances) / variances.sum()
    return [int(np.searchsorted(explained, share)) + 1 for share in shares]


POINTS = {"fashion-mnist": fashion, "crops": crops, "noise": noise}


def full_product(X: np.ndarray) -> None:
    """Multiply all points with all others in float32, ROWS rows at a time, so that N × N products are never held."""
    scratch = np.empty((min(ROWS, len(X)), len(X)), dtype=np.float32)
    for start in range(0, len(X), ROWS):
        rows = X[start : start + ROWS]
        np.matmul(rows, X.T, out=scratch[: len(rows)])


class Decisions(logging.Handler):
    """Collects the log lines of `zeta_geom.geometry` on points that float32 could not decide."""

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
    """Return the machine and the libraries on which the results depend."""
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
