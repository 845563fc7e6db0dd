"""The five questions: which measures decide, how large an effect is, and what is said of it."""

import numpy as np
import pandas as pd
import pytest

from zeta_geom.audits.answers import answer_table, effect_of, place_of, sentences, spaces_of
from zeta_geom.audits.answers.questions import PLACES, QUESTIONS, departures
from zeta_geom.audits.verdicts import LEAK, number, verdict


def row(measure, value, real, half, *, method="zeta", unit="share", space="pixels", mark="", reason=""):
    """Return a row of a summary, with the interval real ± half."""
    question, better = place_of(measure)
    word = verdict(value, real - half, real + half)
    made = {"space": space, "method": method, "measure": measure, "title": measure, "unit": unit, "value": value}
    made |= {"real": real, "real_low": real - half, "real_high": real + half, "reason": reason}
    made |= {"question": question, "better": better, "verdict": word if word == "not measurable" else word + mark}
    return made | {"effect": effect_of(made)}


def answers_of(*rows):
    return answer_table(pd.DataFrame(rows)).set_index(["method", "question"])


@pytest.mark.parametrize(
    ("value", "real", "half", "unit", "effect"),
    [
        (0.75, 0.5, 0.25, "share", 0),  # at the end of the interval
        (0.9, 0.5, 0.1, "share", 0.3 / 0.2),  # in widths
        (0.1, 0.5, 0.1, "share", 0.3 / 0.2),  # below
        (0.9, 0.5, 0.01, "score", 0.39 / 0.1),  # a width is at least a tenth of 1
        (40, 30, 1, "", 9 / 4),  # and of the larger of value and real value
        (15, 30, 1, "", 14 / 3),
        (0.9, 1.0, 0, "", 1),  # a width of 0
        (2.0, 0.0, 0, "", 10),
        (np.inf, 0.5, 0.1, "", np.nan),
        (0.5, np.inf, 0.1, "", np.nan),
    ],
)
@pytest.mark.parametrize("mark", ["", LEAK])
def test_an_effect_is_a_distance_in_widths(value, real, half, unit, effect, mark):
    assert row("density", value, real, half, unit=unit, mark=mark)["effect"] == pytest.approx(effect, nan_ok=True)


def test_large_samples_do_not_turn_every_answer_into_no():
    for half in (1e-3, 1e-6):
        answer = answers_of(row("dimension-k128", 31.0, 30.0, half, unit=""))
        assert answer.loc[("zeta", "manifold"), "answer"] == "mostly"


def test_a_departure_is_on_the_worse_side():
    above = pd.DataFrame([row(name, 0.9, 0.5, 0.1) for name in ("precision", "wrong-label-k8", "dimension-k8")])
    below = pd.DataFrame([row(name, 0.1, 0.5, 0.1) for name in ("precision", "wrong-label-k8", "dimension-k8")])
    assert departures(above).tolist() == pytest.approx([0, 1.5, 1.5])
    assert departures(below).tolist() == pytest.approx([1.5, 0, 1.5])
    assert np.isnan(departures(pd.DataFrame([row("richness", 2, 1, 0.1, unit="classes")])).iloc[0])


@pytest.mark.parametrize(
    ("recall", "answer"),
    [
        (0.95, "yes"),
        (0.8, "yes"),
        (0.79, "mostly"),
        (0.61, "mostly"),
        (0.59, "partly"),
        (0.21, "partly"),
        (0.19, "no"),
    ],
)
def test_answers_follow_the_largest_effect(recall, answer):
    made = answers_of(row("recall", recall, 0.9, 0.1), row("coverage", 0.9, 0.9, 0.1))
    assert made.loc[("zeta", "cover"), "answer"] == answer
    assert made.loc[("zeta", "cover"), "decides"] == "recall"


def test_a_sentence_has_the_numbers_of_real_samples_and_of_other_methods():
    rows = [
        row("dimension-k8", 25.1, 23.75, 0.25, unit=""),
        row("dimension-k8", 32.7, 23.75, 0.25, unit="", method="mixup"),
        row("dimension-k16", np.nan, 23.75, 0.25, unit="", reason="it takes more than k = 16 samples"),
    ]
    made = answers_of(*rows)
    said = "dimension-k8 25.1 where real samples have 23.5 to 24.0 (mixup: 32.7)."
    assert made.loc[("zeta", "manifold"), "sentence"] == f"Mostly: {said}"  # k = 16 is not measurable
    assert made.loc[("mixup", "manifold"), ["answer", "rank"]].tolist() == ["partly", 2]
    assert made.loc[("zeta", "manifold"), "rank"] == 1


