"""The p-series weights and γ_min against closed forms, and the compiled draws of orders against lists."""

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
from zeta_geom.mixers.kernels import begin_permutations, shuffle_rows

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


def splitmix64(seed):
    """Yield the numbers of SplitMix64 (Steele et al. 2014) in Python's own integers."""
    word = 2**64 - 1
    while True:
        seed = (seed + 0x9E3779B97F4A7C15) & word
        z = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & word
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & word
        yield z ^ (z >> 31)


def index_below(numbers, n):
    return (next(numbers) >> 20) * n >> 44


def shuffled_by_list(seed, row, terms, own_leads):
    """Fisher and Yates's shuffle, inside out, of the terms; the first at column `row` where it leads."""
    numbers, out = splitmix64(seed), []
    for term in terms[own_leads:]:
        j = index_below(numbers, len(out) + 1)
        out.append(term)
        out[j], out[-1] = out[-1], out[j]
    if own_leads:
        at = row % len(terms)
        moved = out[at:][:1]
        out[at : at + 1] = [terms[0]]
        out += moved
    return out


def begun_by_list(seed, row, m, n_mix, own_leads):
    """The same shuffle forwards, over all the samples, of which the first T are kept."""
    numbers, samples = splitmix64(seed), list(range(m))
    for i in range(n_mix):
        j = row % m if own_leads and i == 0 else i + index_below(numbers, m - i)
        samples[i], samples[j] = samples[j], samples[i]
    return samples[:n_mix]


def seeds_of(rows, seed=0):
    return np.random.default_rng(seed).integers(0, 2**64, size=rows, dtype=np.uint64)


def drawn(seeds, m, own_leads, kernel):
    """Return what the compiled kernel says of the order of each row: the sample at each rank, (rows, m)."""
    out = np.empty((len(seeds), m), dtype=np.int64)
    if kernel == "begin":
        begin_permutations(seeds, m, own_leads, out)
        return out
    ranks = np.empty((len(seeds), m))
    shuffle_rows(seeds, np.arange(m, dtype=np.float64), own_leads, ranks)
    return ranks.argsort(axis=1)


KERNELS = pytest.mark.parametrize("kernel", ["shuffle", "begin"])


LEADS = pytest.mark.parametrize("own_leads", [True, False])


class TestKernels:
    def test_the_judge_makes_the_published_numbers(self):
        """The first outputs of Vigna's splitmix64.c at the seed 1234567."""
        numbers = splitmix64(1234567)
        assert [next(numbers) for _ in range(3)] == [6457827717110365317, 3203168211198807973, 9817491932198370423]

    @LEADS
    @pytest.mark.parametrize("m", [1, 2, 3, 7, 40])
    def test_shuffle_rows_is_the_list(self, m, own_leads):
        seeds = np.append(seeds_of(2 * m + 1), np.array([0, 2**64 - 1], dtype=np.uint64))
        out = np.full((len(seeds), m), np.nan)
        shuffle_rows(seeds, p_series_weights(m, 2.0), own_leads, out)
        terms = p_series_weights(m, 2.0).tolist()
        expected = [shuffled_by_list(int(s), k, terms, own_leads) for k, s in enumerate(seeds)]
        np.testing.assert_array_equal(out, expected)

    @LEADS
    @pytest.mark.parametrize(("m", "n_mix"), [(1, 1), (2, 1), (2, 2), (7, 3), (7, 7), (100, 5), (2**20, 4)])
    def test_begin_permutations_is_the_list(self, m, n_mix, own_leads):
        seeds = seeds_of(min(2 * m + 1, 9))
        out = np.full((len(seeds), n_mix), -1, dtype=np.int64)
        begin_permutations(seeds, m, own_leads, out)
        expected = [begun_by_list(int(s), k, m, n_mix, own_leads) for k, s in enumerate(seeds)]
        np.testing.assert_array_equal(out, expected)

    @KERNELS
    @LEADS
    def test_all_24_orders_of_four_are_as_probable(self, kernel, own_leads):
        orders, counts = np.unique(drawn(seeds_of(24_000, 1), 4, own_leads, kernel), axis=0, return_counts=True)
        assert set(map(tuple, orders.tolist())) == set(permutations(range(4)))
        assert chisquare(counts).pvalue > 1e-3

    @KERNELS
    @LEADS
    def test_every_row_is_a_permutation_and_leaders_are_in_place(self, kernel, own_leads):
        for m in (1, 2, 5, 33):
            orders = drawn(seeds_of(3 * m + 1), m, own_leads, kernel)
            np.testing.assert_array_equal(np.sort(orders, axis=1), np.broadcast_to(np.arange(m), orders.shape))
            lead = orders[:, 0] == np.arange(len(orders)) % m
            assert lead.all() if own_leads or m == 1 else not lead.all()

    @KERNELS
    @LEADS
    def test_a_row_depends_on_its_own_seed_alone(self, kernel, own_leads):
        seeds, others = seeds_of(30), seeds_of(30, 9)
        orders = drawn(seeds, 6, own_leads, kernel)
        for k in (0, 13, 29):
            mixed = others.copy()
            mixed[k] = seeds[k]
            again = drawn(mixed, 6, own_leads, kernel)
            np.testing.assert_array_equal(again[k], orders[k])
            assert (again != orders).any()
