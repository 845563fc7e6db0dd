"""The benchmark of estimators runs small, and counts the intervals that contain the mean of further draws."""

import json

import numpy as np
import pytest

from benchmarks import estimators
from zeta_geom.geometry.dimension_scale import DimensionInterval


def test_the_table_runs_small(tmp_path, capsys):
    estimators.table(n=140, only="sphere-2d", estimators="FO MLE", out=tmp_path)
    rows = json.loads((tmp_path / "estimators.json").read_text())["rows"]
    assert [(row["k"], row["estimator"]) for row in rows] == [(8, "FO"), (8, "MLE"), (128, "FO"), (128, "MLE")]
    assert all(row["n"] == 140 and row["bias"] == pytest.approx(row["mean"] - 2) for row in rows)
    assert "sphere-2d" in capsys.readouterr().out


def test_the_coverage_runs_small(tmp_path):
    how = {"estimators": "FO MLE", "k": 6, "n": 80, "draws": 6, "further": 8, "workers": 1}
    estimators.coverage(only="torus-2d curved-12d", **how, out=tmp_path)
    rows = json.loads((tmp_path / "estimators_coverage.json").read_text())["rows"]
    assert [(row["manifold"], row["d"], row["estimator"]) for row in rows] == [
        *(("torus-2d", 2, name) for name in ("FO", "MLE")),
        *(("curved-12d", 3, name) for name in ("FO", "MLE")),
    ]
    for row in rows:
        assert 0.5 <= row["coverage"] <= 1
        assert row["bias"] == pytest.approx(row["expectation"] - row["d"])


def test_intervals_that_contain_the_mean_of_further_draws_are_counted(monkeypatch):
    """Of four intervals two contain 5, one is above it, and one is 5 itself, of width 0."""
    ends, seeds = iter([(4.0, 6.0), (5.5, 7.0), (5.0, 5.0), (4.9, 5.1)]), []

    def interval(X, k, estimator, **how):
        return DimensionInterval(5.0, *next(ends), 1.0, 1.0, 10)

    monkeypatch.setattr(estimators, "dimension_interval", interval)
    monkeypatch.setattr(estimators, "draw", lambda name, n, seed: seeds.append(seed))
    monkeypatch.setattr(estimators, "means_of", lambda name, estimators, k, n, seed: [4.0 if seed % 2 else 6.0])
    (row,) = estimators.covered("curved-12d", ("MLE",), 8, 100, 4, 2, 1)
    assert (row["expectation"], row["bias"], row["coverage"], row["of width 0"]) == (5, 2, 0.75, 0.25)
    assert row["sem / spread"] == pytest.approx(1 / np.sqrt(2))
    assert seeds == [0, 1, 2, 3]
