"""Options of the command line that several commands share, and the file that a command writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

# options that take several values, and the pattern of one value
VALUES = dict.fromkeys(("--k", "--gamma", "--gammas", "--seeds", "--n-mix"), r"[-+.:e\d]+|inf")
VALUES |= dict.fromkeys(("--measure", "--mixers", "--anchors", "--against", "--measures", "--estimator"), r"[\w-]+")


class ManyValues(TyperCommand):
    """A command whose options of several values need no quotes: --k 8 128 means --k "8 128"."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Join the values that follow such an option into one, then parse."""
        return super().parse_args(ctx, joined_values(args))


def joined_values(args: list[str]) -> list[str]:
    """Join the values after each option that takes several (numbers or names, not files) into one word."""
    words: list[str] = []
    option = None
    for word in args:
        if word.startswith("--"):
            option = word
        elif words and words[-1] != option:
            if option in VALUES and re.fullmatch(VALUES[option], word):
                words[-1] += f" {word}"
                continue
            option = None
        words.append(word)
    return words


def output(*endings: str) -> Any:
    """Return the option --out; its file is checked before any work is done."""
    return option_of_file("--out", "file to write", *endings)


def option_of_file(name: str, text: str, *endings: str) -> Any:
    """Return an option that names a file to write, which is checked before any work is done."""

    def check(path: Path | None) -> Path | None:
        if path is not None and path.suffix not in endings:
            raise typer.BadParameter(f"must end in {' or '.join(endings)}; got {path}.")
        _check_writable(path)
        return path

    return typer.Option(name, help=f"{text}: {', '.join(endings)}", show_default=False, callback=check)


def write(path: Path, values: Mapping[str, np.ndarray] | pd.DataFrame) -> None:
    """Write the file that --out names, and say so."""
    from zeta_geom.records.disk import write_result

    write_result(path, values)
    typer.echo(f"wrote {path}")


def show_version(requested: bool) -> None:
    """Print the installed version and exit if --version is set."""
    if requested:
        from importlib.metadata import version

        typer.echo(f"zeta-geom {version('zeta-geom')}")
        raise typer.Exit


def check_folder(path: Path | None) -> Path | None:
    """Return the folder that an option names; refuse one that cannot be written, before any work is done."""
    _check_writable(path, folder=True)
    return path


def _check_writable(path: Path | None, *, folder: bool = False) -> None:
    from zeta_geom.records.disk import check_writable

    try:
        if path is not None:
            check_writable(path, "it", folder=folder)
    except OSError as error:
        raise typer.BadParameter(str(error)) from error


WORKERS = typer.Option(help="processes that share the cores; 0: this process only", min=0)
DASK = typer.Option(help="address of a Dask scheduler, in place of --workers")
PARTS = typer.Option(help="folder of finished parts, for --workers and --dask", callback=check_folder)
Samples = Annotated[
    Path,
    typer.Argument(
        help=".npy with X, .npz with X and optionally y, .csv, or a folder of pictures", show_default=False
    ),
]
Table = Annotated[Path, output(".npz", ".csv", ".parquet")]
LabelColumn = Annotated[str | None, typer.Option(help="the column of a .csv that holds the labels")]
Channels = Annotated[str | None, typer.Option(help="the channels' axis in images: first or last; default: inferred")]
Neighborhoods = Annotated[str, typer.Option(help="numbers of neighbors")]
Alpha = Annotated[float, typer.Option(help="an eigenvalue counts if it exceeds alpha × the largest")]
Batches = Annotated[int, typer.Option(help="samples in a batch")]
Seed = Annotated[int, typer.Option(help="seed of all random draws", min=0)]
Features = Annotated[
    str | None,
    typer.Option(help="space to measure in: pixels, lenet, imagenet, timm:MODEL, or module:name", show_default=False),
]
Weights = Annotated[
    Path | None,
    typer.Option(help=".safetensors or .pth with the weights of --features", show_default=False),
]
Jobs = Annotated[int, typer.Option(help="threads; -1: one for each core")]
