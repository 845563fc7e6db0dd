"""Results of made-up studies, in which it is known what goes with the gain."""

import numpy as np
import pandas as pd
import pytest

from analyses import geometry_and_accuracy
from analyses.context import Context
from analyses.geometry_and_accuracy import settings
from analyses.geometry_and_accuracy.summary import (
    NO_BETTER,
    OPEN,
    SUPPORTED,
    UNMEASURED,
    finished_cells,
    summarise,
    verdict,
)
from tests.analyses.geometry_and_accuracy.study_cases import SETTINGS, made_up
from zeta_geom.records import read


@pytest.fixture(scope="module")
def tables():
    return summarise(*made_up())


def test_verdicts_follow_the_plan(tables):
    table = tables["correlations"].set_index(["space", "measure"])
    verdicts = table["verdict"].to_dict()
    supported = [("pixels", "wrong-label-k8"), ("network", "coverage"), ("imagenet", "coverage"), ("pixels", "vendi")]
    assert {verdicts[key] for key in supported} == {SUPPORTED}
    assert verdicts["pixels", "vote-h-y-v"] == verdicts["oracle", "oracle-wrong-label"] == NO_BETTER
    assert verdicts["pixels", "dimension-k128"] == verdicts["pixels", "original-distance"] == OPEN
    assert verdicts["pixels", "constant"] == verdicts["pixels", "vote-kl-y-v"] == UNMEASURED
    assert {"dimension-k128", "dimension-k128, distance from the originals'"} <= set(table.loc["pixels"].index)
    table = table[table["cells"] > 0]
    assert (table["low"] < table["rho"]).all()
    assert (table["rho"] < table["high"]).all()
    assert (table["p_holm"] >= table["p"]).all()


def row(**changes):
    """Return the row of a measure that is supported, with changes."""
    base = {"space": "pixels", "measure": "x", "expected": 1, "cells": 3, "rho": 0.5, "p_holm": 0.01}
    base |= {"lowest_without_family": 0.2, "highest_without_family": 0.6, "partial_low": 0.1, "partial_high": 0.5}
    return base | changes


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, SUPPORTED),
        ({"p_holm": 0.06}, OPEN),
        ({"expected": 0}, OPEN),
        ({"expected": -1}, OPEN),
        ({"lowest_without_family": -0.1}, OPEN),
        ({"lowest_without_family": np.nan, "highest_without_family": np.nan}, OPEN),
        ({"partial_low": -0.1}, NO_BETTER),
        ({"partial_low": -0.6, "partial_high": -0.1}, NO_BETTER),
        ({"measure": "wrong-label-k8", "partial_low": np.nan, "partial_high": np.nan}, SUPPORTED),
        ({"cells": 0, "p_holm": np.nan}, UNMEASURED),
    ],
)
def test_each_condition_of_the_verdict(changes, expected):
    assert verdict(row(**changes)) == expected


def test_one_family_alone_supports_nothing(tables):
    table = tables["correlations"].set_index(["space", "measure"])
    alone = table.loc[("pixels", "precision")]
    assert alone["rho"] > 0.2
    assert alone["lowest_without_family"] < alone["rho"] / 2
    assert alone["verdict"] == OPEN


def test_a_wrong_sign_is_never_supported():
    runs, measures = made_up()
    measures.loc[measures["measure"] == "coverage", "better"] = "lower"
    table = summarise(runs, measures)["correlations"].set_index("measure")
    assert (table.loc["coverage", "p_holm"] < 0.05).all()
    assert (table.loc["coverage", "verdict"] == OPEN).all()


def test_cells_and_points_hold_each_cell_once(tables):
    cells, points = tables["cells"], tables["points"]
    assert not cells.duplicated(["data", "n_train", "network", "space", "measure"]).any()
    partly = cells["space"] == "imagenet"
    assert (cells["settings"] == len(SETTINGS) - partly).all()
    means = cells.groupby(["space", "measure"])["rho"].mean()
    table = tables["correlations"].set_index(["space", "measure"])["rho"].dropna()
    pd.testing.assert_series_equal(means.loc[table.index], table, check_names=False)
    assert len(points) == 3 * len(SETTINGS) * 12


def test_ranking_of_the_three_is_compared_with_each(tables):
    ranking = tables["ranking"].set_index("ranking")
    assert len(ranking) == 4
    assert ranking.loc["oracle-wrong-label (oracle)", "p"] < 0.05
    assert ranking.loc["dimension-k128 (pixels)", "p"] > 0.05
    assert ranking["lead_low"].isna().sum() == 1


def test_an_unfinished_cell_stays_out():
    runs, measures = made_up()
    assert finished_cells(runs.iloc[:-1], measures) == list(settings.CELLS[:2])
    of_first = (measures["data"] == settings.CELLS[0].data) & (measures["n_train"] == settings.CELLS[0].n_train)
    assert finished_cells(runs, measures[~of_first]) == list(settings.CELLS[1:3])
    assert finished_cells(runs, measures[measures["setting"] != "crop"]) == []
    with pytest.raises(ValueError, match="no cell of the study is finished"):
        summarise(runs.iloc[:10], measures)


def test_records_and_figure(tmp_path):
    from figures.geometry_and_accuracy import draw

    runs, measures = made_up()
    context = Context(results=tmp_path, progress=False)
    with pytest.raises(FileNotFoundError, match="make geometry-study"):
        geometry_and_accuracy.run(context, geometry_and_accuracy.Settings(tables=tmp_path))
    runs.to_parquet(tmp_path / geometry_and_accuracy.RUNS)
    measures.to_parquet(tmp_path / geometry_and_accuracy.MEASURES)
    geometry_and_accuracy.run(context, geometry_and_accuracy.Settings(tables=tmp_path))
    assert set(read(tmp_path / "records" / "geometry_and_accuracy" / "ranking").table["ranking"]) >= {
        "the three together"
    }
    assert all(path.stat().st_size > 10_000 for path in draw(tmp_path))