def test_what_cannot_be_measured_says_why_and_has_no_rank():
    made = answers_of(row("recall", np.nan, 0.9, 0.1, reason="too few samples"), row("coverage", np.nan, 0.9, 0.1))
    answer = made.loc[("zeta", "cover")]
    assert answer["sentence"] == "Not measurable: too few samples."
    assert (answer["answer"], np.isnan(answer["rank"])) == ("not measurable", True)
    assert made.loc[("zeta", "labels"), "sentence"] == "Not measurable: no measure of it."


def test_answers_carry_the_mark_of_verdicts_that_may_be_wrong():
    rows = [row("recall", 0.9, 0.9, 0.1, mark=LEAK), row("authenticity", 0.9, 0.9, 0.1)]
    made = answers_of(*rows)
    assert made.loc[("zeta", "cover"), "answer"] == "yes (leak?)"
    assert made.loc[("zeta", "new"), "answer"] == "yes"
    said = sentences(pd.DataFrame(rows), made.reset_index(), 0.95)
    assert sum("hold originals out" in line for line in said) == 1


def test_each_space_has_its_answers_and_the_oracles_measures_count_in_all():
    rows = [row("recall", 0.9, 0.9, 0.1, space="a"), row("recall", 0.1, 0.9, 0.1, space="b")]
    rows += [row("oracle-wrong-label", 0.5, 0.1, 0.1, space="oracle")]
    rows += [row("true-distance", 0.5, 0.1, 0.1, space="pixels", unit="")]
    table = pd.DataFrame(rows)
    assert spaces_of(table) == ["a", "b"]  # the true distance alone is no feature space
    made = answer_table(table).set_index(["space", "question"])["answer"]
    assert made[[("a", "cover"), ("b", "cover")]].tolist() == ["yes", "no"]
    assert made[[("a", "labels"), ("b", "labels")]].tolist() == ["partly", "partly"]
    assert made[("b", "manifold")] == made[("a", "manifold")] != "not measurable"


def test_three_methods_print_at_most_five_lines_each_and_the_largest_departures_first():
    rows = []
    for place, method in enumerate(("zeta", "mixup", "cutmix")):
        values = {
            "dimension-k8": 0.5 + 0.1 * place,
            "precision": 0.1,
            "recall": 0.2,
            "authenticity": 0.3 - 0.1 * place,
        }
        rows += [row(name, value, 0.5, 0.05, method=method) for name, value in values.items()]
        rows += [row("density", 0.12, 0.5, 0.05, method=method)]  # of the question of precision, and smaller
        rows += [row("vote-h-v-y", np.inf, 0.5, 0.05, method=method, unit="nats", reason="infinite")]
    said = sentences(table := pd.DataFrame(rows), answer_table(table), 0.95)
    assert len(said) <= 15
    zeta, mixup = (next(line for line in said if line.startswith(f"{name}, ")) for name in ("zeta", "mixup"))
    names = ["precision", "recall", "authenticity"]
    assert [part.split(" ")[0] for part in zeta.partition(": ")[2].split("; ")] == names
    assert zeta.replace("zeta", "mixup") != mixup
    assert sum("infinite" in line for line in said) == 1
    assert "zeta 4 of 5, mixup 5 of 5" in "\n".join(said)


def test_measures_have_a_place():
    assert place_of("dimension-k64") == ("manifold", "closer to real")
    assert place_of("tangent-residual-k8")[1] == "lower"
    assert place_of("never heard of") == ("", "")
    assert {question for question, _ in PLACES.values()} == {question.key for question in QUESTIONS}
    leads = [lead.rstrip("<>") for question in QUESTIONS for lead in question.leads]
    assert all(PLACES[lead][1] for lead in leads)  # a measure decides only if a direction is better


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.004, "0.004"), (0.00482, "0.00482"), (24, "24.0"), (0.5164, "0.516"), (1234.5, "1,230"),
     (9.996, "10.0"), (-0.25, "-0.250"), (1.5e-7, "1.5e-07"), (np.inf, "inf")],
)  # fmt: skip
def test_numbers_in_sentences_have_three_digits(value, text):
    assert number(value) == text
