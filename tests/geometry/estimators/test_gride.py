"""Gride: DADApy's values, a plain solver of the paper's equation, the law of the ratios, and degenerate distances."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq

from benchmarks.peers.gride import LARGEST, left_out, point_sets
from zeta_geom.geometry import knn, local_dimension
from zeta_geom.geometry.estimators.gride import estimate_gride, gride_scale
from zeta_geom.geometry.local_pca import draw_anchors

JUDGED = json.loads((Path(__file__).parent / "gride_dadapy.json").read_text())["values"]
X = np.random.default_rng(3).normal(size=(120, 5))


def estimate(X, k, n_jobs=1):
    neighbors = knn(X, k)
    return estimate_gride(X, neighbors.indices, neighbors.distances, n_jobs=n_jobs)


def plain_gride(ratios, n1, n2):
    logs = np.log(ratios)

    def derivative(d):
        steep = sum(log / (1 - np.exp(-d * log)) if log > 0 else 1 / d for log in logs)
        return (len(logs) - 1) / d + (n2 - n1 - 1) * steep - (n2 - 1) * sum(logs)

    return brentq(derivative, 1e-3, 1e4, xtol=1e-12, rtol=1e-13)


@pytest.mark.parametrize("name", JUDGED)
def test_all_points_as_dadapy(name):
    distances = knn(point_sets()[name], LARGEST).distances
    assert left_out(distances) == 0
    made = np.array([gride_scale(distances, nearer) for nearer in (1, 2, 4, 8, 16, 32)])
    np.testing.assert_allclose(made[:, 0], JUDGED[name]["dimension"], rtol=1e-6)
    np.testing.assert_allclose(made[:, 1], JUDGED[name]["standard_error"], rtol=1e-6)


@pytest.mark.parametrize("k", [2, 3, 8, 21])
def test_a_neighbourhood_as_the_plain_solver(k):
    neighbors, n1 = knn(X, k), k // 2
    ratios = neighbors.distances[:, 2 * n1 - 1] / neighbors.distances[:, n1 - 1]
    expected = [plain_gride(ratios[[row, *neighbors.indices[row]]], n1, 2 * n1) for row in range(len(X))]
    np.testing.assert_allclose(estimate(X, k), expected, rtol=1e-9)


def test_two_neighbours_are_the_unbiased_two_nn_of_three_points():
    neighbors = knn(X, 2)
    logs = np.log(neighbors.distances[:, 1] / neighbors.distances[:, 0])
    np.testing.assert_allclose(estimate(X, 2), 2 / (logs + logs[neighbors.indices].sum(axis=1)), rtol=1e-12)


@pytest.mark.parametrize(("nearer", "farther"), [(1, 2), (4, 8), (5, 20), (64, 128)])
@pytest.mark.parametrize("dimension", [1, 40])
def test_the_law_of_the_ratios(nearer, farther, dimension):
    """In dimension d, (r_n1 / r_n2)^d has the law Beta(n1, n2 - n1): estimate and standard error follow it."""
    rng, distances = np.random.default_rng(0), np.ones((200, 300, farther))
    distances[..., nearer - 1] = rng.beta(nearer, farther - nearer, distances.shape[:2]) ** (1 / dimension)
    made = np.array([gride_scale(draw, nearer, farther) for draw in distances])
    errors = (made[:, 0] - dimension) / made[:, 1]
    assert abs(errors.mean()) < 0.25  # its own standard error is 0.07
    assert 0.85 < errors.std() < 1.15


def test_any_subset_of_queries_and_threads_give_the_same():
    neighbors, rows = knn(X, 9), np.array([3, 50, 119])
    subset = estimate_gride(X, neighbors.indices[rows], neighbors.distances[rows], n_jobs=1)
    np.testing.assert_allclose(subset, estimate(X, 9, n_jobs=2)[rows], rtol=1e-13)


@pytest.mark.parametrize("scale", [2.0**-300, 2.0**300])
def test_the_unit_of_distances_does_not_matter(scale):
    neighbors = knn(X, 9)
    scaled = estimate_gride(X * scale, neighbors.indices, neighbors.distances * scale, n_jobs=1)
    np.testing.assert_array_equal(scaled, estimate(X, 9))


def test_equal_distances_are_an_infinite_dimension():
    corners = np.eye(7)  # every two are √2 apart
    assert np.isinf(estimate(corners, 4)).all()
    assert np.isinf(estimate((corners + 100).astype(np.float32), 4)).all()  # up to rounding
    assert gride_scale(np.ones((5, 2)))[0] == np.inf


def test_some_ties_among_the_ratios():
    ratios = np.array([1.0, 1.0, 1.3, 2.0, 1.1, 1.0])
    distances = np.repeat(ratios[:, None], 4, axis=1)
    distances[:, 1] = 1.0
    assert gride_scale(distances, 2)[0] == pytest.approx(plain_gride(ratios, 2, 4), rel=1e-9)


def test_a_grid_of_ties_has_finite_dimensions():
    grid = np.stack(np.meshgrid(*[np.arange(7.0)] * 2), axis=-1).reshape(-1, 2)
    for k in (2, 8, 20):
        assert not np.isnan(estimate(grid, k)).any()
    assert np.isfinite(estimate(grid, 20)).all()


def test_distances_of_zero_are_left_out():
    distances = knn(X, 4).distances
    copies = np.vstack([[[0, 0, 0, 0], [0, 0, 1, 1]], distances])
    assert gride_scale(copies, 2) == gride_scale(distances, 2)
    assert np.isnan(gride_scale(copies[:3], 2)).all()


def test_nearly_flat_and_very_high_dimensions():
    """A dimension of thousands, where ratios are 1 to three digits, and one of a hundredth."""
    for dimension in (0.01, 5000.0):
        farther = np.random.default_rng(0).beta(2, 2, (2000, 1)) ** (-1 / dimension)
        distances = np.hstack([np.ones((2000, 2)), farther, farther])
        estimate, error = gride_scale(distances, 2)
        assert abs(estimate - dimension) < 4 * error


@pytest.mark.parametrize(("nearer", "farther"), [(2, 2), (2, 5), (3, None)])
def test_orders_out_of_range(nearer, farther):
    with pytest.raises(ValueError, match="1 ≤ nearer < farther ≤ 4"):
        gride_scale(np.ones((3, 4)), nearer, farther)


def test_points_far_from_the_origin_tie_up_to_their_rounding():
    """A rounding of 1e9 is 1e-7: distances of 1 that differ by it count as equal."""
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(7, 7)))[0]
    corners = rotation / np.sqrt(2) + 1e9
    neighbors = knn(corners, 4)
    assert np.ptp(neighbors.distances) > 1e-9
    assert np.isinf(estimate_gride(corners, neighbors.indices, neighbors.distances, n_jobs=1)).all()


@pytest.mark.parametrize("name", ["GRIDE", "CA-PCA"])
def test_by_name_with_copies_anchors_and_one_warning(name):
    """The door: copies count once, anchors are some of all points, NaN comes with one warning."""
    points = np.random.default_rng(0).normal(size=(90, 4))
    which = np.random.default_rng(1).permutation([*range(90), *range(0, 90, 3)])
    alone = local_dimension(points, 12, estimator=name)[12]
    np.testing.assert_allclose(local_dimension(points[which], 12, estimator=name)[12], alone[which], rtol=1e-12)
    how = {"estimator": name, "n_anchors": 20, "random_state": 0}
    anchors = draw_anchors(20, 90, 0)
    np.testing.assert_allclose(local_dimension(points, 12, **how)[12], alone[anchors], rtol=1e-12)
    with pytest.warns(RuntimeWarning, match=f"{name} gives no finite dimension at 8 of 8") as caught:
        assert np.isnan(local_dimension(np.eye(8), 2, estimator=name)[2]).all()
    assert len(caught) == 1


@pytest.mark.parametrize(
    ("distances", "orders", "message"),
    [
        ([[2.0, 1.0]], {}, "must be at least 0 and ascend"),
        ([[-1.0, 1.0]], {}, "must be at least 0 and ascend"),
        ([[1.0, np.nan]], {}, "finite"),
        ([[1.0, 2.0]], {"nearer": 0}, "nearer must be"),
        ([[1.0, 2.0]], {"nearer": 1.5}, "nearer must be"),
        ([[1.0, 2.0]], {"farther": 3}, "nearer < farther ≤ 2"),
    ],
)
def test_distances_that_are_none_are_refused(distances, orders, message):
    with pytest.raises((TypeError, ValueError), match=message):
        gride_scale(distances, **orders)
