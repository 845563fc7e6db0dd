"""The benchmarks run small: their tables, their JSON, their figure."""

import functools
import json
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from benchmarks import (
    audit,
    audit_false_alarms,
    gamma_sweep,
    local_dimension,
    local_dimension_cost,
    mixers,
    optimising_mixers,
    scale,
    scale_plan,
    start_up,
    training_step,
)
from benchmarks.shared import measuring
from benchmarks.shared.mixing_calls import DRAWS, contenders
from zeta_geom.manifolds import make_curved_manifold
from zeta_geom.mixers import p_series_weights
from zeta_geom.scale.rates import RATES
from zeta_geom.sweeps import SerialExecutor


def small(n=600):
    return make_curved_manifold(n, random_state=0)[0].astype(np.float32)


def test_local_dimension(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(local_dimension, "POINTS", {"small": small})
    monkeypatch.setattr(local_dimension, "REQUIRED", {"small": (1.5, 15)})
    monkeypatch.setattr(local_dimension, "CHECKED", 20)
    monkeypatch.setattr(local_dimension, "peak_memory", lambda name: 0.5)
    local_dimension.main(only="small", rounds=2, out=tmp_path)
    written = json.loads((tmp_path / "local_dimension.json").read_text())
    row = written["rows"][0]
    assert (row["n"], row["d"]) == (600, 12)
    assert row["times faster"] == pytest.approx(row["scikit-dimension s"] / row["ours s"])
    assert len(written["details"]["small"]["all seconds"]["product"]) == 2
    assert any("by float64" in said for said in written["details"]["small"]["decisions"])
    assert "× product" in capsys.readouterr().out


def test_cost(tmp_path, monkeypatch):
    monkeypatch.setattr(local_dimension_cost, "fashion", lambda n=400: small(n))
    monkeypatch.setattr(local_dimension_cost, "crops", small)
    for name, values in {"N": (300, 400), "D": (3, 12), "K": (8, 16), "AT": 300, "ANCHORS": 50}.items():
        monkeypatch.setattr(local_dimension_cost, name, values)
    local_dimension_cost.main(repeats=1, figure=tmp_path / "cost.png", out=tmp_path)
    assert (tmp_path / "cost.png").stat().st_size > 10_000
    assert set(json.loads((tmp_path / "local_dimension_cost.json").read_text())["slopes"]) == {"N", "D", "k"}
    assert json.loads((tmp_path / "anchors.json").read_text())["rows"][0]["anchors"] == 50


def test_gamma_sweep(tmp_path, monkeypatch):
    monkeypatch.setattr(gamma_sweep, "fashion", small)
    monkeypatch.setattr(gamma_sweep, "GAMMAS", np.array([0.0, 2.0, 4.0]))
    gamma_sweep.main(n=300, anchors=100, out=tmp_path)
    row = json.loads((tmp_path / "gamma_sweep.json").read_text())["rows"][0]
    assert row["ratio"] == pytest.approx(row["sweep s"] / row["separate runs s"])
    ratio = row["sweep of anchors s"] / row["mixed points alone s"]
    assert row["ratio of anchors to these"] == pytest.approx(ratio)


def test_optimising_mixers(tmp_path):
    optimising_mixers.main(rounds=1, samples=4, out=tmp_path)
    rows = json.loads((tmp_path / "optimising_mixers.json").read_text())["rows"]
    assert len(rows) == 4
    assert all(row["ms an image"] > 0 for row in rows)


@contextmanager
def no_cluster(n_workers):
    yield SimpleNamespace(scheduler_address="nowhere")


class InThisProcess(SerialExecutor):
    def __init__(self, address=None, n_workers=None):
        super().__init__()

    def close(self):
        pass


@pytest.mark.parametrize("processes", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_scale(tmp_path, monkeypatch, processes):
    if not processes:
        monkeypatch.setattr(scale, "local_cluster", no_cluster)
        for name in ("PoolExecutor", "DaskExecutor"):
            monkeypatch.setattr(scale, name, InThisProcess)
    monkeypatch.setattr(scale, "fashion", small)
    monkeypatch.setattr(scale, "GAMMAS", np.array([0.0, 2.0]))
    scale.main(rounds=1, image_rounds=1, n_helix=300, n_images=300, runs=20, plan=False, out=tmp_path)
    ledger = json.loads((tmp_path / "scale_ledger.json").read_text())["rows"][0]
    assert min(ledger["ms a run"], ledger["ms a finished run"]) > 0
    helix, images = json.loads((tmp_path / "scale_sweeps.json").read_text())["rows"]
    assert (helix["d"], images["d"]) == (3, small(300).shape[1])
    assert helix["serial ÷ pool"] == pytest.approx(helix["serial s"] / helix["pool s"])


def test_plans_beside_measured_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(scale_plan, "CASES", (scale_plan.Case("noise", 1200, 20, chunk_size=500, block_size=700),))
    monkeypatch.setattr(scale_plan, "measured_rates", lambda workers: [RATES["cpu"]])
    row = scale_plan.measure(scale_plan.CASES[0])
    assert (row["parts"], row["blocks"]) == (3, 2)
    assert row["÷"] == pytest.approx(row["planned s"] / row["measured s"])


def test_mixers(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(mixers, "SHAPES", {(4, 3, 8, 8): 2, (1024, 2): 2})
    mixers.main(rounds=0, samples=0, out=tmp_path)
    written = json.loads((tmp_path / "mixers.json").read_text())
    times = pd.DataFrame(written["times"])
    assert len(written["rows"]) == 2 * len(mixers.KINDS)
    for row in written["rows"]:
        of = times[(times[["backend", "dtype", "shape"]] == [row["backend"], row["dtype"], row["shape"]]).all(axis=1)]
        ms = of.set_index("method")["ms"]
        if row["dtype"] == "float32":
            draw = ms[ms.index.str.startswith(DRAWS)].min()
            assert row["ζ / (product + draw)"] == pytest.approx(ms["ζ-mixup"] / (ms["product"] + draw))
            assert row["FFT / ζ"] == pytest.approx(ms["ζ-mixup by FFT"] / ms["ζ-mixup"])
        if row["shape"] == "(1024, 2)":
            assert row["T = m / T = 32"] == pytest.approx(ms["ζ-mixup"] / ms["ζ-mixup, T = 32"])
    assert "torchvision MixUp" in capsys.readouterr().out


@pytest.mark.parametrize("form", [np.asarray, torch.from_numpy])
def test_the_construction_by_fft_gives_the_weights_of_zeta_mixup(form):
    mixed = contenders(form(np.eye(64, dtype=np.float32)))["ζ-mixup by FFT"]()
    weights = np.asarray(mixed)
    np.testing.assert_allclose(np.sort(weights, axis=1)[:, ::-1], [p_series_weights(64, 2.8)] * 64, rtol=1e-4)
    assert (weights.argmax(axis=1) == np.arange(64)).all()


def test_training_step(tmp_path, monkeypatch):
    monkeypatch.setattr(training_step, "STEPS", {"tiny": ("lenet", 4, (1, 28, 28)), "other": ("vgg", 1, (1, 1, 1))})
    training_step.main(rounds=1, only="tiny", out=tmp_path)
    (row,) = json.loads((tmp_path / "training_step.json").read_text())["rows"]
    assert row["batch"] == "4 × 1 × 28 × 28"
    assert row["zeta ÷ without"] > 0


def test_start_up(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(start_up, "help_calls", lambda: {"zeta-geom --help": start_up.start("-c", "import typer")})
    start_up.main(rounds=1, out=tmp_path)
    rows = {row["start"]: row for row in json.loads((tmp_path / "start_up.json").read_text())["rows"]}
    assert list(rows) == ["python", "import typer", "import zeta_geom", "zeta-geom --help"]
    assert rows["python"]["÷ python"] == 1
    assert rows["import typer"]["÷ python"] == rows["import typer"]["seconds"] / rows["python"]["seconds"]
    assert rows["import zeta_geom"]["required"] == 0.1
    assert "zeta-geom --help" in capsys.readouterr().out
    monkeypatch.undo()
    assert {"zeta-geom --help", "zeta-geom mix --help", "zeta-geom sweep plot --help"} <= set(start_up.help_calls())


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_mixers_on_a_device(tmp_path):
    mixers.main(rounds=30, samples=0, device="cuda", out=tmp_path)
    assert json.loads((tmp_path / "mixers-cuda.json").read_text())["rows"]


def test_points_are_what_they_are_called(monkeypatch):
    assert measuring.noise(20, 7).shape == (20, 7)
    assert measuring.axes_for(np.outer(np.arange(50.0), [1.0, 2.0])) == [1, 1]
    images = np.random.default_rng(0).integers(0, 256, (60_000, 28, 28), dtype=np.uint8)
    monkeypatch.setattr(measuring.datasets, "load", lambda name: type("Set", (), {"X_train": images}))
    crops = measuring.crops(30)
    assert crops.shape == (30, 3072)
    assert 0 <= crops.min() < crops.max() <= 1
    np.testing.assert_array_equal(crops, measuring.crops(30))
    assert not np.array_equal(crops, measuring.crops(30, seed=1))


@pytest.mark.slow
def test_audit(tmp_path, capsys):
    audit.main(n=200, data="mnist-sample", out=tmp_path)
    written = json.loads((tmp_path / "audit.json").read_text())
    steps = {row["step"]: row["seconds"] for row in written["rows"]}
    measured = {"geometry", "true_distance", "labels", "realism", "fidelity", "novelty", "nearer", "intervals"}
    assert set(steps) == measured | {"audit", "report"}
    parts = sum(spent for step, spent in steps.items() if step not in ("audit", "report"))
    assert 0.5 * steps["audit"] < parts <= steps["audit"]
    assert written["page_mib"] < 5
    assert "200 images, three methods" in capsys.readouterr().out


def test_audit_false_alarms(tmp_path, monkeypatch):
    draw = functools.partial(audit_false_alarms.gaussians, 3)
    monkeypatch.setattr(audit_false_alarms, "CASES", {"small": audit_false_alarms.Case(draw, 60)})
    audit_false_alarms.main(repeats=3, setting=None, power=True, workers=1, out=tmp_path)
    written = json.loads((tmp_path / "audit_false_alarms.json").read_text())
    shares = {row["measure"]: row["small"] for row in written["rows"]}
    assert shares["richness"] == 0
    assert all(0 <= share <= 1 for share in shares.values())
    power = {row["measure"]: row for row in written["power"]["small"]}
    assert power["richness"]["mixup"] == power["richness"]["mixup, equal false alarms"] == 1
    assert power["richness"]["noise"] == 0
