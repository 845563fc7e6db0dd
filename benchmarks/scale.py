"""The cost of the ledger per run, the gain of a pool and of Dask, and the accuracy of plans of a local dimension.

Examples
--------
python -m benchmarks.scale
python -m benchmarks.scale --rounds 1 --image-rounds 1 --n-images 2000 --no-plan
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer

from benchmarks import scale_plan
from benchmarks.shared.measuring import fashion, report
from zeta_geom.execution.dask import local_cluster
from zeta_geom.execution.running import carry_out
from zeta_geom.execution.timing import interleaved, seconds
from zeta_geom.manifolds import make_helix
from zeta_geom.sweeps import DaskExecutor, Executor, Ledger, PoolExecutor, SerialExecutor, gamma_sweep

GAMMAS = np.arange(0, 15.01, 0.5)
VALUES = pd.DataFrame({"k": [8, 128], "mean": [1.0, 2.0], "std": [0.1, 0.2]})


def nothing(settings: Any) -> pd.DataFrame:
    """Stand in for a run that takes no time."""
    return VALUES


def ledger_overhead(n: int) -> dict[str, Any]:
    """Time a ledger of runs that take no time (claim, write, two fsyncs and a rename), and its second call."""
    with tempfile.TemporaryDirectory(dir=".") as folder:  # not in memory, where fsync costs nothing
        ledger = Ledger(folder)
        entries = [ledger.entry(f"run{i}", {"i": i}, "none") for i in range(n)]
        carry = partial(carry_out, ledger, entries, nothing, SerialExecutor(), progress=False)
        first, again = seconds(carry), seconds(carry)
    return {"runs": n, "ms a run": 1e3 * first / n, "required": 5.0, "ms a finished run": 1e3 * again / n}


def sweeps(X: np.ndarray, rounds: int, serial: Executor, **grid: Any) -> dict[str, Any]:
    """Time one sweep by each executor: first with the start of its processes, then with idle processes."""
    pool = PoolExecutor(2)
    calls = {"serial": partial(sweep_once, X, serial, grid), "pool": partial(sweep_once, X, pool, grid)}
    started = {name: seconds(call) for name, call in calls.items()}
    times = medians(calls, rounds)
    started["Dask"] = seconds(partial(sweep_once, X, DaskExecutor(n_workers=2), grid))
    with local_cluster(2) as cluster:  # it takes processor time while others work
        calls = {"pool": calls["pool"], "Dask": partial(sweep_once, X, DaskExecutor(cluster.scheduler_address), grid)}
        calls["Dask"]()
        beside = medians(calls, rounds)
    pool.close()
    return {
        "n": len(X),
        "d": X.shape[1],
        "rounds": rounds,
        **{f"{name} s": value for name, value in times.items()},
        "serial ÷ pool": times["serial"] / times["pool"],
        "Dask s": beside["Dask"],
        "Dask ÷ pool": beside["Dask"] / beside["pool"],
        **{f"{name} s, started": started[name] for name in ("pool", "Dask")},
        "serial ÷ pool, started": times["serial"] / started["pool"],
    }


def medians(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Return the median seconds of each call."""
    return {name: float(np.median(values)) for name, values in interleaved(calls, rounds).items()}


def sweep_once(X: np.ndarray, executor: Executor, grid: dict[str, Any]) -> pd.DataFrame:
    """Sweep γ with a new ledger."""
    with tempfile.TemporaryDirectory() as folder:
        return gamma_sweep(X, gammas=GAMMAS, executor=executor, folder=folder, progress=False, **grid)


def main(
    rounds: Annotated[int, typer.Option(help="rounds of the helix's sweep")] = 5,
    image_rounds: Annotated[int, typer.Option(help="rounds of Fashion-MNIST's sweep")] = 3,
    n_helix: Annotated[int, typer.Option(help="points on the helix")] = 8192,
    n_images: Annotated[int, typer.Option(help="images of Fashion-MNIST")] = 10_000,
    runs: Annotated[int, typer.Option(help="empty runs, for the cost of the ledger")] = 500,
    plan: Annotated[bool, typer.Option(help="check the plan too")] = True,
    out: Annotated[Path, typer.Option(help="folder of the JSON files")] = Path("benchmarks/results"),
) -> None:
    """Measure, print tables, write JSON."""
    report("scale_ledger", [ledger_overhead(runs)], out)
    helix = sweeps(
        make_helix(n_helix, random_state=0)[0], rounds, SerialExecutor(threads=1), anchors=("self", "random")
    )
    images = sweeps(fashion(n_images), image_rounds, SerialExecutor(), batch_size=128)
    rows = [{"data": "helix"} | helix | {"required": 1.6}, {"data": "Fashion-MNIST"} | images | {"required": 1.0}]
    report("scale_sweeps", rows, out, required_dask=1.3)
    if plan:
        scale_plan.main(out=out)


if __name__ == "__main__":
    typer.run(main)
