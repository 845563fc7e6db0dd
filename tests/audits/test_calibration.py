"""Splits of real data: their measures are those of the public functions, and their spread is that of new samples."""

import numpy as np
import pytest
from scipy import stats

from tests.audits.audit_cases import QUICK
from zeta_geom import fidelity
from zeta_geom.audits import audit
from zeta_geom.audits.intervals.bootstrap import Bootstrap, Ratio, further_interval
from zeta_geom.audits.intervals.calibration import MOST, Calibration
from zeta_geom.audits.intervals.splits import halves, triples
from zeta_geom.audits.reference import Reference
from zeta_geom.audits.samples import to_samples
from zeta_geom.audits.scores import Definition, Scores
from zeta_geom.audits.verdicts import verdict
from zeta_geom.geometry import knn, local_dimension
from zeta_geom.neighborhoods import label_agreement

SHARE = Definition("m", "fidelity", "m", "share", "")


def draw(n, rng, d=4):
    y = rng.integers(0, 3, n)
    return rng.normal(size=(n, d)) + 2 * np.eye(d)[y], y


def calibration(n, rng, ks=(8,), held=None, d=4):
    sources, heldout = (to_samples(*draw(size, rng, d), n_classes=3) for size in (n, held or n))
    return Calibration(Reference(sources, heldout, ks, 0.05, None, None, 1), 0)


def test_a_split_in_three_has_the_public_functions_values():
    points, classes = draw(180, np.random.default_rng(0))
    lists = knn(points, 179).indices
    pairs = triples(points, lists, lists, (50, 80), classes, 12, np.random.default_rng(1))
    part = np.random.default_rng(1).permutation(np.repeat([0, 1, 2], [50, 50, 80]))
    held = points[part == 2]
    values = {name: [] for name in pairs}
    for one in (0, 1):
        samples, labels = points[part == one], classes[part == one]
        values["recall"].append(fidelity.improved_precision_recall(held, samples, k=3).recall_pw)
        values["coverage"].append(fidelity.density_coverage(held, samples, k=5).coverage_pw)
        agreement = label_agreement(samples, labels, held, classes[part == 2], k=12, metric="euclidean")
        values["label-agreement"].append(agreement.soft / 12)
        values["beta-recall"].append(fidelity.beta_recall(held, samples, k=5).score)
    for name, (first, second) in values.items():
        assert pairs[name][0] == pytest.approx(np.mean(first) - np.mean(second), abs=1e-12)
        if name != "beta-recall":
            assert pairs[name][1] == pytest.approx((np.var(first, ddof=1) + np.var(second, ddof=1)) / 80)


def test_a_split_in_halves_has_local_dimensions_values():
    points = draw(120, np.random.default_rng(2))[0]
    pairs = halves({5: points, 20: points}, knn(points, 119).indices, 0.05, np.random.default_rng(3), 1)
    first = np.random.default_rng(3).permutation(120) < 60
    one, two = local_dimension(points[first], (5, 20)), local_dimension(points[~first], (5, 20))
    for k in (5, 20):
        assert pairs[f"dimension-k{k}"] == pytest.approx(
            (one[k].mean() - two[k].mean(), (one[k].var(ddof=1) + two[k].var(ddof=1)) / 60)
        )


def test_curves_have_the_variance_of_resampled_ranks():
    points = draw(600, np.random.default_rng(4))[0]
    lists = knn(points, 200).indices
    variance = triples(points, lists, lists, (200, 200), None, 8, np.random.default_rng(5))["beta-recall"][1]
    part = np.random.default_rng(5).permutation(np.repeat([0, 1, 2], 200))
    ranks = fidelity.beta_recall(points[part == 2], points[part == 0], k=5)
    rng = np.random.default_rng(6)
    drawn = [
        fidelity.integrated_score(
            np.mean(ranks.ranks[rng.integers(0, 200, 200), None] <= ranks.levels, axis=0), ranks.levels
        )
        for _ in range(400)
    ]
    assert variance == pytest.approx(2 * np.var(drawn), rel=0.35)


def test_neighbours_that_are_shared_raise_the_ratio_and_constant_measures_have_none():
    rng = np.random.default_rng(7)
    ratios = calibration(150, rng).ratios(150)
    assert ratios["dimension-k8"].value > 1.5
    assert ratios["dimension-k8"].top == 4
    line = np.linspace(0, 1, 300)[:, None] * np.ones(3)
    sources, heldout = to_samples(line[::2], np.zeros(150, int)), to_samples(line[1::2], np.zeros(150, int))
    ratios = Calibration(Reference(sources, heldout, (8,), 0.05, None, None, 1), 0).ratios(150)
    assert ratios["dimension-k8"].value == ratios["label-agreement"].value == 1


