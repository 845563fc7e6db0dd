"""Where a value stands, in words."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["VERDICTS", "sentences", "verdict"]

ROUNDING = 1e-13  # of means of up to some ten thousand values
VERDICTS = ("within", "outside, above", "outside, below", "not measurable")


def verdict(value: float, low: float, high: float, scale: float = 0.0) -> str:
    """Return where a value stands against the interval of real data."""
    if not np.isfinite([value, low, high]).all():
        return "not measurable"
    rounding = ROUNDING * max(abs(value), abs(low), abs(high), scale)
    return "outside, above" if value > high + rounding else "outside, below" if value < low - rounding else "within"


def sentences(summary: pd.DataFrame, method: str, confidence: float) -> list[str]:
    """Say in words where each measure of a method stands."""
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
