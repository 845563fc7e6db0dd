"""All that a GPU is asked for, in one run of under eight minutes; without one, the operations of a call.

Examples
--------
python -m benchmarks.cuda
python -m benchmarks.cuda --only "mixers, steps"
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer

from benchmarks.local_dimension import KS
from benchmarks.shared.launches import launches_of, launches_of_mixer
from benchmarks.shared.measuring import POINTS, report
from benchmarks.shared.mixing_calls import DRAWS, by_fft, floors
from benchmarks.training_step import step_of
from zeta_geom.execution.timing import interleaved
from zeta_geom.geometry import local_dimension
from zeta_geom.geometry.cuda.counts import count_chunk
from zeta_geom.mixers import make_mixer

N_CLASSES = 10
SHAPES = ((32, 3, 224, 224), (128, 3, 32, 32), (512, 3, 32, 32))
MIXERS = {"zeta": 8, "mixup": 8, "cutmix": 10}  # with the largest number of operations that is asked for
STEPS = {"resnet18": (32, (3, 224, 224), 1.02), "lenet": (32, (1, 28, 28), 1.15)}  # with the ratio that is asked for
GROUPS = ("launches", "mixers", "steps", "dimension", "million")
ROUNDS = 50


def main(
    only: Annotated[str, typer.Option(help=f"some of {', '.join(GROUPS)}, with commas; all by default")] = "",
    out: Annotated[Path, typer.Option(help="folder of the JSON file")] = Path("benchmarks/results"),
) -> None:
    """Measure, print a table, write JSON."""
    measures = dict(zip(GROUPS, (launches, mixers, steps, dimension, million), strict=True))
    chosen = [name.strip() for name in only.split(",")] if only else GROUPS
    if unknown := set(chosen) - set(GROUPS):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: choose from {', '.join(GROUPS)}")
    card = torch.cuda.get_device_name() if torch.cuda.is_available() else "none: only operations were counted"
    rows: list[dict[str, Any]] = []
    for name in chosen:
        if name == "launches" or torch.cuda.is_available():
            rows += measures[name]()
            report("cuda", rows, out, card=card, torch=torch.__version__)  # each time: a later group may fail


def launches() -> Iterator[dict[str, Any]]:
    """Yield the operations of mixers' calls and `apply`, with the numbers asked for, and of a chunk of spectra."""
    for name, required in MIXERS.items():
        whole, applied = launches_of_mixer(name)
        yield {"what": f"{name}, operations of a call", "value": len(whole), "required": required}
        yield {"what": f"{name}, operations of apply", "value": len(applied), "required": 3}
    X, unit = torch.rand(200, 784), torch.ones((), dtype=torch.float64)
    for k in KS:
        rows = torch.arange(k)[None]
        chunk = launches_of(partial(count_chunk, X, rows, unit, 0.05, torch.float32))
        yield {"what": f"dimension, operations of a chunk, k = {k}", "size": str(tuple(X.shape)), "value": len(chunk)}


def medians(calls: dict[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, float]:
    """Return the median seconds of calls whose kernels are waited for, in interleaved rounds."""

    def waited(call: Callable[[], object]) -> Callable[[], None]:
        def finished() -> None:
            call()
            torch.cuda.synchronize()

        return finished

    times = interleaved({name: waited(call) for name, call in calls.items()}, rounds + 3)
    return {name: float(np.median(seconds[3:])) for name, seconds in times.items()}


def mixers() -> Iterator[dict[str, Any]]:
    """Yield times over that of a product and permutations: ζ-mixup's (required: 1.3), and those of other ways.

    The paper's Table 9, on batches of (128, 3, 32, 32), says that ζ-mixup is twice as fast as mixup. The published
    ways are "ζ-mixup by FFT" and "mixup, literal".
    """
    for shape in SHAPES:
        X, y = torch.rand(shape, device="cuda"), torch.arange(shape[0], device="cuda") % N_CLASSES
        flat = X.reshape(shape[0], -1)
        calls: dict[str, Callable[[], object]] = floors(torch, flat) | by_fft(torch, flat)
        for name in MIXERS:
            mixer = make_mixer(name, n_classes=N_CLASSES, random_state=0)
            ways = {"": mixer, ", compiled": mixer.compiled(), ", captured": mixer.captured(X, y)}
            calls |= {name + way: partial(call, X, y) for way, call in ways.items()}
        times = medians(calls)
        floor = times["product"] + min(seconds for name, seconds in times.items() if name.startswith(DRAWS))
        for name, seconds in times.items():
            yield {"what": f"{name} ÷ (product + draw)", "size": str(shape), "value": seconds / floor}


def steps() -> Iterator[dict[str, Any]]:
    """Yield the time of a training step with each mixer over that of a step without one."""
    for network, (batch_size, shape, required) in STEPS.items():
        calls = {name: step_of(network, batch_size, shape, name, "cuda") for name in ("without", *MIXERS)}
        times = medians(calls)
        for name in MIXERS:
            row = {"what": f"step of {network} with {name} ÷ without", "size": str((batch_size, *shape))}
            yield row | {"value": times[name] / times["without"], "required": required}


def dimension() -> Iterator[dict[str, Any]]:
    """Yield the time of the local dimension over that of an N × N × D float32 product (required: 4)."""
    for name in ("fashion-mnist", "crops"):
        host = POINTS[name]()
        X = torch.from_numpy(host).cuda()
        times = medians({"product": partial(products, X), "ours": partial(local_dimension, X, KS)}, rounds=3)
        ratio = times["ours"] / times["product"]
        yield {"what": "local dimension ÷ product", "size": str(host.shape), "value": ratio}
        rows = np.random.default_rng(0).permutation(len(host))[:10_000]
        there, here = local_dimension(X[rows], KS), local_dimension(host[rows], KS)
        different = sum(int((there[k].cpu().numpy() != here[k]).sum()) for k in KS)
        yield {"what": "integers other than the CPU's, of 10,000 points", "size": str(host.shape), "value": different}


def products(X: torch.Tensor) -> None:
    """Multiply all points with all others, some rows at a time."""
    for part in X.split(8192):
        _ = part @ X.T


def million() -> Iterator[dict[str, Any]]:
    """Yield the seconds and the peak memory of a million points in 128 dimensions."""
    X = torch.randn(1_000_000, 128, device="cuda")
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    (seconds,) = medians({"million": lambda: local_dimension(X, KS)}, rounds=1).values()
    yield {"what": "local dimension, seconds", "size": "(1000000, 128)", "value": seconds}
    peak = (torch.cuda.max_memory_allocated() - before) / 2**30
    yield {"what": "local dimension, GiB beyond the points", "size": "(1000000, 128)", "value": peak}


if __name__ == "__main__":
    typer.run(main)
