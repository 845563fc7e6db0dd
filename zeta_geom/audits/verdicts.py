"""Where a value stands, in words."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["VERDICTS", "sentences", "verdict"]

ROUNDING = 1e-13  # of means of up to some ten thousand values
VERDICTS = ("within", "outside, above", "outside, below", "not measurable")


def verdict(value: float, low: float, high: float, scale: float = 0.0) -> str:
    """Return where a value stands against the interval of real data.

    Parameters
    ----------
    value, low, high : float
    scale : float
        Of the numbers that they were computed from; what lies outside by its rounding alone lies within.

    Returns
    -------
    str
        One of `VERDICTS`; "not measurable" where a number is not finite.

    Examples
    --------
    >>> verdict(1.0, 0.0, 2.0), verdict(3.0, 0.0, 2.0), verdict(float("inf"), 0.0, 2.0)
    ('within', 'outside, above', 'not measurable')
    """
    if not np.isfinite([value, low, high]).all():
        return "not measurable"
    rounding = ROUNDING * max(abs(value), abs(low), abs(high), scale)
    return "outside, above" if value > high + rounding else "outside, below" if value < low - rounding else "within"


def sentences(summary: pd.DataFrame, method: str, confidence: float) -> list[str]:
    """Say in words where each measure of a method stands.

    Parameters
    ----------
    summary : DataFrame
        Of an `Audit`.
    method : str
    confidence : float

    Returns
    -------
    list of str
        What stands where, and how often chance alone puts a measure outside.

    Examples
    --------
    >>> row = {"method": "mixup", "title": "density", "value": 2.0, "real_low": 0.9, "real_high": 1.1}
    >>> sentences(pd.DataFrame([row | {"verdict": "outside, above", "reason": ""}]), "mixup", 0.95)[0]
    'mixup: of 1 measure, 0 within what real samples give, 1 outside, 0 not measurable.'
    """
    rows = summary[summary["method"] == method]
    count = {word: int((rows["verdict"] == word).sum()) for word in VERDICTS}
    outside = count["outside, above"] + count["outside, below"]
    measured = outside + count["within"]
    measures = "measure" if len(rows) == 1 else "measures"
    said = [
        f"{method}: of {len(rows)} {measures}, {count['within']} within what real samples give, {outside} outside, "
        f"{count['not measurable']} not measurable."
    ]
    for word in VERDICTS:
        listed = rows[rows["verdict"] == word]
        if len(listed) == 0:
            continue
        if word == "not measurable":
            named = [f"{row['title']} ({row['reason']})" for row in listed.to_dict("records")]
        else:
            named = list(listed["title"])
        said.append(f"{word.capitalize()}: {'; '.join(named)}.")
    expected = measured * (1 - confidence)
    said.append(f"By chance alone about {expected:.1f} of the {measured} would lie outside.")
    return said
