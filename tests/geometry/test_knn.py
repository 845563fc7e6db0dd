"""Neighbours against all distances of SciPy and scikit-learn."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from zeta_geom import datasets
from zeta_geom.geometry import knn

RNG = np.random.default_rng(0)


def reference_knn(X, k, metric="euclidean"):
    """Find neighbours plainly: all distances, the query out, a stable sort."""
    distances = cdist(X, X, metric)
    np.fill_diagonal(distances, np.inf)
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(distances, order, axis=1)


CLOUDS = {
    "normal": RNG.normal(size=(300, 5)),
    "wide": RNG.normal(size=(150, 784)),
    "lattice": np.stack(np.meshgrid(*[np.arange(7.0)] * 3), -1).reshape(-1, 3),
    "duplicates": np.repeat(RNG.normal(size=(40, 3)), 5, axis=0),
    "all equal": np.ones((60, 4)),
    "offset": RNG.integers(0, 9, size=(200, 3)) + 1e4,
    "tiny": 2.0**-20 * RNG.integers(0, 9, size=(200, 3)),
    "huge": 2.0**20 * RNG.integers(0, 9, size=(200, 3)),
    "outlier": np.vstack([RNG.normal(size=(200, 3)), [[1e9, 0, 0]]]),
}


@pytest.mark.parametrize("name", CLOUDS)
@pytest.mark.parametrize("k", [1, 20])
def test_knn_is_exact_with_ties_to_the_lower_index(name, k):
    X = CLOUDS[name]
    indices, distances = reference_knn(X, k)
    neighbors = knn(X, k)
    np.testing.assert_allclose(neighbors.distances, distances, rtol=1e-12, atol=0)
    np.testing.assert_array_equal(neighbors.indices, indices)


def test_knn_agrees_with_scikit_learn_on_images():
    X = datasets.load("mnist-sample").X_train.reshape(1000, -1) / 255.0
    distances, _ = NearestNeighbors(n_neighbors=128, algorithm="brute").fit(X).kneighbors()
    np.testing.assert_allclose(knn(X, 128).distances, distances, rtol=1e-9)


def test_knn_cosine_and_queries():
    X, Q = RNG.normal(size=(200, 6)), RNG.normal(size=(30, 6))
    distances = cdist(Q, X, "cosine")
    neighbors = knn(X, 9, queries=Q, metric="cosine")
    np.testing.assert_array_equal(neighbors.indices, np.argsort(distances, axis=1)[:, :9])
    np.testing.assert_allclose(neighbors.distances, np.sort(distances, axis=1)[:, :9], atol=1e-12)
    assert knn(X, 1, queries=X).indices.ravel().tolist() == list(range(200))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", [1e-310, 1e-140, 1e-30, 1.0, 1e100])
@pytest.mark.parametrize("farther", [1e-200, 1e-20, 1.0, 1e20, 1e40, 1e140])
def test_knn_of_queries_whatever_their_size(scale, farther):
    X, Q = RNG.normal(size=(50, 4)) * scale, RNG.normal(size=(9, 4)) * min(scale * farther, 1e149)
    neighbors = knn(X, 5, queries=Q)
    distances = np.sqrt(((Q[:, None] - X) ** 2).sum(axis=2))
    np.testing.assert_array_equal(neighbors.indices, np.argsort(distances, axis=1, kind="stable")[:, :5])


def test_cosine_of_tiny_rows():
    X = RNG.normal(size=(40, 3))
    np.testing.assert_array_equal(
        knn(X * 2.0**-600, 5, metric="cosine").distances, knn(X, 5, metric="cosine").distances
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: knn(np.ones((5, 2)), 5), "k must be at most 4 for 5 points"),
        (lambda: knn(np.ones((5, 2)), 0), "k must be an integer"),
        (lambda: knn(np.ones(5), 1), "X must have shape"),
        (lambda: knn([[1.0], [np.nan]], 1), "X must be finite"),
        (lambda: knn([["a"], ["b"]], 1), "real numbers"),
        (lambda: knn(np.ones((5, 2)), 1, queries=np.ones((2, 3))), "as many columns"),
        (lambda: knn(np.ones((5, 2)), 1, metric="manhattan"), "'cosine', 'euclidean'"),
        (lambda: knn(np.zeros((5, 2)), 1, metric="cosine"), "row of zeros"),
    ],
)
def test_knn_refuses(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
