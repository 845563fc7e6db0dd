"""Draw the figures from records: `python -m figures --only "2 6"`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated

import matplotlib as mpl
import typer

from analyses.context import left_out_analyses

FIGURES = {  # what --only takes -> the module that draws, of the same name as the analysis behind it
    "2": "figure_2",
    "3": "figure_3",
    "4": "figure_4",
    "5": "figure_5",
    "6": "figure_6",
    "7": "figure_7",
    "8": "figure_8",
    "9": "figure_9",
    "10": "figure_10",
    "study": "study",
    "methods": "methods",
    "audit": "audit",
}
NO_FIGURE = "claims"  # what `make figures` may name beside them: analyses that only the claims table needs


def main(
    results: Annotated[Path, typer.Option(help="where records are and figures go")] = Path("results"),
    only: Annotated[str, typer.Option(help='figures by number, such as "2 6"; or methods, audit')] = "",
) -> None:
    """Draw the figures from their records, as PNG and PDF, and list the files; fails where records are missing."""
    mpl.use("agg")
    names = only.replace(",", " ").split()
    if unknown := [name for name in names if name not in (*FIGURES, NO_FIGURE)]:
        raise typer.BadParameter(f"--only takes {', '.join(FIGURES)}; got {', '.join(unknown)}.")
    wanted = [name for name in names if name != NO_FIGURE] if names else list(FIGURES)
    missing = False
    for name in wanted:
        try:
            if FIGURES[name] in left_out_analyses(results):
                raise FileNotFoundError("its data were not to be had in the last run of its analysis")
            written = import_module(f"figures.{FIGURES[name]}").draw(results)
        except FileNotFoundError as error:
            typer.echo(f"figure {name} not drawn: {error}", err=True)
            missing = True
            continue
        for path in written:
            typer.echo(path)
    if missing:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
