"""Our estimators by name against scikit-dimension on the same neighbours, and their degenerate cases."""

import warnings

import numpy as np
import pytest
import skdim
import torch

from zeta_geom.geometry import ESTIMATORS, Neighbors, knn, local_dimension
from zeta_geom.rng.seeds import numpy_generator

RNG = np.random.default_rng(0)
LATTICE = np.stack(np.meshgrid(*[np.arange(4.0)] * 3), axis=-1).reshape(-1, 3) @ np.diag([1, 1, 3])
DATA = {
    "plane": RNG.random((80, 2)) @ RNG.normal(size=(2, 5)) + 0.05 * RNG.normal(size=(80, 5)),
    "ball": RNG.normal(size=(80, 30)),
    "line": np.sort(RNG.random(80))[:, None] * np.array([[1.0, -2.0, 0.5]]),
    "lattice": LATTICE,  # full of ties
    "outlier": np.concatenate([RNG.random((79, 3)), [[1e6, 0.0, -1e6]]]),
}
OURS = [name for name, entry in ESTIMATORS.items() if entry.estimate]
JUDGED = [name for name in OURS if name not in ("GRIDE", "CA-PCA")]  # other judges judge these two
FROM_DISTANCES = ["MLE", "MOM", "MADA", "TLE", "TwoNN"]  # infinite if all distances are equal


def judge(name, X, k):
    """Return scikit-dimension's dimension on our neighbours."""
    neighbors = knn(X, k)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        if name == "TwoNN":
            return skdim.id.TwoNN().fit_pw(X, precomputed_knn=neighbors.indices, n_neighbors=k).dimension_pw_
        if name == "TLE":
            return np.array([tight(X[rows], far) for rows, far in zip(neighbors.indices, neighbors.distances)])
        pair = (neighbors.distances, neighbors.indices)
        return getattr(skdim.id, name)().fit(X, precomputed_knn_arrays=pair, n_neighbors=k).dimension_pw_


def tight(points, distances):
    """Return scikit-dimension's TLE of one neighbourhood of radius 1: its thresholds are absolute."""
    k, radius = len(points), distances[-1]
    pair = (np.tile(distances / radius, (k, 1)), np.tile(np.arange(k), (k, 1)))  # it computes at each of its k points
    return skdim.id.TLE().fit(points / radius, precomputed_knn_arrays=pair, n_neighbors=k).dimension_pw_[0]


def quiet(X, k, **how):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return local_dimension(X, k, **how)[k]


SLOW = [*((k, data) for k in (3, 40) for data in DATA if (k, data) != (3, "lattice"))]


@pytest.mark.parametrize(
    ("k", "data"),
    [*((12, data) for data in DATA), (3, "lattice"), *(pytest.param(*one, marks=pytest.mark.slow) for one in SLOW)],
)
@pytest.mark.parametrize("name", JUDGED)
def test_every_dimension_is_that_of_scikit_dimension(name, data, k):
    X = DATA[data]
    values, expected = quiet(X, k, estimator=name), judge(name, X, k)
    assert values.dtype == np.float64
    if name != "ESS":  # infinite at equal distances, where scikit-dimension has a number from 0 to 1e16
        expected[(expected == 0) | (np.abs(expected) > 1e12)] = np.nan
    np.testing.assert_allclose(values, expected, rtol=1e-6)
    assert data == "lattice" or np.isfinite(values).all()


@pytest.mark.parametrize("origin", [5.0, 1e9])
@pytest.mark.parametrize("name", FROM_DISTANCES)
def test_equal_distances_have_no_dimension_and_one_warning(name, origin):
    X = 0.1 * np.eye(9) + origin  # at 1e9 the distances differ by rounding of the coordinates
    with pytest.warns(RuntimeWarning, match=rf"^{name} gives no finite dimension at 9 of 9 points") as caught:
        dimensions = local_dimension(X, (4, 6), estimator=name)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert np.isnan([*dimensions.values()]).all()


