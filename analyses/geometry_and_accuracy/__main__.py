"""Carry out the missing trainings and audits of the study, cell by cell, and write its tables in docs/geometry_study.

A finished run, and each audit, are appended to the tables when they are done; a killed study resumes.

Examples
--------
python -m analyses.geometry_and_accuracy --minutes 90
python -m analyses.geometry_and_accuracy --minutes 300 --cifar cifar-10-jpeg
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from analyses.geometry_and_accuracy import MEASURES, RUNS, TABLES
from analyses.geometry_and_accuracy.measuring import measure_missing, read_measures
from analyses.geometry_and_accuracy.settings import CELLS, CIFAR, DATA, Cell
from analyses.geometry_and_accuracy.summary import finished_cells, model_for_audits, summarise
from analyses.geometry_and_accuracy.training import read_runs, train_missing
from zeta_geom.records import atomic_path

SHIPPED = Path("zeta_geom/audits/answers/accuracy.csv")  # what audits say of their measures
SHIPPED_MODEL = SHIPPED.with_name("expected_rank.json")


def cell_title(cell: Cell) -> str:
    """Return the name of a cell in a sentence."""
    name = "a residual network of ten layers" if cell.data == CIFAR else "LeNet-5"
    return f"{DATA[cell.data]} ({cell.n_train:,} images, {name})"


def main(
    folder: Annotated[Path, typer.Option(help="where the runs are kept")] = Path("runs"),
    minutes: Annotated[float, typer.Option(help="no run begins later than this")] = 90,
    workers: Annotated[int, typer.Option(help="runs at once")] = 2,
    cifar: Annotated[str, typer.Option(help="folder of CIFAR-10's pictures, with train/ and test/")] = CIFAR,
) -> None:
    """Carry out the missing trainings and audits, and write the tables of results."""
    until = time.time() + 60 * minutes
    for cell in CELLS:
        if cell.data == CIFAR and not Path(cifar).is_dir():
            typer.echo(f"{cell.name}: left out, there is no folder {cifar}; name it with --cifar", err=True)
            continue
        if train_missing(cell, TABLES / RUNS, folder, cifar=cifar, until=until, jobs=workers):
            measure_missing(cell, TABLES / MEASURES, folder, cifar=cifar, until=until)
    runs, measures = read_runs(TABLES / RUNS), read_measures(TABLES / MEASURES)
    typer.echo(f"{len(runs)} runs in {TABLES / RUNS}")
    if not finished_cells(runs, measures):
        typer.echo("no cell is finished yet")
        return
    results = summarise(runs, measures)
    names = "; ".join(cell_title(cell) for cell in finished_cells(runs, measures))
    shipped = results["correlations"][["space", "measure", "rho", "low", "high", "verdict"]].assign(cells=names)
    files = {TABLES / f"{name}.csv": table for name, table in results.items()} | {SHIPPED: shipped}
    for path, table in files.items():
        with atomic_path(path) as temporary:
            table.to_csv(temporary, index=False, float_format="%.4g")
    with atomic_path(SHIPPED_MODEL) as temporary:
        model = model_for_audits(runs, measures, results, names)
        temporary.write_text(json.dumps(model, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
