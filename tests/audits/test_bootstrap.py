"""The intervals of an audit, against SciPy and closed forms."""

import numpy as np
import pytest
from scipy import stats

from zeta_geom import fidelity
from zeta_geom.audits.intervals.bootstrap import Bootstrap, Ratio, difference_interval, further_interval
from zeta_geom.audits.scores import Curve, Definition, Frechet, Scores

BOOTSTRAP = Bootstrap(4000, 0.95, 0)
SHARE = Definition("m", "labels", "m", "share", "")
LENGTH = Definition("m", "geometry", "m", "", "")


def estimate(values, key="a", **how):
    values = np.asarray(values, dtype=np.float64)
    return BOOTSTRAP.estimate([Scores(values, **how)], key, np.arange(len(values)))[0]


def test_as_scipys_percentile_interval():
    values = np.random.default_rng(0).gamma(2.0, size=400)
    own = estimate(values)
    low, high = BOOTSTRAP.interval(own.draws, own.value)
    judge = stats.bootstrap((values,), np.mean, n_resamples=4000, method="percentile", rng=1).confidence_interval
    assert own.value == pytest.approx(values.mean())
    assert (low, high) == pytest.approx((judge.low, judge.high), abs=0.1 * (judge.high - judge.low))


def test_covers_the_mean_as_often_as_it_says():
    rng = np.random.default_rng(1)
    bootstrap = Bootstrap(300, 0.9, 0)
    hits = 0
    for _ in range(400):
        own = bootstrap.estimate([Scores(rng.normal(size=40))], "a", np.arange(40))[0]
        low, high = bootstrap.interval(own.draws, own.value)
        hits += low <= 0 <= high
    assert 0.86 <= hits / 400 <= 0.94


def test_another_samples_value_lies_in_the_further_interval_as_often_as_it_says():
    rng = np.random.default_rng(2)
    bootstrap = Bootstrap(300, 0.9, 0)
    hits = 0
    for _ in range(400):
        values, other = rng.exponential(size=60), rng.exponential(size=120)
        own = bootstrap.estimate([Scores(values)], "a", np.arange(60))[0]
        low, high = further_interval(bootstrap, LENGTH, own, 120, Ratio())
        hits += low <= other.mean() <= high
    assert 0.85 <= hits / 400 <= 0.95


def test_blocks_widen_the_interval_of_values_that_hang_together():
    values = np.repeat(np.random.default_rng(3).normal(size=50), 20)  # runs of twenty equal values
    widths = []
    for reach in (1, 20):
        own = estimate(values, reach=reach)
        widths.append(np.subtract(*BOOTSTRAP.interval(own.draws, own.value)[::-1]))
    assert widths[1] / widths[0] == pytest.approx(np.sqrt(20), rel=0.15)


def test_blocks_follow_the_places():
    values = np.tile(np.random.default_rng(3).normal(size=50), 20)
    places = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    together = BOOTSTRAP.estimate([Scores(values, 20)], "a", places)[0]
    apart = BOOTSTRAP.estimate([Scores(values, 20)], "a", np.arange(1000))[0]
    assert together.draws.std() > 3 * apart.draws.std()


def test_a_share_of_none_has_jeffreys_interval():
    low, high = further_interval(BOOTSTRAP, SHARE, estimate(np.zeros(200)), 200, Ratio())
    assert low == 0
    assert 0 < high < 0.03
    assert further_interval(BOOTSTRAP, SHARE, estimate(np.ones(200)), 200, Ratio()) == (1 - high, 1)
    assert further_interval(BOOTSTRAP, SHARE, estimate(np.zeros(200)), 200, Ratio(4.0))[1] > 2 * high


def test_intervals_stay_within_limits():
    own = estimate(np.r_[np.zeros(99), 1.0])
    assert BOOTSTRAP.interval(own.draws - 1, own.value, SHARE.limits)[0] == 0
    density = Definition("m", "fidelity", "m", "", "")
    assert further_interval(BOOTSTRAP, density, own, 100, Ratio(9.0))[0] == 0


def test_pairs_share_their_resamples():
    rng = np.random.default_rng(4)
    common = rng.normal(size=300)
    first, second = common + 0.01 * rng.normal(size=300), common + 0.01 * rng.normal(size=300) + 0.1
    low, high = difference_interval(BOOTSTRAP, estimate(first), estimate(second))
    assert high < 0
    judge = stats.bootstrap((first - second,), np.mean, n_resamples=4000, method="percentile", rng=0)
    assert (low, high) == pytest.approx(tuple(judge.confidence_interval), abs=2e-4)
    apart = difference_interval(BOOTSTRAP, estimate(first, "a"), estimate(second, "b"))
    assert apart[0] < 0 < apart[1]


def test_curve_is_the_rooms_score():
    rng = np.random.default_rng(5)
    core = fidelity.alpha_precision(rng.normal(size=(200, 3)), 1.3 * rng.normal(size=(150, 3)))
    curve = Curve(core.levels)
    assert curve(core.ranks) == pytest.approx(core.score, abs=1e-12)
    counts = rng.integers(0, 3, size=(4, 150)).astype(np.float64)
    for one, drawn in zip(counts, curve.resampled(core.ranks, counts)):
        assert drawn == pytest.approx(curve(np.repeat(core.ranks, one.astype(int))), abs=1e-12)


def test_frechet_of_resamples_is_the_rooms_distance():
    rng = np.random.default_rng(6)
    real, fake = rng.normal(size=(80, 5)), rng.normal(size=(60, 5)) + 0.3
    counts = rng.integers(0, 3, size=(3, 60)).astype(np.float64)
    for one, drawn in zip(counts, Frechet(real).resampled(fake, counts)):
        whole = fidelity.frechet_distance(real, np.repeat(fake, one.astype(int), axis=0))
        assert drawn == pytest.approx(whole, rel=1e-6)


def test_infinite_values_are_counted_and_have_no_interval():
    own = estimate([1.0, np.inf, 2.0, np.inf])
    assert (own.value, own.draws, own.infinite) == (np.inf, None, 0.5)


def test_one_value_has_no_interval():
    own = estimate([1.0])
    assert np.isnan(BOOTSTRAP.interval(own.draws, own.value)).all()


def test_few_blocks_widen():
    values = np.arange(40.0)
    own = estimate(values, reach=10)
    plain = values.reshape(4, 10).mean(axis=1).std() / 2
    wide = stats.t.ppf(0.975, 3) / stats.norm.ppf(0.975) * np.sqrt(4 / 3)
    assert own.draws.std() == pytest.approx(plain * wide, rel=0.06)
