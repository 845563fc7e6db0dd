"""Neighbours and dimensions in parts: the integers of one machine, restarts, damage, memory maps, refusals."""

import json
import logging
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from tests.geometry.plain_geometry import plain_neighbours
from zeta_geom import datasets, manifolds
from zeta_geom.execution.dask import DaskExecutor
from zeta_geom.execution.executors import PoolExecutor, SerialExecutor
from zeta_geom.geometry import Parts, knn, local_dimension
from zeta_geom.records import data_fingerprint, keys
from zeta_geom.scale.files import read_part, write_part
from zeta_geom.scale.points import gather_rows, map_rows, points_file
from zeta_geom.scale.sizes import choose_sizes

RNG = np.random.default_rng(0)
SERIAL = SerialExecutor(threads=1)


def mnist_sample(n=600):
    return datasets.load("mnist-sample").X_train[:n].reshape(n, -1).astype(np.float32) / 255


CLOUDS = {
    "normal": lambda: RNG.normal(size=(500, 30)),
    "float32": lambda: RNG.normal(size=(700, 90)).astype(np.float32),
    "images": mnist_sample,
    "helix": lambda: manifolds.make_helix(600, random_state=0)[0],
    "curved": lambda: manifolds.make_curved_manifold(600, random_state=0)[0],
    "a grid, most distances tied": lambda: np.indices((22, 23)).reshape(2, -1).T.astype(float),
    "a grid in many dimensions": lambda: np.pad(np.indices((8, 8, 8)).reshape(3, -1).T, ((0, 0), (0, 97))).astype(
        "f4"
    ),
    "duplicates": lambda: np.repeat(RNG.normal(size=(15, 40)), 40, axis=0),
    "more duplicates than a list holds": lambda: np.repeat(RNG.normal(size=(2, 20)), 300, axis=0),
}
IN_TEST = ("float32", "a grid, most distances tied", "duplicates")
SOME = [name if name in IN_TEST else pytest.param(name, marks=pytest.mark.slow) for name in CLOUDS]
CUTS = (Parts(chunk_size=250, block_size=270), Parts(chunk_size=1000, block_size=45))


class Counting:
    """Serial, and counts the tasks; dies before one of them."""

    def __init__(self, dies_before=None):
        self.threads, self.done, self.dies_before = 1, [], dies_before

    def map(self, call, tasks):
        for place, task in enumerate(tasks):
            if len(self.done) == self.dies_before:
                raise KeyboardInterrupt
            self.done.append(task.start)
            yield place, call(task)


def assert_same(found, expected):
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_array_equal(found.distances, expected.distances)


def assert_equal_dimensions(found, expected):
    assert found.keys() == expected.keys()
    for k, values in expected.items():
        assert found[k].dtype == values.dtype
        np.testing.assert_array_equal(found[k], values)


@pytest.mark.parametrize("name", SOME)
def test_any_cut_gives_the_neighbours_of_one_machine(name):
    X = CLOUDS[name]()
    expected = knn(X, 20)
    np.testing.assert_array_equal(expected.indices, plain_neighbours(X, 20)[0])
    for cut in CUTS:
        assert_same(knn(X, 20, executor=SERIAL, parts=cut), expected)


@pytest.mark.parametrize("name", SOME)
def test_any_cut_gives_the_dimensions_of_one_machine(name):
    X = CLOUDS[name]()
    expected = local_dimension(X, (8, 40))
    for cut in CUTS:
        assert_equal_dimensions(local_dimension(X, (8, 40), executor=SERIAL, parts=cut), expected)


@pytest.mark.parametrize(
    "name",
    ["float32", "a grid, most distances tied", pytest.param("images", marks=pytest.mark.slow)],
)
def test_torch_in_the_workers_gives_the_same_integers(name):
    X = CLOUDS[name]()
    how = Parts(chunk_size=250, block_size=170, device="cpu")
    np.testing.assert_array_equal(knn(X, 12, executor=SERIAL, parts=how).indices, knn(X, 12).indices)
    assert_equal_dimensions(local_dimension(X, (8, 40), executor=SERIAL, parts=how), local_dimension(X, (8, 40)))


