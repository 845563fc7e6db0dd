"""Plans of the local dimension beside measured runs: seconds, and memory of a worker.

Examples
--------
python -m benchmarks.scale_plan
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from tqdm import tqdm

from benchmarks.shared.measuring import fashion, noise, report
from zeta_geom.execution.executors import PoolExecutor, SerialExecutor
from zeta_geom.geometry import LocalPCA
from zeta_geom.scale import Parts, Rate, local_dimension, measure_rate, plan_local_dimension

KS = (8, 128)
MIB = 2**20


@dataclass(frozen=True)
class Case:
    """Points, workers, and the sizes of the parts."""

    points: str
    n: int
    d: int
    workers: int = 1
    chunk_size: int | None = None
    block_size: int | None = None
    n_anchors: int | None = None
    memory: int = 2**31


CASES = (
    Case("fashion-mnist", 20_000, 784),
    Case("fashion-mnist", 60_000, 784, workers=2),
    Case("noise", 20_000, 784),
    Case("noise", 20_000, 784, workers=2, block_size=6_000),
    Case("noise", 60_000, 784, workers=2),
    Case("noise", 100_000, 64),
    Case("noise", 100_000, 64, workers=2, chunk_size=10_000, block_size=30_000),
    Case("noise", 30_000, 2048, workers=2),
    Case("noise", 60_000, 2048, n_anchors=6_000, memory=384 * MIB),
)


class Watched:
    """An executor whose tasks write down the memory that their process takes beyond its memory before."""

    def __init__(self, executor: Any, folder: Path, d: int) -> None:
        self.executor, self.folder, self.d, self.threads = executor, folder, d, executor.threads

    def map(self, call: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Yield the results of the executor."""
        return self.executor.map(_Watch(call, str(self.folder), self.d), tasks)


@dataclass(frozen=True)
class _Watch:
    call: Callable[[Any], Any]
    folder: str
    d: int

    def __call__(self, task: Any) -> Any:
        mark = Path(self.folder) / f"before-{os.getpid()}"
        if not mark.exists():  # compiled kernels and buffers of BLAS belong to the process
            LocalPCA(KS, n_jobs=task.threads).fit(noise(600, self.d))
            mark.write_text(str(_memory("VmRSS")), encoding="utf-8")
        before = int(mark.read_text(encoding="utf-8"))
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # resets the peak
        start = time.perf_counter()
        result = self.call(task)
        usage = {"seconds": time.perf_counter() - start, "bytes": _memory("VmHWM") - before}
        (Path(self.folder) / f"task-{task.start}.json").write_text(json.dumps(usage), encoding="utf-8")
        return result


def _memory(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def measured_rates(workers: int) -> list[Rate]:
    """Measure the rates of `workers` processes that work at once and share the machine."""
    pool = PoolExecutor(workers)
    rates = [rate for _, rate in pool.map(_rate, range(workers))]
    pool.close()  # its memory must not count as the case's
    return rates


def _rate(_: int) -> Rate:
    return measure_rate()


def measure(case: Case) -> dict[str, Any]:
    """Run one case in this process, and return it beside its plan."""
    with tempfile.TemporaryDirectory(prefix="zeta-geom-scale-") as name:
        folder = Path(name)
        X = fashion(case.n) if case.points == "fashion-mnist" else noise(case.n, case.d)
        np.save(folder / "points.npy", X)
        del X
        inner = SerialExecutor(threads=1) if case.workers == 1 else PoolExecutor(case.workers)
        executor = Watched(inner, folder, case.d)
        parts = Parts(folder / "parts", case.chunk_size, case.block_size, case.memory)
        rates = measured_rates(case.workers)
        start = time.perf_counter()
        local_dimension(
            folder / "points.npy", KS, executor=executor, parts=parts, n_anchors=case.n_anchors, random_state=0
        )
        wall = time.perf_counter() - start
        rates += measured_rates(case.workers)
        tasks = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("task-*.json")]
    plans = [
        plan_local_dimension(
            case.n, case.d, max(KS), case.workers, rate, n_anchors=case.n_anchors, parts=parts, threads=1
        )
        for rate in rates
    ]
    seconds = float(np.mean([plan.hours for plan in plans]) * 3600)
    plain = plan_local_dimension(case.n, case.d, max(KS), case.workers, n_anchors=case.n_anchors, parts=parts)
    memory = max(task["bytes"] for task in tasks)
    return {
        **{key: value for key, value in asdict(case).items() if value is not None},
        "parts": plain.parts,
        "blocks": -(-case.n // plain.sizes.block),
        "planned s": seconds,
        "by the constants s": plain.hours * 3600,
        "measured s": wall,
        "÷": seconds / wall,
        "planned MiB": plain.memory_per_worker / MIB,
        "measured MiB": memory / MIB,
        "÷ MiB": plain.memory_per_worker / memory if memory else np.nan,  # 0: the peak lies before this case
    }


def main(
    only: Annotated[str, typer.Option(help="numbers of cases, with commas; all by default")] = "",
    one: Annotated[int | None, typer.Option(help="measure one case in this process and print it as JSON")] = None,
    out: Annotated[Path, typer.Option(help="folder of the JSON file")] = Path("benchmarks/results"),
) -> None:
    """Measure all cases, print a table, write JSON."""
    if one is not None:
        print(json.dumps(measure(CASES[one])))
        return
    rows = []
    chosen = [int(number) for number in only.split(",")] if only else range(len(CASES))
    for number in tqdm(chosen, desc="cases", disable=None):
        command = [sys.executable, "-m", "benchmarks.scale_plan", "--one", str(number)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, encoding="utf-8")
        rows.append(json.loads(done.stdout.splitlines()[-1]))
    report("scale_plan", rows, out)


if __name__ == "__main__":
    typer.run(main)
