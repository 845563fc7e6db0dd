"""The expected rank of methods: the order of the model, the width of its errors, and what it refuses."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analyses.geometry_and_accuracy import MEASURES, RUNS
from analyses.geometry_and_accuracy.__main__ import cell_title
from analyses.geometry_and_accuracy.summary import finished_cells, model_for_audits
from zeta_geom.audits.answers.expected_rank import expected_ranks, scaled_ranks, study_model

DOCS = Path("docs/geometry_study")
KEYS = [("pixels", "a"), ("oracle", "b")]


def model(weights=(1.0, 0.0), residuals=(0.0,), p=0.001):
    shared = {"cells": "", "score": 0.5, "low": 0.1, "high": 0.7, "measures": [list(key) for key in KEYS]}
    return shared | {"p": p, "weights": list(weights), "residuals": list(residuals)}


def summary(a, b):
    methods = [f"m{i}" for i in range(len(a))]
    parts = [
        pd.DataFrame({"method": methods, "space": space, "measure": name, "value": values})
        for (space, name), values in zip(KEYS, (a, b))
    ]
    return pd.concat([*parts, parts[0].assign(space="network", value=-1.0)])


def test_without_errors_the_order_is_that_of_the_model():
    table = summary([0.1, 5.0, 2.0], [1.0, 1.0, 1.0])
    assert expected_ranks(table, model())["rank"].tolist() == [3, 1, 2]
    ranks = expected_ranks(table, model(weights=(-1.0, 0.0)))
    assert ranks[["rank", "low", "high"]].to_numpy().tolist() == [[1, 1, 1], [3, 3, 3], [2, 2, 2]]
    assert ranks["method"].tolist() == ["m0", "m1", "m2"]
    assert expected_ranks(table, model(weights=(0.0, 1.0)))["rank"].tolist() == [2, 2, 2]


def test_errors_widen_the_interval():
    table = summary(np.arange(5.0), np.zeros(5))
    ranks = expected_ranks(table, model(weights=(0.2, 0.0), residuals=(-0.5, 0.0, 0.5)))
    assert (ranks["low"] == 1).all()
    assert (ranks["high"] == 5).all()
    assert (np.diff(ranks["rank"]) < 0).all()
    assert ranks["rank"].sum() == pytest.approx(15)


def test_a_missing_value_counts_as_the_middle():
    assert expected_ranks(summary([1.0, np.nan, 3.0], np.zeros(3)), model())["rank"].tolist() == [3, 2, 1]
    assert scaled_ranks(np.full((2, 3), np.nan)).tolist() == [[0, 0, 0]] * 2


def test_what_it_refuses():
    with pytest.raises(ValueError, match="at least two methods; got 1"):
        expected_ranks(summary([1.0], [1.0]), model())
    with pytest.raises(ValueError, match=r"needs the measures b of oracle\. Audit in pixels"):
        expected_ranks(summary([1.0, 2.0], [np.nan, np.nan]), model())
    with pytest.raises(ValueError, match="does not beat chance"):
        expected_ranks(summary([1.0, 2.0], [1.0, 2.0]), model(p=0.05))


def test_the_shipped_model_is_that_of_the_docs():
    runs, measures = pd.read_parquet(DOCS / RUNS), pd.read_parquet(DOCS / MEASURES)
    names = "; ".join(cell_title(cell) for cell in finished_cells(runs, measures))
    results = {"ranking": pd.read_csv(DOCS / "ranking.csv")}
    expected = model_for_audits(runs, measures, results, names)
    shipped = study_model()
    assert {tuple(key) for key in shipped["measures"]} == set(expected["measures"])
    assert {name: shipped[name] for name in ("cells", "p", "weights", "residuals")} == {
        name: expected[name] for name in ("cells", "p", "weights", "residuals")
    }