@pytest.mark.parametrize(
    "processes",
    [
        pytest.param(lambda: PoolExecutor(2), id="pool"),
        pytest.param(lambda: DaskExecutor(n_workers=2), id="dask", marks=pytest.mark.slow),
    ],
)
def test_processes_give_what_one_machine_does(processes, tmp_path):
    X = CLOUDS["images"]()
    how = Parts(tmp_path, chunk_size=200, block_size=250)
    found = local_dimension(X, (8, 40), executor=processes(), parts=how)
    assert_equal_dimensions(found, local_dimension(X, (8, 40)))
    assert len(list(tmp_path.glob("part-*.parquet"))) == 3


@pytest.mark.parametrize("block", [5, 40])
def test_every_other_point_may_be_a_neighbour(block):
    X = RNG.normal(size=(40, 3))
    for k in (39, 38, 1):
        assert_same(knn(X, k, executor=SERIAL, parts=Parts(chunk_size=7, block_size=block)), knn(X, k))


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_queries_and_the_cosine_distance(metric):
    X, Q = CLOUDS["float32"](), RNG.normal(size=(130, 90))
    how = Parts(chunk_size=50, block_size=111)
    assert_same(knn(X, 9, queries=Q, metric=metric, executor=SERIAL, parts=how), knn(X, 9, queries=Q, metric=metric))
    assert_same(knn(X, 9, metric=metric, executor=SERIAL, parts=how), knn(X, 9, metric=metric))


def test_anchors_are_those_of_the_seed():
    X = CLOUDS["curved"]()
    found = local_dimension(X, 20, n_anchors=77, random_state=3, executor=SERIAL, parts=Parts(chunk_size=30))
    assert_equal_dimensions(found, local_dimension(X, 20, n_anchors=77, random_state=3))


def test_little_memory_gives_small_blocks_and_the_same(monkeypatch):
    X = CLOUDS["images"]()
    monkeypatch.setattr("zeta_geom.scale.sizes.THREAD", 0)
    monkeypatch.setattr("zeta_geom.scale.sizes.STEPS", 0)
    sizes = choose_sizes(600, 600, 784, 40, memory=4 * 2**20)
    assert (sizes.block, sizes.held) < (600, 600)
    assert sizes.memory <= 4 * 2**20
    found = local_dimension(X, (8, 40), executor=SERIAL, parts=Parts(memory=4 * 2**20))
    assert_equal_dimensions(found, local_dimension(X, (8, 40)))
    with pytest.raises(ValueError, match="memory must be at least"):
        knn(X, 40, executor=SERIAL, parts=Parts(memory=1000))


def test_tensors_in_tensors_out():
    X = torch.from_numpy(CLOUDS["float32"]())
    found = knn(X, 5, executor=SERIAL)
    assert isinstance(found.indices, torch.Tensor)
    assert torch.equal(found.indices, knn(X, 5).indices)
    assert torch.equal(local_dimension(X, 9, executor=SERIAL)[9], local_dimension(X, 9)[9])


