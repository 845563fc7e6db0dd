"""What the options of the command line say, read from text and checked."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

__all__ = [
    "DASK",
    "LABEL_COLUMN",
    "PARTS",
    "WORKERS",
    "Channels",
    "ManyValues",
    "check_folder",
    "output",
    "readable",
    "show_version",
    "to_executor",
    "to_gamma",
    "to_ints",
    "to_names",
    "to_numbers",
    "to_params",
    "to_range",
]

VALUES = dict.fromkeys(("--k", "--gamma", "--gammas", "--seeds", "--n-mix"), r"[-+.:e\d]+|inf")
VALUES |= dict.fromkeys(("--measure", "--mixers", "--anchors", "--against"), r"[\w-]+")
WORKERS = typer.Option(help="processes that share the cores; 0: this one alone", min=0)
Channels = Annotated[
    str | None, typer.Option(help="where the channels of images are: first or last; inferred by default")
]
DASK = typer.Option(help="address of a Dask scheduler, in place of --workers")
LABEL_COLUMN = typer.Option("--label-column", help="the column of a .csv that holds the labels")


class ManyValues(TyperCommand):
    """A command whose options of several values take them without quotes: --k 8 128 as --k "8 128"."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Join the values that follow such an option into one, then parse."""
        return super().parse_args(ctx, joined_values(args))


def joined_values(args: list[str]) -> list[str]:
    """Return the words of a command with the values of each option of several values joined into one word.

    After an option of numbers only numbers are taken for its values; after one of names, words without a dot or a
    slash, which a file's name has.
    """
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


def output(*allowed: str) -> Any:
    """Return the option that names the output; its ending is checked before any work is done."""

    def check(path: Path | None) -> Path | None:
        if path is not None and path.suffix not in allowed:
            raise typer.BadParameter(f"must end in {' or '.join(allowed)}; got {path}.")
        _check_writable(path)
        return path

    return typer.Option("--out", help=f"file to write: {', '.join(allowed)}", show_default=False, callback=check)


def show_version(wanted: bool) -> None:
    """Print the installed version and end, if that is wanted."""
    if wanted:
        from importlib.metadata import version

        typer.echo(f"zeta-geom {version('zeta-geom')}")
        raise typer.Exit


def readable(word: str) -> str:
    """Return a word of the command line as text, also where the locale cannot spell it: its bytes are UTF-8."""
    return word.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def check_folder(path: Path | None) -> Path | None:
    """Return the folder that an option names; one that cannot be written is refused before any work is done."""
    _check_writable(path, folder=True)
    return path


def _check_writable(path: Path | None, *, folder: bool = False) -> None:
    from zeta_geom.records.disk import check_writable

    try:
        if path is not None:
            check_writable(path, "it", folder=folder)
    except OSError as error:
        raise typer.BadParameter(str(error)) from error


PARTS = typer.Option(help="folder of finished parts, for --workers and --dask", callback=check_folder)


def to_ints(text: str, option: str = "--k") -> tuple[int, ...]:
    """Read whole numbers parted by blanks or commas."""
    try:
        return tuple(int(part) for part in text.replace(",", " ").split())
    except ValueError as error:
        raise ValueError(f'{option} must be whole numbers, such as "8 128"; got {text!r}.') from error


def to_names(text: str) -> tuple[str, ...]:
    """Read names parted by blanks or commas."""
    return tuple(text.replace(",", " ").split())


def to_numbers(text: str, option: str) -> list[float]:
    """Read numbers parted by blanks or commas."""
    try:
        return [float(part) for part in text.replace(",", " ").split()]
    except ValueError as error:
        raise ValueError(f'{option} must be numbers, such as "2.4 2.8"; got {text!r}.') from error


def to_gamma(text: str) -> float | list[float]:
    """Read γ, or low:high."""
    try:
        return [float(part) for part in text.split(":")] if ":" in text else float(text)
    except ValueError as error:
        raise ValueError(f"--gamma must be a number or low:high; got {text!r}.") from error


def to_params(pairs: list[str], option: str = "--param") -> dict[str, Any]:
    """Read NAME=VALUE: numbers, true, false and lists as in JSON, anything else as text."""
    found: dict[str, Any] = {}
    for pair in pairs:
        name, separator, text = pair.partition("=")
        if not separator or not name:
            raise ValueError(f"{option} must be NAME=VALUE, such as n_cells=4; got {pair!r}.")
        try:
            found[name] = json.loads(text)
        except ValueError:
            found[name] = text
    return found


def to_range(text: str) -> list[float]:
    """Read start:stop:step (the stop included) or numbers parted by blanks or commas."""
    import numpy as np

    try:
        if ":" in text:
            start, stop, step = (float(part) for part in text.split(":"))
            values = [float(round(value, 10)) for value in np.arange(start, stop + step / 2, step)]
        else:
            values = to_numbers(text, "--gammas")
        if not values:
            raise ValueError("none")
        return values
    except (ValueError, ZeroDivisionError) as error:
        raise ValueError(f"--gammas must be start:stop:step or numbers; got {text!r}.") from error


def to_executor(workers: int, dask: str | None, limit: float | None = None) -> Any:
    """Return who does the work, None for this process."""
    from zeta_geom.sweeps import DaskExecutor, PoolExecutor

    if dask is not None and workers:
        raise ValueError("--dask and --workers do not go together: the cluster has its own workers.")
    if dask is not None:
        return DaskExecutor(dask)
    if workers or limit is not None:  # only a process of its own can be ended
        return PoolExecutor(workers or 1)
    return None
