"""CIFAR-10 and CIFAR-100 out of tiny archives in the real on-disk format. No test asks the network."""

import dataclasses
import hashlib
import logging
from itertools import count

import numpy as np
import pytest

from tests.datasets.cifar_archives import BATCHES, LAYOUTS, make_archive, pack
from tests.datasets.tiny_dataset import Remote, visible
from zeta_geom import datasets
from zeta_geom.datasets import DATASETS
from zeta_geom.datasets.cifar import CIFAR_10, CIFAR_100, read_cifar
from zeta_geom.datasets.routes import Folder, Mirror

RNG = np.random.default_rng(0)
CIFAR_10_LAYOUT = {"train": BATCHES, "test": ["test_batch.bin"], "label_bytes": 1}


@pytest.fixture(params=sorted(LAYOUTS))
def tiny_cifar(request, monkeypatch):
    """Register a tiny CIFAR under the real name, with the routes that a test gives."""
    name = request.param
    content, arrays = make_archive(name)
    file = next(iter(DATASETS[name].files))

    def register(*ways):
        hashes = {file: hashlib.sha256(content).hexdigest()}
        monkeypatch.setitem(DATASETS, name, dataclasses.replace(DATASETS[name], files=hashes, routes=ways))
        return name, file, content, arrays

    return register


def check(data, arrays):
    for got, expected in zip((data.X_train, data.y_train, data.X_test, data.y_test), arrays):
        np.testing.assert_array_equal(got, expected)
    assert data.X_train.dtype == np.uint8
    assert data.X_train.shape[1:] == (32, 32, 3)
    assert data.X_train.flags.c_contiguous
    assert data.y_train.dtype == np.int64


# --- fetching ----------------------------------------------------------------------------------------------------


def test_mirror_brings_the_archive_and_it_is_kept_as_it_is(tiny_cifar, serve, tmp_path):
    name, file, content, arrays = tiny_cifar()
    tiny_cifar(Mirror(serve({file: content})))
    check(datasets.load(name, data_home=tmp_path, progress=False), arrays)
    assert (tmp_path / name / file).read_bytes() == content
    assert visible(tmp_path / name) == {file}  # nothing is unpacked
    tiny_cifar()
    check(datasets.load(name, data_home=tmp_path, download=False), arrays)


def test_truncated_and_corrupt_mirrors_are_passed_over(tiny_cifar, serve, tmp_path):
    name, file, content, arrays = tiny_cifar()
    flipped = content[:-100] + bytes([content[-100] ^ 1]) + content[-99:]
    good = Mirror(serve({file: content}))
    tiny_cifar(Mirror(serve({file: content}, cut=0.5)), Mirror(serve({file: flipped})), good)
    check(datasets.load(name, data_home=tmp_path), arrays)
    assert visible(tmp_path / name) == {file}


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-50], lambda b: b[:99] + bytes([b[99] ^ 1]) + b[100:], lambda b: b""]
)
def test_damaged_archive_is_removed_and_fetched_again(damage, tiny_cifar, tmp_path, caplog):
    name, file, content, arrays = tiny_cifar()
    route = Remote({file: content})
    tiny_cifar(route)
    (tmp_path / name).mkdir()
    (tmp_path / name / file).write_bytes(damage(content))
    with caplog.at_level(logging.WARNING):
        check(datasets.load(name, data_home=tmp_path), arrays)
    assert f"{file} is corrupt" in caplog.text
    assert route.asked == [[file]]


def test_archive_put_there_by_hand_is_taken(tiny_cifar, tmp_path):
    name, file, content, arrays = tiny_cifar(Remote({}))
    (tmp_path / name).mkdir()
    (tmp_path / name / file).write_bytes(content)
    check(datasets.load(name, data_home=tmp_path, download=False), arrays)


def test_folder_route_keeps_the_archive_gzipped(tiny_cifar, tmp_path):
    name, file, content, arrays = tiny_cifar()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / file).write_bytes(content)
    tiny_cifar(Folder(tmp_path / "elsewhere"))
    check(datasets.load(name, data_home=tmp_path, download=False), arrays)


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_absence_says_how_to_get_it_by_hand(name, tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        datasets.load(name, data_home=tmp_path, download=False)
    text = str(caught.value)
    ((file, sha),) = DATASETS[name].files.items()
    assert "copy these files into that folder, plain or gzipped to file.gz (file, SHA-256" in text
    assert f"{file}  {sha}" in text
    assert "They are available by:\n  mirror https://www.cs.toronto.edu/~kriz\n" in text
    assert str(tmp_path / name) in text


# --- reading -----------------------------------------------------------------------------------------------------


def test_labels_are_the_fine_ones():
    y_train = make_archive("cifar-100")[1][1]
    assert y_train.max() > 19
    assert len(CIFAR_100) == 100
    assert list(CIFAR_100) == sorted(CIFAR_100)
    assert (CIFAR_10[0], CIFAR_10[9], CIFAR_100[11], CIFAR_100[99]) == ("airplane", "truck", "boy", "worm")


GOOD = [(f"cifar-10-batches-bin/{name}", bytes(3073)) for name in (*BATCHES, "test_batch.bin")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"archive must be a whole \.tar\.gz; .*tiny\.tar\.gz is not: .*Fetch it again"),
        (b"<html>not found</html>", r"archive must be a whole \.tar\.gz"),
        (pack(GOOD)[:-60], r"archive must (be a whole \.tar\.gz|hold test_batch\.bin)"),
        (pack(GOOD)[:40], r"archive must be a whole \.tar\.gz"),
        (pack([]), r"archive must hold data_batch_1\.bin, .*, test_batch\.bin; .* does not"),
        (pack(GOOD[:-1]), r"archive must hold test_batch\.bin; .* does not\. Fetch it again\."),
        (pack([*GOOD[1:], (GOOD[0][0], None)]), r"archive must hold data_batch_1\.bin; .* does not"),
        (
            pack([*GOOD[:-1], (GOOD[-1][0], bytes(3072))]),
            r"test_batch\.bin must consist of records of 3073 bytes; got 3072",
        ),
        (pack([*GOOD[:-1], (GOOD[-1][0], bytes(2 * 3074))]), r"records of 3073 bytes; got 6148 bytes in all\."),
        (pack([*GOOD[:-1], (GOOD[-1][0], b"")]), r"records of 3073 bytes; got 0 bytes"),
    ],
    ids=count(),  # the bytes of an archive hold the time, and side by side all workers must name a case alike
)
def test_broken_archives_are_refused(content, message, tmp_path):
    (tmp_path / "tiny.tar.gz").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_cifar(tmp_path, archive="tiny.tar.gz", **CIFAR_10_LAYOUT)


def test_archive_cut_in_the_middle_of_a_member(tmp_path):
    content, _ = make_archive("cifar-10")  # noise, so that gzip leaves the members' sizes as they are
    (tmp_path / "tiny.tar.gz").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"archive must (be a whole \.tar\.gz|hold data_batch)"):
        read_cifar(tmp_path, archive="tiny.tar.gz", **CIFAR_10_LAYOUT)


def test_absent_archive_is_no_broken_archive(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_cifar(tmp_path, archive="tiny.tar.gz", **CIFAR_10_LAYOUT)
