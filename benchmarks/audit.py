"""The time of an audit of MNIST against two methods, step by step.

Examples
--------
python -m benchmarks.audit
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.shared.measuring import report
from zeta_geom import datasets
from zeta_geom.audits import audit
from zeta_geom.audits.measured_sets import Measurer
from zeta_geom.execution.timing import seconds

REQUIRED = 240  # seconds


@contextmanager
def timed_steps(by_group: dict[str, float]) -> Iterator[None]:
    """Time each step of an audit, and add up the seconds by group of measures."""
    done, last = Measurer.advance, [time.perf_counter()]

    def noted(self: Any, what: str) -> None:
        now = time.perf_counter()
        group = what.rpartition(": ")[2]
        by_group[group] = by_group.get(group, 0.0) + now - last[0]
        last[0] = now
        done(self, what)

    Measurer.advance = noted  # type: ignore[method-assign]
    try:
        yield
    finally:
        Measurer.advance = done  # type: ignore[method-assign]


def main(
    n: Annotated[int, typer.Option(help="images")] = 10_000,
    data: Annotated[str, typer.Option(help="a data set")] = "mnist",
    out: Annotated[Path, typer.Option(help="folder of the JSON file")] = Path("benchmarks/results"),
) -> None:
    """Measure, print a table, write JSON."""
    images = datasets.load(data)
    X, y, how = images.X_train[:n], images.y_train[:n], {"oracle": "mnist", "random_state": 0, "progress": False}
    audit(X[:400], y[:400], augment="zeta", **how)  # loads and compiles
    by_group: dict[str, float] = {}
    begun = time.perf_counter()
    with timed_steps(by_group):
        result = audit(X, y, augment="zeta", against=["mixup", "cutmix"], **how)
    whole = time.perf_counter() - begun
    with tempfile.TemporaryDirectory() as folder:
        page = seconds(lambda: result.to_html(Path(folder) / "audit.html"))
        size = (Path(folder) / "audit.html").stat().st_size / 2**20
    rows = [{"step": step, "seconds": spent} for step, spent in by_group.items()]
    rows += [{"step": "audit", "seconds": whole}, {"step": "report", "seconds": page}]
    report("audit", rows, out, n=n, required=REQUIRED, page_mib=size)
    print(f"{n:,} images, three methods: {whole + page:.0f} s of {REQUIRED}; the page has {size:.2f} MiB")


if __name__ == "__main__":
    typer.run(main)
