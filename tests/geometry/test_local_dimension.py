"""Integers against the plain float64 reference, on every one of 1,000 or 5,000 points; anchors; threads."""

import numpy as np
import pytest

from tests.geometry.exact_sets import DATA
from tests.geometry.plain_geometry import plain_dimension, plain_neighbours
from zeta_geom import datasets, manifolds
from zeta_geom.geometry import LocalPCA, local_dimension
from zeta_geom.geometry.knn import search


@pytest.mark.parametrize("n", [1000, pytest.param(5000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", DATA)
def test_every_integer_is_that_of_the_reference(name, n):
    X = DATA[name](n)
    dimensions = local_dimension(X, (8, 128))
    sample = np.arange(0, n, 10)  # whole neighbourhoods, dimensions by sorting all distances
    indices = search(np.ascontiguousarray(X), None, None, 128, n_jobs=-1, progress=False)[0]
    np.testing.assert_array_equal(indices[sample], plain_neighbours(X, 128, X[sample], sample)[0])
    for k in (8, 128):
        expected, close = plain_dimension(X, indices[:, :k])
        np.testing.assert_array_equal(dimensions[k][~close], expected[~close])
        assert close.sum() <= 2


def test_dimension_is_the_same_for_any_number_of_threads_and_chunk(monkeypatch):
    X = manifolds.make_curved_manifold(700, random_state=0)[0]
    images = datasets.load("mnist-sample").X_train[:400].reshape(400, -1) / 255
    for points in (X, images.astype(np.float32)):
        expected = LocalPCA((8, 32), n_jobs=1).fit(points).dimension_pw_
        for n_jobs, counted, block in ((2, 7, 64), (3, 1000, 512), (None, 64, 32)):
            monkeypatch.setattr("zeta_geom.geometry.cpu.counts.COUNTED", counted)
            monkeypatch.setattr("zeta_geom.geometry.cpu.tiles.BLOCK", block)
            monkeypatch.setattr("zeta_geom.geometry.cpu.certified.BUFFER", counted * 2**12)
            np.testing.assert_array_equal(LocalPCA((8, 32), n_jobs=n_jobs).fit(points).dimension_pw_, expected)


@pytest.mark.parametrize("ks", [(4, 8), (8, 64), (64, 8, 4), 32])
def test_several_k_are_those_that_one_finds(ks):
    X = manifolds.make_curved_manifold(600, random_state=0)[0]
    for k, values in local_dimension(X, ks).items():
        np.testing.assert_array_equal(values, LocalPCA(k).fit(X).dimension_pw_)


def test_anchors_have_the_dimension_that_they_have_among_all():
    X = manifolds.make_curved_manifold(900, random_state=0)[0]
    whole = LocalPCA((8, 64)).fit(X)
    some = LocalPCA((8, 64), n_anchors=100, random_state=3).fit(X)
    assert some.dimension_pw_.shape == (2, 100)
    assert (np.diff(some.anchors_) > 0).all()
    np.testing.assert_array_equal(some.dimension_pw_, whole.dimension_pw_[:, some.anchors_])
    np.testing.assert_array_equal(local_dimension(X, 8, n_anchors=100, random_state=3)[8], some.dimension_pw_[0])
    again = LocalPCA((8, 64), n_anchors=100, random_state=4).fit(X)
    assert (again.anchors_ != some.anchors_).any()
    assert (whole.dimension_sem_ == 0).all()
    assert (whole.anchors_ == np.arange(900)).all()


def test_the_standard_error_is_the_spread_of_the_mean_over_draws():
    X = manifolds.make_curved_manifold(900, random_state=0)[0]
    values = LocalPCA(8).fit(X).dimension_pw_
    draws = [LocalPCA(8, n_anchors=150, random_state=seed).fit(X) for seed in range(150)]
    means = np.array([draw.dimension_ for draw in draws])
    stated = np.mean([draw.dimension_sem_ for draw in draws])
    assert abs(means.mean() - values.mean()) < 4 * stated / np.sqrt(150)
    assert 0.8 < means.std() / stated < 1.2


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        ({"n_anchors": 0}, "n_anchors must be an integer"),
        ({"n_anchors": 51}, "n_anchors must be an integer"),
        ({"n_anchors": 3.0}, "n_anchors must be an integer"),
        ({"n_anchors": 3, "random_state": -1}, "random_state must be a non-negative int"),
        ({"n_anchors": 3, "estimator": object()}, "estimator must be a name"),
    ],
)
def test_refuses(ask, message):
    with pytest.raises((ValueError, TypeError), match=message):
        local_dimension(np.random.default_rng(0).normal(size=(50, 3)), 8, **ask)


@pytest.mark.parametrize("X", [np.empty((0, 3)), np.empty((5, 0)), np.full((20, 2), np.nan), np.ones((20, 1, 2))])
def test_refuses_what_is_no_set_of_points(X):
    with pytest.raises(ValueError, match=r"must|Found|NaN|contains|shape"):
        local_dimension(X, 8)


def test_one_feature_is_refused():
    with pytest.raises(ValueError, match="1 feature"):
        local_dimension(np.arange(300.0)[:, None], (8, 128))
