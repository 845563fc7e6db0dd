"""The study trains what is missing, once, and audits each setting: on 64 images."""

import time

import numpy as np
import pandas as pd
import pytest

from analyses.geometry_and_accuracy import measuring, settings, training

CELL = settings.Cell("mnist-sample", 64, "lenet", 4)
FEW = ("mixup-1", "manifold-mixup", "supermix", "noise-20")


@pytest.fixture
def few_settings(monkeypatch):
    for name in set(settings.SETTINGS) - set(FEW):
        monkeypatch.delitem(settings.SETTINGS, name)
    monkeypatch.setattr(training, "SEEDS", (0,))


def train(folder, until=np.inf):
    table = folder / "runs.parquet"
    done = training.train_missing(CELL, table, folder / "runs", cifar="", until=until, jobs=1, progress=False)
    return done, training.read_runs(table)


def test_each_run_is_trained_once_and_kept(few_settings, tmp_path, monkeypatch):
    done, runs = train(tmp_path, until=time.time() - 1)
    assert not done
    assert runs.empty
    done, runs = train(tmp_path)
    assert done
    assert runs["setting"].tolist() == [settings.ERM, *FEW]
    assert runs["accuracy"].between(0, 1).all()
    assert runs["seed"].dtype == runs["n_train"].dtype == np.int64
    monkeypatch.setattr(training, "run", None)  # nothing is left to train
    assert train(tmp_path)[1].equals(runs)


@pytest.mark.slow
def test_geometry_has_a_row_for_each_setting_space_and_measure(few_settings, tmp_path, monkeypatch):
    train(tmp_path)
    monkeypatch.setattr(measuring, "AT_ONCE", 2)
    path = tmp_path / "measures.parquet"
    measuring.measure_missing(CELL, path, tmp_path / "runs", progress=False)
    table = measuring.read_measures(path)
    monkeypatch.setattr(measuring, "measure", None)  # nothing is left to measure
    measuring.measure_missing(CELL, path, tmp_path / "runs", progress=False)
    assert measuring.read_measures(path).equals(table)
    assert not table.duplicated(["setting", "space", "measure"]).any()
    assert set(table["setting"]) == set(FEW)
    values = table.pivot(index=["space", "measure"], columns="setting", values="value")
    assert set(values.index.get_level_values("space")) == {"pixels", "network", "oracle"}
    outside = values.drop(columns="manifold-mixup")
    measured = [("pixels", "original-distance"), ("network", "affinity"), ("network", "diversity")]
    measured += [("oracle", "oracle-frechet"), ("oracle", "oracle-wrong-label")]
    assert outside.loc[measured].notna().all(axis=None)
    inside = values["manifold-mixup"]
    assert inside["network", "original-distance"] > 0
    assert inside["network", "richness"] > 1
    assert inside.drop("network", level="space").isna().all()
    assert table.set_index("setting").loc["mixup-1", "n"].eq(64).all()


def test_recipes_are_valid_and_pair_the_seeds():
    for cell in settings.CELLS:
        for setting in (settings.ERM, *settings.SETTINGS):
            recipe = settings.recipe_of(cell, setting)
            assert recipe.seeds == settings.SEEDS
            assert recipe.n_train == cell.n_train
    assert len(settings.SETTINGS) == 28
    assert settings.recipe_of(settings.CELLS[0], "supermix").mixer.teacher(3).endswith("lenet/erm/seed-3")


def test_held_out_images_are_others():
    (X, y), (Xh, yh) = measuring.two_draws(CELL)
    assert X.shape == Xh.shape == (64, 1, 28, 28)
    assert not set(map(bytes, X)) & set(map(bytes, Xh))
    assert np.bincount(y, minlength=10).min() >= 6
    assert pd.Series(yh).nunique() == 10
