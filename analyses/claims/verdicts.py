"""From measured numbers to a verdict, by rules that are the same for every claim."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from analyses.context import left_out_analyses
from zeta_geom import records

HOLDS, FAILS = "holds", "does not hold"


class Claim(NamedTuple):
    """One row of the table."""

    statement: str
    where: str
    data: str
    measured: str
    verdict: str


def table(results: Path, name: str) -> pd.DataFrame | None:
    """Return the table of a record, or None where the analysis has not run, or had no data."""
    if name.split("/")[0] in left_out_analyses(results):
        return None
    try:
        return records.read(results / "records" / name).table
    except FileNotFoundError:
        return None


def settings(results: Path, name: str) -> dict[str, Any]:
    """Return what a record was made with; "data_name" names its data."""
    return records.read(results / "records" / name).settings


def yes_no(holds: bool) -> str:
    """Return the verdict of a plain statement."""
    return HOLDS if holds else FAILS


def from_gamma(gammas: Sequence[float], holds: Sequence[bool]) -> str:
    """Return the verdict of a statement about every γ, or about every γ from some value on."""
    order = np.argsort(gammas)
    gammas, holds = np.asarray(gammas)[order], np.asarray(holds, dtype=bool)[order]
    if holds.all():
        return HOLDS
    if not holds[-1]:
        return FAILS
    start = np.flatnonzero(~holds)[-1] + 1
    return f"holds from γ = {gammas[start]:g} on"


def up_to_gamma(gammas: Sequence[float], holds: Sequence[bool]) -> str:
    """Return the verdict of a statement about every γ, or about every γ up to some value."""
    order = np.argsort(gammas)
    gammas, holds = np.asarray(gammas)[order], np.asarray(holds, dtype=bool)[order]
    if holds.all():
        return HOLDS
    return f"holds up to γ = {gammas[np.argmin(holds) - 1]:g}" if holds[0] else FAILS


def paired(difference: Sequence[float]) -> tuple[float, float, float]:
    """Return the mean of paired differences and the limits of its 95 % t interval, NaN for fewer than two."""
    values = np.asarray(difference, dtype=float)
    if len(values) < 2:
        return float(values.mean()), np.nan, np.nan
    low, high = stats.t.interval(0.95, len(values) - 1, loc=values.mean(), scale=stats.sem(values) or 1e-300)
    return float(values.mean()), float(low), float(high)


def from_interval(low: float, high: float) -> str:
    """Return the verdict of "greater than zero" from the limits of an interval."""
    if np.isnan(low):
        return "undecided: one seed"
    return HOLDS if low > 0 else FAILS if high < 0 else "not shown: interval holds 0"


def below(mean: float, std: float, n: int, other: float, other_std: float, other_n: int) -> bool:
    """Say whether one mean is below another by more than two standard errors of the difference."""
    return bool(mean < other - 2 * np.sqrt(std**2 / n + other_std**2 / other_n))
