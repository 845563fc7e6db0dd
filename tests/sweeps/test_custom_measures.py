"""A user's function as a measure of a sweep: what it gets, what it may return, when its runs are done again."""

import os
import random
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.sweeps import custom_cases as cases
from zeta_geom.manifolds import make_crescents
from zeta_geom.mixers import ZetaMixup
from zeta_geom.sweeps import Keyed, Ledger, PoolExecutor, SweepError, sweep

X, y = make_crescents(60, random_state=0)
DATA = {"moons": (X, y)}
ASK = {"gammas": [2.0], "mixers": ["zeta"], "progress": False}
ROOT = Path(__file__).parents[2]
HERE = {}
exec("def unwritten(original, mixed):\n    return 1.0", HERE)  # as in a notebook: its code is in no file


def test_what_it_returns_is_what_the_table_holds():
    table = sweep(DATA, measures=[cases.reach, cases.norms, cases.several], **ASK)
    mixed = ZetaMixup(2.0, random_state=0).mix_dataset(X, y)[0]
    rows = table[table["mixer"] == "zeta"].set_index(["measure", "k"])
    assert list(rows.index) == [
        ("reach", 0), ("norms", 0), ("several: reach", 0), ("several: norms", 0), ("several", 4),
    ]  # fmt: skip
    norms = np.linalg.norm(mixed, axis=1)
    assert rows.loc[("norms", 0), ["mean", "std", "sem", "n"]].tolist() == [norms.mean(), norms.std(), 0.0, 60]
    assert rows.loc[("reach", 0), "mean"] == mixed.std() / X.std()
    assert rows.loc[("reach", 0), "n"] == 1
    assert rows.loc[("reach", 0), ["std", "sem"]].isna().all()
    assert rows.loc[("several", 4), "mean"] == norms[:5].mean()
    assert table[table["mixer"] == "original"].set_index(["measure", "k"]).loc[("reach", 0), "mean"] == 1


def test_it_gets_the_two_sets_of_points_with_labels():
    seen = []
    sweep(DATA, measures={"see": lambda *points: seen.append(points) or 0.0}, **ASK)
    (original, same), (again, mixed) = seen
    assert original is same  # nothing was mixed
    np.testing.assert_array_equal(original.X, X)
    np.testing.assert_array_equal(original.Y, y)
    np.testing.assert_array_equal(again.X, X)
    expected = ZetaMixup(2.0, random_state=0).mix_dataset(X, y)
    np.testing.assert_array_equal(mixed.X, expected[0])
    np.testing.assert_array_equal(mixed.Y, expected[1])
    assert (original.n_classes, original.flat.shape, original.soft.shape) == (2, (60, 2), (60, 2))


def test_it_cannot_change_the_points_that_later_runs_measure():
    def careless(original, mixed):
        original.X[0] = 7
        return 0.0

    with pytest.raises(SweepError, match="read-only"):
        sweep(DATA, measures=[careless], **ASK)
    assert X.flags.writeable
    assert X[0, 0] != 7


def test_in_a_space_it_gets_the_features():
    table = sweep(DATA, measures=[cases.norms], features=lambda batch: batch[:, :1] * 2, **ASK)
    assert table["mean"][0] == np.abs(2 * X[:, 0]).mean()
    assert set(table["space"]) == {"<lambda>"}


def test_random_numbers_are_those_of_the_run_and_the_callers_go_on_undisturbed():
    np.random.seed(3)
    random.seed(3)
    expected = np.random.normal(), random.random()
    np.random.seed(3)
    random.seed(3)
    ask = ASK | {"seeds": [0, 1]}
    first, second = (sweep(DATA, measures=[cases.drawn, cases.seeded], **ask) for _ in range(2))
    assert first["mean"].tolist() == second["mean"].tolist()
    seeds = first.query("measure == 'seeded' and mixer == 'zeta'")
    assert seeds["mean"].tolist() == [np.random.default_rng(seed).random() for seed in (0, 1)]
    assert (np.random.normal(), random.random()) == expected


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (None, "must return a number, an array .* got NoneType"),
        ("much", "got str"),
        ({}, "an empty mapping"),
        ({"a": {"b": 1}}, "got dict"),
        ({1.5: 2}, "got the key 1.5"),
        ({True: 2}, "got the key True"),
        (np.zeros((3, 2)), r"an array of shape \(3, 2\)"),
        ([], r"an array of shape \(0,\)"),
        (1j, "must hold real numbers"),
        ([object()], "must hold real numbers"),
    ],
)
def test_refuses_other_outputs(output, message):
    with pytest.raises(SweepError, match=message):
        sweep(DATA, measures={"mine": lambda original, mixed: output}, **ASK)


@pytest.mark.parametrize(
    ("measures", "error", "message"),
    [
        ([3], TypeError, "measures must be names, callables"),
        ([os.system], TypeError, "measures must be names, callables"),
        ([cases.Power], TypeError, "measures must be names, callables"),
        (cases.reach, TypeError, "measures must be a sequence of names or callables"),
        (np.array(2), TypeError, "measures must be a sequence of names or callables"),
        ([cases.reach, cases.reach], ValueError, "different labels; got reach twice"),
        ([(cases.reach, {"colour": 1})], ValueError, "measure 'reach' takes unit, better; got 'colour'"),
        ([(cases.reach, {"better": "up"})], ValueError, "better must be one of"),
        (["nowhere:f"], ImportError, "nowhere"),
        (["tests.sweeps.custom_cases:f"], ValueError, "has no f"),
    ],
)
def test_refuses_what_is_no_measure(measures, error, message):
    with pytest.raises(error, match=message):
        sweep(DATA, measures=measures, **ASK)


def runs_done(folder):
    return len(list(Ledger(folder).runs.iterdir()))


