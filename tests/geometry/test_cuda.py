"""Neighbours and dimensions of torch tensors: the integers of the NumPy path, and no wait for the host in a chunk."""

import numpy as np
import pytest
import torch

from tests.fake_cuda import needs_cuda, no_waiting
from zeta_geom import datasets, manifolds
from zeta_geom.geometry import LocalPCA, knn, local_dimension
from zeta_geom.geometry.cuda import search as torch_search
from zeta_geom.geometry.cuda.counts import count_chunk, count_large_eigenvalues
from zeta_geom.geometry.cuda.memory import full_float32
from zeta_geom.geometry.cuda.search import as_tensor_points, nearest_chunk, search_tensor

__all__ = ["no_waiting"]


def images():
    return datasets.load("mnist-sample").X_train[:200].reshape(200, -1).astype(np.float32) / 255


DATA = {
    "helix": lambda: manifolds.make_helix(400, random_state=0)[0],
    "manifold in R^12": lambda: manifolds.make_curved_manifold(500, random_state=0)[0],
    "images": images,
    "duplicates": lambda: np.repeat(np.random.default_rng(0).normal(size=(10, 50)), 40, axis=0),
    "a grid": lambda: np.indices((20, 20)).reshape(2, -1).T.astype(float),
    "one point": lambda: np.ones((200, 3)),
    "offset 1e4": lambda: 1e4 + manifolds.make_curved_manifold(400, random_state=1)[0],
    "scale 1e-6": lambda: 1e-6 * manifolds.make_curved_manifold(400, random_state=1)[0],
}
DEVICES = ["cpu", pytest.param("cuda", marks=[pytest.mark.cuda, needs_cuda])]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", DATA)
def test_integers_are_those_of_the_numpy_path(name, device, monkeypatch):
    X = DATA[name]()
    expected, dimensions = knn(X, 40), local_dimension(X, (8, 40))
    points = torch.from_numpy(X).to(device)
    for bytes_ in (2**28, 2**20):  # in one chunk, and in many
        monkeypatch.setattr("zeta_geom.geometry.cuda.memory.BYTES", bytes_)
        indices, squared = search_tensor(points, None, None, 40)
        np.testing.assert_array_equal(indices.cpu(), expected.indices)
        np.testing.assert_allclose(squared.sqrt().cpu(), expected.distances, rtol=1e-12)
        counts = count_large_eigenvalues(points, indices, (8, 40), 0.05)
        assert counts.device == points.device
        np.testing.assert_array_equal(counts.cpu(), np.stack([dimensions[8], dimensions[40]]))


@pytest.mark.parametrize("device", DEVICES)
def test_queries_and_anchors(device):
    X = torch.from_numpy(DATA["manifold in R^12"]()).to(device)
    anchors = torch.arange(0, 500, 7, device=device)
    indices, _ = search_tensor(X, X[anchors], anchors, 12)
    np.testing.assert_array_equal(indices.cpu(), knn(X.cpu().numpy(), 12).indices[anchors.cpu()])
    with_themselves, _ = search_tensor(X, X[anchors], None, 12)
    assert (with_themselves[:, 0] == anchors).all()


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
def test_tensors_in_tensors_out(dtype, device):
    X = torch.from_numpy(DATA["manifold in R^12"]()).to(dtype).to(device).requires_grad_()
    plain = X.detach().float() if dtype.itemsize == 2 else X.detach()
    neighbors, expected = knn(X, 9), knn(plain.cpu().numpy(), 9)
    assert neighbors.indices.device == neighbors.distances.device == X.device
    np.testing.assert_array_equal(neighbors.indices.cpu(), expected.indices)
    np.testing.assert_allclose(neighbors.distances.cpu(), expected.distances, rtol=1e-12)
    cosine = knn(X, 9, queries=X[:5], metric="cosine")
    wanted = knn(plain.cpu().numpy(), 9, queries=plain[:5].cpu().numpy(), metric="cosine")
    np.testing.assert_array_equal(cosine.indices.cpu(), wanted.indices)
    by_k = local_dimension(X, (4, 16), n_anchors=50, random_state=0)
    anchors = LocalPCA((4, 16), n_anchors=50, random_state=0).fit(plain.cpu().numpy())
    assert by_k[4].device == X.device
    assert by_k[4].dtype == torch.int64
    np.testing.assert_array_equal(torch.stack(list(by_k.values())).cpu(), anchors.dimension_pw_)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("shape", "k"), [((64, 300), 20), ((64, 300), 60), ((64, 5), 20)])
