"""The time to mix a batch: this package, others, and lower bounds, all in one interleaved run.

The lower bound of ζ-mixup is a bare matrix product plus m permutations drawn in the fastest way that the backend
offers.

Examples
--------
python -m benchmarks.mixers
python -m benchmarks.mixers --samples 8192
python -m benchmarks.mixers --device cuda
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import torch
import typer
from tqdm import tqdm

from benchmarks.shared.measuring import report
from benchmarks.shared.mixing_calls import DRAWS, contenders
from zeta_geom.execution.timing import interleaved

SHAPES = {(32, 3, 224, 224): 100, (128, 3, 32, 32): 100, (512, 3, 32, 32): 100, (8192, 3): 30}  # timed runs of each
KINDS = (
    ("numpy", "float32"),
    ("torch", "float32"),
    ("numpy", "float16"),
    ("torch", "float16"),
    ("torch", "bfloat16"),
)
ZETA = "ζ-mixup"


def batch(shape: tuple[int, ...], backend: str, dtype: str, device: str) -> Any:
    """Return uniform values as a batch."""
    X = np.random.default_rng(0).random(shape, dtype=np.float32)
    return X.astype(dtype) if backend == "numpy" else torch.from_numpy(X).to(device, getattr(torch, dtype))


def medians(X: Any, rounds: int, device: str) -> dict[str, float]:
    """Return the median seconds of each contender, after two rounds to warm up."""

    def waited(call: Any) -> Any:
        if device == "cpu":
            return call

        def finished() -> None:
            call()
            torch.cuda.synchronize()

        return finished

    calls = {name: waited(call) for name, call in contenders(X).items()}
    times = interleaved(calls, rounds + 2)
    return {name: float(np.median(seconds[2:])) for name, seconds in times.items()}


def ratios(by_method: dict[str, float]) -> dict[str, float]:
    """Return ratios of ζ-mixup's time to others, from the medians of one run."""
    zeta = by_method[ZETA]
    draw = min((seconds for name, seconds in by_method.items() if name.startswith(DRAWS)), default=math.nan)
    product = by_method.get("product", math.nan)
    return {
        "ζ / (product + draw)": zeta / (product + draw),  # required: at most 1.25
        "product / ζ": product / zeta,  # required at (32, 3, 224, 224): at least 0.9
        "mixup / ζ": by_method.get("mixup, literal", math.nan) / zeta,
        "FFT / ζ": by_method.get("ζ-mixup by FFT", math.nan) / zeta,  # required: 1 there, 2 elsewhere
        "local / ζ": by_method.get("local synthetic instances", math.nan) / zeta,
        "T = m / T = 32": zeta / by_method.get("ζ-mixup, T = 32", math.nan),  # required: at least 50
    }


def main(
    rounds: Annotated[int, typer.Option(help="timed runs of each; 0 for 100, and 30 of the largest batch")] = 0,
    samples: Annotated[int, typer.Option(help="the one batch size to measure; 0 for all")] = 0,
    device: Annotated[str, typer.Option(help="cpu or cuda, for torch")] = "cpu",
    out: Annotated[Path, typer.Option(help="folder of the JSON file")] = Path("benchmarks/results"),
) -> None:
    """Measure, print tables, write JSON."""
    kinds = [kind for kind in KINDS if device == "cpu" or kind[0] == "torch"]
    shapes = [shape for shape in SHAPES if samples in (0, shape[0])]
    times, summary = [], []
    for (backend, dtype), shape in tqdm([(k, s) for k in kinds for s in shapes], desc="batches", disable=None):
        by_method = medians(batch(shape, backend, dtype, device), rounds or SHAPES[shape], device)
        what = {"backend": backend, "dtype": dtype, "shape": str(shape)}
        times += [what | {"method": name, "ms": 1e3 * seconds} for name, seconds in by_method.items()]
        summary.append(what | ratios(by_method))
        shown = {name: value for name, value in ratios(by_method).items() if not math.isnan(value)}
        print(*what.values(), *(f"{name}: {value:.3g}" for name, value in shown.items()))
    table = pd.DataFrame(times).pivot_table("ms", "method", ["backend", "dtype", "shape"], sort=False)
    with pd.option_context("display.width", 250, "display.max_columns", 40):
        print(table.to_string(float_format=lambda value: f"{value:.3g}", na_rep=""))
    name = "-".join(["mixers", *([] if device == "cpu" else [device]), *([str(samples)] if samples else [])])
    report(name, summary, out, times=times, rounds=rounds or list(SHAPES.values()))


if __name__ == "__main__":
    typer.run(main)
