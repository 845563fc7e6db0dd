"""Data sets: their contents, table and folder. No test uses the network."""

import dataclasses
import json
import re

import numpy as np
import pytest
from sklearn.datasets import load_digits
from typer.testing import CliRunner

from zeta_geom import datasets
from zeta_geom.cli.main import app
from zeta_geom.datasets import DATASETS, make_sample, sample
from zeta_geom.datasets.routes import Mirror
from zeta_geom.records import data_fingerprint

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
RNG = np.random.default_rng(0)


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_every_dataset_keeps_the_contract(name):
    try:
        data = datasets.load(name, download=False)
    except FileNotFoundError:
        pytest.skip(f"{name} is not in the cache")
    assert data.name == name
    assert data.source
    for X, y in ((data.X_train, data.y_train), (data.X_test, data.y_test)):
        assert X.dtype == np.uint8
        assert X.ndim == 3 or X.shape[3:] == (3,)
        assert X.min() == 0
        assert X.max() == 255
        assert y.dtype == np.int64
        assert y.shape == X.shape[:1]
        assert set(np.unique(y)) == set(range(data.n_classes))
    assert data.fingerprint == data_fingerprint(data.X_train, data.y_train, data.X_test, data.y_test)


@pytest.mark.parametrize("name", [name for name in DATASETS if not DATASETS[name].embedded])
def test_full_sizes(name):
    try:
        data = datasets.load(name, download=False)
    except FileNotFoundError:
        pytest.skip(f"{name} is not in the cache")
    n_train, image = (50_000, (32, 32, 3)) if name.startswith("cifar") else (60_000, (28, 28))
    assert data.X_train.shape == (n_train, *image)
    assert data.X_test.shape == (10_000, *image)
    assert set(np.bincount(data.y_test)) == {10_000 // data.n_classes} or name == "mnist"


def test_digits_are_scikit_learns():
    data = datasets.load("digits")
    X = np.concatenate([data.X_train, data.X_test])
    judge = load_digits()
    assert len(X) == 1797
    np.testing.assert_array_equal(np.rint(X * (16 / 255)), judge.images)  # the rescaling loses nothing
    assert {v: int(X[judge.images == v][0]) for v in (0, 8, 16)} == {0: 0, 8: 128, 16: 255}
    np.testing.assert_array_equal(np.concatenate([data.y_train, data.y_test]), judge.target)
    assert np.bincount(data.y_test).min() >= 25


def test_sample_has_a_hundred_of_each_class_and_is_small():
    data = datasets.load("mnist-sample")
    assert data.X_train.shape == data.X_test.shape == (1000, 28, 28)
    assert (np.bincount(data.y_train) == 100).all()
    assert (np.bincount(data.y_test) == 100).all()
    assert sum(path.stat().st_size for path in sample.FOLDER.iterdir()) < 700 * 1024
    manifest = json.loads((sample.FOLDER / "mnist-sample.json").read_text())
    assert manifest["fingerprint"] == data.fingerprint
    assert "CC BY-SA 3.0" in manifest["licence"]


def test_sample_is_made_again_identically(tmp_path):
    try:
        mnist = datasets.load("mnist", download=False)
    except FileNotFoundError:
        pytest.skip("mnist is not in the cache")
    made = make_sample.write_sample(tmp_path)
    assert json.loads(made.with_suffix(".json").read_text()) == json.loads(
        (sample.FOLDER / "mnist-sample.json").read_text()
    )
    with np.load(made) as new, np.load(sample.FOLDER / made.name) as old:
        for key in sample.NAMES:
            np.testing.assert_array_equal(new[key], old[key])
        of_seven = mnist.X_train[mnist.y_train == 7][:100]
        np.testing.assert_array_equal(new["X_train"][new["y_train"] == 7], of_seven)


def test_first_per_class_refuses_a_small_class():
    with pytest.raises(ValueError, match=r"count must be at most the size of the smallest class; got 2\."):
        make_sample.first_per_class(np.array([0, 0, 1]), 2)


def test_dataset_is_frozen_and_prints_short():
    data = datasets.load("digits")
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.name = "other"
    assert len(repr(data)) < 400


def test_unknown_names_are_answered_with_the_list(tmp_path):
    names = "'cifar-10', 'cifar-100', 'digits', 'fashion-mnist', 'mnist', 'mnist-sample'"
    with pytest.raises(ValueError, match=re.escape(f"name must be one of {names}; got 'MNIST'.")):
        datasets.load("MNIST", data_home=tmp_path)
    with pytest.raises(ValueError, match="'digits' comes with the package"):
        datasets.fetch("digits", data_home=tmp_path)


@pytest.mark.parametrize("name", [name for name in DATASETS if not DATASETS[name].embedded])
def test_table_is_complete(name):
    specification = DATASETS[name]
    archive = {f"{name}-binary.tar.gz"}
    assert set(specification.files) == (archive if name.startswith("cifar") else set(FILES))
    assert all(re.fullmatch("[0-9a-f]{64}", sha) for sha in specification.files.values())
    assert len(set(specification.files.values())) == len(specification.files)
    assert len(set(specification.class_names)) == (100 if name == "cifar-100" else 10)
    assert specification.licence
    assert specification.source
    kinds = [type(route) for route in specification.routes if not route.local]
    assert kinds[:2] == [Mirror, Mirror]
    assert Mirror not in kinds[2:]
    assert len(kinds) > 2 or name.startswith("cifar")  # which comes from its author alone


def test_command_line_lists_every_dataset():
    listed = CliRunner().invoke(app, ["data", "list"])
    assert listed.exit_code == 0
    assert [line.split()[0] for line in listed.output.splitlines()] == list(DATASETS)
    assert all(each.title in listed.output for each in DATASETS.values())


@pytest.mark.parametrize("name", ["cifar-10", "cifar-100"])
def test_command_line_fetches_by_the_same_names(name, tmp_path, monkeypatch):
    monkeypatch.setenv("ZETA_GEOM_DATA", str(tmp_path))
    absent = CliRunner().invoke(app, ["data", "fetch", name, "--offline"])
    assert isinstance(absent.exception, FileNotFoundError)
    assert f"data set '{name}' is not in {tmp_path / name}" in str(absent.exception)


def test_data_home(monkeypatch, tmp_path):
    monkeypatch.setenv("ZETA_GEOM_DATA", str(tmp_path / "set"))
    assert datasets.data_home() == tmp_path / "set"
    assert datasets.data_home(tmp_path / "given") == tmp_path / "given"
    monkeypatch.delenv("ZETA_GEOM_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tmp_path in datasets.data_home().parents
    assert datasets.data_home("~/data") == tmp_path / "data"
    assert not list(tmp_path.iterdir())
