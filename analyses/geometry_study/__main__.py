"""Train and measure what the study lacks, cell by cell, and write its tables in docs/geometry_study.

A finished run, and the geometry of a cell, are appended to the tables when they are done; a killed study resumes.

Examples
--------
python -m analyses.geometry_study --minutes 90
python -m analyses.geometry_study --minutes 300 --cifar cifar-10-jpeg
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from analyses.geometry_study import MEASURES, RUNS, TABLES, read_table
from analyses.geometry_study.measuring import measure_cell
from analyses.geometry_study.settings import CELLS, CIFAR, Cell
from analyses.geometry_study.summary import of_cell, summarise
from analyses.geometry_study.training import read_runs, train_missing, write_table
from zeta_geom.records import atomic_path


def main(
    folder: Annotated[Path, typer.Option(help="where the runs are kept")] = Path("runs"),
    minutes: Annotated[float, typer.Option(help="no run begins later than this")] = 90,
    workers: Annotated[int, typer.Option(help="runs at once")] = 2,
    cifar: Annotated[str, typer.Option(help="folder of CIFAR-10's pictures, with train/ and test/")] = CIFAR,
) -> None:
    """Train and measure what is missing, and write the tables of results."""
    until = time.time() + 60 * minutes
    for cell in CELLS:
        if cell.data == CIFAR and not Path(cifar).is_dir():
            typer.echo(f"{cell.name}: left out, there is no folder {cifar}; name it with --cifar", err=True)
            continue
        whole = train_missing(cell, TABLES / RUNS, folder, cifar=cifar, until=until, jobs=workers)
        if whole and time.time() < until and not is_measured(cell):
            rows = [measure_cell(cell, folder, cifar)]
            if (TABLES / MEASURES).is_file():
                rows.insert(0, read_table(TABLES / MEASURES))
            write_table(pd.concat(rows, ignore_index=True), TABLES / MEASURES)
    runs = read_runs(TABLES / RUNS)
    typer.echo(f"{len(runs)} runs in {TABLES / RUNS}")
    if (TABLES / MEASURES).is_file():
        for name, table in summarise(runs, read_table(TABLES / MEASURES)).items():
            with atomic_path(TABLES / f"{name}.csv") as temporary:
                table.to_csv(temporary, index=False, float_format="%.4g")


def is_measured(cell: Cell) -> bool:
    """Return whether the geometry of a cell is in the table."""
    return (TABLES / MEASURES).is_file() and len(of_cell(cell, read_table(TABLES / MEASURES))) > 0


if __name__ == "__main__":
    typer.run(main)
