"""Whole data sets batch by batch, and the draws of orders and partners: compiled loops against lists."""

import math
from itertools import permutations

import numpy as np
import pytest
import torch
from scipy.stats import chisquare, kstest

from tests.mixers.mixer_cases import batch, soft, to_numpy
from zeta_geom.mixers import (
    BetweenClass,
    LocalSyntheticInstances,
    Mixup,
    PSeriesPairs,
    RandomMixer,
    SamplePairing,
    SuperMix,
    ZetaMixup,
    p_series_weights,
)
from zeta_geom.mixers.kernels import begin_permutations, shuffle_rows
from zeta_geom.mixers.methods.zeta import OrdersPlan, WeightsPlan


def images_for(make, shape):
    """Return a batch on a backend that the mixer takes."""
    return batch(make().traits.backends[0], "float64", shape=shape)


ONE_CLASS = pytest.mark.filterwarnings("ignore:a batch of one class has no pairs")


class TestDataSet:
    @ONE_CLASS
    def test_depends_on_seed_and_epoch_alone(self, make, kind):
        X, y = batch(*kind, shape=(13, 4, 5)), np.arange(13) % 3
        fresh = make().mix_dataset(X, y, batch_size=5, epoch=2)
        used = make()
        used(X[:7], y[:7])
        used.mix_dataset(X, y)
        again = used.mix_dataset(X, y, batch_size=5, epoch=2)
        for a, b in zip(fresh, again, strict=True):
            np.testing.assert_array_equal(to_numpy(a), to_numpy(b))
        for other in (
            used.mix_dataset(X, y, batch_size=5, epoch=3),
            make(1).mix_dataset(X, y, batch_size=5, epoch=2),
        ):
            assert (to_numpy(other[0]) != to_numpy(fresh[0])).any()
        assert fresh[0].dtype == X.dtype
        assert type(fresh[0]) is type(X)

    def test_leaves_the_sequence_of_batches_alone(self, make):
        X, y = images_for(make, (7, 4, 5)), np.arange(7) % 3
        plain, interrupted = make(), make()
        interrupted.mix_dataset(X, y)
        np.testing.assert_array_equal(plain(X, y)[0], interrupted(X, y)[0])

    @pytest.mark.parametrize("params", [{}, {"n_mix": 4}, {"gamma": (2.0, 4.0)}])
    @pytest.mark.parametrize("n", [1, 3, 32, 33, 70])
    def test_every_input_leads_once(self, params, n):
        X_new, Y_new = ZetaMixup(random_state=0, **params).mix_dataset(np.eye(n), np.arange(n))
        assert sorted(X_new.argmax(axis=1)) == list(range(n))
        np.testing.assert_array_equal(X_new, Y_new)
        np.testing.assert_allclose(X_new.sum(axis=1), 1)

    def test_batches_are_cut_from_a_shuffle(self):
        mixed = ZetaMixup(random_state=0).mix_dataset(np.eye(70))[0]
        batches = [set(np.flatnonzero(mixed[start])) for start in (0, 32, 64)]
        assert [len(members) for members in batches] == [32, 32, 6]
        assert set().union(*batches) == set(range(70))
        for start, members in zip((0, 32, 64), batches, strict=True):
            assert all(set(np.flatnonzero(row)) == members for row in mixed[start : start + len(members)])
        assert batches[0] != set(range(32))

    def test_the_last_short_batch_clips_t(self):
        mixed = ZetaMixup(2.0, n_mix=5, random_state=0).mix_dataset(np.eye(35))[0]
        assert ((mixed > 0).sum(axis=1) == [5] * 32 + [3] * 3).all()
        np.testing.assert_allclose(np.sort(mixed[-1])[-3:], p_series_weights(3, 2.0)[::-1])

    def test_a_last_batch_of_one_is_unmixed(self, make):
        X = images_for(make, (33, 4, 5))
        mixed, labels = make().mix_dataset(X, np.arange(33))
        assert labels[-1].max() == 1
        np.testing.assert_array_equal(mixed[-1], X[int(labels[-1].argmax())])

    def test_more_and_fewer_rows(self, make):
        X, y = images_for(make, (10, 4, 5)), np.arange(10)
        all_rows = make().mix_dataset(X, y, batch_size=4, n_out=25)
        assert all_rows[0].shape == (25, 4, 5)
        assert all_rows[1].shape == (25, 10)
        np.testing.assert_array_equal(all_rows[0][:3], make().mix_dataset(X, y, batch_size=4, n_out=3)[0])
        np.testing.assert_array_equal(all_rows[0][:10], make().mix_dataset(X, y, batch_size=4)[0])

    def test_further_rounds_lead_with_every_input_again(self):
        mixed = ZetaMixup(random_state=0).mix_dataset(np.eye(10), batch_size=4, n_out=30)[0]
        leaders = mixed.argmax(axis=1).reshape(3, 10)
        assert (np.sort(leaders, axis=1) == np.arange(10)).all()
        assert (leaders[0] != leaders[1]).any()

    def test_a_method_that_loses_rows_goes_on_until_there_are_enough(self):
        linear = torch.nn.Linear(16, 5, bias=False, dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(np.random.default_rng(0).normal(size=(5, 16))))
        mixer = SuperMix(torch.nn.Sequential(torch.nn.Flatten(), linear), max_steps=1, random_state=0)
        X, y = batch("torch", "float64", shape=(30, 4, 4)), np.arange(30)
        once, labels = mixer.mix_dataset(X, y, batch_size=8)
        assert 0 < len(once) < 30
        more, more_labels = mixer.mix_dataset(X, y, batch_size=8, n_out=45)
        assert len(more) == len(more_labels) == 45
        assert torch.equal(more[: len(once)], once)
        assert torch.equal(more_labels[: len(once)], labels)

    def test_a_full_batch_smaller_than_t_is_refused(self):
        with pytest.raises(ValueError, match="n_mix=9 for 8 samples"):
            ZetaMixup(n_mix=9).mix_dataset(np.eye(20), batch_size=8)

    def test_two_mixers_of_one_generator_differ(self):
        generator = np.random.default_rng(0)
        first, second = (ZetaMixup(random_state=generator).mix_dataset(np.eye(20))[0] for _ in range(2))
        assert (first != second).any()


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


