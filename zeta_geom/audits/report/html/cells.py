"""The cells of a table: four significant digits, marks for absent values, shapes for verdicts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

SHAPES = {"within": "within", "outside, above": "above", "outside, below": "below", "not measurable": "unknown"}
SHAPES |= {answer: answer for answer in ("yes", "mostly", "partly", "no")}
_DIGITS = 4
_LINE = 32  # letters of a cell that fit on one line
_PLAIN = (1e-4, 1e6)  # range of magnitudes without an exponent


@dataclass(frozen=True)
class Cell:
    """One value of a table."""

    text: str  # empty if the value is missing
    missing: bool = False
    exact: str | None = None  # the exact number if the text is rounded, to sort by
    shape: str | None = None  # shape of a verdict or an answer, a value of SHAPES
    link: str = ""  # id of the element that the cell links to


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    heading: str
    numeric: bool  # numbers are flush right and sorted by size
    cells: Sequence[Cell]

    @property
    def wide(self) -> bool:
        """Whether the column has text of several lines."""
        return not self.numeric and max((len(cell.text) for cell in self.cells), default=0) > _LINE


def show_number(value: float, decimals: int | None = None) -> str:
    """Write a number with four significant digits and a true minus sign."""
    if math.isinf(value):
        text = "∞" if value > 0 else "-∞"
    elif decimals is not None:
        text = f"{value:.{decimals}f}"
    elif value == 0:
        text = "0"
    else:
        mantissa, exponent = f"{value:.{_DIGITS - 1}e}".split("e")
        if _PLAIN[0] <= abs(value) < _PLAIN[1]:
            text = f"{value:.{max(0, _DIGITS - 1 - int(exponent))}f}"
        else:
            text = f"{mantissa}e{int(exponent)}"
    return text.replace("-", "−")


def shape_of(text: str) -> str | None:
    """Return the shape of a text that begins with a verdict or an answer; None if it does not."""
    return SHAPES.get(text.strip().lower().partition(" (")[0])


def show_column(values: pd.Series[Any], heading: str, *, verdict: bool = False, links: Sequence[str] = ()) -> Column:
    """Return a column of cells; if four digits write every number exactly, all numbers get equally many decimals."""
    entries = [None if _is_missing(value) else value for value in values.tolist()]
    present = [value for value in entries if value is not None]
    numeric = all(_is_number(value) for value in present) and (bool(present) or _numeric_dtype(values))
    if numeric and values.dtype in (np.float16, np.float32):
        entries = [None if value is None else float(str(values.dtype.type(value))) for value in entries]
    decimals = _common_decimals(value for value in entries if value is not None) if numeric else None
    cells = [_show(value, decimals) for value in entries]
    if verdict:
        cells = [replace(cell, shape=shape_of(cell.text)) for cell in cells]
    if links:
        cells = [replace(cell, link=link) for cell, link in zip(cells, links)]
    return Column(heading, numeric, cells)


def _show(value: object, decimals: int | None) -> Cell:
    if value is None:
        return Cell("", missing=True)
    if isinstance(value, (bool, np.bool_)):
        return Cell("yes" if value else "no")
    if isinstance(value, Integral):
        return Cell(str(int(value)).replace("-", "−"))
    if isinstance(value, Real):
        number = float(value)
        text = show_number(number, decimals)
        same = math.isinf(number) or float(text.replace("−", "-")) == number
        return Cell(text, exact=None if same else repr(number))
    return Cell(str(value))


def _common_decimals(values: Iterable[float]) -> int | None:
    """Return the decimals that write all values exactly with four digits each (or as whole numbers), else None."""
    longest = 0
    for value in values:
        number = float(value)
        if not math.isfinite(number) or number == 0:
            continue
        if not _PLAIN[0] <= abs(number) < _PLAIN[1]:
            return None
        _, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
        if not isinstance(exponent, int) or (exponent < 0 and len(digits) > _DIGITS):
            return None
        longest = max(longest, -exponent)
    return longest


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, (bool, np.bool_))


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, Real) and bool(value != value))


def _numeric_dtype(values: pd.Series[Any]) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
