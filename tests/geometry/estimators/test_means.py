"""Means over points: dimension_scale, dimension_interval, and their standard error by random halves."""

import numpy as np
import pytest
import skdim

from zeta_geom.geometry import ESTIMATORS, dimension_interval, dimension_scale, knn, local_dimension
from zeta_geom.geometry.estimators.sampling import split_ratio, summarize
from zeta_geom.manifolds import make_curved_manifold

X = make_curved_manifold(400, random_state=0)[0]
ALL = tuple(name for name, entry in ESTIMATORS.items() if not entry.scikit)


def by_estimator(table):
    return {key: rows.iloc[0] for key, rows in table.groupby(["estimator", "k"])}


def test_rows_are_means_of_the_pointwise_dimensions():
    table = dimension_scale(X, (6, 20), ALL, n_splits=0, random_state=0)
    assert [*table] == ["estimator", "k", "radius", "dimension", "std", "sem", "n"]
    assert [*zip(table["estimator"], table["k"])] == [(name, k) for name in ALL for k in (6, 20)]
    for (name, k), row in by_estimator(table).items():
        values = local_dimension(X, k, estimator=name)[k]
        mean = 1 / np.mean(1 / values) if name == "MLE" else values.mean()
        np.testing.assert_allclose(row["dimension"], mean, rtol=1e-12)
        np.testing.assert_allclose(row["std"], values.std(), rtol=1e-12)
        np.testing.assert_allclose(row["radius"], knn(X, k).distances[:, -1].mean(), rtol=1e-12)
        assert row["n"] == 400
        assert np.isnan(row["sem"])


def test_the_average_can_be_chosen():
    values = local_dimension(X, 12, estimator="MLE")[12]
    for average, mean in (("arithmetic", values.mean()), ("harmonic", 1 / np.mean(1 / values))):
        (row,) = dimension_scale(X, 12, "MLE", average=average, n_splits=0)["dimension"]
        np.testing.assert_allclose(row, mean)


def test_given_neighbours_and_the_unit_change_nothing():
    expected = dimension_scale(X, (6, 20), ("FO", "MLE"), random_state=0, n_splits=2)
    same = dimension_scale(X, (6, 20), ("FO", "MLE"), random_state=0, n_splits=2, neighbors=knn(X, 30))
    assert same.equals(expected)
    tiny = dimension_scale(X * 2.0**-400, (6, 20), ("FO", "MLE"), random_state=0, n_splits=2)
    np.testing.assert_allclose(tiny["radius"] * 2.0**400, expected["radius"])
    np.testing.assert_allclose(tiny[["dimension", "std", "sem"]], expected[["dimension", "std", "sem"]], rtol=1e-8)


def test_anchors_add_the_error_of_their_choice():
    whole = by_estimator(dimension_scale(X, 12, ("FO", "MLE"), random_state=0))
    some = by_estimator(dimension_scale(X, 12, ("FO", "MLE"), n_anchors=100, random_state=0))
    for key in whole:
        assert some[key]["n"] == 100
        assert 1.3 * whole[key]["sem"] < some[key]["sem"] < 3 * whole[key]["sem"]
        assert abs(some[key]["dimension"] - whole[key]["dimension"]) < 4 * some[key]["sem"]
    rows = np.sort(np.random.default_rng(0).permutation(400)[:100])
    np.testing.assert_allclose(some["FO", 12]["dimension"], local_dimension(X, 12)[12][rows].mean())


