"""The benchmark of estimators runs small, and counts the intervals that contain the mean."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import typer

from analyses.estimators import Case
from benchmarks import estimators


def test_the_table_runs_small(tmp_path, capsys):
    estimators.main(n=140, only="sphere-2d", estimators="FO MLE", out=tmp_path)
    rows = json.loads((tmp_path / "estimators.json").read_text())["rows"]
    assert [(row["k"], row["estimator"]) for row in rows] == [(8, "FO"), (8, "MLE"), (128, "FO"), (128, "MLE")]
    assert all(row["n"] == 140 and row["bias"] == pytest.approx(row["mean"] - 2) for row in rows)
    assert "sphere-2d" in capsys.readouterr().out


def test_the_coverage_runs_small(tmp_path):
    how = {"n": 60, "k": 4, "draws": 3, "further": 4, "only": "sphere-2d torus-2d", "estimators": "MLE"}
    estimators.main(coverage_of_intervals=True, out=tmp_path, **how)
    rows = json.loads((tmp_path / "estimators_coverage.json").read_text())["rows"]
    assert [row["data"] for row in rows] == ["sphere-2d", "torus-2d"]
    assert all(row["bias"] == pytest.approx(row["expectation"] - 2) and row["intervals"] == 3 for row in rows)
    assert all(0 < row["standard error"] < 3 for row in rows)


def test_intervals_that_contain_the_expectation_are_counted(monkeypatch):
    """Four intervals: two contain 5, one is above, and one is 5 itself, of width 0."""
    ends = [(4, 6), (5.5, 7), (5, 5), (4.9, 5.1)]
    monkeypatch.setattr(estimators, "means", lambda case, seeds, k, names: np.array([[4.0], [6.0]]))
    monkeypatch.setattr(
        estimators,
        "dimension_interval",
        lambda X, k, name, **how: SimpleNamespace(low=ends[X][0], high=ends[X][1], sem=1.0),
    )
    (row,) = estimators.cover(Case(3, lambda seed: seed), 8, ["MLE"], 4, 2)
    assert (row["expectation"], row["bias"], row["coverage"]) == (5, 2, 0.75)
    assert (row["too high"], row["of width 0"], row["standard error"]) == (0.25, 0.25, 1)


def test_further_samples_are_others_than_those_of_the_intervals(monkeypatch):
    seeds = []
    case = Case(2, lambda seed: seeds.append(seed) or np.random.default_rng(seed).random((50, 2)))
    estimators.cover(case, 4, ["MLE"], 3, 5)
    assert sorted(seeds) == list(range(8))


def test_names_begin_with_a_word():
    assert estimators.chosen("a bc", ["ab", "bd", "bcd"], "--only") == ["ab", "bcd"]
    assert estimators.chosen("", ["ab"], "--only") == ["ab"]
    with pytest.raises(typer.BadParameter, match="'c' begins none of ab"):
        estimators.chosen("a c", ["ab"], "--only")
