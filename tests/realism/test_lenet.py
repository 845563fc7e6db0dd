"""LeNet-5 and its training: seeds, mixers, affine maps, the script of the oracle."""

import numpy as np
import pytest
import torch

from analyses import train_oracle
from zeta_geom import datasets
from zeta_geom.mixers import Mixup, ZetaMixup
from zeta_geom.realism import (
    LeNet5,
    MNISTOracle,
    train_lenet,
)
from zeta_geom.realism.lenet import random_affine


@pytest.fixture(scope="module")
def sample():
    return datasets.load("mnist-sample")


def test_training_is_a_function_of_the_seed_and_reads_no_global_one(sample):
    X, y = sample.X_train[::10], sample.y_train[::10]
    ask = {"epochs": 1, "batch_size": 32, "augment": True, "progress": False}
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first = train_lenet(X, y, seed=1, **ask)
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(99)
    second, third = train_lenet(X, y, seed=1, **ask), train_lenet(X, y, seed=2, **ask)
    weights = [model.fc3.weight for model in (first, second, third)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize(
    "mixer",
    [
        pytest.param(None, marks=pytest.mark.slow),
        pytest.param(Mixup(random_state=0), marks=pytest.mark.slow),
        ZetaMixup(random_state=0),
    ],
)
def test_training_learns_with_and_without_a_mixer(sample, mixer):
    X, y = sample.X_train, sample.y_train
    model = train_lenet(X, y, epochs=4, batch_size=32, learning_rate=5e-3, mixer=mixer, progress=False)
    accuracy = (MNISTOracle(model).predict_proba(sample.X_test).argmax(axis=1) == sample.y_test).mean()
    assert accuracy > 0.8


def test_mixers_share_start_and_batches_with_plain_training(sample):
    X, y = sample.X_train[::10], sample.y_train[::10]
    seen = {"a": [], "b": []}

    def watch(name):
        def mixer(x, labels, n_classes):
            seen[name].append(x.clone())
            return x, torch.eye(n_classes)[labels]

        return mixer

    ask = {"epochs": 2, "batch_size": 32, "augment": True, "seed": 3, "progress": False}
    plain = train_lenet(X, y, **ask)
    watched = [train_lenet(X, y, mixer=watch(name), **ask) for name in seen]
    soft = train_lenet(X, np.eye(10)[y], **ask)
    assert len(seen["a"]) == 8
    assert all(torch.equal(first, second) for first, second in zip(seen["a"], seen["b"]))
    for model in (*watched, soft):  # the loss of a one-hot label is that of its class
        torch.testing.assert_close(model.state_dict(), plain.state_dict(), atol=1e-5, rtol=1e-4)


def test_the_oracles_script_writes_weights_that_pretrained_takes(sample, tmp_path, monkeypatch):
    monkeypatch.setattr(train_oracle.datasets, "load", lambda name: sample)
    monkeypatch.setattr(torch, "set_num_threads", lambda threads: None)
    train_oracle.main(out=tmp_path / "weights" / "small.safetensors", validate=False, epochs=1)
    trained = MNISTOracle.pretrained(tmp_path / "weights" / "small.safetensors")
    accuracy = (trained.log_proba(sample.X_test).argmax(axis=1) == sample.y_test).mean()
    assert trained.manifest["test_accuracy"] == pytest.approx(accuracy)
    assert trained.manifest["data"] == sample.fingerprint
    assert trained.manifest["epochs"] == 1
    assert sorted(path.name for path in (tmp_path / "weights").iterdir()) == ["small.json", "small.safetensors"]


def test_random_affine_moves_each_image_a_little():
    images = torch.zeros(64, 1, 28, 28)
    images[:, :, 10:18, 10:18] = 1
    moved = random_affine(images, torch.Generator().manual_seed(0))
    mass = moved.sum(dim=(1, 2, 3)) / 64
    assert (mass > 0.7).all()
    assert (mass < 1.4).all()
    rows = torch.arange(28.0) + 0.5
    centre = (moved.sum(dim=(1, 3)) * rows).sum(1) / moved.sum(dim=(1, 2, 3))
    assert (centre - 14).abs().max() < 3.5
    assert centre.std() > 0.5


def test_lenet_has_the_size_that_its_docstring_states():
    model = LeNet5(torch.Generator().manual_seed(0))
    assert sum(parameter.numel() for parameter in model.parameters()) == 89_418


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "epochs"),
        ({"labels": [10] * 4}, "0..9"),
        ({"labels": [1] * 3}, "one label for each"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"weight_decay": -1.0}, "weight_decay"),
        ({"batch_size": 0}, "batch_size"),
        ({"images": np.zeros((4, 20, 20))}, "28, 28"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**63}, "seed"),
    ],
)
def test_training_refuses(change, message):
    ask = {"images": np.zeros((4, 28, 28)), "labels": [0, 1, 2, 3], "epochs": 1, "progress": False} | change
    with pytest.raises(ValueError, match=message):
        train_lenet(ask.pop("images"), np.array(ask.pop("labels")), **ask)
