"""Commands that measure in a feature space, on files of digits."""

import numpy as np
import pandas as pd
import pytest
import torch

from tests.cli.command_cases import run
from zeta_geom.datasets import load
from zeta_geom.features import space
from zeta_geom.fidelity import density_coverage, frechet_distance, improved_precision_recall
from zeta_geom.neighborhoods import label_agreement

SAMPLE = load("mnist-sample")
X, y = SAMPLE.X_train[:160], SAMPLE.y_train[:160]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    np.savez(tmp_path / "train.npz", X=X[:100], y=y[:100])
    np.savez(tmp_path / "test.npz", X=X[100:], y=y[100:])
    (tmp_path / "mine_for_features.py").write_text(
        "from torch import nn\nnet = nn.Sequential(nn.Flatten(), nn.Linear(784, 3))\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_neighbors_of_features(folder):
    result = run("neighbors", "train.npz", "test.npz", "--k", 9, "--features", "lenet", "--out", "agreement.csv")
    train, test = (space("lenet").extract(part) for part in (X[:100], X[100:]))
    counts = label_agreement(train, y[:100], test, y[100:], k=9).counts
    np.testing.assert_array_equal(pd.read_csv("agreement.csv")["counts"], counts)
    assert "space lenet: Grey images of 28 × 28" in result.output


@pytest.mark.parametrize("suffix", ["csv", "npz", "parquet"])
def test_fidelity_of_features(folder, suffix):
    out = folder / f"fidelity.{suffix}"
    result = run("fidelity", "train.npz", "test.npz", "--features", "lenet", "--out", out)
    if suffix == "npz":
        table = pd.DataFrame(dict(np.load(out)))
    else:
        table = pd.read_csv(out) if suffix == "csv" else pd.read_parquet(out)
    real, fake = (space("lenet").extract(part) for part in (X[:100], X[100:]))
    values = table.set_index("metric")["value"]
    assert values["precision"] == improved_precision_recall(real, fake).precision
    assert values["coverage"] == density_coverage(real, fake).coverage
    assert values["frechet-distance"] == pytest.approx(frechet_distance(real, fake))
    assert set(table["space"]) == {"lenet"}
    assert table[["n_real", "n_fake"]].drop_duplicates().to_numpy().tolist() == [[100, 60]]
    assert all(f"{name}: " in result.output for name in values.index)


def test_fidelity_of_samples_as_they_are_and_of_other_neighbors(folder):
    run("fidelity", "train.npz", "test.npz", "--k", 2, "--k-density", 7, "--out", "f.csv")
    table = pd.read_csv("f.csv").set_index("metric")
    real, fake = (part.reshape(len(part), -1) / 255 for part in (X[:100], X[100:]))
    assert table.loc["recall", "value"] == improved_precision_recall(real, fake, k=2).recall
    assert table.loc["density", "value"] == density_coverage(real, fake, k=7).density
    assert table["k"].to_dict() == {
        **{"precision": 2, "recall": 2, "density": 7, "coverage": 7},
        **{"alpha-precision": 0, "beta-recall": 7, "frechet-distance": 0},
    }
    assert set(table["space"]) == {"pixels"}


def test_a_network_of_the_working_folder_with_weights(folder):
    states = {"1.weight": torch.zeros(3, 784), "1.bias": torch.arange(3.0)}
    torch.save(states, folder / "w.pth")
    words = ["neighbors", "train.npz", "test.npz", "--k", 5, "--features", "mine_for_features:net"]
    run(*words, "--weights", "w.pth", "--metric", "euclidean", "--out", "same.csv")
    counts = pd.read_csv("same.csv")["counts"]  # all features are equal: the neighbours are the first five
    np.testing.assert_array_equal(counts, (y[:5] == y[100:, None]).sum(axis=1))


def test_sweep_in_a_space(folder):
    words = ["sweep", "train.npz", "--gammas", "2", "--mixers", "zeta", "--k", "8", "--features", "lenet"]
    run(*words, "--out", "runs")
    assert set(pd.read_parquet("runs/results.parquet")["space"]) == {"lenet"}


@pytest.mark.parametrize(
    ("words", "error", "text"),
    [
        (["neighbors", "--weights", "w.pth"], ValueError, "--weights needs --features"),
        (["fidelity", "--features", "lennet"], ValueError, "features must be 'pixels', 'lenet'"),
        (["fidelity", "--features", "no_such_module:net"], ImportError, "no_such_module"),
        (["fidelity", "--features", "mine_for_features:nett"], ValueError, "has no nett"),
        (["fidelity", "--features", "mine_for_features:net", "--weights", "absent.pth"], OSError, "absent.pth"),
        (["fidelity", "--k", 60], ValueError, "k"),
    ],
)
def test_mistakes_are_named(folder, words, error, text):
    with pytest.raises(error, match=text):
        run(words[0], "train.npz", "test.npz", *words[1:], "--out", "o.csv")
    assert not (folder / "o.csv").exists()


def test_files_of_two_shapes_are_refused(folder):
    np.savez(folder / "small.npz", X=X[:, :20])
    with pytest.raises(
        ValueError, match=r"REAL and FAKE must hold samples of one shape; got \(28, 28\) and \(20, 28\)"
    ):
        run("fidelity", "train.npz", "small.npz", "--out", "o.csv")
