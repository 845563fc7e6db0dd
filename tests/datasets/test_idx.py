"""The IDX format: round trips, the published header and refused files."""

import gzip

import numpy as np
import pytest

from zeta_geom.datasets.idx import read_idx, write_idx

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
RNG = np.random.default_rng(0)


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
        (bytes([0, 0, 8, 1, 0, 0]), "whole IDX file; the 6 bytes of .* differ"),
        (bytes([0, 0, 8, 1, 0, 0, 0, 3, 1, 2]), "whole IDX file; the 10 bytes of .* differ"),
        (bytes([0, 0, 8, 1, 0, 0, 0, 1, 1, 2]), "whole IDX file; the 10 bytes of .* differ"),
    ],
)
def test_idx_refuses_other_files(content, message, tmp_path):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_idx(tmp_path / "file")


def test_idx_writes_bytes_alone(tmp_path):
    with pytest.raises(TypeError, match=r"values must be uint8; got float64\."):
        write_idx(tmp_path / "file", np.zeros(3))