class TestDraws:
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

    @pytest.mark.parametrize("backend", ["numpy", "torch"])
    @pytest.mark.parametrize("anchor", ["self", "random"])
    def test_the_sparse_plan_is_the_dense_product(self, backend, anchor):
        for m, n_mix, kind in ((32, 2, OrdersPlan), (31, 2, WeightsPlan), (64, 4, OrdersPlan), (40, 1, OrdersPlan)):
            X, Y = batch(backend, "float64", shape=(m, 3, 2)), soft(m, 4)
            Y = Y if backend == "numpy" else torch.from_numpy(Y)
            mixer = ZetaMixup(2.0, n_mix=n_mix, anchor=anchor, random_state=0)
            plan = mixer.draw(X.shape, n_out=2 * m + 3, like=X)
            assert isinstance(plan, kind)
            assert ((to_numpy(plan.weights) > 0).sum(axis=1) == n_mix).all()
            dense = to_numpy(plan.weights)
            X_new, Y_new = mixer.apply(X, Y, plan)
            np.testing.assert_allclose(to_numpy(X_new), np.einsum("ki,iab->kab", dense, to_numpy(X)), atol=1e-14)
            np.testing.assert_allclose(to_numpy(Y_new), dense @ to_numpy(Y), atol=1e-14)

    @pytest.mark.parametrize("like", [None, torch.zeros(1, dtype=torch.float64)])
    def test_gamma_is_drawn_once_a_batch_and_uniform(self, like):
        mixer = ZetaMixup((1.0, 3.0), random_state=0)
        gammas = []
        for _ in range(400):
            top = np.sort(np.asarray(mixer.draw((4, 1), like=like).weights), axis=1)[:, ::-1]
            np.testing.assert_allclose(top - top[0], 0, atol=1e-15)
            gammas.append(math.log2(top[0, 0] / top[0, 1]))
            np.testing.assert_allclose(top[0], p_series_weights(4, gammas[-1]), rtol=1e-9)
        assert kstest(gammas, "uniform", args=(1.0, 2.0)).pvalue > 1e-3

    @pytest.mark.parametrize("backend", ["numpy", "torch"])
    def test_a_range_of_negative_gammas_does_not_overflow(self, backend):
        like = batch(backend, "float32")
        weights = ZetaMixup((-900.0, -300.0), n_mix=2, random_state=0).draw((7, 2), like=like).weights
        np.testing.assert_array_equal(np.sort(np.asarray(weights), axis=1)[:, -2:], [[0, 1]] * 7)

    def test_leaders_of_the_random_anchor_are_uniform(self):
        mixer = ZetaMixup(anchor="random", random_state=0)
        leaders = np.concatenate([mixer.draw((5, 1)).weights.argmax(axis=1) for _ in range(1000)])
        assert chisquare(np.bincount(leaders, minlength=5)).pvalue > 1e-3

    def test_bases_of_the_random_anchor_are_uniform(self):
        plan = LocalSyntheticInstances(anchor="random", random_state=0).draw((5, 1), n_out=5000)
        assert chisquare(np.bincount(plan.bases, minlength=5)).pvalue > 1e-3

    def test_curves_over_gamma_share_their_orders(self):
        X = batch("numpy", "float64")
        orders = [np.argsort(ZetaMixup(g, random_state=1).draw(X.shape).weights, axis=1) for g in (0.5, 2.8, 15.0)]
        assert all((order == orders[0]).all() for order in orders)

    def test_the_second_of_a_p_series_pair_is_uniform_among_the_others(self):
        W = PSeriesPairs(1.0, random_state=0).draw((5, 1), n_out=10_000).weights
        second = (np.argsort(-W, axis=1)[:, 1] - np.arange(10_000)) % 5
        assert chisquare(np.bincount(second, minlength=5)[1:]).pvalue > 1e-3

    def test_mixup_shares_are_uniform_at_alpha_one_and_per_batch_by_default(self):
        mixer = Mixup(random_state=0)
        assert kstest([float(mixer.draw((4, 1)).lam) for _ in range(500)], "uniform").pvalue > 1e-3
        assert len(np.unique(Mixup(per_sample=True, random_state=0).draw((50, 1)).lam)) == 50

    @pytest.mark.parametrize("start", [lambda: 0, torch.Generator], ids=["numpy", "torch"])
    def test_between_class_partners_are_uniform_among_the_other_classes(self, start):
        labels = np.array([0, 0, 0, 2, 2, 1, 2])
        Y = 0.4 * np.eye(4)[labels] + 0.6 * np.array([0.3, 0.3, 0.2, 0.2])  # a soft label's class is its largest
        plan = BetweenClass(random_state=start()).draw((7, 1), n_out=7 * 2000, labels=Y)
        assert kstest(plan.lam, "uniform").pvalue > 1e-3
        for own in range(7):
            counts = np.bincount(plan.partners[own::7], minlength=7)
            assert (counts[labels == labels[own]] == 0).all()
            assert chisquare(counts[labels != labels[own]]).pvalue > 1e-3


