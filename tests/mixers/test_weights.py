"""The p-series weights, against SciPy, closed forms and the two theorems."""

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import zeta
from scipy.stats import chisquare

from zeta_geom.mixers import (
    gamma_from_lambda,
    gamma_min,
    lambda_from_gamma,
    p_series_weights,
    zeta_weight_matrix,
)

GAMMAS = st.floats(0, 40)


@pytest.mark.parametrize("gamma", [-1.5, 0.0, 0.5, 1.0, 2.8, 15.0])
@pytest.mark.parametrize("n", [1, 2, 7, 1000])
def test_weights_are_the_formula(n, gamma):
    terms = [i**-gamma for i in range(1, n + 1)]
    np.testing.assert_allclose(p_series_weights(n, gamma), np.array(terms) / math.fsum(terms), rtol=1e-12)


def test_first_weight_tends_to_one_over_zeta():
    assert p_series_weights(100_000, 3.0)[0] == pytest.approx(1 / zeta(3.0), abs=1e-9)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("gamma", [-1e300, -1e5, -300.0, 300.0, 1e5, 1e300, math.inf])
def test_weights_at_the_ends_of_the_number_range(gamma):
    weights = p_series_weights(50, gamma)
    assert weights.sum() == pytest.approx(1)
    assert weights[0 if gamma > 0 else -1] == pytest.approx(1, abs=3e-3)
    assert np.isfinite(weights).all()


@given(st.integers(1, 60), st.floats(-50, 50))
def test_weights_sum_to_one_and_are_monotone(n, gamma):
    weights = p_series_weights(n, gamma)
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    assert (np.diff(weights) * np.sign(gamma) <= 0).all()


@given(
    m=st.integers(2, 24),
    data=st.data(),
    gamma=GAMMAS,
    anchor=st.sampled_from(["self", "random"]),
    seed=st.integers(0, 2**32),
)
def test_rows_hold_the_t_weights_and_sum_to_one(m, data, gamma, anchor, seed):
    n_mix = data.draw(st.integers(1, m))
    n_out = data.draw(st.integers(1, 2 * m + 1))
    W = zeta_weight_matrix(m, gamma, n_mix=n_mix, anchor=anchor, n_out=n_out, random_state=seed)
    assert W.shape == (n_out, m)
    assert W.dtype == np.float64
    np.testing.assert_allclose(W.sum(axis=1), 1, atol=1e-12)
    expected = np.concatenate([np.zeros(m - n_mix), np.sort(p_series_weights(n_mix, gamma))])
    np.testing.assert_allclose(np.sort(W, axis=1), np.broadcast_to(expected, W.shape), rtol=1e-12)
    if anchor == "self":
        np.testing.assert_array_equal(W[np.arange(n_out), np.arange(n_out) % m], W.max(axis=1))


@given(st.integers(2, 300), st.floats(1e-6, 20))
def test_above_gamma_min_one_weight_exceeds_the_sum_of_the_others(n, above):
    for bound in (gamma_min(), gamma_min(n)):
        weights = p_series_weights(n, bound + above)
        assert weights[0] > weights[1:].sum()


@pytest.mark.parametrize("n", [3, 4, 32, 900, 1001, 5000])
def test_just_below_its_own_gamma_min_no_weight_does(n):
    root = gamma_min(n)
    weights = p_series_weights(n, root - 1e-6)
    assert weights[0] < weights[1:].sum()
    weights = p_series_weights(n, root)
    assert weights[0] == pytest.approx(weights[1:].sum(), abs=1e-11)


def test_gamma_min_constants():
    assert gamma_min() == pytest.approx(1.7286472389981835, abs=1e-12)
    assert gamma_min(4) == pytest.approx(1.0821314981404186, abs=1e-12)
    assert gamma_min(2) == 0
    assert zeta(gamma_min()) == pytest.approx(2, abs=1e-12)


def test_gamma_min_grows_with_t_up_to_its_limit():
    roots = [gamma_min(n) for n in (2, 3, 4, 8, 128, 1000, 1001, 10_000, 10**9)]
    assert (np.diff(roots) > 0).all()
    assert roots[-1] == pytest.approx(gamma_min(), abs=1e-5)


@given(st.floats(1e-3, 1 - 1e-3))
def test_two_samples_are_mixup_by_theorem_2(lam):
    gamma = gamma_from_lambda(lam)
    assert gamma == pytest.approx(math.log2(lam / (1 - lam)), abs=1e-9)
    np.testing.assert_allclose(p_series_weights(2, gamma), [lam, 1 - lam], rtol=1e-12)
    W = zeta_weight_matrix(2, gamma, random_state=0)
    np.testing.assert_allclose(W, [[lam, 1 - lam], [1 - lam, lam]], rtol=1e-12)


@given(st.floats(-1000, 30))
def test_theorem_2_maps_are_inverse_to_each_other(gamma):
    assert gamma_from_lambda(lambda_from_gamma(gamma)) == pytest.approx(gamma, abs=1e-6)


