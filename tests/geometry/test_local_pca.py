"""Local PCA against scikit-dimension, and the contract of scikit-learn's estimators."""

import numpy as np
import pytest
import skdim
import torch
from sklearn.neighbors import NearestNeighbors
from sklearn.utils.estimator_checks import parametrize_with_checks

from zeta_geom import datasets, manifolds
from zeta_geom.geometry import LocalPCA, fukunaga_olsen, knn, local_dimension, local_spectra

RNG = np.random.default_rng(0)
NORMAL = RNG.normal(size=(300, 5))


def judge(X, indices, alpha=0.05):
    """Return scikit-dimension's dimensions on these neighbours, and where rounding may decide."""
    k = indices.shape[1]
    judged = skdim.id.lPCA(ver="FO", alphaFO=alpha).fit_pw(X, precomputed_knn=indices, n_neighbors=k)
    eigenvalues = local_spectra(X[indices])
    largest = eigenvalues[:, -1:]
    close = (np.abs(eigenvalues - alpha * largest) < 1e-10 * largest).any(axis=1)
    return judged.dimension_pw_, close


def mnist_sample():
    return datasets.load("mnist-sample").X_train.reshape(1000, -1)[::2].astype(np.float64)


DATA = {
    "helix in R^3": lambda: manifolds.make_helix(1000, random_state=0)[0],
    "helix in R^12": lambda: manifolds.make_helix(1000, n_features=12, random_state=0)[0],
    "manifold in R^12": lambda: manifolds.make_curved_manifold(1000, random_state=0)[0],
    "crescents": lambda: manifolds.make_crescents(512, random_state=0)[0],
    "spirals": lambda: manifolds.make_spirals(512, random_state=0)[0],
    "MNIST": mnist_sample,
    "noise": lambda: RNG.normal(size=(400, 300)),
    "scale 1e-6": lambda: 1e-6 * manifolds.make_curved_manifold(500, random_state=1)[0],
    "scale 1e6": lambda: 1e6 * manifolds.make_curved_manifold(500, random_state=1)[0],
    "offset 1e4": lambda: 1e4 + manifolds.make_curved_manifold(500, random_state=1)[0],
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name == "noise" else name for name in DATA]
)
def test_dimensions_are_the_integers_of_scikit_dimension(name):
    X = DATA[name]()
    neighbors = knn(X, 128)
    ours = local_dimension(X, (8, 128), neighbors=neighbors)
    for k in (8, 128):
        rows = np.arange(0, len(X), 1 if X.shape[1] < 100 else 4)  # the judge takes 20 ms for a wide point
        expected, close = judge(X, neighbors.indices[rows, :k])
        np.testing.assert_array_equal(ours[k][rows][~close], expected[~close])
        assert ours[k].dtype.kind == "i"
        assert close.sum() <= 2


def test_one_point_neighbourhoods_have_dimension_zero_without_warning():
    for offset in (0.0, 1e4):
        X = np.repeat(RNG.normal(size=(5, 3)) + offset, 12, axis=0)
        with np.errstate(all="raise"):
            assert (local_dimension(X, 8)[8] == 0).all()
    noise = 1e-8 * RNG.normal(size=(60, 3)).astype(np.float32)
    assert (local_dimension(np.float32(1.0) + noise, 8)[8] == 0).all()


def test_collinear_points_have_dimension_one():
    X = np.outer(RNG.random(300), RNG.normal(size=20)) + 7.0
    assert (local_dimension(X, (8, 128))[128] == 1).all()


@pytest.mark.parametrize("d", [1, 2, 3, 6])
def test_a_flat_ball_has_its_own_dimension(d):
    flat = RNG.normal(size=(2000, d)) @ np.linalg.qr(RNG.normal(size=(10, 10)))[0][:d]
    assert np.mean(local_dimension(flat, 128)[128] == d) > 0.99


def test_rule_is_strict():
    assert fukunaga_olsen(np.array([[1.0, 0.5, 0.25]]), 0.5).tolist() == [1]


