"""The study on two cores, and the search beside it, run small."""

import pandas as pd
import pytest
from scipy.stats import ttest_rel

from analyses.study import gamma_search
from analyses.study import train as cpu_study
from tests.training.training_cases import recipe as tiny
from zeta_geom.training import write_recipe
from zeta_geom.training.recipes.paper import GAMMAS


def test_the_study_is_the_one_that_was_announced():
    made = cpu_study.recipes()
    assert len({recipe.name for recipe in made}) == len(made)
    runs = {}
    for recipe in made:
        key = recipe.data, recipe.n_train, recipe.network
        runs.setdefault(key, {})[recipe.name.split("/")[-1]] = len(recipe.seeds)
        assert all(recipe.sources[name] != "not stated" for name in recipe.sources if name not in ("size", "crop"))
    ten = dict.fromkeys(cpu_study.METHODS, 5)
    assert len(ten) == 10
    assert runs["mnist", 1000, "lenet"] == ten
    assert runs["fashion-mnist", 1000, "lenet"] == ten | {f"zeta-{gamma}": 5 for gamma in GAMMAS}
    assert runs["mnist", 5000, "lenet"] == runs["fashion-mnist", 5000, "lenet"] == dict.fromkeys(ten, 3)
    assert runs["fashion-mnist", 1000, "resnet10-narrow"] == dict.fromkeys(cpu_study.RESIDUAL_METHODS, 3)


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
