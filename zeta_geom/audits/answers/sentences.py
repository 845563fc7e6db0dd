"""An audit in a few lines: the answers, the largest departures of each method, and the counts."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from zeta_geom.audits.answers.answering import real_range, rows_in, spaces_of, titled
from zeta_geom.audits.answers.questions import QUESTIONS, departures
from zeta_geom.audits.verdicts import LEAK, UNKNOWN, number, plain

SHOWN = 3  # departures of a method
WARNING = (
    f"{LEAK.strip()} marks verdicts that hold only if no held-out original went into the samples: hold originals out "
    "before the synthesis, and give them as holdout."
)


def sentences(summary: pd.DataFrame, answers: pd.DataFrame, confidence: float) -> list[str]:
    """Return the lines: for each space the answers and the departures, then counts and reasons, each once."""
    spaces = spaces_of(summary)
    lines = []
    for space in spaces:
        lines += answer_lines(answers[answers["space"] == space], space if len(spaces) > 1 else "")
        rows = rows_in(summary, space, spaces)
        lines += [departure_line(rows, str(name)) for name in dict.fromkeys(rows["method"])]
    lines.append(count_line(summary, confidence))
    lines += [line for line in (reason_line(summary), leak_line(summary)) if line]
    return lines


def answer_lines(answers: pd.DataFrame, corner: str = "") -> list[str]:
    """Return a table with one line for each method: the answers and, of several methods, their ranks."""
    methods = list(dict.fromkeys(answers["method"]))
    cells = [[corner, *(f"{question.short}?" for question in QUESTIONS)]]
    for name in methods:
        rows = answers[answers["method"] == name].set_index("question")
        cells.append([name, *(ranked(rows, question.key, len(methods)) for question in QUESTIONS)])
    widths = [max(len(row[place]) for row in cells) for place in range(len(cells[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in cells]


def ranked(answers: pd.DataFrame, key: str, n_methods: int) -> str:
    """Return an answer, from rows with the index `key`, with its rank among several methods."""
    answer, rank = str(answers.at[key, "answer"]), float(answers.at[key, "rank"])  # type: ignore[arg-type]
    return f"{answer} ({rank:.0f})" if n_methods > 1 and rank == rank else answer


def largest(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the largest departures of a method: the largest of each question, at most three."""
    sizes = rows.assign(departure=departures(rows))
    sizes = sizes[(sizes["departure"] > 0) & (sizes["question"] != "")]
    ordered = sizes.sort_values("departure", ascending=False, kind="stable")
    return ordered.drop_duplicates("question").head(SHOWN)


def departure_line(rows: pd.DataFrame, method: str) -> str:
    """Return the largest departures of a method from real samples."""
    listed = [
        f"{titled(row['title'])} {number(row['value'])} (real samples {real_range(row)})"
        for row in largest(rows[rows["method"] == method]).to_dict("records")
    ]
    return f"{method}, largest departures: {'; '.join(listed) or 'none'}."


def count_line(summary: pd.DataFrame, confidence: float) -> str:
    """Return how many measures of each method are within the interval of real samples."""
    measured = summary[summary["verdict"] != UNKNOWN]
    parts = []
    for name, rows in measured.groupby("method", sort=False):
        outside = int(plain(rows["verdict"]).str.startswith("outside").sum())
        parts.append(f"{name} {outside} of {len(rows)}")
    if not parts:
        return "No measure has an interval of real samples."
    most = int(measured.groupby("method").size().max())
    chance = f"by chance alone, about {most * (1 - confidence):.1f} of {most} would be"
    return f"Measures outside the interval of real samples: {', '.join(parts)}; {chance}."


def reason_line(summary: pd.DataFrame) -> str:
    """Return the measures that are not measurable, each reason once; empty if there is none."""
    missing = summary[summary["verdict"] == UNKNOWN]
    reasons = missing.groupby("title", sort=False)["reason"].agg(lambda reasons: listed(list(reasons)))
    titles: dict[str, list[str]] = {}
    for title, reason in reasons.items():
        titles.setdefault(str(reason), []).append(str(title))
    parts = [f"{', '.join(map(titled, names))} ({reason})" for reason, names in titles.items()]
    return f"Not measurable: {'; '.join(parts)}." if parts else ""


def leak_line(summary: pd.DataFrame) -> str:
    """Return what the mark of verdicts means; empty if no verdict has it."""
    return WARNING if summary["verdict"].str.endswith(LEAK).any() else ""


def listed(texts: Sequence[str]) -> str:
    """Return different texts as one, in their order."""
    return "; ".join(dict.fromkeys(texts))
