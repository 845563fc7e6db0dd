"""Verdicts on values, and their summary in sentences."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zeta_geom.audits.reference import FLOOR

ROUNDING = 1e-13  # relative error of a mean of some ten thousand values
LEAK = " (leak?)"  # ends a verdict that holds only if no held-out original went into the samples
VERDICTS = ("within", "outside, above", "outside, below", "not measurable")


def verdict(value: float, low: float, high: float, scale: float = 0.0) -> str:
    """Return the verdict on a value: within the interval of real data, outside, or not measurable.

    Differences below 1e-12 of the scale are rounding.
    """
    if not np.isfinite([value, low, high]).all():
        return "not measurable"
    rounding = max(ROUNDING * max(abs(value), abs(low), abs(high)), FLOOR * scale)
    return "outside, above" if value > high + rounding else "outside, below" if value < low - rounding else "within"


def qualified(word: str, certain: bool) -> str:
    """Return a verdict, marked if it is not certain that the samples were made without the held-out originals."""
    return word if certain or word == "not measurable" else word + LEAK


def plain(verdicts: pd.Series[str]) -> pd.Series[str]:
    """Return verdicts without the mark."""
    return verdicts.str.removesuffix(LEAK)


def sentences(summary: pd.DataFrame, method: str, confidence: float) -> list[str]:
    """Return sentences with the verdicts on a method: their numbers, and the measures with each verdict."""
    rows = summary[summary["method"] == method]
    words = plain(rows["verdict"])
    count = {word: int((words == word).sum()) for word in VERDICTS}
    outside = count["outside, above"] + count["outside, below"]
    measured = outside + count["within"]
    measures = "measure" if len(rows) == 1 else "measures"
    text = [
        f"{method}: of {len(rows)} {measures}, {count['within']} are within the interval of real samples, {outside} "
        f"outside, and {count['not measurable']} not measurable."
    ]
    for word in VERDICTS:
        listed = rows[words == word]
        marks = [LEAK if verdict.endswith(LEAK) else "" for verdict in listed["verdict"]]
        titles = [title + mark for title, mark in zip(listed["title"], marks)]
        if word == "not measurable":
            titles = [f"{title} ({reason})" for title, reason in zip(titles, listed["reason"])]
        if titles:
            text.append(f"{word.capitalize()}: {'; '.join(titles)}.")
    if rows["verdict"].str.endswith(LEAK).any():
        text.append(
            f"{LEAK.strip()} marks verdicts that hold only if no held-out original went into the samples: hold "
            "originals out before the synthesis, and give them as holdout."
        )
    expected = measured * (1 - confidence)
    text.append(f"By chance alone, about {expected:.1f} of {measured} measures would be outside.")
    return text