def test_angles_of_equal_distances_have_a_dimension():
    values = local_dimension(np.eye(9), 4, estimator="ESS")[4]
    np.testing.assert_allclose(values, judge("ESS", np.eye(9), 4), rtol=1e-6)


@pytest.mark.parametrize("name", ["MLE", "TLE", "ESS"])
@pytest.mark.parametrize("k", [2, 8])
def test_rounding_of_equal_distances_is_no_dimension(name, k):
    """Neighbours on both sides of a point of a line differ by rounding, at k = 2."""
    X = (0.1 * np.arange(30.0))[:, None] * np.array([[1.0, 0.3]])
    values = quiet(X, k, estimator=name)
    assert (np.isnan(values) | (values < 5)).all()
    assert name == "ESS" or k == 8 or np.isnan(values[1:-1]).all()


@pytest.mark.parametrize("name", [*OURS, "FO"])
def test_two_neighbours(name):
    X = DATA["ball"]
    values = quiet(X, 2, estimator=name)
    if name in ("TwoNN", "CA-PCA"):
        assert np.isnan(values).all()
    else:
        assert np.isfinite(values).all()
    if name in ("MLE", "MOM", "MADA"):
        near, far = knn(X, 2).distances.T
        formulas = {"MLE": 1 / np.log(far / near), "MOM": (near + far) / (far - near)}
        formulas["MADA"] = np.log(2) / np.log(far / near)
        np.testing.assert_allclose(values, formulas[name], rtol=1e-9)


@pytest.mark.parametrize("name", OURS)
def test_distances_whose_squares_underflow(name):
    X = DATA["ball"].copy()
    X[:6] = X[:1] + 1e-170 * np.eye(6, X.shape[1])
    values = quiet(X - X[:1], 4, estimator=name)
    assert not np.isinf(values).any()
    assert np.isfinite(values[6:]).all()


@pytest.mark.parametrize("factor", [2.0**-664, 1e-200, 1e140, 1e-5])
@pytest.mark.parametrize("name", OURS)
def test_dimensions_do_not_depend_on_the_unit(name, factor):
    X = DATA["plane"]
    expected = local_dimension(X, 12, estimator=name)[12]
    np.testing.assert_allclose(local_dimension(X * factor, 12, estimator=name)[12], expected, rtol=1e-8)


@pytest.mark.parametrize("name", OURS)
def test_a_far_origin_changes_little(name):
    X = np.round(DATA["plane"], 6)
    expected = local_dimension(X, 12, estimator=name)[12]
    np.testing.assert_allclose(local_dimension(X + 2.0**30, 12, estimator=name)[12], expected, rtol=1e-4)


def test_close_pairs_are_left_out_as_by_scikit_dimension_at_radius_one():
    X = DATA["ball"].copy()
    X[1::2] = X[::2] + 1e-6 * RNG.normal(size=X[::2].shape)
    assert not np.allclose(local_dimension(X, 12, estimator=skdim.id.TLE(epsilon=1e-12))[12], judge("TLE", X, 12))
    np.testing.assert_allclose(local_dimension(X, 12, estimator="TLE")[12], judge("TLE", X, 12), rtol=1e-6)


@pytest.mark.parametrize("name", OURS)
def test_copies_count_once(name):
    X, which = DATA["plane"], RNG.permutation([*range(80), *range(0, 80, 4), *[7] * 36])
    expected = local_dimension(X, 12, estimator=name)[12]
    np.testing.assert_allclose(local_dimension(X[which], 12, estimator=name)[12], expected[which], rtol=1e-12)


@pytest.mark.parametrize("copied", [False, True])
@pytest.mark.parametrize("name", ["MLE", "TLE"])
def test_anchors_have_the_dimension_that_they_have_among_all(name, copied):
    X = DATA["plane"]
    if copied:
        X = np.concatenate([X, X[::3], X[:5]])
    whole = local_dimension(X, (6, 12), estimator=name)
    rows = np.sort(np.random.default_rng(3).permutation(len(X))[:20])
    for neighbors in (None, knn(X, 15)):
        some = local_dimension(X, (6, 12), estimator=name, n_anchors=20, random_state=3, neighbors=neighbors)
        for k in (6, 12):
            np.testing.assert_allclose(some[k], whole[k][rows], rtol=1e-12)


