"""What the options of the command line say, read from text and checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import typer

__all__ = ["output", "to_gamma", "to_ints", "to_params", "to_range"]


def output(*allowed: str) -> Any:
    """Return the option that names the output; its ending is checked before any work is done."""

    def check(path: Path | None) -> Path | None:
        if path is not None and path.suffix not in allowed:
            raise typer.BadParameter(f"must end in {' or '.join(allowed)}; got {path}.")
        return path

    return typer.Option("--out", help=f"file to write: {', '.join(allowed)}", show_default=False, callback=check)


def to_ints(text: str, option: str = "--k") -> tuple[int, ...]:
    """Read whole numbers parted by blanks or commas."""
    try:
        return tuple(int(part) for part in text.replace(",", " ").split())
    except ValueError as error:
        raise ValueError(f'{option} must be whole numbers, such as "8 128"; got {text!r}.') from error


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
    try:
        if ":" in text:
            start, stop, step = (float(part) for part in text.split(":"))
            values = [float(round(value, 10)) for value in np.arange(start, stop + step / 2, step)]
        else:
            values = [float(part) for part in text.replace(",", " ").split()]
        if not values:
            raise ValueError("none")
        return values
    except (ValueError, ZeroDivisionError) as error:
        raise ValueError(f"--gammas must be start:stop:step or numbers; got {text!r}.") from error
