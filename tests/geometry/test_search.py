"""The tiled search against the plain one: ties, scales, outliers, blocks, threads, starts, memory maps."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from tests.geometry.plain_geometry import plain_neighbours
from zeta_geom import datasets, manifolds
from zeta_geom.execution.threads import map_chunks
from zeta_geom.geometry import LocalPCA, knn
from zeta_geom.geometry.cpu.candidates import kth_smallest, make_candidates, scan
from zeta_geom.geometry.cpu.frame import Placed, fit_frame
from zeta_geom.geometry.cpu.tiles import Start
from zeta_geom.geometry.knn import search

RNG = np.random.default_rng(0)


def with_outlier(X, far):
    X = X.copy()
    X[17] = far
    return X


def mnist_sample():
    return datasets.load("mnist-sample").X_train.reshape(1000, -1).astype(np.float32) / 255


CLOUDS = {
    "normal": lambda: RNG.normal(size=(1500, 5)),
    "float32": lambda: RNG.normal(size=(1500, 30)).astype(np.float32),
    "wide noise": lambda: RNG.normal(size=(1100, 200)).astype(np.float32),
    "decaying spectrum": lambda: (RNG.normal(size=(1200, 150)) / np.arange(1, 151)).astype(np.float32),
    "images": mnist_sample,
    "a grid, most distances tied": lambda: np.indices((33, 33)).reshape(2, -1).T.astype(float),
    "duplicates": lambda: np.repeat(RNG.normal(size=(30, 40)), 40, axis=0),
    "more duplicates than a list holds": lambda: np.repeat(RNG.normal(size=(3, 20)), 400, axis=0),
    "one point": lambda: np.ones((700, 3)),
    "collinear": lambda: np.outer(RNG.random(800), RNG.normal(size=50)) + 7,
    "helix": lambda: manifolds.make_helix(1500, random_state=0)[0],
    "scale 1e-6": lambda: 1e-6 * manifolds.make_curved_manifold(900, random_state=1)[0],
    "scale 1e-30": lambda: 1e-30 * RNG.normal(size=(700, 90)),
    "scale 1e30": lambda: (1e30 * RNG.normal(size=(700, 90))).astype(np.float32),
    "offset 1e4": lambda: 1e4 + manifolds.make_curved_manifold(900, random_state=1)[0],
    "an outlier": lambda: with_outlier(RNG.normal(size=(900, 90)), 1e7),
    "an outlier in few dimensions": lambda: with_outlier(RNG.normal(size=(900, 3)), 1e5),
    "clusters within float32's error": lambda: (
        np.repeat(1e3 * RNG.normal(size=(3, 90)), 300, axis=0) + 1e-6 * RNG.normal(size=(900, 90))
    ),
}


@pytest.fixture(autouse=True)
def axes_of_small_clouds(monkeypatch):
    """Let the clouds, all of them small, be searched by short vectors too."""
    monkeypatch.setattr("zeta_geom.geometry.cpu.frame.SMALL_SEARCH", 0)


@pytest.mark.parametrize("name", ["decaying spectrum", "images", "duplicates"])
def test_small_searches_find_no_axes_and_the_same_neighbours(name, monkeypatch):
    X = CLOUDS[name]()
    indices = knn(X, 20).indices
    monkeypatch.undo()
    assert fit_frame(X, 20).axes is None
    np.testing.assert_array_equal(knn(X, 20).indices, indices)


@pytest.mark.parametrize("name", CLOUDS)
def test_neighbours_are_those_of_the_plain_search(name):
    X = CLOUDS[name]()
    neighbors = knn(X, 20)
    indices, squared = plain_neighbours(X, 20)
    np.testing.assert_array_equal(neighbors.indices, indices)
    np.testing.assert_allclose(neighbors.distances, np.sqrt(squared), rtol=1e-12)
    sets, _, _ = search(np.ascontiguousarray(X), None, None, 20, cuts=(5, 20), n_jobs=2, progress=False)
    for k in (5, 20):
        np.testing.assert_array_equal(np.sort(sets[:, :k]), np.sort(indices[:, :k]))


@pytest.mark.parametrize(
    ("name", "block", "n_jobs"),
    [
        pytest.param(name, block, n_jobs, marks=() if (block, n_jobs) in ((32, 3), (512, 1)) else pytest.mark.slow)
        for name in ("normal", "decaying spectrum", "a grid, most distances tied", "duplicates")
        for block in (32, 96, 512)
        for n_jobs in (1, 3, None)
    ],
)
def test_blocks_and_threads_change_nothing(name, block, n_jobs, monkeypatch):
    X = CLOUDS[name]()
    expected = knn(X, 12)
    monkeypatch.setattr("zeta_geom.geometry.cpu.tiles.BLOCK", block)
    neighbors = knn(X, 12, n_jobs=n_jobs)
    np.testing.assert_array_equal(neighbors.indices, expected.indices)
    np.testing.assert_array_equal(neighbors.distances, expected.distances)


@pytest.mark.parametrize("axes", [None, 32, 64])
def test_any_axes_give_the_same_neighbours(axes, monkeypatch):
    X = CLOUDS["decaying spectrum"]()
    monkeypatch.setattr("zeta_geom.geometry.cpu.frame._best_length", lambda *_: axes or 0)
    frame = fit_frame(X, 20)
    assert (None if frame.axes is None else frame.axes.shape[1]) == axes
    np.testing.assert_array_equal(knn(X, 20).indices, plain_neighbours(X, 20)[0])


@pytest.mark.parametrize("name", ["decaying spectrum", "images"])
def test_short_vectors_are_chosen_where_the_spectrum_decays(name):
    assert fit_frame(CLOUDS[name](), 20).axes is not None


def test_no_axes_for_noise():
    assert fit_frame(CLOUDS["wide noise"](), 20).axes is None


@pytest.mark.parametrize("name", ["decaying spectrum", "helix", "more duplicates than a list holds"])
def test_queries_that_are_points_leave_themselves_out(name):
    X = CLOUDS[name]()
    rows = RNG.permutation(len(X))[:70]
    indices, _, _ = search(X, X[rows], rows, 15, n_jobs=2, progress=False)
    np.testing.assert_array_equal(indices, knn(X, 15).indices[rows])


def test_other_queries_leave_nobody_out():
    X, Q = CLOUDS["decaying spectrum"](), RNG.normal(size=(600, 150)) / np.arange(1, 151)
    np.testing.assert_array_equal(knn(X, 9, queries=Q).indices, plain_neighbours(X, 9, queries=Q)[0])


@pytest.mark.parametrize("name", ["decaying spectrum", "a grid, most distances tied", "images"])
def test_where_a_search_starts_changes_nothing(name):
    X = CLOUDS[name]()
    expected = knn(X, 12).indices
    frame = fit_frame(X + 1, 12)
    random = np.array([RNG.permutation(np.delete(np.arange(len(X)), i))[:12] for i in range(len(X))])
    for start in (expected, random):
        indices, _, _ = search(X, None, None, 12, start=Start(frame, start), n_jobs=2, progress=False)
        np.testing.assert_array_equal(indices, expected)


def test_warm_start_forgets_what_does_not_fit():
    warm = LocalPCA((4, 12), warm_start=True)
    for X in (
        CLOUDS["normal"](),
        CLOUDS["helix"](),
        1e30 * CLOUDS["helix"](),
        CLOUDS["images"](),
        CLOUDS["images"](),
    ):
        np.testing.assert_array_equal(warm.fit(X).dimension_pw_, LocalPCA((4, 12)).fit(X).dimension_pw_)


def test_warm_start_serves_the_same_anchors_alone():
    X = CLOUDS["images"]()
    moved = X + 0.01 * np.random.default_rng(1).normal(size=X.shape).astype(X.dtype)
    warm = LocalPCA((4, 12), n_anchors=40, random_state=0, warm_start=True)
    for n_anchors, seed, points in ((40, 0, X), (40, 0, moved), (40, 1, moved), (len(X), 1, X), (40, 1, X[::-1])):
        ask = {"n_anchors": n_anchors, "random_state": seed}
        fitted = warm.set_params(**ask).fit(points)
        np.testing.assert_array_equal(fitted.dimension_pw_, LocalPCA((4, 12), **ask).fit(points).dimension_pw_)


def test_memory_maps_are_read(tmp_path):
    X = CLOUDS["images"]()
    np.save(tmp_path / "points.npy", X)
    mapped = np.load(tmp_path / "points.npy", mmap_mode="r")
    assert isinstance(mapped, np.memmap)
    np.testing.assert_array_equal(knn(mapped, 9).indices, knn(X, 9).indices)
    np.testing.assert_array_equal(LocalPCA(9).fit(mapped).dimension_pw_, LocalPCA(9).fit(X).dimension_pw_)


@pytest.mark.parametrize("rubbish", [np.inf, np.nan, 1e38])
def test_columns_beyond_the_last_point_are_not_read(rubbish):
    points = RNG.normal(size=(40, 3)).astype(np.float32)
    placed = Placed(points, points, np.linalg.norm(points, axis=1))
    lists = make_candidates(placed, placed, np.arange(40), 5)
    products = np.full((40, 64), rubbish, dtype=np.float32)
    products[:, :40] = points @ points.T
    scan(products, lists, 0, lists, 0, True, points, points, lists.halves, True)
    assert (lists.counts <= 39).all()
    for row in range(40):
        assert set(plain_neighbours(points, 5)[0][row]) <= set(lists.ids[row, : lists.counts[row]])


@pytest.mark.parametrize(
    "values", [RNG.random(101), RNG.integers(0, 4, 101), np.ones(101), [3.0], [np.inf, 0.0, 5.0]]
)
def test_the_kth_smallest_is_that_of_a_sort(values):
    values = np.asarray(values, dtype=np.float32)
    before = values.copy()
    assert [kth_smallest(values, k) for k in range(1, len(values) + 1)] == sorted(before)
    np.testing.assert_array_equal(values, before)


class Graph:
    """What pynndescent makes, in any order, and with one point that does not have itself among its neighbours."""

    def __init__(self, X, n_neighbors, random_state, n_jobs):
        self.X = X
        indices = self.query(X, n_neighbors + 1)[0]
        self.neighbor_graph = (np.where(np.arange(len(X))[:, None] == 7, indices[:, 1:], indices[:, :-1])[:, ::-1],)

    def query(self, Q, k):
        return (np.argsort(((Q[:, None].astype(float) - self.X) ** 2).sum(axis=2), axis=1, kind="stable")[:, :k],)


# pynndescent compiles for a minute
@pytest.fixture(params=["a plain graph", pytest.param("pynndescent", marks=pytest.mark.slow)])
def images_for_a_graph(request, monkeypatch):
    X = CLOUDS["images"]()
    if request.param == "pynndescent":
        return X
    monkeypatch.setitem(sys.modules, "pynndescent", SimpleNamespace(NNDescent=Graph))
    return X[:300]


def test_approximate_neighbours_are_most_of_them_with_exact_distances(images_for_a_graph):
    X = images_for_a_graph
    exact, neighbors = knn(X, 10), knn(X, 10, method="approximate")
    shared = [len(set(a) & set(b)) for a, b in zip(exact.indices, neighbors.indices)]
    assert np.mean(shared) > 9
    assert (neighbors.indices != np.arange(len(X))[:, None]).all()
    squared = ((X[:, None].astype(float) - X[neighbors.indices]) ** 2).sum(axis=2)
    np.testing.assert_allclose(neighbors.distances, np.sqrt(squared), rtol=1e-12)
    approximate = knn(X, 10, queries=X[:50], method="approximate")
    assert np.mean(approximate.indices[:, 0] == np.arange(50)) > 0.9


def test_approximate_without_its_package_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynndescent", None)
    with pytest.raises(ImportError, match=r"zeta-geom\[approximate\]"):
        knn(CLOUDS["normal"](), 3, method="approximate")


def test_unknown_methods_are_refused():
    with pytest.raises(ValueError, match="'approximate', 'exact'"):
        knn(CLOUDS["normal"](), 3, method="fast")


def test_an_error_in_a_chunk_ends_the_work():
    begun = []

    def compute(rows):
        begun.append(rows.start)
        if rows.start == 3:
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        map_chunks(compute, 10_000, 1, n_jobs=1, progress=False, description="test")
    assert len(begun) < 10_000


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_error_in_a_tile_ends_the_search(n_jobs, monkeypatch):
    def broken(*_):
        raise RuntimeError("broken")

    monkeypatch.setattr("zeta_geom.geometry.cpu.tiles.BLOCK", 32)
    monkeypatch.setattr("zeta_geom.geometry.cpu.tiles.scan", broken)
    with pytest.raises(RuntimeError, match="broken"):
        knn(CLOUDS["normal"](), 3, n_jobs=n_jobs)


@pytest.mark.parametrize("d", [1, 20, 300])
def test_few_points_and_many_equal_ones(d):
    assert knn(np.zeros((1, d)), 1, queries=np.ones((3, d))).indices.tolist() == [[0]] * 3
    assert knn(np.zeros((2, d)), 1).indices.tolist() == [[1], [0]]
    equal = np.full((900, d), 3.0)
    np.testing.assert_array_equal(knn(equal, 5).indices, plain_neighbours(equal, 5)[0])
