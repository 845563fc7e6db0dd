"""The search: its limits, its resumption, and two processes on one storage file."""

import multiprocessing
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock
from optuna.trial import TrialState
from scipy.stats import kstest

from tests.training.training_cases import recipe
from zeta_geom.execution.leases import take_lease
from zeta_geom.training import gamma_search as room
from zeta_geom.training.gamma_search import search

SETTINGS = {"accelerator": "cpu", "progress": False, "logs": False}


@pytest.fixture
def trained(monkeypatch):
    """Replace training by a formula, and count what is asked for."""
    recipes = []

    def run(variant, *, seeds, folder):
        recipes.append(variant)
        assert seeds in ([0], [1])
        value = variant.mixer.params["gamma"] + np.log10(variant.optimizer.weight_decay)
        return pd.DataFrame({"metric": variant.metrics, "value": [value] * len(variant.metrics), "seed": seeds[0]})

    monkeypatch.setattr(room, "run", run)
    return recipes


def test_proposals_lie_within_the_limits_and_begin_as_their_laws_say(trained, tmp_path):
    table = search(recipe(), tmp_path / "s.db", n_models=40, folder=tmp_path)
    assert len(table) == len(trained) == 40
    assert table["gamma"].between(1, 6).all()
    assert table["weight_decay"].between(5e-5, 1e-3).all()
    first = table.head(10)  # TPE draws these from the laws themselves
    assert first["gamma"].nunique() == 10
    assert kstest(first["gamma"], "uniform", (1, 5)).pvalue > 1e-3
    logs = np.log(first["weight_decay"])
    assert kstest(logs, "uniform", (np.log(5e-5), np.log(20))).pvalue > 1e-3
    assert table["gamma"].tail(20).mean() < table["gamma"].head(10).mean()  # error: it seeks the smallest
    assert {variant.mixer.name for variant in trained} == {"zeta"}
    assert all(variant.sources["mixer"].startswith("ours, proposed") for variant in trained)


@pytest.mark.slow
def test_a_metric_that_should_be_high_is_sought_high(trained, tmp_path):
    table = search(recipe(metrics=("accuracy",)), tmp_path / "s.db", n_models=30, folder=tmp_path)
    assert table["gamma"].tail(10).mean() > table["gamma"].head(10).mean()


def test_a_search_goes_on_to_the_number_asked_for_without_repeating(trained, tmp_path):
    first = search(recipe(), tmp_path / "s.db", n_models=4, folder=tmp_path)
    more = search(recipe(), tmp_path / "s.db", n_models=7, folder=tmp_path)
    pd.testing.assert_frame_equal(more.head(4), first)
    assert len(trained) == 7
    assert more["gamma"].nunique() == 7
    assert len(search(recipe(), tmp_path / "s.db", n_models=5, folder=tmp_path)) == 7
    assert len(trained) == 7


def begin(storage):
    """Begin a model as a process does that is killed before it can tell its value."""
    trial = room.open_study(recipe(), storage, 0, higher=False).ask()
    return trial, (trial.suggest_float("gamma", 1, 6), trial.suggest_float("weight_decay", 5e-5, 1e-3, log=True))


def test_a_killed_model_is_taken_up_again_at_once_with_its_own_values(trained, tmp_path):
    storage = tmp_path / "s.db"
    _, drawn = begin(storage)
    table = search(recipe(), storage, n_models=1, folder=tmp_path)
    assert [tuple(row) for row in table[["gamma", "weight_decay"]].to_numpy()] == [drawn]
    begin(storage)
    assert len(search(recipe(), storage, n_models=3, folder=tmp_path)) == len(trained) == 3


def test_a_model_that_another_process_trains_is_waited_for(trained, tmp_path, monkeypatch):
    storage = tmp_path / "s.db"
    monkeypatch.setattr(room, "PAUSE", 0.05)
    trial, _ = begin(storage)
    other = room.SharedStudy(trial.study, storage)
    with ThreadPoolExecutor(1) as pool:
        with take_lease(other.leases, room.trial_name(trial.number)):
            searching = pool.submit(search, recipe(), storage, n_models=2, folder=tmp_path)
            deadline = time.monotonic() + 30
            while not trained and time.monotonic() < deadline:
                time.sleep(0.05)
            with pytest.raises(TimeoutError):
                searching.result(timeout=0.5)
            assert len(trained) == 1
            trial.study.tell(trial, 0.5)
        assert len(searching.result(timeout=60)) == 2
    assert len(trained) == 1


def test_a_model_that_ends_while_the_models_are_listed_is_not_trained_again(tmp_path, monkeypatch):
    trial, _ = begin(tmp_path / "s.db")
    study, listed = trial.study, trial.study.get_trials
    running = listed(states=(TrialState.RUNNING,))
    study.tell(trial, 0.5)

    def get_trials(deepcopy=True, states=None):
        return running if states == (TrialState.RUNNING,) else listed(deepcopy, states)

    monkeypatch.setattr(study, "get_trials", get_trials)
    with room.SharedStudy(study, tmp_path / "s.db").next_trial(1) as further:
        assert further is None
    assert [ended.state for ended in listed()] == [TrialState.COMPLETE]