@pytest.mark.parametrize("name", OURS)
def test_single_precision_points_and_their_neighbours(name):
    X = DATA["ball"].astype(np.float32)
    expected = local_dimension(X.astype(np.float64), (5, 12), estimator=name)
    for neighbors in (None, knn(X, 15)):
        for k, values in local_dimension(X, (5, 12), estimator=name, neighbors=neighbors, n_jobs=2).items():
            np.testing.assert_allclose(values, expected[k], rtol=1e-6)


def test_chunks_change_nothing(monkeypatch):
    expected = {
        name: local_dimension(DATA["ball"], 12, estimator=name)[12] for name in ("TLE", "ESS", "TwoNN", "CA-PCA")
    }
    monkeypatch.setattr("zeta_geom.geometry.estimators.from_pairs.rows_that_fit", lambda row_bytes: 7)
    for name, values in expected.items():
        np.testing.assert_array_equal(local_dimension(DATA["ball"], 12, estimator=name)[12], values)


def test_tensors_give_tensors():
    X = torch.from_numpy(DATA["ball"])
    values = local_dimension(X, 12, estimator="MLE", neighbors=knn(X, 12))[12]
    assert values.dtype == torch.float64
    np.testing.assert_array_equal(values.numpy(), local_dimension(X.numpy(), 12, estimator="MLE")[12])


def test_none_and_fo_are_local_pca():
    X = DATA["ball"]
    for estimator in (None, "FO"):
        values = local_dimension(X, 12, estimator=estimator)[12]
        assert values.dtype == np.int64
        np.testing.assert_array_equal(values, local_dimension(X, 12)[12])


SCIKIT = [name for name, entry in ESTIMATORS.items() if entry.scikit]


@pytest.mark.parametrize(
    "name", [name if name == "CorrInt" else pytest.param(name, marks=pytest.mark.slow) for name in SCIKIT]
)
def test_names_of_scikit_dimension(name):
    X = DATA["plane"][:40]
    first, again = (quiet(X, 25, estimator=name, random_state=0) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    estimator = getattr(skdim.id, name)()
    if "random_state" in estimator.get_params():
        estimator.set_params(random_state=int(numpy_generator(0).integers(2**31)))
    np.testing.assert_array_equal(first, quiet(X, 25, estimator=estimator))


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"estimator": "tle"}, ValueError, "estimator must be one of 'CA-PCA', .*'TLE', 'TwoNN'; got 'tle'"),
        ({"estimator": 3}, TypeError, "estimator must be a name, or have fit_pw"),
        ({"estimator": "MLE", "neighbors": np.zeros((80, 12), dtype=int)}, TypeError, "neighbors must be Neighbors"),
        (
            {"estimator": "MLE", "neighbors": Neighbors(np.zeros((80, 12), dtype=int), None)},
            ValueError,
            r"neighbors must have distances of shape \(80, 12\)",
        ),
        ({"estimator": "MLE", "neighbors": knn(DATA["ball"], 11)}, ValueError, r"shape \(80, at least 12\)"),
        ({"estimator": "CorrInt", "n_anchors": 3}, ValueError, "n_anchors needs an estimator of this package"),
        ({"estimator": "MLE", "n_anchors": 81}, ValueError, "n_anchors must be an integer"),
    ],
)
def test_refuses(how, error, message):
    with pytest.raises(error, match=message):
        local_dimension(DATA["ball"], 12, **how)


def test_one_feature_is_refused():
    with pytest.raises(ValueError, match="at least 2 features"):
        local_dimension(np.arange(50.0)[:, None], 8, estimator="MLE")
