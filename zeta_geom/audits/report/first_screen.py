"""The first screen of a report: the answers to the five questions; then the measures of each question."""

from __future__ import annotations

import re

import pandas as pd

from zeta_geom.audits.answers import QUESTIONS, Question, rows_in, spaces_of
from zeta_geom.audits.answers.sentences import count_line, departure_line, leak_line, ranked, reason_line
from zeta_geom.audits.report.figures import drawable, panel
from zeta_geom.audits.report.html import Panels, Picture, Section, Table, render_part
from zeta_geom.audits.result import AuditResult
from zeta_geom.plots.names import lettering

RULES = [
    "Each question has lead measures, which its answer names, the one farthest from real samples first. “Yes”: each "
    "lead measure lies within the interval of real samples, or beyond its better end. “Mostly”, “partly” and “no”: "
    "the largest effect of a lead measure beyond the worse end is at most 1, at most 3, or larger.",
    "The effect is the distance of a value from the nearest end of the interval of real samples, in widths of that "
    "interval; it is 0 within. A width counts as at least a tenth of the measure's scale, which is 1 for shares and "
    "scores, and otherwise the larger of the value and the value of real samples.",
]
OTHER = Question("", "Other measures", "other", ())
MEASURED = ["title", "method", "verdict", "better", "effect", "value", "low", "high", "real", "real_low", "real_high"]
HEADINGS = {
    "title": "measure",
    "low": "interval from",
    "high": "to",
    "real": "real samples",
    "real_low": "others from",
    "real_high": "others to",
    "better": "better is",
}
DIRECTIONS = {"": "neither"}


class FirstScreen:
    """Makes the sections of an audit's feature spaces; a panel that two sections show is drawn once."""

    def __init__(self, audit: AuditResult) -> None:
        self.audit, self.answers = audit, audit.answers
        self.spaces = spaces_of(audit.summary)
        self._panels: dict[tuple[str, str], Picture] = {}

    def answered(self, space: str) -> Section:
        """Return the section with the answers in a space: the table, five sentences, and a small picture for each."""
        rows = rows_in(self.audit.summary, space, self.spaces)
        warning = leak_line(rows)
        return Section(
            f"Answers{self._suffix(space)}",
            [warning] if warning else [],
            [self._table(space)],
            parts=[self._answer(space, question, rows) for question in QUESTIONS],
        )

    def summed_up(self, space: str) -> Section:
        """Return the section with the largest departures, the counts, and the rules of the answers."""
        rows = rows_in(self.audit.summary, space, self.spaces)
        lines = [departure_line(rows, name) for name in self.audit.methods]
        lines += [count_line(rows, self.audit.settings["confidence"]), reason_line(rows)]
        return Section(f"Largest departures{self._suffix(space)}", [*filter(None, lines), *RULES])

    def measured(self, space: str) -> Section:
        """Return the section with the measures of each question, then those of none."""
        rows = rows_in(self.audit.summary, space, self.spaces)
        parts = [self._measures(space, question, rows[rows["question"] == question.key]) for question in QUESTIONS]
        rest = rows[rows["question"] == ""]
        if len(rest):
            parts.append(self._measures(space, OTHER, rest))
        text = [
            "One panel for each measure, one row for each method: the value and its interval. Grey: the interval of "
            "another sample of real data, with the value of the real samples as a line. A filled marker is within, "
            "an open marker outside; a cross has no finite interval of real samples."
        ]
        return Section(f"Measures by question{self._suffix(space)}", text, parts=parts)

    def _suffix(self, space: str) -> str:
        return f" ({space})" if len(self.spaces) > 1 else ""

    def _name(self, name: str, space: str) -> str:
        return f"{name}-{self.spaces.index(space) + 1}" if len(self.spaces) > 1 else name

    def _table(self, space: str) -> Table:
        answers = self.answers[self.answers["space"] == space]
        methods = self.audit.methods
        frame = pd.DataFrame({"method": methods})
        for question in QUESTIONS:
            rows = answers[answers["question"] == question.key].set_index("method")
            frame[question.short] = [ranked(rows, name, len(methods)) for name in methods]
        caption = "Beside real samples."
        if len(methods) > 1:
            caption += " In brackets: the rank of the method, 1 is closest to real samples or better."
        shapes = [question.short for question in QUESTIONS]
        return Table(self._name("answers", space), "Methods by question", caption, frame, shapes=shapes)

    def _answer(self, space: str, question: Question, rows: pd.DataFrame) -> Section:
        answers = self.answers[(self.answers["space"] == space) & (self.answers["question"] == question.key)]
        first = answers.iloc[0]
        shown = drawable(rows[rows["measure"] == first["decides"]])
        pictures = [Panels("", "", [self._panel(space, shown)])] if len(shown) else []
        several = len(self.audit.methods) > 1
        title = f"{question.text} ({first['method']})" if several else question.text
        return Section(title, pictures=pictures, answer=first["sentence"])

    def _measures(self, space: str, question: Question, rows: pd.DataFrame) -> Section:
        shown = drawable(rows)
        pictures = [self._panel(space, part) for _, part in shown.groupby("measure", sort=False)]
        order = {name: place for place, name in enumerate(dict.fromkeys(rows["measure"]))}
        ordered = rows.sort_values("measure", key=lambda names: names.map(order), kind="stable")
        table = Table(
            self._name(f"measures-{question.key or 'other'}", space),
            f"Measures: {question.short}{self._suffix(space)}",
            "The value with its bootstrap interval, and the value of real samples with the interval of another one.",
            ordered[[*MEASURED, "unit", "reason"]].replace({"better": DIRECTIONS}),
            columns=HEADINGS,
            links={"title": [anchor(name) for name in ordered["measure"]]},
        )
        figure = [Panels("", "", pictures)] if pictures else []
        return Section(question.text, pictures=figure, tables=[table])

    def _panel(self, space: str, rows: pd.DataFrame) -> Picture:
        key = space, str(rows["measure"].iloc[0])
        if key not in self._panels:
            self._panels[key] = panel(rows)
        return self._panels[key]


def notebook_view(audit: AuditResult) -> str:
    """Return the answers in each space as a fragment of HTML that needs nothing else."""
    screen = FirstScreen(audit)
    with lettering():
        return "".join(render_part(screen.answered(space)) for space in screen.spaces)


def anchor(measure: str) -> str:
    """Return the id of the definition of a measure on the page."""
    return f"measure-{re.sub('[^A-Za-z0-9_-]+', '-', measure)}"
