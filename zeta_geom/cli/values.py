"""Values of options, read from their text."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zeta_geom.features import FeatureSpace
    from zeta_geom.sweeps import Executor


def readable(word: str) -> str:
    """Return a word of the command line as text; bytes that the locale cannot decode are read as UTF-8."""
    return word.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def to_ints(text: str, option: str = "--k") -> tuple[int, ...]:
    """Read whole numbers separated by blanks or commas."""
    try:
        return tuple(int(part) for part in text.replace(",", " ").split())
    except ValueError as error:
        raise ValueError(f'{option} must be whole numbers, such as "8 128"; got {text!r}.') from error


def to_names(text: str) -> tuple[str, ...]:
    """Read names separated by blanks or commas."""
    return tuple(text.replace(",", " ").split())


def to_numbers(text: str, option: str) -> list[float]:
    """Read numbers separated by blanks or commas."""
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
    """Read NAME=VALUE: numbers, true, false and lists as in JSON, all other values as text."""
    params: dict[str, Any] = {}
    for pair in pairs:
        name, separator, text = pair.partition("=")
        if not separator or not name:
            raise ValueError(f"{option} must be NAME=VALUE, such as n_cells=4; got {pair!r}.")
        try:
            params[name] = json.loads(text)
        except ValueError:
            params[name] = text
    return params


def to_range(text: str) -> list[float]:
    """Read start:stop:step, with the stop, or numbers separated by blanks or commas."""
    import numpy as np

    try:
        if ":" in text:
            start, stop, step = (float(part) for part in text.split(":"))
            values = [float(round(value, 10)) for value in np.arange(start, stop + step / 2, step)]
        else:
            values = to_numbers(text, "--gammas")
        if not values:
            raise ValueError("no values")
        return values
    except (ValueError, ZeroDivisionError) as error:
        raise ValueError(f"--gammas must be start:stop:step or numbers; got {text!r}.") from error


def to_grid(text: str | None) -> dict[str, dict[str, list[Any]]] | None:
    """Read MIXER.PARAMETER=VALUE,VALUE, several of them separated by blanks; None without a text."""
    if text is None:
        return None
    grid: dict[str, dict[str, list[Any]]] = {}
    for word in text.split():
        name, _, values = word.partition("=")
        mixer, dot, parameter = name.rpartition(".")
        parts = values.split(",")
        if not (dot and mixer and parameter and all(parts)) or set(values) & set("[](){}"):
            raise ValueError(f"--grid must be MIXER.PARAMETER=VALUES, such as cutmix.alpha=0.2,1.0; got {word!r}.")
        if parameter in grid.get(mixer, {}):
            raise ValueError(f"--grid must name a parameter once, such as cutmix.alpha=0.2,1.0; got {name!r} twice.")
        listed = [to_params([f"{parameter}={value}"], "--grid")[parameter] for value in parts]
        grid.setdefault(mixer, {})[parameter] = listed
    return grid


def search_working_folder() -> None:
    """Let modules of the working folder be imported, here and by the processes that this one starts."""
    folder = os.getcwd()
    if folder not in sys.path:
        sys.path.insert(0, folder)


def to_space(features: str | None, weights: Path | None, channels: str | None = None) -> FeatureSpace | None:
    """Return the feature space that options name, None without --features; it may be in the working folder."""
    if features is None:
        if weights is not None:
            raise ValueError("--weights needs --features.")
        return None
    from zeta_geom.features import space, to_spaces

    search_working_folder()
    chosen = space(features, weights=weights)
    return to_spaces({chosen.name: chosen}, channels)[chosen.name] if channels else chosen


def to_spaces_of(features: list[str], weights: Path | None) -> list[FeatureSpace] | None:
    """Return the feature spaces of a repeatable option; None without any."""
    if weights is not None and len(features) != 1:
        raise ValueError(f"--weights needs one --features; got {len(features)}.")
    spaces = [to_space(name, weights) for name in features]
    return [space for space in spaces if space is not None] or None


def to_executor(workers: int, dask: str | None, limit: float | None = None) -> Executor | None:
    """Return the executor that the options name; None stands for this process."""
    from zeta_geom.sweeps import DaskExecutor, PoolExecutor

    if dask is not None and workers:
        raise ValueError("--dask and --workers exclude each other: the cluster has its own workers.")
    if dask is not None:
        return DaskExecutor(dask)
    if workers or limit is not None:  # a run can only be ended at its limit in another process
        return PoolExecutor(workers or 1)
    return None
