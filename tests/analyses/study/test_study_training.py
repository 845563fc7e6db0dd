"""The study on two cores, and the search beside it, run small."""

import pandas as pd
import pytest
import torch
from scipy.stats import ttest_rel

from analyses import methods
from analyses.study import gamma_search, learned, panel
from analyses.study import recipes as study_recipes
from analyses.study import train as cpu_study
from tests.training.training_cases import recipe as tiny
from zeta_geom import datasets
from zeta_geom.mixers import Mixup
from zeta_geom.training import Classifier, write_recipe
from zeta_geom.training.recipes.paper import GAMMAS


def test_the_study_is_the_one_that_was_announced():
    made = cpu_study.recipes()
    assert len({recipe.name for recipe in made}) == len(made)
    runs = {}
    for recipe in made:
        key = recipe.data, recipe.n_train, recipe.network
        runs.setdefault(key, {})[recipe.name.split("/")[-1]] = len(recipe.seeds)
        assert all(recipe.sources[name] != "not stated" for name in recipe.sources if name not in ("size", "crop"))
    ten = dict.fromkeys(study_recipes.METHODS, 5)
    assert len(ten) == 10
    further = dict.fromkeys(("co-mixup", "supermix", *study_recipes.LEARNED), 5)
    assert runs["mnist", 1000, "lenet"] == ten | dict.fromkeys(study_recipes.LEARNED, 3)
    assert runs["fashion-mnist", 1000, "lenet"] == ten | further | {f"zeta-{gamma}": 5 for gamma in GAMMAS}
    assert runs["mnist", 5000, "lenet"] == dict.fromkeys(ten, 3)
    assert runs["fashion-mnist", 5000, "lenet"] == dict.fromkeys(ten | further, 3)
    assert runs["fashion-mnist", 1000, "resnet10-narrow"] == dict.fromkeys(study_recipes.RESIDUAL_METHODS, 3)
    by_name = {each.name: each for each in made}
    teacher = by_name["cpu-study/fashion-mnist-5000/lenet/supermix"].mixer.teacher(2)
    assert teacher.removesuffix("/seed-2") in by_name


@pytest.fixture
def small(monkeypatch, tmp_path):
    def recipe(data, n_train, network, method, mixer, seeds):
        name = f"cpu-study/{data}-{n_train}/{network}/{method}"
        return tiny(name=name, mixer=mixer, epochs=1, n_train=32, metrics=("error",), seeds=tuple(range(seeds)))

    mixers = {"mixup": {"name": "mixup"}, "erm": None, "zeta-2.8": {"name": "zeta", "params": {"gamma": 2.8}}}
    monkeypatch.setattr(cpu_study, "recipe", recipe)
    monkeypatch.setattr(cpu_study, "recipes", lambda: [recipe("d", 32, "n", m, mixers[m], 3) for m in mixers])
    monkeypatch.setattr(cpu_study, "SEARCHED", 2)
    monkeypatch.setattr(cpu_study, "TABLES", tmp_path / "tables")
    monkeypatch.setattr(cpu_study, "write_panel", lambda *folders: (tmp_path / "panel").write_text(str(folders)))
    return tmp_path


def test_the_tables_hold_the_runs_and_their_comparison(small):
    cpu_study.main(folder=small / "runs", minutes=5, jobs=1)
    runs, intervals, models = (
        pd.read_csv(small / "tables" / f"{name}.csv") for name in ("runs", "intervals", "search")
    )
    assert len(runs) == 9
    assert set(runs["study"]) == {"d-32/n"}
    values = runs.pivot(index="seed", columns="method", values="value")
    row = intervals.set_index("method").loc["erm"]
    judge = ttest_rel(values["erm"], values["mixup"])
    assert row["difference"] == pytest.approx((values["erm"] - values["mixup"]).mean(), abs=1e-6)
    assert row[["low", "high"]].tolist() == pytest.approx(list(judge.confidence_interval(0.95)), abs=1e-5)
    assert len(models) == 2
    assert (small / "panel").exists()
    before = runs[runs["method"] != "erm"].assign(value=0.125)
    before.to_csv(small / "tables" / "runs.csv", index=False)
    cpu_study.main(folder=small / "runs", minutes=5, jobs=1, only="erm")
    again = pd.read_csv(small / "tables" / "runs.csv")
    assert (again.loc[again["method"] != "erm", "value"] == 0.125).all()
    pd.testing.assert_frame_equal(
        again[again["method"] == "erm"].reset_index(drop=True), runs[runs["method"] == "erm"].reset_index(drop=True)
    )


def test_no_run_begins_when_the_time_is_over(small, monkeypatch):
    monkeypatch.setattr(cpu_study, "run", lambda *_, **__: pytest.fail("begun"))
    made = cpu_study.recipes()[0]
    assert cpu_study.one_run(made, 0, small / "runs", until=0) is None


def test_search_writes_its_table(tmp_path, capsys):
    write_recipe(tiny(epochs=1, n_train=32), tmp_path / "tiny.yaml")
    gamma_search.main(recipe=str(tmp_path / "tiny.yaml"), models=2, jobs=1, runs=tmp_path, accelerator="cpu")
    table = pd.read_csv(tmp_path / "figure-10-search-tiny.csv")
    assert 2 <= len(table) <= 3
    assert "models in" in capsys.readouterr().out


def test_the_panels_rows_are_those_of_the_trained_mixers(tmp_path, monkeypatch):
    quick = methods.Settings(n_images=64, image_seeds=2, n_neighbors=(8,))
    monkeypatch.setattr(methods, "PRESETS", {"quick": quick, "full": quick.model_copy(update={"n_images": 80})})
    sample = datasets.load("mnist-sample")
    monkeypatch.setattr(panel.datasets, "load", lambda _: sample)
    asked = []
    monkeypatch.setattr(panel, "learned_mixer", lambda *words: asked.append(words) or Mixup(random_state=words[1]))
    panel.write_panel(tmp_path / "runs", tmp_path)
    table = learned.learned_rows(64, 1, tmp_path / "learned.csv")
    assert table["method"].tolist() == [*study_recipes.LEARNED]
    assert len(learned.learned_rows(80, 2, tmp_path / "learned.csv")) == 6
    assert learned.learned_rows(64, 1, tmp_path / "nothing.csv").empty
    assert {words[:2] for words in asked} == {(method, seed) for method in study_recipes.LEARNED for seed in (0, 1)}
    subject = methods.subjects(quick, sample)["mnist"]
    row = methods.row_of("mixup", Mixup(random_state=0), subject, quick, 0)
    assert table["label_error"].iloc[0] == pytest.approx(row["label_error"])


def test_a_learned_mixer_is_trained_once(tmp_path, monkeypatch):
    data = {"data": "digits", "n_train": 32, "network": "resnet10-narrow", "epochs": 1, "schedule": {}}
    made = tiny(
        name="cpu-study/mnist-1000/lenet/adamixup", mixer={"name": "adamixup", "params": {"width": 2}}, **data
    )
    monkeypatch.setattr(learned, "recipe", lambda *_: made)
    first = learned.learned_mixer("adamixup", 0, tmp_path, 3)
    monkeypatch.setattr(Classifier, "training_step", lambda *_: pytest.fail("trained again"))
    again = learned.learned_mixer("adamixup", 0, tmp_path, 3)
    X = torch.rand(4, 8, 8)
    assert torch.equal(first(X)[0], again(X)[0])
