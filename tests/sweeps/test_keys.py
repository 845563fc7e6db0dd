"""What makes two runs of a sweep the same, and what force and stale change."""

import numpy as np
import pandas as pd

from tests.cli.command_cases import X as points_of_the_file
from tests.cli.command_cases import folder, run
from tests.cli.command_cases import y as labels_of_the_file
from zeta_geom.manifolds import make_crescents, make_helix
from zeta_geom.records import keys
from zeta_geom.sweeps import Ledger, gamma_sweep, sweep, sweep_table

X = make_helix(400, random_state=0)[0]
__all__ = ["folder"]


def test_labels_are_part_of_the_key(tmp_path):
    points, y = make_crescents(200, random_state=0)
    ask = {
        "gammas": [],
        "measures": ["label-error"],
        "mixers": [],
        "n_neighbors": 8,
        "folder": tmp_path,
        "progress": False,
    }
    first = sweep({"moons": (points, y)}, **ask)
    second = sweep({"moons": (points, np.random.default_rng(0).permutation(y))}, **ask)
    assert first["mean"][0] < 0.3 < second["mean"][0]


def test_force_stale_and_batch_size_of_the_command(folder, monkeypatch):
    words = ["sweep", folder / "data.npz", "--gammas", "2", "--k", "8", "--batch-size", "8", "--out", folder / "runs"]
    run(*words)
    expected = sweep(
        {"data": (points_of_the_file, labels_of_the_file)}, gammas=[2], n_neighbors=8, batch_size=8, progress=False
    )
    assert pd.read_parquet(folder / "runs" / "results.parquet")["mean"].tolist() == expected["mean"].tolist()

    def times():
        return {path.name: path.stat().st_mtime_ns for path in (folder / "runs" / "runs").iterdir()}

    before = times()
    run(*words)
    assert times() == before
    run(*words, "--force")
    assert all(times()[name] > then for name, then in before.items())
    before = times()
    monkeypatch.setattr(keys, "code_fingerprint", lambda _: "f" * 64)
    run(*words, "--stale")
    assert times() == before


def test_stale_runs_are_in_the_plan(tmp_path, monkeypatch):
    ask = {"gammas": [2, 4], "n_neighbors": 8, "folder": tmp_path, "progress": False}
    gamma_sweep(X, **ask)
    monkeypatch.setattr(keys, "code_fingerprint", lambda _: "f" * 64)
    table = gamma_sweep(X, stale=True, **ask)
    assert len(table) == 4
    assert Ledger(tmp_path).counts() == {"finished": 4, "failed": 0, "running": 0, "open": 0}
    assert sweep_table(tmp_path).equals(table)


def test_alpha_int_and_float_have_one_key(tmp_path):
    ask = {"gammas": [], "mixers": [], "n_neighbors": 8, "folder": tmp_path, "progress": False}
    sweep({"a": X}, alpha=1, **ask)
    sweep({"a": X}, alpha=1.0, **ask)
    assert len(list((tmp_path / "runs").iterdir())) == 1


def test_force_wins_over_stale(tmp_path, monkeypatch):
    ask = {"gammas": [], "n_neighbors": 8, "folder": tmp_path, "progress": False}
    gamma_sweep(X, **ask)
    monkeypatch.setattr(keys, "code_fingerprint", lambda _: "f" * 64)
    gamma_sweep(X, stale=True, force=True, **ask)
    assert len(list(Ledger(tmp_path).runs.iterdir())) == 4  # those of the older code are left alone
