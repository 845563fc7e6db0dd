"""Sweeps in a feature space: the samples are mixed first, then measured by their features."""

import numpy as np
import pytest
import torch

from zeta_geom.datasets import load
from zeta_geom.features import space
from zeta_geom.geometry import knn, local_dimension
from zeta_geom.mixers import Mixup
from zeta_geom.neighborhoods import vote_errors
from zeta_geom.sweeps import Keyed, Ledger, PoolExecutor, SerialExecutor, gamma_sweep, sweep

SAMPLE = load("mnist-sample")
X, y = SAMPLE.X_train[:120] / 255, SAMPLE.y_train[:120]
ASK = {"gammas": [2.0], "mixers": ["mixup"], "n_neighbors": 8, "progress": False}


def test_measures_of_a_space_are_those_of_the_features(tmp_path):
    measures = ["dimension", "label-error", "realism"]
    table = sweep({"digits": (X, y)}, measures=measures, features="lenet", folder=tmp_path, **ASK)
    mixed, soft = Mixup(random_state=0).mix_dataset(X, y, n_classes=10)
    lenet = space("lenet")
    wanted = [local_dimension(lenet.extract(points), 8)[8].mean() for points in (X, mixed)]
    rows = table.set_index(["measure", "mixer"])
    np.testing.assert_allclose(rows.loc["dimension", "mean"].loc[["original", "mixup"]], wanted)
    labels = np.eye(10)[y]
    wrong = vote_errors(knn(lenet.extract(X), 8).indices, labels, labels).mean()
    np.testing.assert_allclose(rows.loc[("label-error", "original"), "mean"], wrong)
    wrong = vote_errors(knn(lenet.extract(X), 8, queries=lenet.extract(mixed)).indices, labels, soft).mean()
    np.testing.assert_allclose(rows.loc[("label-error", "mixup"), "mean"], wrong)
    assert set(rows.loc[["dimension", "label-error"], "space"]) == {"lenet"}
    assert set(rows.loc["entropy", "space"]) == {"pixels"}


def test_runs_without_features_are_what_they_were(tmp_path):
    table = gamma_sweep(X, y, folder=tmp_path, **ASK)
    assert "space" not in table
    assert all("space" not in entry.manifest["settings"]["options"] for entry in Ledger(tmp_path).plan())


def test_the_space_is_part_of_the_key(tmp_path):
    one = sweep({"d": X}, features="lenet", folder=tmp_path, **ASK)
    other = sweep({"d": X}, features=("lenet", "fc1"), folder=tmp_path, **ASK)
    assert other["space"].tolist() == ["lenet.fc1"] * 2
    assert (one["mean"] != other["mean"]).all()
    again = sweep({"d": X}, features="lenet", folder=tmp_path, **ASK)
    assert again["seconds"].tolist() == one["seconds"].tolist()  # read, not computed


def test_what_a_sweep_refuses(tmp_path):
    with pytest.raises(ValueError, match=r"features must be one space in a sweep; got pixels, lenet\."):
        sweep({"d": X}, features=["pixels", "lenet"], **ASK)
    with pytest.raises(ValueError, match=r"features of runs in a folder must have a key; 'Rows' has none: .*random"):
        sweep({"d": X}, features=Rows(np.random.default_rng(0)), folder=tmp_path, **ASK)
    with pytest.raises(ValueError, match="'lenet' must get images of 28 × 28"):
        sweep({"d": X[:, :20]}, features="lenet", folder=tmp_path, **ASK)
    assert list(tmp_path.iterdir()) == []


def rows_of(batch):
    return batch.mean(axis=1)


class Rows:
    def __init__(self, about):
        self.about = about

    def __call__(self, batch):
        return batch.mean(axis=1)


def network(seed, *more):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 6), torch.nn.Linear(6, 4), *more)


def test_functions_and_modules_have_keys_too(tmp_path):
    def done(features):
        sweep({"d": X}, features=features, folder=tmp_path, **ASK)
        return len(list(Ledger(tmp_path).runs.iterdir()))

    assert done(rows_of) == done(rows_of) == 2
    assert done(Rows(1)) == 4
    assert done(Rows(2)) == done(Rows(2)) == 6
    assert done(network(0)) == done(network(0)) == 8
    assert done(network(1)) == 10
    assert done((network(1), "1")) == 12
    assert done(Keyed(Rows(np.random.default_rng(0)), "a")) == 14
    assert done(Keyed(Rows(None), "b")) == 16


@pytest.mark.slow
def test_other_processes_measure_in_the_same_space(tmp_path):
    for features in ("lenet", rows_of):
        here, there = (
            sweep({"d": X}, features=features, executor=executor, **ASK)
            for executor in (SerialExecutor(), PoolExecutor(2))
        )
        assert here["mean"].tolist() == there["mean"].tolist()