def test_no_chunk_waits_on_fake_tensors(dtype, shape, k, no_waiting):
    X = torch.rand(shape, device="cuda", dtype=dtype)
    mean, scale = torch.zeros(shape[1], device="cuda", dtype=torch.float64), X.new_ones((), dtype=torch.float64)
    rows = torch.arange(10, device="cuda")
    indices, squared, undecided = nearest_chunk(X, X.float(), X.float().square().sum(1), X[:10], rows, k, mean, scale)
    counts, left = count_chunk(X, indices, scale, 0.05, torch.float32)
    assert {t.device.type for t in (indices, squared, undecided, counts, left)} == {"cuda"}
    assert (indices.shape, squared.dtype, undecided.shape) == ((10, k), torch.float64, (10,))
    assert (counts.shape, counts.dtype, left.dtype) == ((10,), torch.int64, torch.bool)


@pytest.mark.cuda
@needs_cuda
def test_no_chunk_waits_on_a_device():
    X = torch.rand((2000, 300), device="cuda")
    mean, scale = torch.zeros(300, device="cuda", dtype=torch.float64), X.new_ones((), dtype=torch.float64)
    anchors = torch.arange(100, device="cuda")
    for mode in ("default", "error"):  # the first time makes handles
        torch.cuda.set_sync_debug_mode(mode)
        try:
            indices = nearest_chunk(X, X, X.square().sum(1), X[:100], anchors, 128, mean, scale)[0]
            count_chunk(X, indices, scale, 0.05, torch.float32)
        finally:
            torch.cuda.set_sync_debug_mode("default")


def test_what_a_tensor_must_be():
    cpu = torch.device("cpu")
    for X, message in (
        (torch.ones(3), "shape"),
        (torch.ones(0, 3), "shape"),
        (torch.full((3, 2), torch.nan), "finite"),
        (torch.ones(3, 2, dtype=torch.complex64), "real numbers"),
        (torch.ones(3, 2, device="meta"), "must be a tensor on cpu"),
        ([[1.0]], "must be a tensor on cpu"),
    ):
        with pytest.raises((TypeError, ValueError), match=message):
            as_tensor_points(X, cpu)
    assert as_tensor_points(torch.ones(3, 2, dtype=torch.int32), cpu).dtype == torch.float64


def test_an_estimator_says_where_tensors_of_a_device_go():
    with pytest.raises(TypeError, match="Use local_dimension there"):
        LocalPCA(5).fit(torch.ones(9, 2, device="meta"))
    with pytest.raises(TypeError, match="estimator must be 'FO' for a tensor on meta"):
        local_dimension(torch.ones(9, 2, device="meta"), 5, estimator="MLE")
    with pytest.raises(ValueError, match="method must be 'exact'"):
        knn(torch.ones(9, 2, device="meta"), 5, method="approximate")


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("spares", [(16, 256, 2048), (1, 2)])
def test_what_float32_cannot_tell_is_decided(spares, device, monkeypatch):
    X = np.concatenate([1e-5 * np.random.default_rng(0).random((400, 6)), np.eye(6)])
    spares_used = []

    def noted(*args):
        spares_used.append(args[-1])
        return nearest_chunk(*args)

    monkeypatch.setattr(torch_search, "SPARES", spares)
    monkeypatch.setattr(torch_search, "nearest_chunk", noted)
    expected = knn(X, 20)
    indices, squared = search_tensor(torch.from_numpy(X).to(device), None, None, 20)
    assert tuple(dict.fromkeys(spares_used)) == spares
    np.testing.assert_array_equal(indices.cpu(), expected.indices)
    np.testing.assert_allclose(squared.sqrt().cpu(), expected.distances, rtol=1e-12)


@pytest.mark.parametrize("name", ["allow_tf32", "fp32_precision"])
def test_tf32_is_off_in_products_and_on_again_afterwards(name):
    matmul = torch.backends.cuda.matmul
    if name == "fp32_precision" and not hasattr(matmul, name):
        pytest.skip("this torch has one name for it")
    before = getattr(matmul, name)
    allowed, refused = (True, False) if name == "allow_tf32" else ("tf32", "ieee")
    try:
        for value, inside in ((allowed, refused), (before, before)):
            setattr(matmul, name, value)
            with full_float32(torch.ones(1)):
                assert getattr(matmul, name) == inside
            assert getattr(matmul, name) == value
    finally:
        setattr(matmul, name, before)


def test_products_keep_all_digits_under_autocast():
    X = torch.from_numpy(DATA["images"]())
    indices, _ = search_tensor(X, None, None, 20)
    expected = count_large_eigenvalues(X, indices, (20,), 0.05)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        np.testing.assert_array_equal(search_tensor(X, None, None, 20)[0], indices)
        np.testing.assert_array_equal(count_large_eigenvalues(X, indices, (20,), 0.05), expected)