def test_theorem_2_maps_at_the_ends():
    assert gamma_from_lambda(1) == math.inf
    assert lambda_from_gamma(math.inf) == 1
    assert lambda_from_gamma(-5000.0) == 0
    assert gamma_from_lambda(0.5) == 0
    np.testing.assert_allclose(lambda_from_gamma(gamma_from_lambda([0.1, 0.9])), [0.1, 0.9], rtol=1e-12)


def test_infinite_gamma_gives_leaders_and_zero_the_mean():
    np.testing.assert_array_equal(zeta_weight_matrix(5, math.inf, random_state=0), np.eye(5))
    leaders = zeta_weight_matrix(5, math.inf, anchor="random", random_state=0)
    assert set(np.unique(leaders)) == {0, 1}
    np.testing.assert_allclose(zeta_weight_matrix(5, 0.0, anchor="random", random_state=0), 0.2)


def test_four_samples_reach_all_24_orders_equally_often():
    W = zeta_weight_matrix(4, 2.0, anchor="random", n_out=24_000, random_state=0)
    orders, counts = np.unique(np.argsort(-W, axis=1), axis=0, return_counts=True)
    assert set(map(tuple, orders.tolist())) == set(permutations(range(4)))
    assert chisquare(counts).pvalue > 1e-3


def test_the_order_behind_the_leader_is_uniform_under_the_self_anchor():
    W = zeta_weight_matrix(4, 2.0, n_out=24_000, random_state=1)
    rows = W[2::4]
    orders, counts = np.unique(np.argsort(-rows, axis=1), axis=0, return_counts=True)
    assert set(map(tuple, orders.tolist())) == {(2, *rest) for rest in permutations((0, 1, 3))}
    assert chisquare(counts).pvalue > 1e-3


@pytest.mark.parametrize("anchor", ["self", "random"])
def test_the_samples_of_a_truncated_row_are_uniform(anchor):
    m, n_mix = 7, 3
    W = zeta_weight_matrix(m, 2.0, n_mix=n_mix, anchor=anchor, n_out=m * 3000, random_state=2)
    order = np.argsort(-W, axis=1)[:, :n_mix]
    leaders, others = order[:, 0], order[:, 1:]
    assert chisquare(np.bincount(leaders, minlength=m)).pvalue > 1e-3
    distance = (others - leaders[:, None]) % m
    assert chisquare(np.bincount(distance.ravel(), minlength=m)[1:]).pvalue > 1e-3


def test_same_seed_same_matrix():
    first, again, other = (zeta_weight_matrix(9, 2.0, anchor="random", random_state=s) for s in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@settings(max_examples=20)
@given(st.integers(0, 1000))
def test_orders_do_not_depend_on_gamma(seed):
    low, high = (zeta_weight_matrix(6, gamma, anchor="random", random_state=seed) for gamma in (0.5, 9.0))
    np.testing.assert_array_equal(np.argsort(low, axis=1), np.argsort(high, axis=1))


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: p_series_weights(0, 1.0), ValueError, "n must be an integer"),
        (lambda: p_series_weights(2.0, 1.0), TypeError, "n must be an integer"),
        (lambda: p_series_weights(True, 1.0), TypeError, "n must be an integer"),
        (lambda: p_series_weights(3, math.nan), ValueError, "gamma must be a number"),
        (lambda: p_series_weights(3, -math.inf), ValueError, "gamma must be a real number or \\+inf; got -inf"),
        (lambda: p_series_weights(3, "2"), TypeError, "gamma must be a real number; got '2'"),
        (lambda: zeta_weight_matrix(3, 2.0, n_mix=4), ValueError, "n_mix=4 for 3 samples. Lower n_mix"),
        (lambda: zeta_weight_matrix(3, 2.0, n_mix=0), ValueError, "n_mix must be an integer"),
        (lambda: zeta_weight_matrix(3, -1.0), ValueError, "gamma must be at least 0, except with n_mix=2"),
        (lambda: zeta_weight_matrix(3, -math.inf, n_mix=2), ValueError, "gamma must be at least 0"),
        (lambda: zeta_weight_matrix(3, 1.0, anchor="own"), ValueError, "'random', 'self'; got 'own'"),
        (lambda: zeta_weight_matrix(3, 1.0, n_out=0), ValueError, "n_out must be an integer"),
        (lambda: zeta_weight_matrix(3, 1.0, random_state="a"), TypeError, "random_state must be None, an int"),
        (lambda: zeta_weight_matrix(0, 1.0), ValueError, "m must be an integer"),
        (lambda: gamma_min(1), ValueError, "n_mix must be an integer"),
        (lambda: gamma_min(4.0), TypeError, "n_mix must be an integer"),
        (lambda: gamma_from_lambda(0.0), ValueError, r"lam must lie in \(0, 1\]; got 0.0"),
        (lambda: gamma_from_lambda([0.5, math.nan]), ValueError, "lam must lie in"),
        (lambda: gamma_from_lambda(1.1), ValueError, "lam must lie in"),
        (lambda: lambda_from_gamma(math.nan), ValueError, "gamma must be real or \\+inf"),
        (lambda: lambda_from_gamma(-math.inf), ValueError, "gamma must be real or \\+inf"),
    ],
)
def test_bad_input_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
