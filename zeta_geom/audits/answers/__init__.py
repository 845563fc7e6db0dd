"""Five questions about samples, answered from the summary of an audit."""

from zeta_geom.audits.answers.accuracy import accuracy_line, accuracy_note, accuracy_of
from zeta_geom.audits.answers.answering import answer_table, lead_rows, real_range, rows_in, spaces_of, titled
from zeta_geom.audits.answers.expected_rank import expected_ranks
from zeta_geom.audits.answers.questions import QUESTIONS, Question, departures, effect_of, place_of
from zeta_geom.audits.answers.sentences import sentences

__all__ = [
    "QUESTIONS",
    "Question",
    "accuracy_line",
    "accuracy_note",
    "accuracy_of",
    "answer_table",
    "departures",
    "effect_of",
    "expected_ranks",
    "lead_rows",
    "place_of",
    "real_range",
    "rows_in",
    "sentences",
    "spaces_of",
    "titled",
]
