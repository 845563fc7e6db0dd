"""The comparison with peers runs small, with and without those that are no dependencies; its JSON is whole."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

import zeta_geom
from benchmarks.peers import features, mixing, points
from zeta_geom.manifolds import make_curved_manifold

DOCS = Path(zeta_geom.__file__).resolve().parents[1] / "docs"
COLUMNS = {"peer", "question", "data", "zeta_geom", "the peer"}


def test_runs_small_without_the_peers(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(mixing, "BATCHES", 20)
    monkeypatch.setattr(points, "point_sets", lambda n: {"small": make_curved_manifold(n, random_state=0)[0]})
    monkeypatch.setattr(points, "apart", lambda python, program, arrays: None)
    points.main(n=150, rounds=1, python=sys.executable, out=tmp_path)
    rows = json.loads((tmp_path / "peers.json").read_text())["rows"]
    assert all(set(row) == COLUMNS for row in rows)
    absent = {row["peer"] for row in rows if row["the peer"] == "not installed"}
    assert absent == {"DADApy", "prdc"}
    agree = [row["zeta_geom"] for row in rows if row["question"].startswith("points with the same local dimension")]
    assert len(agree) == 1
    assert all(text.startswith("100.00%") for text in agree)
    assert "written" in capsys.readouterr().out


def test_another_python_that_lacks_the_package_says_none():
    assert points.apart(sys.executable, "import no_such_package_anywhere", {"a": np.zeros(1)}) is None
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        points.apart(sys.executable, "1 / 0", {"a": np.zeros(1)})
    double = "import sys, numpy as np; np.savez(sys.argv[2], b=2 * np.load(sys.argv[1])['a'])"
    assert points.apart(sys.executable, double, {"a": np.ones(1)})["b"] == 2


def test_runs_small_on_saved_features(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "saved.npz", real=rng.random((40, 6)), fake=rng.random((40, 6)))
    monkeypatch.setattr(features, "apart", lambda python, program, arrays: None)
    features.main(n=40, saved=tmp_path / "saved.npz", python=sys.executable, out=tmp_path)
    rows = {row["peer"].split()[0]: row for row in json.loads((tmp_path / "peers_features.json").read_text())["rows"]}
    assert [rows[name]["the peer"] for name in ("prdc", "torch-fidelity")] == ["not installed"] * 2
    ours, theirs = (float(rows["torchmetrics"][side].split()[0]) for side in ("zeta_geom", "the peer"))
    assert abs(ours / theirs - 1) < 1e-4


def test_a_probe_gives_the_error_as_its_answer():
    assert mixing.outcome(lambda: "fine") == "fine"
    assert mixing.outcome(lambda: str(1 / 0)) == "refused (ZeroDivisionError)"


def test_labels_are_the_share_of_pixels():
    assert mixing.label_gap(mixing.calls("cutmix")["zeta_geom"]) < 1e-6


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("peers", {"scikit-dimension", "DADApy", "prdc", "timm", "torchvision"}),
        ("peers_features", {"prdc", "torchmetrics", "torch-fidelity"}),
    ],
)
def test_the_page_has_every_peer_measured(name, names):
    rows = json.loads((DOCS / f"{name}.json").read_text())["rows"]
    assert all(set(row) == COLUMNS for row in rows)
    assert {row["peer"].split()[0] for row in rows} == names
    assert not [row for row in rows if row["the peer"] == "not installed"]