@pytest.mark.parametrize("method", [ZetaMixup, LocalSyntheticInstances])
@pytest.mark.parametrize(("m", "mixed"), [(2, 2), (3, 3), (5, 3)])
def test_a_short_batch_mixes_as_many_as_asked_or_as_there_are(method, m, mixed):
    mixer = method(n_mix=3, random_state=0)
    X = np.eye(m)
    X_new, _ = mixer.apply(X, None, mixer.draw(X.shape, like=X, clip=True))
    assert (np.count_nonzero(X_new, axis=1) == mixed).all()


def test_one_of_several_mixers_is_told_of_a_short_batch():
    mixer = RandomMixer([ZetaMixup(n_mix=4)], random_state=0)
    assert mixer.mix_dataset(np.eye(6), batch_size=4)[0].shape == (6, 6)


def test_one_of_several_mixers_promises_what_all_of_them_do():
    both = RandomMixer([ZetaMixup(), SamplePairing()]).traits
    assert ZetaMixup.traits.mixes_labels
    assert not SamplePairing.traits.mixes_labels
    assert not both.mixes_labels
    assert both.random


@pytest.mark.parametrize(("of_X", "of_Y", "expected"), [("f2", "f8", "f4"), ("f4", "f8", "f4"), ("f8", "f4", "f8")])
def test_labels_take_their_dtype_from_the_samples(of_X, of_Y, expected):
    X, Y = np.eye(4, dtype=of_X), np.eye(4, dtype=of_Y)
    assert ZetaMixup(random_state=0)(X, Y)[1].dtype == expected
    plan = ZetaMixup(random_state=0).draw(X.shape, like=X)
    assert ZetaMixup().apply(X, Y, plan)[1].dtype == expected