def test_points_without_a_dimension_are_left_out_with_one_warning():
    lattice = np.stack(np.meshgrid(*[np.arange(6.0)] * 3), axis=-1).reshape(-1, 3)  # three neighbours at distance 1
    cloud = 100 + np.random.default_rng(0).random((84, 3))
    points = np.concatenate([lattice, cloud])
    with pytest.warns(RuntimeWarning, match=r"^MOM gives no finite dimension at 216 of 300[^L]*MADA[^L]*$") as caught:
        table = by_estimator(dimension_scale(points, 3, ("FO", "MOM", "MADA", "MLE"), n_splits=0))
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert [int(table[name, 3]["n"]) for name in ("FO", "MOM", "MADA", "MLE")] == [300, 84, 84, 300]
    alone = by_estimator(dimension_scale(cloud, 3, ("MOM", "MLE"), n_splits=0))
    np.testing.assert_allclose(table["MOM", 3]["dimension"], alone["MOM", 3]["dimension"])
    # an infinite dimension is an inverse of 0
    np.testing.assert_allclose(table["MLE", 3]["dimension"], alone["MLE", 3]["dimension"] * 300 / 84)


def test_copies_weigh_the_mean_but_not_the_error():
    copied = np.concatenate([X, X])
    once = by_estimator(dimension_scale(X, 12, ("MLE", "TLE"), random_state=0))
    twice = by_estimator(dimension_scale(copied, 12, ("MLE", "TLE"), random_state=0))
    for key in once:
        for column in ("dimension", "sem"):
            np.testing.assert_allclose(twice[key][column], once[key][column], rtol=5e-3)
        assert twice[key]["n"] == 800


def test_the_ratio_of_independent_values_is_one():
    rng = np.random.default_rng(0)
    how = {"average": "arithmetic", "n_splits": 200, "rng": rng, "n_jobs": 1}
    noise = split_ratio(lambda points, indices, distances: rng.random(len(points)), X, 5, **how)
    assert abs(noise - 1) < 0.3
    equal = split_ratio(lambda points, indices, distances: np.ones(len(points)), X, 5, **how)
    assert equal == 1
    assert np.isnan(split_ratio(lambda *_: np.ones(30), X[:30], 8, **how))


def test_the_ratio_of_values_that_share_neighbours():
    """Means of k independent numbers of the neighbours: each number counts in about k means."""
    rng, k = np.random.default_rng(0), 5
    counts = np.bincount(knn(X, k).indices.ravel(), minlength=len(X))
    ratio = split_ratio(
        lambda points, indices, distances: rng.normal(size=len(points))[indices].mean(axis=1),
        *(X, k),
        **{"average": "arithmetic", "n_splits": 200, "rng": rng, "n_jobs": 1},
    )
    assert 0.7 < ratio / (np.mean(counts**2.0) / k) < 1.4


def test_few_points_and_axes(monkeypatch):
    wide = np.random.default_rng(0).normal(size=(300, 3)) @ np.random.default_rng(1).normal(size=(3, 60))
    expected = dimension_scale(wide, 8, ("MLE",), random_state=0)
    monkeypatch.setattr("zeta_geom.geometry.estimators.sampling.AXES", 10)  # the points have three
    np.testing.assert_allclose(dimension_scale(wide, 8, ("MLE",), random_state=0)["sem"], expected["sem"], rtol=1e-6)
    monkeypatch.setattr("zeta_geom.geometry.estimators.sampling.MOST", 100)
    (fewer,) = dimension_scale(wide, 8, ("MLE",), random_state=0)["sem"]
    assert 0.5 < fewer / expected["sem"][0] < 2


@pytest.mark.parametrize("average", ["arithmetic", "harmonic"])
def test_the_interval_of_a_mean(average):
    values = np.random.default_rng(0).uniform(1, 3, size=1000)
    summary = summarize(values, average, 4.0, 1000, np.arange(1000), quantile=2.0)
    averaged = values if average == "arithmetic" else 1 / values
    half = 2 * 2 * averaged.std(ddof=1) / np.sqrt(1000)
    ends = averaged.mean() + half * np.array([-1, 1])
    expected = ends if average == "arithmetic" else 1 / ends[::-1]
    np.testing.assert_allclose([summary.low, summary.high], expected)
    np.testing.assert_allclose(summary.high - summary.low, 4 * summary.sem, rtol=1e-2)


