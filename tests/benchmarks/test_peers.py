"""The comparison with peers runs small, with and without those that are no dependencies; its JSON is whole."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

import zeta_geom
from benchmarks import peers, peers_mixing
from zeta_geom.manifolds import make_curved_manifold

DOCS = Path(zeta_geom.__file__).resolve().parents[1] / "docs"
COLUMNS = {"peer", "question", "data", "zeta_geom", "the peer"}


def test_runs_small_without_the_peers(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(peers_mixing, "BATCHES", 20)
    monkeypatch.setattr(peers, "point_sets", lambda n: {"small": make_curved_manifold(n, random_state=0)[0]})
    monkeypatch.setattr(peers, "apart", lambda python, program, arrays: None)
    peers.main(n=150, rounds=1, python=sys.executable, out=tmp_path)
    rows = json.loads((tmp_path / "peers.json").read_text())["rows"]
    assert all(set(row) == COLUMNS for row in rows)
    absent = {row["peer"] for row in rows if row["the peer"] == "not installed"}
    assert absent == {"DADApy", "prdc"}
    agree = [row["zeta_geom"] for row in rows if row["question"].startswith("points with the same local dimension")]
    assert len(agree) == 1
    assert all(text.startswith("100.00%") for text in agree)
    assert "written" in capsys.readouterr().out


def test_another_python_that_lacks_the_package_says_none():
    assert peers.apart(sys.executable, "import no_such_package_anywhere", {"a": np.zeros(1)}) is None
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        peers.apart(sys.executable, "1 / 0", {"a": np.zeros(1)})
    double = "import sys, numpy as np; np.savez(sys.argv[2], b=2 * np.load(sys.argv[1])['a'])"
    assert peers.apart(sys.executable, double, {"a": np.ones(1)})["b"] == 2


def test_a_probe_gives_the_error_as_its_answer():
    assert peers_mixing.outcome(lambda: "fine") == "fine"
    assert peers_mixing.outcome(lambda: str(1 / 0)) == "refused (ZeroDivisionError)"


def test_labels_are_the_share_of_pixels():
    assert peers_mixing.label_gap(peers_mixing.calls("cutmix")["zeta_geom"]) < 1e-6


def test_the_page_has_every_peer_measured():
    rows = json.loads((DOCS / "peers.json").read_text())["rows"]
    assert all(set(row) == COLUMNS for row in rows)
    assert {row["peer"].split()[0] for row in rows} == {"scikit-dimension", "DADApy", "prdc", "timm", "torchvision"}
    assert not [row for row in rows if row["the peer"] == "not installed"]
