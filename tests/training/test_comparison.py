"""Comparison of methods: against SciPy, statsmodels' definition of Holm, and closed forms."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from zeta_geom.training.comparison import compare, holm, paired_interval


def runs(n=4, seed=0):
    rng = np.random.default_rng(seed)
    rows = [
        {"data": data, "method": method, "seed": s, "value": rng.normal(0.2, 0.01)}
        for data in ("a", "b")
        for method in ("erm", "mixup", "zeta")
        for s in range(n)
    ]
    return pd.DataFrame(rows)


def test_intervals_are_scipys_on_the_differences():
    table = runs()
    intervals = compare(table, by=["data"]).set_index(["data", "method"])
    wide = table.pivot(index=["data", "seed"], columns="method", values="value")
    for data in ("a", "b"):
        for method in ("erm", "zeta"):
            difference = (wide.loc[data][method] - wide.loc[data]["mixup"]).to_numpy()
            low, high = stats.t.interval(0.95, 3, difference.mean(), stats.sem(difference))
            row = intervals.loc[(data, method)]
            assert row[["difference", "low", "high"]].tolist() == pytest.approx([difference.mean(), low, high])
            assert row["p"] == pytest.approx(stats.ttest_1samp(difference, 0).pvalue)
            assert row[["n", "n_pairs"]].tolist() == [4, 4]
    assert intervals.loc[("a", "mixup"), ["difference", "low", "high", "p", "p_holm"]].isna().all()
    assert intervals.loc[("a", "zeta"), "std"] == pytest.approx(wide.loc["a"]["zeta"].std(ddof=1))


def test_a_paired_interval_is_student_s():
    values = np.random.default_rng(0).normal(1, 1, 12)
    low, high = stats.t.interval(0.95, 11, values.mean(), stats.sem(values))
    assert paired_interval(values) == pytest.approx((values.mean(), low, high, stats.ttest_1samp(values, 0).pvalue))


def test_one_pair_has_no_interval_and_equal_differences_one_of_no_length():
    assert np.isnan(paired_interval([1.0])[1:]).all()
    assert paired_interval([0.25, 0.25, 0.25]) == (0.25, 0.25, 0.25, 0)
    assert paired_interval([0.0, 0.0])[:3] == (0, 0, 0)
    assert np.isnan(paired_interval([0.0, 0.0]).p)


def test_only_common_seeds_are_paired_and_one_is_too_few():
    table = runs()
    few = table[~((table["method"] == "zeta") & (table["seed"] > 0))]
    intervals = compare(few, by=["data"]).set_index(["data", "method"])
    assert intervals.loc[("a", "zeta"), ["n", "n_pairs"]].tolist() == [1, 1]
    assert np.isnan(intervals.loc[("a", "zeta"), "low"])
    assert intervals.loc[("a", "erm"), "p_holm"] == intervals.loc[("a", "erm"), "p"]  # the only test of its family
    assert compare(table[table["method"] == "erm"], by=["data"])["difference"].isna().all()


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == pytest.approx([1, 1])
    assert holm([np.nan, 0.02, np.nan]) == pytest.approx([np.nan, 0.02, np.nan], nan_ok=True)
    assert holm([]).shape == (0,)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.001, 0.5))
def test_holm_rejects_what_the_step_down_rule_rejects(p, level):
    order = np.argsort(p)
    rejected = set()
    for rank, index in enumerate(order):
        if p[index] * (len(p) - rank) > level:
            break
        rejected.add(index)
    assert {index for index, value in enumerate(holm(p)) if value <= level} == rejected


def test_bad_tables_are_refused():
    with pytest.raises(ValueError, match=r"runs must have the columns value, data, method, seed; lacking: seed"):
        compare(runs().drop(columns="seed"), by=["data"])
    with pytest.raises(ValueError, match="each run once"):
        compare(pd.concat([runs(), runs()]), by=["data"])
    with pytest.raises(ValueError, match="confidence"):
        compare(runs(), by=["data"], confidence=1.5)
