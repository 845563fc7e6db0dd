"""The residual to tangent planes, against a plain form and closed forms."""

import numpy as np
import pytest

from zeta_geom.geometry import knn, tangent_residual


def plain_residual(X, x, k, alpha):
    """The definition, one query at a time, by a singular value decomposition."""
    X, x = X.astype(np.float64), x.astype(np.float64)
    neighbors = X[np.argsort(((X - x) ** 2).sum(axis=1), kind="stable")[:k]]
    mean = neighbors.mean(axis=0)
    _, singular, axes = np.linalg.svd(neighbors - mean, full_matrices=False)
    if singular[0] ** 2 / (k - 1) <= (8 * np.finfo(np.float64).eps * np.abs(neighbors).max()) ** 2:
        return np.linalg.norm(x - mean)
    axes = axes[singular**2 > alpha * singular[0] ** 2]
    apart = x - mean
    return np.linalg.norm(apart - axes.T @ (axes @ apart))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "d"), [(60, 2), (60, 5), (60, 40)])
def test_as_the_plain_form(n, d, dtype):
    rng = np.random.default_rng(d)
    X = (rng.normal(size=(n, d)) / np.arange(1, d + 1)).astype(dtype)
    queries = (rng.normal(size=(9, d)) / np.arange(1, d + 1)).astype(dtype)
    residuals = tangent_residual(X, queries, (4, 20), 0.05)
    for k in (4, 20):
        expected = [plain_residual(X, x, k, 0.05) for x in queries]
        np.testing.assert_allclose(residuals[k], expected, rtol=1e-6, atol=1e-7)


def test_height_over_a_plane_is_the_residual():
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(10, 3)))[0]
    X = rng.random((300, 2)) @ basis[:, :2].T
    heights = np.array([0.0, 0.5, -2.0])
    queries = rng.random((3, 2)) @ basis[:, :2].T + heights[:, None] * basis[:, 2]
    np.testing.assert_allclose(tangent_residual(X, queries, 30)[30], np.abs(heights), atol=1e-7)


def test_given_neighbours_are_used():
    rng = np.random.default_rng(1)
    X, queries = rng.random((50, 3)), rng.random((5, 3))
    neighbors = knn(X, 12, queries=queries)
    np.testing.assert_array_equal(
        tangent_residual(X, queries, 6, neighbors=neighbors)[6], tangent_residual(X, queries, 6)[6]
    )


def test_one_point_is_a_plane_of_no_dimension():
    X = np.tile([3.0, 4.0, 0.0], (20, 1))
    np.testing.assert_allclose(tangent_residual(X, np.zeros((1, 3)), 8)[8], [5.0])


def test_a_plane_that_fills_the_space_leaves_nothing():
    rng = np.random.default_rng(2)
    assert (tangent_residual(rng.normal(size=(100, 2)), rng.normal(size=(20, 2)), 64, 0.0)[64] == 0).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n_neighbors": 50}, "below the number of samples"),
        ({"n_neighbors": 1}, "n_neighbors must be"),
        ({"alpha": 2.0}, "alpha must be"),
        ({"queries": np.zeros((2, 4))}, "queries must have as many columns"),
        ({"queries": np.full((2, 3), np.nan)}, "queries must be finite"),
        ({"neighbors": knn(np.random.default_rng(0).random((50, 3)), 4)}, "neighbors must have shape"),
    ],
)
def test_refuses(change, words):
    arguments = {
        "X": np.random.default_rng(0).random((50, 3)),
        "queries": np.zeros((2, 3)),
        "n_neighbors": 8,
    } | change
    with pytest.raises(ValueError, match=words):
        tangent_residual(**arguments)


def test_queries_of_another_width_are_refused_with_their_neighbors_too():
    X = np.arange(5.0)[:, None]
    with pytest.raises(ValueError, match="queries must have as many columns as X, 1; got 2"):
        tangent_residual(X, np.zeros((1, 2)), 2, neighbors=knn(X, 2, queries=np.zeros((1, 1))))
