"""Copy the pictures and the claims table of a run at the preset "full" into docs/: `make docs-pictures`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from analyses.context import left_out_analyses
from zeta_geom.records import atomic_path

PICTURES = {  # in docs/img -> in results/full/figures
    "estimators.png": "estimators.png",
    "figure_2a.png": "figure_2a.png",
    "figure_3.png": "figure_3.png",
    "figure_6a-d.png": "figure_6a-d.png",
    "figure_6e-h.png": "figure_6e-h-fashion-mnist-mnist.png",
    "figure_6_estimators.png": "figure_6_estimators-fashion-mnist-mnist.png",
    "figure_7.png": "figure_7.png",
    "figure_8.png": "figure_8-mnist.png",
    "figure_9.png": "figure_9_cpu-study.png",
    "figure_10.png": "figure_10_cpu-study.png",
    "geometry_and_accuracy.png": "geometry_and_accuracy.png",
    "methods.png": "methods.png",
    "study.png": "study.png",
}


def main(
    results: Annotated[Path, typer.Option(help='the folder of a run at the preset "full"')] = Path("results/full"),
    docs: Annotated[Path, typer.Option(help="the folder of the documentation")] = Path("docs"),
) -> None:
    """Copy every picture and claims.csv, or nothing if the run is incomplete."""
    sources = {docs / "img" / name: results / "figures" / source for name, source in PICTURES.items()}
    sources[docs / "claims.csv"] = results / "claims.csv"
    missing = [str(path) for path in sources.values() if not path.exists()]
    missing += [f"data of {analysis}" for analysis in sorted(left_out_analyses(results))]
    if missing:
        typer.echo(f"nothing copied; run `make figures PRESET=full` first. Missing: {', '.join(missing)}", err=True)
        raise typer.Exit(1)
    for target, source in sources.items():
        with atomic_path(target) as temporary:
            shutil.copyfile(source, temporary)
        typer.echo(target)


if __name__ == "__main__":
    typer.run(main)