def test_the_interval_of_equal_counts_reaches_as_far_as_the_rule_of_three():
    """With probability 0.95 an event that n independent points did not show has a probability of at most 3 / n."""
    summary = summarize(np.full(500, 2.0), "arithmetic", 1.0, 500, np.arange(500), quantile=2.06)
    assert summary.mean == 2
    np.testing.assert_allclose([2 - summary.low, summary.high - 2], 3 / 500, rtol=0.05)
    fractions = summarize(np.full(500, 2.1), "arithmetic", 1.0, 500, np.arange(500), quantile=2.06)
    assert fractions.low == fractions.high == pytest.approx(2.1)


def test_copies_lie_in_the_same_half():
    """Values that pairs of points share have twice the variance of independent ones."""
    rng, copied = np.random.default_rng(0), np.repeat(X[:200], 2, axis=0)
    ratio = split_ratio(
        lambda points, indices, distances: np.repeat(rng.random(200), 2),
        *(copied, 5),
        **{"average": "arithmetic", "n_splits": 300, "rng": rng, "n_jobs": 1},
    )
    assert 1.6 < ratio < 2.4


def test_wider_intervals_and_the_same_seed():
    first, again = (dimension_interval(X, 12, "TLE", random_state=3) for _ in range(2))
    assert first == again
    wider = dimension_interval(X, 12, "TLE", confidence=0.99, random_state=3)
    assert wider.low < first.low < first.dimension < first.high < wider.high
    table = dimension_scale(X, 12, "TLE", random_state=3)
    np.testing.assert_allclose(table.loc[0, ["dimension", "sem"]].astype(float), [first.dimension, first.sem])


@pytest.mark.parametrize("name", ["MLE", *(pytest.param(one, marks=pytest.mark.slow) for one in ("FO", "TLE"))])
def test_intervals_cover_the_expectation(name):
    """Of 60 intervals at 95 %, 51 or fewer contain the mean of all draws once in 10,000 times."""
    draws = [np.random.default_rng(seed).normal(size=(150, 8)) for seed in range(60)]
    intervals = [dimension_interval(draw, 8, name, n_splits=12, random_state=0, n_jobs=1) for draw in draws]
    mean = np.mean([interval.dimension for interval in intervals])
    assert sum(interval.low <= mean <= interval.high for interval in intervals) > 51
    spread = np.std([interval.dimension for interval in intervals])
    assert 0.7 < np.mean([interval.sem for interval in intervals]) / spread < 1.5


def test_estimators_of_scikit_dimension():
    table = dimension_scale(X[:120], 10, (skdim.id.MLE(), "MLE"), average="harmonic", random_state=0, n_splits=4)
    assert [*table["estimator"]] == ["MLE()", "MLE"]
    np.testing.assert_allclose(table.loc[0, "dimension"], table.loc[1, "dimension"])
    assert (table["sem"] > 0).all()
    assert len(dimension_scale(X[:120], 10, skdim.id.MLE(), n_splits=0)) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dimension_scale(X, 8, ()), "at least one name"),
        (lambda: dimension_scale(X, 8, "PCA"), "estimator must be one of"),
        (lambda: dimension_scale(X, 8, average="median"), "average must be one of"),
        (lambda: dimension_scale(X, 400), "below the number of samples"),
        (lambda: dimension_scale(X, 8, n_splits=-1), "n_splits must be"),
        (
            lambda: dimension_scale(X, 8, ("MLE", "CorrInt"), n_anchors=5),
            "n_anchors needs estimators of this package",
        ),
        (lambda: dimension_interval(X, 8, confidence=1.0), "confidence must be"),
        (lambda: dimension_interval(X, 8, n_splits=1), "n_splits must be"),
        (lambda: dimension_interval(X[:30], 8), "at least 4 k = 32 different points"),
    ],
)
def test_refuses(call, message):
    with pytest.raises(ValueError, match=message):
        call()
