"""The file of the points: used where it lies, or written once, checked block by block, gathered by row."""

import numpy as np
import pytest

from tests.scale.scale_cases import CLOUDS, RNG, SERIAL, assert_same
from zeta_geom.records import data_fingerprint
from zeta_geom.scale import Parts, knn
from zeta_geom.scale.points import gather_rows, map_rows, points_file


def test_an_error_leaves_the_other_parts(tmp_path):
    X = CLOUDS["normal"]()
    X[[250, 320, 321], 3] = np.nan, np.inf, 1e200
    np.save(tmp_path / "points.npy", X)
    with pytest.raises(ValueError, match=r"X must be finite .* row\(s\) 250, 320, 321\. "):
        knn(tmp_path / "points.npy", 3, executor=SERIAL, parts=tmp_path / "parts")
    Q = RNG.normal(size=(300, 30))
    Q[250] = np.nan
    np.save(tmp_path / "queries.npy", Q)
    cut = Parts(tmp_path / "parts_of_queries", chunk_size=100)
    with pytest.raises(ValueError, match=r"queries must be finite .* row\(s\) 250\. "):
        knn(CLOUDS["normal"](), 3, queries=tmp_path / "queries.npy", executor=SERIAL, parts=cut)
    assert len(list((tmp_path / "parts_of_queries").glob("part-*"))) == 2
    with pytest.raises(ValueError, match="X must be finite"):
        knn(X, 3, executor=SERIAL)


def test_a_row_of_zeros_is_named_by_its_row():
    X = np.ones((300, 5))
    X[222] = 0
    with pytest.raises(ValueError, match="row 222 holds zeros"):
        knn(X, 3, metric="cosine", executor=SERIAL, parts=Parts(chunk_size=50, block_size=40))


def test_files_and_maps_are_used_where_they_lie(tmp_path):
    X = CLOUDS["float32"]()
    path = tmp_path / "points.npy"
    np.save(path, X)
    mapped = np.load(path, mmap_mode="r")
    for points in (path, str(path), mapped):
        folder = tmp_path / "parts"
        assert_same(knn(points, 7, executor=SERIAL, parts=folder), knn(X, 7))
        assert not list(folder.glob("*.npy"))
    assert points_file(path, "X", tmp_path).fingerprint == data_fingerprint(X)


@pytest.mark.parametrize(
    "change",
    [
        lambda path: np.load(path, mmap_mode="r")[50:],
        lambda path: np.load(path, mmap_mode="r")[::-1],
        lambda path: np.load(path, mmap_mode="r")[:, :60],
        lambda path: np.load(path, mmap_mode="r").T,
        lambda path: np.asfortranarray(np.load(path)),
        lambda path: np.load(path, mmap_mode="c") * 2,
        lambda path: np.memmap(path, np.float32, "r", 128 + 360, (600, 90)),
        lambda path: np.load(path).astype(np.float16),
        lambda path: np.load(path).astype(">f8"),
        lambda path: np.load(path).astype(int),
    ],
)
def test_whatever_is_no_whole_file_is_written_once(change, tmp_path):
    path = tmp_path / "points.npy"
    np.save(path, 9 * RNG.normal(size=(700, 90)).astype(np.float32))
    X = change(path)
    neighbors = knn(X, 7, executor=SERIAL, parts=tmp_path / "parts")
    assert_same(neighbors, knn(np.array(X), 7))
    assert len(list((tmp_path / "parts").glob("*.npy"))) == 1


def test_changes_that_a_map_keeps_to_itself_count(tmp_path):
    path = tmp_path / "points.npy"
    np.save(path, CLOUDS["float32"]())
    private = np.load(path, mmap_mode="c")
    private[::2] *= 3
    assert_same(knn(private, 7, executor=SERIAL), knn(np.array(private), 7))


def test_files_in_another_order_or_of_another_kind(tmp_path):
    X = CLOUDS["normal"]()
    np.save(tmp_path / "columns.npy", np.asfortranarray(X))
    assert_same(knn(tmp_path / "columns.npy", 3, executor=SERIAL), knn(X, 3))
    np.save(tmp_path / "flat.npy", X.ravel())
    np.save(tmp_path / "words.npy", np.array([["a", "b"]]))
    np.savez(tmp_path / "several.npz", X=X)
    (tmp_path / "text.npy").write_text("no array")
    for name, error, text in (
        ("flat.npy", ValueError, r"shape \(n, d\)"),
        ("words.npy", TypeError, "real numbers"),
        ("several.npz", ValueError, r"\.npy file"),
        ("text.npy", ValueError, r"\.npy file"),
        ("none.npy", FileNotFoundError, "none.npy"),
    ):
        with pytest.raises(error, match=text):
            knn(tmp_path / name, 3, executor=SERIAL)


def test_rows_are_gathered_from_windows(tmp_path, monkeypatch):
    X = RNG.normal(size=(300, 7))
    np.save(tmp_path / "x.npy", X)
    monkeypatch.setattr("zeta_geom.scale.points.WINDOW", 10 * 7 * 8)
    rows = np.array([0, 3, 9, 10, 11, 150, 299])
    np.testing.assert_array_equal(gather_rows(str(tmp_path / "x.npy"), rows), X[rows])
    with pytest.raises(FileNotFoundError, match="storage that all workers share"):
        map_rows(str(tmp_path / "y.npy"), 0, 1)


def test_values_too_large_to_square_are_named_by_their_row(tmp_path):
    X = CLOUDS["normal"]()
    X[120, 2] = 1e200
    np.save(tmp_path / "points.npy", X)
    with pytest.raises(ValueError, match=r"row\(s\) 120\."):
        knn(tmp_path / "points.npy", 3, executor=SERIAL)


def test_a_map_in_c_order_of_a_fortran_file_is_written_anew(tmp_path):
    X = RNG.normal(size=(60, 5))
    np.save(tmp_path / "columns.npy", np.asfortranarray(X))
    raw = np.memmap(tmp_path / "columns.npy", float, "r", 128, (60, 5))
    assert_same(knn(raw, 3, executor=SERIAL, parts=Parts(block_size=20)), knn(np.array(raw), 3))


def test_a_damaged_copy_of_the_points_is_written_again(tmp_path):
    X, cut = CLOUDS["normal"](), Parts(tmp_path, chunk_size=100)
    knn(X, 9, executor=SERIAL, parts=cut)
    path = tmp_path / "X.npy"
    path.write_bytes(path.read_bytes()[:-240] + bytes(240))
    (tmp_path / "part-000004.parquet").unlink()
    assert_same(knn(X, 9, executor=SERIAL, parts=cut), knn(X, 9))
