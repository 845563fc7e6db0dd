"""The folder of the parts: restarts, damage, other settings, lost parts, and what a file holds."""

import json
import logging
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.scale.scale_cases import CLOUDS, RNG, SERIAL, Counting, assert_equal_dimensions, assert_same
from zeta_geom.records import data_fingerprint, keys
from zeta_geom.scale import Parts, knn, local_dimension
from zeta_geom.scale.files import read_part, write_part


def test_a_restart_does_what_is_left(tmp_path):
    X = CLOUDS["normal"]()
    cut = Parts(tmp_path, chunk_size=100, block_size=300)
    with pytest.raises(KeyboardInterrupt):
        local_dimension(X, 9, executor=Counting(dies_before=3), parts=cut)
    again, nothing = Counting(), Counting()
    dimensions = local_dimension(X, 9, executor=again, parts=cut)
    assert again.done == [300, 400]
    written = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.npy")}
    # other blocks and workers go on with the same parts
    other = Parts(tmp_path, chunk_size=100, block_size=50, memory=3 * 2**30)
    assert_equal_dimensions(local_dimension(X, 9, executor=nothing, parts=other), dimensions)
    assert nothing.done == []
    assert written == {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.npy")}
    assert_equal_dimensions(dimensions, local_dimension(X, 9))


def test_damaged_parts_are_computed_again_with_one_warning(tmp_path, caplog):
    X = CLOUDS["normal"]()
    cut = Parts(tmp_path, chunk_size=100)
    expected = knn(X, 9, executor=SERIAL, parts=cut)
    paths = sorted(tmp_path.glob("part-*"))
    paths[0].write_bytes(paths[0].read_bytes()[:-100])
    flipped = bytearray(paths[2].read_bytes())
    flipped[len(flipped) // 3] ^= 1
    paths[2].write_bytes(flipped)
    paths[4].write_bytes(paths[3].read_bytes()[:0])
    again = Counting()
    with caplog.at_level(logging.WARNING, "zeta_geom.scale.parts"):
        assert_same(knn(X, 9, executor=again, parts=cut), expected)
    assert again.done == [0, 200, 400]
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "3 part(s) are truncated or damaged and will be computed again"
    ]


def test_no_flipped_bit_goes_unseen(tmp_path):
    path = tmp_path / "part.parquet"
    columns = {"row": np.arange(50), "distances": RNG.normal(size=(50, 3))}
    write_part(path, columns, "key")
    whole = path.read_bytes()
    for place in RNG.integers(len(whole), size=300):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << int(place) % 8
        path.write_bytes(flipped)
        try:
            values_read = read_part(path, "key")
        except ValueError:
            continue
        for name, values in columns.items():  # the byte was one that nobody reads
            np.testing.assert_array_equal(values_read[name], values)
    path.write_bytes(whole)
    with pytest.raises(ValueError, match="written with other settings"):
        read_part(path, "another")


def test_other_work_in_the_same_folder_is_refused(tmp_path):
    X = CLOUDS["normal"]()
    local_dimension(X, 9, executor=SERIAL, parts=Parts(tmp_path, chunk_size=100))
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for other, how, differ in (
        ((X, 10), {}, r"n_neighbors \(\[9\] there, \[10\] here\)"),
        ((X, 9, 0.1), {}, r"alpha \(0.05 there, 0.1 here\)"),
        ((X + 1, 9), {}, r"other settings; these differ: X \("),
        ((X.astype(np.float32), 9), {}, "dtype"),
        ((X, 9), {"chunk_size": 101}, r"chunk_size \(100 there, 101 here\)"),
        ((X, 9), {"device": "cpu"}, "device"),
    ):
        with pytest.raises(ValueError, match=differ):
            local_dimension(*other, executor=SERIAL, parts=Parts(tmp_path, **{"chunk_size": 100, **how}))
    with pytest.raises(ValueError, match="what"):
        knn(X, 9, executor=SERIAL, parts=Parts(tmp_path, chunk_size=100))
    with pytest.raises(ValueError, match="anchors"):
        local_dimension(X, 9, n_anchors=50, executor=SERIAL, parts=Parts(tmp_path, chunk_size=100))
    assert before == {path: path.read_bytes() for path in tmp_path.iterdir()}
    (tmp_path / "settings.json").write_text("{")
    with pytest.raises(ValueError, match="is damaged"):
        local_dimension(X, 9, executor=SERIAL, parts=Parts(tmp_path, chunk_size=100))


def test_a_part_says_what_it_holds(tmp_path):
    X = CLOUDS["normal"]()
    local_dimension(X, (4, 9), executor=SERIAL, parts=Parts(tmp_path / "d", chunk_size=300))
    table = pq.read_table(tmp_path / "d" / "part-000001.parquet").to_pandas()
    assert list(table.columns) == ["row", "k4", "k9"]
    assert table["row"].tolist() == list(range(300, 500))
    neighbors = knn(X, 3, executor=SERIAL, parts=tmp_path / "n")
    table = pq.read_table(tmp_path / "n" / "part-000000.parquet").to_pandas()
    np.testing.assert_array_equal(np.stack(table["indices"]), neighbors.indices)
    settings = json.loads((tmp_path / "n" / "settings.json").read_text())["settings"]
    assert settings["X"] == data_fingerprint(X)


def test_a_lost_part_is_named_and_the_others_stay(tmp_path):
    class Losing(Counting):
        def map(self, call, tasks):
            for place, task in enumerate(tasks):
                yield place, SimpleNamespace(reason="it died.") if place == 1 else call(task)

    cut = Parts(tmp_path, chunk_size=100)
    with pytest.raises(RuntimeError, match="1 of 5 parts were lost, the first at query 100: it died"):
        knn(CLOUDS["normal"](), 3, executor=Losing(), parts=cut)
    assert len(list(tmp_path.glob("part-*"))) == 4


def test_the_temporary_folder_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    knn(CLOUDS["normal"](), 3, executor=SERIAL)
    with pytest.raises(KeyboardInterrupt):
        knn(CLOUDS["normal"](), 3, executor=Counting(dies_before=0))
    assert list(tmp_path.iterdir()) == []


def test_a_worker_of_other_code_is_refused(monkeypatch):
    prints = iter("aab")  # of the client's work and code, and of the worker's code
    monkeypatch.setattr(keys, "code_fingerprint", lambda _: next(prints))
    with pytest.raises(RuntimeError, match="differs between this worker and the client"):
        knn(CLOUDS["normal"](), 3, executor=SERIAL)


def test_tasks_are_paths_and_numbers(tmp_path):
    class Looking(Counting):
        def map(self, call, tasks):
            for task in tasks:
                json.dumps(vars(task))
                assert Path(task.points).exists()
            yield from super().map(call, tasks)

    knn(CLOUDS["normal"](), 3, executor=Looking(), parts=tmp_path)
