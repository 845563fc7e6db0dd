"""The answers to the five questions, by one set of rules for every audit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from zeta_geom.audits.answers.questions import QUESTIONS, Question, departures
from zeta_geom.audits.scores import ORACLE, PIXELS
from zeta_geom.audits.verdicts import LEAK, UNKNOWN, number

MOSTLY, PARTLY = 1.0, 3.0  # largest effects of these answers: a tenth and three tenths of the scale
OTHERS = 4  # other methods that a sentence names


def spaces_of(summary: pd.DataFrame) -> list[str]:
    """Return the feature spaces of a summary, without those of the oracle and of the true distance alone."""
    measures = summary.groupby("space", sort=False)["measure"].agg(set)
    spaces = [str(name) for name in measures.index if name != ORACLE]
    apart = len(spaces) > 1 and measures.get(PIXELS) == {"true-distance"}
    return [name for name in spaces if not (apart and name == PIXELS)]


def rows_in(table: pd.DataFrame, space: str, spaces: Sequence[str]) -> pd.DataFrame:
    """Return the rows of one of the feature spaces, with those that belong to no feature space."""
    return table[~table["space"].isin(set(spaces) - {space})]


def lead_rows(rows: pd.DataFrame, question: Question) -> pd.DataFrame:
    """Return the rows of the lead measures of a question, in their order; at most one number of neighbours each.

    A number of neighbours is taken only if at least one method can be measured with it.
    """
    parts = []
    for lead in question.leads:
        name = lead.rstrip("<>")
        if name == lead:
            parts.append(rows[rows["measure"] == name])
            continue
        same = rows[rows["measure"].str.fullmatch(re.escape(name) + r"\d+")]
        usable = same[same["effect"].notna()]
        measures = set((usable if len(usable) else same)["measure"])
        pick = min if lead.endswith("<") else max
        parts.append(same[same["measure"] == pick(measures, key=neighbors_of)] if measures else same)
    return pd.concat(parts)


def neighbors_of(measure: str) -> int:
    """Return the number of neighbours at the end of a measure's name."""
    return int(measure.rpartition("-k")[2])


def answer_of(departure: float) -> str:
    """Return the answer to a question whose lead measures depart at most by this effect."""
    if not np.isfinite(departure):
        return UNKNOWN
    return "yes" if departure == 0 else "mostly" if departure <= MOSTLY else "partly" if departure <= PARTLY else "no"


def answer_table(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the answer to each question, for each space and method.

    Columns: space, method, question, answer, effect (the largest departure of a lead measure), rank (1 for the
    smallest effect among the methods; NaN if not measurable), decides (the lead measure with that effect), sentence.
    """
    table = []
    spaces = spaces_of(summary)
    for space in spaces:
        for question in QUESTIONS:
            leads = lead_rows(rows_in(summary, space, spaces), question)
            leads = leads.assign(departure=departures(leads))
            answers = [_answer(space, name, question, leads) for name in dict.fromkeys(summary["method"])]
            effects = pd.Series([row["effect"] for row in answers], dtype=np.float64)
            table += [row | {"rank": rank} for row, rank in zip(answers, effects.round(9).rank(method="min"))]
    columns = ["space", "method", "question", "answer", "effect", "rank", "decides", "sentence"]
    return pd.DataFrame(table, columns=columns)


def _answer(space: str, method: str, question: Question, leads: pd.DataFrame) -> dict[str, Any]:
    rows = leads[leads["method"] == method]
    measured = rows[rows["departure"].notna()].sort_values("departure", ascending=False, kind="stable")
    row: dict[str, Any] = {"space": space, "method": method, "question": question.key}
    if measured.empty:
        reasons = "; ".join(dict.fromkeys(reason for reason in rows["reason"] if reason)) or "no measure of it"
        return row | {"answer": UNKNOWN, "effect": np.nan, "decides": "", "sentence": f"Not measurable: {reasons}."}
    effect = float(measured["departure"].iloc[0])
    mark = LEAK if measured["verdict"].str.endswith(LEAK).any() else ""
    answer = answer_of(effect) + mark
    numbers = "; ".join(_numbers(lead, leads) for lead in measured.to_dict("records"))
    sentence = f"{answer[0].upper()}{answer[1:]}: {numbers}."
    return row | {"answer": answer, "effect": effect, "decides": measured["measure"].iloc[0], "sentence": sentence}


def _numbers(row: Mapping[Any, Any], leads: pd.DataFrame) -> str:
    """Return the value of a measure beside that of real samples and of other methods."""
    others = leads[(leads["measure"] == row["measure"]) & (leads["method"] != row["method"])]
    listed = [f"{name}: {number(value)}" for name, value in zip(others["method"], others["value"]) if value == value]
    rest = [f"{len(listed) - OTHERS} more"] if len(listed) > OTHERS else []
    beside = f" ({', '.join([*listed[:OTHERS], *rest])})" if listed else ""
    unit = f" {row['unit']}" if row["unit"] in ("nats", "classes") else ""
    return f"{titled(row['title'])} {number(row['value'])}{unit} where real samples have {real_range(row)}{beside}"


def real_range(row: Mapping[Any, Any]) -> str:
    """Return the interval of real samples in words."""
    low, high = number(row["real_low"]), number(row["real_high"])
    return low if low == high else f"{low} to {high}"


def titled(title: str) -> str:
    """Return a title with its number of neighbours in brackets, for the middle of a sentence."""
    return re.sub(r", (k = \d+)$", r" (\1)", title)
