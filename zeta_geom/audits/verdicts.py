"""Verdicts on values: within the interval of real samples, or on which side of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zeta_geom.audits.reference import FLOOR

ROUNDING = 1e-13  # relative error of a mean of some ten thousand values
LEAK = " (leak?)"  # ends a verdict that holds only if no held-out original went into the samples
UNKNOWN = "not measurable"


def verdict(value: float, low: float, high: float, scale: float = 0.0) -> str:
    """Return the verdict on a value: within the interval of real data, outside, or not measurable.

    Differences below 1e-12 of the scale are rounding.
    """
    if not np.isfinite([value, low, high]).all():
        return UNKNOWN
    rounding = max(ROUNDING * max(abs(value), abs(low), abs(high)), FLOOR * scale)
    return "outside, above" if value > high + rounding else "outside, below" if value < low - rounding else "within"


def qualified(word: str, certain: bool) -> str:
    """Return a verdict, marked if it is not certain that the samples were made without the held-out originals."""
    return word if certain or word == UNKNOWN else word + LEAK


def plain(verdicts: pd.Series[str]) -> pd.Series[str]:
    """Return verdicts without the mark."""
    return verdicts.str.removesuffix(LEAK)


def plain_word(word: str) -> str:
    """Return one verdict without the mark."""
    return word.removesuffix(LEAK)


def number(value: float) -> str:
    """Write a number with three significant digits, and no exponent from 0.0001 to a million."""
    if not np.isfinite(value) or value == 0 or not 1e-4 <= abs(value) < 1e6:
        return f"{value:.3g}"
    value = float(f"{value:.2e}")
    decimals = 2 - int(np.floor(np.log10(abs(value))))
    text = f"{value:,.{max(0, decimals)}f}"
    return text.rstrip("0") if decimals > 3 else text