def test_a_restart_does_what_is_left(tmp_path):
    X = CLOUDS["normal"]()
    how = Parts(tmp_path, chunk_size=100, block_size=300)
    with pytest.raises(KeyboardInterrupt):
        local_dimension(X, 9, executor=Counting(dies_before=3), parts=how)
    again, nothing = Counting(), Counting()
    found = local_dimension(X, 9, executor=again, parts=how)
    assert again.done == [300, 400]
    written = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.npy")}
    # other blocks and workers go on with the same parts
    other = Parts(tmp_path, chunk_size=100, block_size=50, memory=3 * 2**30)
    assert_equal_dimensions(local_dimension(X, 9, executor=nothing, parts=other), found)
    assert nothing.done == []
    assert written == {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.npy")}
    assert_equal_dimensions(found, local_dimension(X, 9))


def test_damaged_parts_are_computed_again_with_one_warning(tmp_path, caplog):
    X = CLOUDS["normal"]()
    how = Parts(tmp_path, chunk_size=100)
    expected = knn(X, 9, executor=SERIAL, parts=how)
    paths = sorted(tmp_path.glob("part-*"))
    paths[0].write_bytes(paths[0].read_bytes()[:-100])
    flipped = bytearray(paths[2].read_bytes())
    flipped[len(flipped) // 3] ^= 1
    paths[2].write_bytes(flipped)
    paths[4].write_bytes(paths[3].read_bytes()[:0])
    again = Counting()
    with caplog.at_level(logging.WARNING, "zeta_geom.scale.parts"):
        assert_same(knn(X, 9, executor=again, parts=how), expected)
    assert again.done == [0, 200, 400]
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "3 part(s) are truncated or damaged and computed again"
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
            found = read_part(path, "key")
        except ValueError:
            continue
        for name, values in columns.items():  # the byte was one that nobody reads
            np.testing.assert_array_equal(found[name], values)
    path.write_bytes(whole)
    with pytest.raises(ValueError, match="other work"):
        read_part(path, "another")


def test_other_work_in_the_same_folder_is_refused(tmp_path):
    X = CLOUDS["normal"]()
    local_dimension(X, 9, executor=SERIAL, parts=Parts(tmp_path, chunk_size=100))
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for other, how, differ in (
        ((X, 10), {}, r"n_neighbors \(\[9\] there, \[10\] here\)"),
        ((X, 9, 0.1), {}, r"alpha \(0.05 there, 0.1 here\)"),
        ((X + 1, 9), {}, r"differ: X \("),
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
    with pytest.raises(ValueError, match="is damaged, or of another version"):
        local_dimension(X, 9, executor=SERIAL, parts=Parts(tmp_path, chunk_size=100))


def test_a_part_says_what_it_holds(tmp_path):
    X = CLOUDS["normal"]()
    local_dimension(X, (4, 9), executor=SERIAL, parts=Parts(tmp_path / "d", chunk_size=300))
    table = pq.read_table(tmp_path / "d" / "part-000001.parquet").to_pandas()
    assert list(table.columns) == ["row", "k4", "k9"]
    assert table["row"].tolist() == list(range(300, 500))
    found = knn(X, 3, executor=SERIAL, parts=tmp_path / "n")
    table = pq.read_table(tmp_path / "n" / "part-000000.parquet").to_pandas()
    np.testing.assert_array_equal(np.stack(table["indices"]), found.indices)
    settings = json.loads((tmp_path / "n" / "settings.json").read_text())["settings"]
    assert settings["X"] == data_fingerprint(X)


def test_an_error_leaves_the_other_parts(tmp_path):
    X = CLOUDS["normal"]()
    X[[250, 320, 321], 3] = np.nan, np.inf, 1e200
    np.save(tmp_path / "points.npy", X)
    with pytest.raises(ValueError, match=r"X must be finite .* row\(s\) 250, 320, 321\. "):
        knn(tmp_path / "points.npy", 3, executor=SERIAL, parts=tmp_path / "parts")
    Q = RNG.normal(size=(300, 30))
    Q[250] = np.nan
    np.save(tmp_path / "queries.npy", Q)
    how = Parts(tmp_path / "asked", chunk_size=100)
    with pytest.raises(ValueError, match=r"queries must be finite .* row\(s\) 250\. "):
        knn(CLOUDS["normal"](), 3, queries=tmp_path / "queries.npy", executor=SERIAL, parts=how)
    assert len(list((tmp_path / "asked").glob("part-*"))) == 2
    with pytest.raises(ValueError, match="X must be finite"):
        knn(X, 3, executor=SERIAL)


def test_a_lost_part_is_named_and_the_others_stay(tmp_path):
    class Losing(Counting):
        def map(self, call, tasks):
            for place, task in enumerate(tasks):
                yield place, SimpleNamespace(reason="it died.") if place == 1 else call(task)

    how = Parts(tmp_path, chunk_size=100)
    with pytest.raises(RuntimeError, match="1 of 5 parts were lost, the first at query 100: it died"):
        knn(CLOUDS["normal"](), 3, executor=Losing(), parts=how)
    assert len(list(tmp_path.glob("part-*"))) == 4


def test_a_row_of_zeros_is_named_by_its_row():
    X = np.ones((300, 5))
    X[222] = 0
    with pytest.raises(ValueError, match="row 222 is one"):
        knn(X, 3, metric="cosine", executor=SERIAL, parts=Parts(chunk_size=50, block_size=40))


def test_files_and_maps_are_used_where_they_lie(tmp_path):
    X = CLOUDS["float32"]()
    path = tmp_path / "points.npy"
    np.save(path, X)
    mapped = np.load(path, mmap_mode="r")
    for given in (path, str(path), mapped):
        folder = tmp_path / "parts"
        assert_same(knn(given, 7, executor=SERIAL, parts=folder), knn(X, 7))
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
    found = knn(X, 7, executor=SERIAL, parts=tmp_path / "parts")
    assert_same(found, knn(np.array(X), 7))
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


def test_the_temporary_folder_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    knn(CLOUDS["normal"](), 3, executor=SERIAL)
    with pytest.raises(KeyboardInterrupt):
        knn(CLOUDS["normal"](), 3, executor=Counting(dies_before=0))
    assert list(tmp_path.iterdir()) == []


def test_a_worker_of_other_code_is_refused(monkeypatch):
    prints = iter("aab")  # of the client's work and code, and of the worker's code
    monkeypatch.setattr(keys, "code_fingerprint", lambda _: next(prints))
    with pytest.raises(RuntimeError, match="not the client's"):
        knn(CLOUDS["normal"](), 3, executor=SERIAL)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"parts": "somewhere", "executor": None}, "parts must come with executor"),
        ({"n_jobs": 2}, "n_jobs must be left out"),
        ({"executor": 3}, "executor must be one of"),
        ({"method": "approximate"}, "method must be 'exact'"),
        ({"k": 500}, "k must be at most 499"),
        ({"queries": np.ones((3, 4))}, "as many columns as X, 30"),
    ],
)
def test_what_does_not_go_together_is_refused(arguments, text):
    with pytest.raises((ValueError, TypeError), match=text):
        knn(CLOUDS["normal"](), **{"k": 3, "executor": SERIAL, **arguments})