@parametrize_with_checks([LocalPCA((3, 5))])
def test_scikit_learn_estimator_contract(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks([LocalPCA(5)])
def test_scikit_learn_estimator_contract_of_one_k(estimator, check):
    check(estimator)


def test_attributes_follow_the_kind_of_n_neighbors():
    X = NORMAL
    one, several = LocalPCA(8).fit(X), LocalPCA((4, 8)).fit(X)
    assert one.dimension_pw_.shape == (300,)
    assert several.dimension_pw_.shape == (2, 300)
    np.testing.assert_array_equal(one.dimension_pw_, several.dimension_pw_[1])
    assert several.dimension_[1] == one.dimension_ == one.dimension_pw_.mean()
    assert several.dimension_std_[1] == one.dimension_std_ == one.dimension_pw_.std()
    precomputed = LocalPCA(8).fit_pw(X, precomputed_knn=knn(X, 20))
    np.testing.assert_array_equal(precomputed.dimension_pw_, one.dimension_pw_)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: LocalPCA().fit(np.ones((50, 2))), "k=128 for n_samples=50"),
        (lambda: LocalPCA(1).fit(np.ones((50, 2))), "n_neighbors must be an integer"),
        (lambda: LocalPCA(()).fit(np.ones((50, 2))), "at least one k"),
        (lambda: LocalPCA(5, alpha=-1).fit(np.ones((50, 2))), "alpha must be"),
        (lambda: LocalPCA(5, rule="fan").fit(np.ones((50, 2))), "rule must be one of 'FO', 'Fan', 'Kaiser'"),
        (lambda: LocalPCA(5).fit_pw(np.ones((9, 2)), np.zeros((9, 3), int)), "at least 5"),
        (lambda: LocalPCA(5).fit_pw(np.full((9, 2), 1e200), np.zeros((9, 5), int)), "overflows"),
        (lambda: LocalPCA(5).fit_pw(np.ones((9, 2)), np.full((9, 5), 9)), "indices in 0..8"),
        (lambda: LocalPCA(5).fit_pw(np.ones((9, 2)), np.zeros((9, 5))), "integer indices"),
        (lambda: local_dimension(np.ones((9, 28, 28)), 5), "Flatten images"),
        (lambda: local_dimension(NORMAL, 8, estimator=object()), "precomputed_knn"),
        (lambda: estimate_on(knn(NORMAL, 7)), "at least 8"),
        (lambda: estimate_on(knn(NORMAL[:50], 8)), r"shape \(300, at least 8\)"),
        (lambda: estimate_on(knn(NORMAL, 8).indices), "neighbors must be Neighbors"),
    ],
)
def test_local_pca_refuses(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def estimate_on(neighbors):
    return local_dimension(NORMAL, 8, estimator=skdim.id.MLE(), neighbors=neighbors)


def test_tensors_are_read():
    X = torch.from_numpy(NORMAL)
    expected = LocalPCA(8).fit(NORMAL).dimension_pw_
    np.testing.assert_array_equal(LocalPCA(8).fit(X.clone().requires_grad_()).dimension_pw_, expected)
    assert LocalPCA(8).fit(X.bfloat16()).dimension_pw_.shape == expected.shape


@pytest.mark.parametrize("estimator", [skdim.id.MLE(), skdim.id.TLE(), skdim.id.TwoNN(), skdim.id.CorrInt()])
def test_other_estimators_run_on_our_neighbours(estimator):
    X = manifolds.make_curved_manifold(500, random_state=0)[0]
    k = 30
    dimensions = local_dimension(X, k, estimator=estimator)[k]
    distances, indices = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(X).kneighbors()
    if hasattr(estimator, "_N_NEIGHBORS"):
        expected = estimator.fit(X, precomputed_knn_arrays=(distances, indices), n_neighbors=k).dimension_pw_
    else:
        expected = np.array([estimator.fit(X[row]).dimension_ for row in indices])
    assert dimensions.dtype == np.float64
    np.testing.assert_allclose(dimensions, expected, rtol=1e-6)
    assert 1.5 < np.nanmedian(dimensions) < 4.5
