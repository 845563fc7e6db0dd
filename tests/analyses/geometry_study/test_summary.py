"""Results of made-up studies, in which it is known what goes with the gain."""

import numpy as np
import pandas as pd
import pytest

from analyses import geometry_study
from analyses.context import Context
from analyses.geometry_study import settings
from analyses.geometry_study.summary import NO_BETTER, OPEN, SUPPORTED, finished_cells, summarise
from zeta_geom.records import read

SETTINGS = [*settings.SETTINGS]


def made_up(cells=settings.CELLS[:3]):
    """Return runs and measures: the gain falls with the label error and rises with coverage; the rest is noise."""
    rng, runs, measures = np.random.default_rng(0), [], []
    for cell in cells:
        identity = {"data": cell.data, "n_train": cell.n_train, "network": cell.network}
        error, coverage, noise = rng.normal(size=(3, len(SETTINGS)))
        gains = dict(zip(SETTINGS, 0.01 * (coverage - error)))
        for setting in (settings.ERM, *SETTINGS):
            for seed in settings.SEEDS:
                accuracy = 0.8 + gains.get(setting, 0) + 0.001 * rng.normal()
                runs.append(identity | {"setting": setting, "seed": seed, "accuracy": accuracy, "seconds": 1.0})
        vote = error + 0.3 * rng.normal(size=len(SETTINGS))  # knows the error, and nothing more
        values = {
            ("pixels", "wrong-label-k8", "lower"): error,
            ("pixels", "vote-h-y-v", "lower"): vote,
            ("network", "coverage", "higher"): coverage,
            ("pixels", "dimension-k128", "closer to real"): noise,
            ("oracle", "oracle-wrong-label", "lower"): vote,
            ("pixels", "original-distance", "higher"): noise,
            ("pixels", "constant", "lower"): np.ones(len(SETTINGS)),
        }
        for (space, measure, better), each in values.items():
            row = identity | {"space": space, "measure": measure, "title": measure, "real": 0.0, "better": better}
            measures += [row | {"setting": setting, "value": value} for setting, value in zip(SETTINGS, each)]
    return pd.DataFrame(runs), pd.DataFrame(measures)


@pytest.fixture(scope="module")
def tables():
    return summarise(*made_up())


def test_verdicts_follow_the_plan(tables):
    table = tables["correlations"].set_index(["space", "measure"])
    verdicts = table["verdict"].to_dict()
    assert verdicts["pixels", "wrong-label-k8"] == verdicts["network", "coverage"] == SUPPORTED
    assert verdicts["pixels", "vote-h-y-v"] == verdicts["oracle", "oracle-wrong-label"] == NO_BETTER
    assert verdicts["pixels", "dimension-k128"] == verdicts["pixels", "original-distance"] == OPEN
    assert ("pixels", "constant") not in verdicts
    assert {"dimension-k128", "dimension-k128, from the originals'"} <= set(table.loc["pixels"].index)
    assert (table["low"] < table["rho"]).all()
    assert (table["rho"] < table["high"]).all()
    assert (table["p_holm"] >= table["p"]).all()


def test_a_wrong_sign_is_never_supported():
    runs, measures = made_up()
    measures.loc[measures["measure"] == "coverage", "better"] = "lower"
    table = summarise(runs, measures)["correlations"].set_index("measure")
    assert table.loc["coverage", "p_holm"] < 0.05
    assert table.loc["coverage", "verdict"] == OPEN


def test_cells_and_points_hold_each_cell_once(tables):
    cells, points = tables["cells"], tables["points"]
    assert not cells.duplicated(["data", "n_train", "network", "space", "measure"]).any()
    assert (cells["settings"] == len(SETTINGS)).all()
    means = cells.groupby(["space", "measure"])["rho"].mean()
    table = tables["correlations"].set_index(["space", "measure"])["rho"]
    pd.testing.assert_series_equal(means.loc[table.index], table, check_names=False)
    assert len(points) == 3 * len(SETTINGS) * 8


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
    with pytest.raises(ValueError, match="no cell of the study is finished"):
        summarise(runs.iloc[:10], measures)


def test_records_and_figure(tmp_path):
    from figures.geometry_and_accuracy import draw

    runs, measures = made_up()
    context = Context(results=tmp_path, progress=False)
    with pytest.raises(FileNotFoundError, match="make geometry-study"):
        geometry_study.run(context, geometry_study.Settings(tables=tmp_path))
    runs.to_parquet(tmp_path / geometry_study.RUNS)
    measures.to_parquet(tmp_path / geometry_study.MEASURES)
    geometry_study.run(context, geometry_study.Settings(tables=tmp_path))
    assert set(read(tmp_path / "records" / "geometry_study" / "ranking").table["ranking"]) >= {"the three together"}
    assert all(path.stat().st_size > 10_000 for path in draw(tmp_path))