@pytest.mark.parametrize(
    "measure_of",
    [
        cases.Power,
        cases.powered,
        lambda p: partial(cases.power, p=p),
        lambda p: cases.Power(p).__call__,
        lambda p: lambda original, mixed: (mixed.flat**p).mean(),
        lambda p: cases.Power(1, np.arange(9) + p),
        lambda p: Keyed(HERE["unwritten"], f"v{p}"),
    ],
    ids=["object", "closure", "partial", "method", "lambda", "array", "keyed"],
)
def test_other_parameters_are_other_runs_and_the_same_ones_are_read(measure_of, tmp_path):
    for p, done in ((2, 2), (2, 2), (3, 4)):
        sweep(DATA, measures={"mine": measure_of(p)}, folder=tmp_path, **ASK)
        assert runs_done(tmp_path) == done


def test_the_code_of_its_module_is_part_of_the_key(tmp_path, monkeypatch):
    folder = tmp_path / "code" / "without_init"  # a package without __init__.py
    folder.mkdir(parents=True)
    (folder / "helper.py").write_text("FACTOR = 2\n", encoding="utf-8")
    text = (
        "from without_init.helper import FACTOR\ndef measure(original, mixed):\n    return FACTOR * mixed.X.sum()\n"
    )
    (folder / "measured.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(folder.parent)
    ask = ASK | {"measures": {"m": "without_init.measured:measure"}, "folder": tmp_path / "runs"}
    for file, more, done in (
        ("measured.py", "", 2),
        ("measured.py", text + "# a comment\n", 2),
        ("measured.py", text + "UNUSED = 1\n", 4),
        ("helper.py", "FACTOR = 2  # the same\n", 4),
        ("helper.py", "FACTOR = 3\n", 6),
    ):
        if more:
            (folder / file).write_text(more, encoding="utf-8")
        sweep(DATA, **ask)
        assert runs_done(tmp_path / "runs") == done, (file, more)


def test_what_cannot_be_keyed_is_refused_in_a_folder_and_runs_without_one(tmp_path):
    made_here = HERE["unwritten"]
    for measure, reason in (
        (made_here, "its code is in no file|cannot be read"),
        (cases.Power(np.random.default_rng(0)), "random generator"),
    ):
        with pytest.raises(ValueError, match=rf"measures of runs in a folder must have a key; .*({reason}).*Keyed\("):
            sweep(DATA, measures={"mine": measure}, folder=tmp_path, **ASK)
    assert not list(tmp_path.iterdir())
    assert sweep(DATA, measures={"mine": made_here}, **ASK)["mean"].tolist() == [1, 1]


def test_other_processes_must_be_able_to_import_it():
    for measure in (lambda original, mixed: 0.0, cases.powered(2), Keyed(lambda original, mixed: 0.0, "v1")):
        with pytest.raises(TypeError, match=r"must be importable by name .* process imports it.* top level of a"):
            sweep(DATA, measures={"mine": measure}, executor=PoolExecutor(2), **ASK)


def test_unit_and_direction_are_columns_and_no_part_of_the_key(tmp_path):
    ask = ASK | {"folder": tmp_path, "n_neighbors": 8}
    plain = sweep(DATA, measures=["dimension", "label-error"], **ask)
    assert "unit" not in plain
    for unit in ("m", "cm"):
        measures = {"far": (cases.norms, {"unit": unit, "better": "lower"}), "label-error": "label-error"}
        table = sweep(DATA, measures=measures, **ask).set_index("measure")
        assert table.loc["far", ["unit", "better"]].drop_duplicates().to_numpy().tolist() == [[unit, "lower"]]
        assert table.loc["label-error", "unit"].tolist() == ["share"] * 2
    assert runs_done(tmp_path) == 6


def test_a_killed_sweep_resumes_bit_by_bit(tmp_path, monkeypatch):
    calls = tmp_path / "calls"
    calls.write_text("", encoding="utf-8")
    ask = {"gammas": [1, 2, 3], "measures": [cases.mortal], "mixers": ["zeta"], "progress": False}
    code = (
        "from tests.sweeps import custom_cases as cases\nfrom tests.sweeps.test_custom_measures import DATA\n"
        "from zeta_geom.sweeps import sweep\n"
        f"sweep(DATA, gammas=[1, 2, 3], measures=[cases.mortal], mixers=['zeta'], folder={str(tmp_path / 'runs')!r})"
    )
    env = os.environ | {"CALLS": str(calls), "PYTHONPATH": str(ROOT)}
    killed = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert runs_done(tmp_path / "runs") == 2
    monkeypatch.setenv("CALLS", str(calls))
    resumed = sweep(DATA, folder=tmp_path / "runs", **ask)
    assert calls.read_text(encoding="utf-8") == "x" * 5  # two were done, one was killed; that one again, and the last
    fresh = sweep(DATA, **ask)
    assert len(fresh) == 8
    pd.testing.assert_frame_equal(resumed.drop(columns="seconds"), fresh.drop(columns="seconds"), check_exact=True)


@pytest.mark.slow
def test_other_processes_give_the_same_table(tmp_path):
    measures = {"own": cases.several, "drawn": cases.drawn, "P": "precision", "power": cases.Power(2)}
    mixers = {"zeta": "zeta", "object": ZetaMixup(3.0), "function": cases.noisy}
    ask = ASK | {"measures": measures, "mixers": mixers, "grid": {"function": {"sigma": [0.1, 0.3]}}}
    here = sweep(DATA, **ask)
    there = sweep(DATA, executor=PoolExecutor(2), folder=tmp_path, **ask)
    pd.testing.assert_frame_equal(here.drop(columns="seconds"), there.drop(columns="seconds"), check_exact=True)
