"""Run the analyses: `python -m analyses --only "2 6"`."""

from __future__ import annotations

import logging
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from analyses.context import Context

ANALYSES = {
    "2": ["figure_2"],
    "3": ["figure_3"],
    "4": ["figure_4"],
    "5": ["figure_5"],
    "6": ["figure_6"],
    "7": ["figure_7"],
    "8": ["figure_8"],
    "9": ["figure_9"],
    "10": ["figure_10"],
    "study": ["study"],
    "methods": ["methods"],
    "audit": ["audit"],
    "claims": ["theorems", "diversity", "mixing_speed", "paper_tables"],
}


def chosen(only: str) -> list[str]:
    """Return the keys of ANALYSES that `only` names, all where it is empty."""
    names = only.replace(",", " ").split()
    unknown = [name for name in names if name not in ANALYSES]
    if unknown:
        raise typer.BadParameter(f"--only takes {', '.join(ANALYSES)}; got {', '.join(unknown)}.")
    return names or list(ANALYSES)


def main(
    preset: Annotated[str, typer.Option(help="quick or paper")] = "quick",
    results: Annotated[Path, typer.Option(help="where records and figures go")] = Path("results"),
    only: Annotated[str, typer.Option(help='figures by number, such as "2 6"; or methods, audit, claims')] = "",
    offline: Annotated[bool, typer.Option(help="use embedded data alone")] = False,
    images: Annotated[str, typer.Option(help="files with X_train, .npz, for figure 6 in place of its sets")] = "",
    force: Annotated[bool, typer.Option(help="compute again what is recorded")] = False,
    stale: Annotated[bool, typer.Option(help="accept records of older code")] = False,
) -> None:
    """Run the analyses behind the figures and the claims table; what is recorded already is reused.

    An analysis whose data are not to be had is left out, and said so; its figure then counts as not drawn.
    """
    if preset not in ("quick", "paper"):
        raise typer.BadParameter(f"--preset takes quick or paper; got {preset}.")
    logging.basicConfig(format="%(message)s")
    logging.getLogger("zeta_geom").setLevel(logging.INFO)
    files = tuple(Path(name) for name in images.split())
    context = Context(preset, results, offline=offline, images=files, force=force, stale=stale)
    for key in chosen(only):
        for name in ANALYSES[key]:
            typer.echo(f"analysis: {name}")
            try:
                import_module(f"analyses.{name}").run(context)
                context.mark_left_out(name, False)
            except FileNotFoundError as error:
                context.mark_left_out(name, True)
                typer.echo(f"{name} left out, for want of data: {error}", err=True)


if __name__ == "__main__":
    typer.run(main)
