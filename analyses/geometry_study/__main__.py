"""Carry out the missing trainings and audits of the study, cell by cell, and write its tables in docs/geometry_study.

A finished run, and each audit, are appended to the tables when they are done; a killed study resumes.

Examples
--------
python -m analyses.geometry_study --minutes 90
python -m analyses.geometry_study --minutes 300 --cifar cifar-10-jpeg
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from analyses.geometry_study import MEASURES, RUNS, TABLES
from analyses.geometry_study.measuring import measure_missing, read_measures
from analyses.geometry_study.settings import CELLS, CIFAR
from analyses.geometry_study.summary import finished_cells, summarise
from analyses.geometry_study.training import read_runs, train_missing
from zeta_geom.records import atomic_path


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
    for name, table in summarise(runs, measures).items():
        with atomic_path(TABLES / f"{name}.csv") as temporary:
            table.to_csv(temporary, index=False, float_format="%.4g")


if __name__ == "__main__":
    typer.run(main)