def test_a_search_that_ends_short_says_why(trained, tmp_path):
    search(recipe(), tmp_path / "s.db", n_models=2, folder=tmp_path)
    with pytest.warns(RuntimeWarning, match=r"has 2 of 5 models after its timeout of 0 s\. Call it again"):
        assert len(search(recipe(), tmp_path / "s.db", n_models=5, timeout=0, folder=tmp_path)) == 2


def test_a_value_that_is_no_number_is_told_of(tmp_path, monkeypatch):
    def diverged(variant, *, seeds, folder):
        return pd.DataFrame({"metric": variant.metrics, "value": np.nan, "seed": 0})

    monkeypatch.setattr(room, "run", diverged)
    with pytest.raises(ValueError, match=r"error of .* must be finite; got nan"):
        search(recipe(), tmp_path / "s.db", n_models=2, folder=tmp_path)


@pytest.mark.slow
def test_a_search_that_is_killed_in_a_model_ends_with_as_many_as_asked(tmp_path):
    context = multiprocessing.get_context("spawn")
    killed = context.Process(target=share, args=(recipe(epochs=40), tmp_path / "s.db", tmp_path))
    killed.start()
    deadline = time.monotonic() + 60
    while not list(tmp_path.rglob("*.ckpt")) and time.monotonic() < deadline:
        time.sleep(0.1)
    killed.kill()
    killed.join()
    variant = recipe(epochs=40)
    assert len(search(variant, tmp_path / "s.db", n_models=1, folder=tmp_path, **SETTINGS)) == 1


@pytest.mark.slow
def test_two_processes_share_a_search(tmp_path):
    context = multiprocessing.get_context("spawn")
    arguments = (recipe(n_train=32, epochs=1, metrics=("error",)), tmp_path / "s.db", tmp_path)
    processes = [context.Process(target=share, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=120)
    assert [process.exitcode for process in processes] == [0, 0]
    table = search(arguments[0], tmp_path / "s.db", n_models=6, folder=tmp_path, **SETTINGS)
    assert 6 <= len(table) <= 7
    assert table["gamma"].nunique() == len(table)
    assert Counter(path.name for path in tmp_path.rglob("seed-*.json")).total() == len(table)


def share(variant, storage, folder):
    search(variant, storage, n_models=6, folder=folder, **SETTINGS)


def test_a_new_file_is_opened_by_one_at_a_time(tmp_path):
    with ThreadPoolExecutor(1) as pool:
        with FileLock(tmp_path / "s.db.lock"):
            opened = pool.submit(room.open_study, recipe(), tmp_path / "s.db", 0, higher=False)
            with pytest.raises(TimeoutError):
                opened.result(timeout=0.5)
            assert not (tmp_path / "s.db").exists()
        assert opened.result(timeout=60).trials == []


@pytest.mark.slow
def test_two_that_open_a_new_file_at_once_do_not_collide(tmp_path):
    context = multiprocessing.get_context("spawn")
    for name in ("a", "b"):
        barrier = context.Barrier(2)
        processes = [context.Process(target=open_at_once, args=(barrier, tmp_path / name)) for _ in range(2)]
        for process in processes:
            process.start()
        for process in processes:
            process.join(timeout=120)
        assert [process.exitcode for process in processes] == [0, 0]


def open_at_once(barrier, storage):
    variant = recipe()
    barrier.wait()
    room.open_study(variant, storage, 0, higher=False)


def test_an_interrupted_model_is_gone_on_with(trained, tmp_path, monkeypatch):
    def interrupted(variant, **_):
        trained.append(variant)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(room, "run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            search(recipe(), tmp_path / "s.db", n_models=2, folder=tmp_path)
    search(recipe(), tmp_path / "s.db", n_models=2, folder=tmp_path)
    assert trained[0] == trained[1] != trained[2]


def test_other_recipes_are_other_searches(trained, tmp_path):
    for variant in (recipe(), recipe(epochs=4), recipe(metrics=("accuracy",))):
        assert len(search(variant, tmp_path / "s.db", n_models=2, folder=tmp_path)) == 2
    assert len(search(recipe(), tmp_path / "s.db", n_models=2, seed=1, folder=tmp_path)) == 2
    assert len(trained) == 8


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_models": 0}, "n_models"),
        ({"gamma": (3, 2)}, "gamma must be two ascending limits"),
        ({"gamma": (-1, 2)}, "gamma must be"),
        ({"weight_decay": (0, 1e-3)}, "weight_decay must be"),
    ],
)
def test_bad_limits_are_refused(settings, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        search(recipe(), tmp_path / "s.db", **settings)