@pytest.mark.parametrize(("n", "held", "size"), [(40, 40, 40), (300, 12, 300), (300, 300, 9), (7, 300, 7)])
def test_sets_of_all_sizes_are_split(n, held, size):
    ratios = calibration(n, np.random.default_rng(8), held=held).ratios(size)
    assert all(np.isfinite(ratio.value) and ratio.value > 0 for ratio in ratios.values())
    assert ("dimension-k8" in ratios) == (min(size, (n + held) // 2) > 8)


def test_many_features_are_split_on_principal_axes():
    rng = np.random.default_rng(13)
    flat = rng.normal(size=(300, 5)) @ rng.normal(size=(5, 300))  # rank 5: its principal axes hold all distances
    thin, wide = (
        Calibration(Reference(to_samples(X[::2]), to_samples(X[1::2]), (8, 40), 0.05, None, None, 1), 0)
        for X in (flat @ np.linalg.svd(flat)[2][:5].T, flat)
    )
    assert wide._points.shape == (300, 256)
    for name, ratio in thin.ratios(150).items():
        assert wide.ratios(150)[name].value == pytest.approx(ratio.value, rel=0.02)


def test_large_audits_are_split_in_part_and_units_change_nothing():
    rng = np.random.default_rng(9)
    assert len(calibration(MOST, rng, d=3)._points) == MOST
    plain = calibration(60, np.random.default_rng(10)).ratios(60)
    sources, heldout = (to_samples(*draw(60, rng), n_classes=3) for rng in [np.random.default_rng(10)] * 2)
    huge = [to_samples(samples.X * 2.0**450, samples.Y) for samples in (sources, heldout)]
    assert Calibration(Reference(*huge, (8,), 0.05, None, None, 1), 0).ratios(60) == plain


def test_the_interval_of_a_share_tends_to_wilsons():
    values = np.r_[np.ones(1900), np.zeros(100)]
    real = Bootstrap(50, 0.95, 0).estimate([Scores(values)], "a", np.arange(2000))[0]
    judge = stats.binomtest(1900, 2000).proportion_ci(0.95, method="wilson")
    low, high = further_interval(Bootstrap(50, 0.95, 0), SHARE, real, 10**9, Ratio(1999 / 2000))
    assert (low, high) == pytest.approx(tuple(judge), rel=1e-4)
    few = further_interval(Bootstrap(50, 0.95, 0), SHARE, real, 10**9, Ratio(1999 / 2000, splits=10))
    assert few[0] < low


def test_few_splits_widen_by_students_quantile():
    real = Bootstrap(50, 0.95, 0).estimate([Scores(np.random.default_rng(0).normal(size=500))], "a", np.arange(500))[
        0
    ]
    length = Definition("m", "geometry", "m", "", "")
    low, high = further_interval(Bootstrap(50, 0.95, 0), length, real, 500, Ratio(3.0, splits=6))
    clipped = max(0.0, real.value - (high - real.value))
    assert high - real.value == pytest.approx(stats.t.ppf(0.975, 6) * real.error * np.sqrt(6))
    assert low == clipped


def test_rounding_of_constant_data_is_never_outside():
    rng = np.random.default_rng(11)
    X = np.full((40, 3), 0.1) * (1 + 1e-16 * rng.integers(0, 2, (40, 3)))
    for constant in (X, np.full((40, 3), 200, dtype=np.uint8)):
        made = audit(constant, augment="zeta", against="mixup", **QUICK)
        assert not made.summary["verdict"].str.startswith("outside").any()
        assert not (made.comparisons["verdict"] == "differ").any()
    made = audit(X, augment=lambda X: X + 1e-9, **QUICK)
    assert made.summary.set_index("measure").loc["heldout-distance", "verdict"] == "outside, above"
    assert verdict(5e-16, 0.0, 0.0, 1.0) == "within"
    assert verdict(5e-12, 0.0, 0.0, 1.0) == "outside, above"


@pytest.mark.slow
def test_ratios_are_those_of_new_samples():
    rng = np.random.default_rng(12)
    squares, variances, ratios = [], [], []
    for _ in range(150):
        made = calibration(150, rng)
        ratios.append(made.ratios(150))
        S, T = made.reference.sources.flat, draw(150, rng)[0]
        H = made.reference.heldout.flat
        own = [local_dimension(X, (8,))[8] for X in (S, T)]
        held = [fidelity.density_coverage(H, X, k=5).coverage_pw for X in (S, T)]
        squares.append([(np.mean(pair[0]) - np.mean(pair[1])) ** 2 for pair in (own, held)])
        variances.append([2 * np.var(pair[0], ddof=1) / 150 for pair in (own, held)])
    measured = np.mean(squares, axis=0) / np.mean(variances, axis=0)
    for name, ratio in zip(("dimension-k8", "coverage"), measured):
        assert np.mean([one[name].value for one in ratios]) == pytest.approx(ratio, rel=0.3)


@pytest.mark.parametrize("size", [40, 900])
def test_ends_for_a_length_are_where_its_difference_is_the_quantile(size):
    values = np.random.default_rng(0).lognormal(size=300)
    length = Definition("d", "geometry", "d", "", "", length=True)
    (real,) = Bootstrap(50, 0.95, 0).estimate([Scores(values)], "key", np.arange(300))
    ends = further_interval(Bootstrap(50, 0.95, 0), length, real, size, Ratio())
    mean, variance = values.mean(), values.var(ddof=1)
    for end in ends:  # the other sample's standard deviation is proportional to its mean
        spread = np.sqrt(variance / 300 + variance * (end / mean) ** 2 / size)
        assert abs(end - mean) / spread == pytest.approx(stats.t.ppf(0.975, 299))
    assert ends[0] < mean < ends[1]
