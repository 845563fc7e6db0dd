"""Any cut, executor or device gives the neighbours and dimensions of one machine."""

import numpy as np
import pytest
import torch

from tests.geometry.plain_geometry import plain_neighbours
from tests.scale.scale_cases import CLOUDS, CUTS, RNG, SERIAL, assert_equal_dimensions, assert_same
from zeta_geom import geometry
from zeta_geom.execution import DaskExecutor, PoolExecutor
from zeta_geom.scale import Parts, knn, local_dimension
from zeta_geom.scale.sizes import choose_sizes

IN_TEST = ("float32", "a grid, most distances tied", "duplicates")
SOME = [name if name in IN_TEST else pytest.param(name, marks=pytest.mark.slow) for name in CLOUDS]


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
    cut = Parts(chunk_size=250, block_size=170, device="cpu")
    np.testing.assert_array_equal(knn(X, 12, executor=SERIAL, parts=cut).indices, knn(X, 12).indices)
    assert_equal_dimensions(local_dimension(X, (8, 40), executor=SERIAL, parts=cut), local_dimension(X, (8, 40)))


@pytest.mark.parametrize(
    "processes",
    [
        pytest.param(lambda: PoolExecutor(2), id="pool"),
        pytest.param(lambda: DaskExecutor(n_workers=2), id="dask", marks=pytest.mark.slow),
    ],
)
def test_processes_give_what_one_machine_does(processes, tmp_path):
    X = CLOUDS["images"]()
    cut = Parts(tmp_path, chunk_size=200, block_size=250)
    dimensions = local_dimension(X, (8, 40), executor=processes(), parts=cut)
    assert_equal_dimensions(dimensions, local_dimension(X, (8, 40)))
    assert len(list(tmp_path.glob("part-*.parquet"))) == 3


@pytest.mark.parametrize("block", [5, 40])
def test_every_other_point_may_be_a_neighbour(block):
    X = RNG.normal(size=(40, 3))
    for k in (39, 38, 1):
        assert_same(knn(X, k, executor=SERIAL, parts=Parts(chunk_size=7, block_size=block)), knn(X, k))


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_queries_and_the_cosine_distance(metric):
    X, Q = CLOUDS["float32"](), RNG.normal(size=(130, 90))
    cut = Parts(chunk_size=50, block_size=111)
    assert_same(knn(X, 9, queries=Q, metric=metric, executor=SERIAL, parts=cut), knn(X, 9, queries=Q, metric=metric))
    assert_same(knn(X, 9, metric=metric, executor=SERIAL, parts=cut), knn(X, 9, metric=metric))


def test_anchors_are_those_of_the_seed():
    X = CLOUDS["curved"]()
    dimensions = local_dimension(X, 20, n_anchors=77, random_state=3, executor=SERIAL, parts=Parts(chunk_size=30))
    assert_equal_dimensions(dimensions, local_dimension(X, 20, n_anchors=77, random_state=3))


def test_little_memory_gives_small_blocks_and_the_same(monkeypatch):
    X = CLOUDS["images"]()
    monkeypatch.setattr("zeta_geom.scale.sizes.THREAD", 0)
    monkeypatch.setattr("zeta_geom.scale.sizes.STEPS", 0)
    sizes = choose_sizes(600, 600, 784, 40, memory=4 * 2**20)
    assert (sizes.block, sizes.held) < (600, 600)
    assert sizes.memory <= 4 * 2**20
    dimensions = local_dimension(X, (8, 40), executor=SERIAL, parts=Parts(memory=4 * 2**20))
    assert_equal_dimensions(dimensions, local_dimension(X, (8, 40)))
    with pytest.raises(ValueError, match="memory must be at least"):
        knn(X, 40, executor=SERIAL, parts=Parts(memory=1000))


def test_tensors_in_tensors_out():
    X = torch.from_numpy(CLOUDS["float32"]())
    neighbors = knn(X, 5, executor=SERIAL)
    assert isinstance(neighbors.indices, torch.Tensor)
    assert torch.equal(neighbors.indices, knn(X, 5).indices)
    assert torch.equal(local_dimension(X, 9, executor=SERIAL)[9], local_dimension(X, 9)[9])


def test_queries_of_a_tensor_may_be_a_file(tmp_path):
    X = CLOUDS["helix"]()
    np.save(tmp_path / "queries.npy", X[:20])
    neighbors = knn(torch.from_numpy(X), 3, queries=tmp_path / "queries.npy", executor=SERIAL)
    assert_same(neighbors, geometry.knn(torch.from_numpy(X), 3, queries=X[:20]))


def test_without_an_executor_the_calls_are_those_of_geometry():
    X = CLOUDS["normal"]()
    assert_same(knn(X, 5, queries=X[:9], metric="cosine"), geometry.knn(X, 5, queries=X[:9], metric="cosine"))
    assert_equal_dimensions(local_dimension(X, (4, 9), 0.1), geometry.local_dimension(X, (4, 9), 0.1))
