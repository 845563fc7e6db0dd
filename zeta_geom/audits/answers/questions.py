"""The five questions of an audit, the measures that answer each, and the size of an effect."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from zeta_geom.audits.measures.optional import QUESTIONS as OF_OPTIONAL
from zeta_geom.audits.verdicts import UNKNOWN, plain_word

HIGHER, LOWER, CLOSER, NEITHER = "higher", "lower", "closer to real", ""
LEAST_WIDTH = 0.1  # of the scale of a measure: intervals shrink with the sample, and effects must not grow for that


@dataclass(frozen=True)
class Question:
    """A question, and the measures that decide its answer."""

    key: str
    text: str
    short: str  # heading of a column
    leads: tuple[str, ...]  # measures; "-k<" is the smallest number of neighbours, "-k>" the largest


QUESTIONS = (
    Question(
        "manifold",
        "Do the samples stay on the data's manifold?",
        "on the manifold",
        ("true-distance", "dimension-k>", "tangent-residual-k>"),
    ),
    Question("labels", "Are the labels right?", "labels right", ("wrong-label-k<", "oracle-wrong-label")),
    Question(
        "look",
        "Do they look real?",
        "look real",
        ("precision", "alpha-precision", "lenet-frechet", "oracle-frechet"),
    ),
    Question("cover", "Do they cover the data?", "cover the data", ("recall", "coverage")),
    Question("new", "Are they new?", "new", ("authenticity", "original-distance")),
)

PLACES = {  # measure, or its beginning up to "-k" -> question, direction that is better
    "dimension-k": ("manifold", CLOSER),
    "heldout-distance": ("manifold", LOWER),
    "tangent-residual-k": ("manifold", LOWER),
    "true-distance": ("manifold", LOWER),
    "wrong-label-k": ("labels", LOWER),
    "vote-h-v-y": ("labels", LOWER),
    "vote-h-y-v": ("labels", LOWER),
    "vote-kl-y-v": ("labels", LOWER),
    "richness": ("labels", NEITHER),
    "label-agreement": ("labels", HIGHER),
    "oracle-wrong-label": ("labels", LOWER),
    "oracle-h-p-y": ("labels", LOWER),
    "oracle-h-y-p": ("labels", LOWER),
    "oracle-kl-y-p": ("labels", LOWER),
    "oracle-entropy": ("look", LOWER),
    "lenet-frechet": ("look", LOWER),
    "oracle-frechet": ("look", LOWER),
    "precision": ("look", HIGHER),
    "density": ("look", HIGHER),
    "alpha-precision": ("look", HIGHER),
    "recall": ("cover", HIGHER),
    "coverage": ("cover", HIGHER),
    "beta-recall": ("cover", HIGHER),
    "original-distance": ("new", HIGHER),
    "authenticity": ("new", HIGHER),
    **OF_OPTIONAL,
}


def place_of(measure: str) -> tuple[str, str]:
    """Return the key of the question that a measure answers, and the direction that is better; empty if none."""
    return PLACES.get(re.sub(r"-k\d+$", "-k", measure), ("", NEITHER))


def effect_of(row: Mapping[str, Any]) -> float:
    """Return the effect of a measure: how far its value lies beyond the interval of real samples, 0 within.

    The unit is the width of that interval, but at least a tenth of the measure's scale: 1 for shares and scores,
    otherwise the larger of the value and the real value. NaN if the measure is not measurable.
    """
    value, low, high = row["value"], row["real_low"], row["real_high"]
    word = plain_word(row["verdict"])
    if word == UNKNOWN:
        return float("nan")
    if word == "within":
        return 0.0
    scale = 1.0 if row["unit"] in ("share", "score") else max(abs(value), abs(row["real"]))
    return float(max(value - high, low - value, 0.0) / max(high - low, LEAST_WIDTH * scale))


def departures(rows: pd.DataFrame) -> pd.Series[float]:
    """Return the effects in the worse direction: 0 in the better one, NaN if no direction is better."""
    words = rows["verdict"].map(plain_word)
    better_side = ((rows["better"] == HIGHER) & (words == "outside, above")) | (
        (rows["better"] == LOWER) & (words == "outside, below")
    )
    return rows["effect"].mask(better_side, 0.0).mask(rows["better"] == NEITHER)
