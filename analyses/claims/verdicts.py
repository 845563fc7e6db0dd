"""The rules that turn measured numbers into a verdict, the same for every claim."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analyses.context import left_out_analyses
from zeta_geom import records

HOLDS, FAILS, OPEN = "holds", "does not hold", "not shown"


class Claim(NamedTuple):
    """One row of the table."""

    statement: str
    where: str
    data: str
    measured: str
    verdict: str
    estimators: str = ""  # of the dimension: which ones reach which verdict, by the same rule


def table(results: Path, name: str) -> pd.DataFrame | None:
    """Return the table of a record, or None if the analysis has not run or had no data."""
    if name.split("/")[0] in left_out_analyses(results):
        return None
    try:
        return records.read(results / "records" / name).table
    except FileNotFoundError:
        return None


def settings(results: Path, name: str) -> dict[str, Any]:
    """Return the settings of a record; "data_name" names its data."""
    return records.read(results / "records" / name).settings


def yes_no(holds: bool) -> str:
    """Return the verdict of a plain statement."""
    return HOLDS if holds else FAILS


def from_gamma(gammas: Sequence[float], signs: Sequence[int]) -> str:
    """Return the verdict of a statement about every γ, or about every γ from some value on.

    A sign is 1 if the statement is shown to hold at that γ, -1 if it is shown to fail, and 0 otherwise.
    """
    order = np.argsort(gammas)
    gammas, signs = np.asarray(gammas)[order], np.asarray(signs)[order]
    if (signs > 0).all():
        return HOLDS
    if signs[-1] <= 0:
        return FAILS if signs[-1] < 0 else f"{OPEN}: no difference at γ = {gammas[-1]:g}"
    start = np.flatnonzero(signs <= 0)[-1] + 1
    return f"holds from γ = {gammas[start]:g} on" + undecided(gammas[:start][::-1], signs[:start][::-1])


def up_to_gamma(gammas: Sequence[float], signs: Sequence[int]) -> str:
    """Return the verdict of a statement about every γ, or about every γ up to some value; signs as before."""
    order = np.argsort(gammas)
    gammas, signs = np.asarray(gammas)[order], np.asarray(signs)[order]
    if (signs > 0).all():
        return HOLDS
    if signs[0] <= 0:
        return FAILS if signs[0] < 0 else f"{OPEN}: no difference at γ = {gammas[0]:g}"
    end = int(np.argmax(signs <= 0))
    return f"holds up to γ = {gammas[end - 1]:g}" + undecided(gammas[end:], signs[end:])


def undecided(gammas: np.ndarray, signs: np.ndarray) -> str:
    """Return a text that names the leading values of γ at which nothing is shown, "" if the first is decided."""
    count = int(np.argmax(signs != 0)) if (signs != 0).any() else len(signs)
    return f"; {OPEN} at γ = {', '.join(f'{gamma:g}' for gamma in sorted(gammas[:count]))}" if count else ""


def from_interval(low: float, high: float) -> str:
    """Return the verdict of "greater than zero" from the limits of an interval."""
    if np.isnan(low):
        return "undecided: one seed"
    return HOLDS if low > 0 else FAILS if high < 0 else f"{OPEN}: interval holds 0"


def sign_below(mean: float, std: float, n: int, other: float, other_std: float, other_n: int) -> int:
    """Return 1 if a mean is below another by over two standard errors of the difference, -1 if above, else 0."""
    error = 2 * np.sqrt(std**2 / n + other_std**2 / other_n)
    return int(mean < other - error) - int(mean > other + error)


def from_sign(sign: int) -> str:
    """Return the verdict of a statement that is shown to hold (1), shown to fail (-1), or neither (0)."""
    return {1: HOLDS, -1: FAILS, 0: f"{OPEN}: within two standard errors"}[sign]