def test_dimensions_refuse_what_needs_one_machine(tmp_path):
    X = CLOUDS["normal"]()
    for name, value in (("estimator", object()), ("neighbors", knn(X, 9))):
        with pytest.raises(ValueError, match=f"{name} does not go with executor"):
            local_dimension(X, 9, executor=SERIAL, **{name: value})
    with pytest.raises(ValueError, match="at least 2 samples and 2 features"):
        local_dimension(X[:, :1], 9, executor=SERIAL)
    with pytest.raises(ValueError, match="below the number of samples"):
        local_dimension(X, 500, executor=SERIAL)
    for name in ("chunk_size", "block_size", "memory"):
        with pytest.raises(ValueError, match=f"{name} must be an integer"):
            Parts(tmp_path, **{name: 0})


def test_tensors_on_a_device_are_refused():
    X = torch.empty((9, 3), device="meta")
    for call in (lambda: knn(X, 3, executor=SERIAL), lambda: local_dimension(X, 3, executor=SERIAL)):
        with pytest.raises(ValueError, match=r"Save it by numpy\.save"):
            call()


def test_tasks_are_paths_and_numbers(tmp_path):
    class Looking(Counting):
        def map(self, call, tasks):
            for task in tasks:
                json.dumps(vars(task))
                assert Path(task.points).exists()
            yield from super().map(call, tasks)

    knn(CLOUDS["normal"](), 3, executor=Looking(), parts=tmp_path)
