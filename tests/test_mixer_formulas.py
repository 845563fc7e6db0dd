"""Plain loops as judges of the arithmetic, what each method promises of its own, and whole data sets."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mixer_cases import batch, soft, to_numpy
from scipy.stats import chisquare, kstest

from zeta_geom.mixers import MIXERS, Mixup, ZetaMixup, gamma_from_lambda, make_mixer, p_series_weights


def zeta_by_loop(X, Y, orders, gamma):
    """Eqs. 5 and 6, one row at a time: w_i = s_i^-γ / Σ j^-γ."""
    n_mix = len(orders[0])
    norm = math.fsum(j**-gamma for j in range(1, n_mix + 1))
    X_new, Y_new = np.zeros((len(orders), *X.shape[1:])), np.zeros((len(orders), Y.shape[1]))
    for k, order in enumerate(orders):
        for rank, i in enumerate(order, start=1):
            X_new[k] += rank**-gamma / norm * X[i]
            Y_new[k] += rank**-gamma / norm * Y[i]
    return X_new, Y_new


def mixup_by_loop(X, Y, plan, rows):
    X_new, Y_new = np.zeros((rows, *X.shape[1:])), np.zeros((rows, Y.shape[1]))
    for k in range(rows):
        lam = float(plan.lam) if np.ndim(plan.lam) == 0 else float(plan.lam[k])
        j = int(plan.partners[k])
        X_new[k] = lam * X[k % len(X)] + (1 - lam) * X[j]
        Y_new[k] = lam * Y[k % len(X)] + (1 - lam) * Y[j]
    return X_new, Y_new


class TestFormulas:
    @settings(deadline=None, max_examples=50)
    @given(
        m=st.integers(1, 12),
        n_out=st.integers(1, 20),
        gamma=st.floats(0, 15),
        anchor=st.sampled_from(["self", "random"]),
        data=st.data(),
        seed=st.integers(0, 99),
    )
    def test_zeta_is_the_loop(self, m, n_out, gamma, anchor, data, seed):
        n_mix = data.draw(st.integers(1, m))
        X, Y = batch("numpy", "float64", shape=(m, 2, 2), seed=seed), soft(m, 4, seed)
        mixer = ZetaMixup(gamma, n_mix=n_mix, anchor=anchor, random_state=seed)
        plan = mixer.draw(X.shape, n_out=n_out)
        orders = np.argsort(-plan.weights, axis=1, kind="stable")[:, :n_mix]
        for got, expected in zip(mixer.apply(X, Y, plan), zeta_by_loop(X, Y, orders, gamma), strict=True):
            np.testing.assert_allclose(got, expected, atol=1e-12)

    @settings(deadline=None, max_examples=60)
    @given(
        y=st.lists(st.integers(0, 6), min_size=1, max_size=15),
        more_classes=st.integers(0, 3),
        n_out=st.integers(1, 20),
        name=st.sampled_from(sorted(MIXERS)),
        seed=st.integers(0, 99),
    )
    def test_labels_are_distributions_over_the_classes_of_the_batch(self, y, more_classes, n_out, name, seed):
        n_classes = max(y) + 1 + more_classes
        X = np.zeros((len(y), 1))
        _, Y_new = make_mixer(name, random_state=seed)(X, y, n_classes=n_classes, n_out=n_out)
        assert Y_new.shape == (n_out, n_classes)
        assert (Y_new >= 0).all()
        np.testing.assert_allclose(Y_new.sum(axis=1), 1, atol=1e-12)
        absent = sorted(set(range(n_classes)) - set(y))
        assert (Y_new[:, absent] == 0).all()

    @settings(deadline=None, max_examples=50)
    @given(m=st.integers(1, 12), n_out=st.integers(1, 20), per_sample=st.booleans(), seed=st.integers(0, 99))
    def test_mixup_is_the_loop(self, m, n_out, per_sample, seed):
        X, Y = batch("numpy", "float64", shape=(m, 2, 2), seed=seed), soft(m, 4, seed)
        mixer = Mixup(0.7, per_sample=per_sample, random_state=seed)
        plan = mixer.draw(X.shape, n_out=n_out)
        assert np.shape(plan.lam) == ((n_out,) if per_sample else ())
        assert sorted(plan.partners[:m].tolist()) == list(range(m)) or n_out < m
        for got, expected in zip(mixer.apply(X, Y, plan), mixup_by_loop(X, Y, plan, n_out), strict=True):
            np.testing.assert_allclose(got, expected, atol=1e-12)

    def test_two_sample_zeta_is_mixup(self):
        X, Y = batch("numpy", "float64", shape=(2, 5)), np.eye(2)
        for lam in (0.1, 0.5, 0.9):  # below one half γ is negative: Theorem 2 needs it
            got = ZetaMixup(gamma_from_lambda(lam), n_mix=2)(X, Y)
            np.testing.assert_allclose(got[0], lam * X + (1 - lam) * X[::-1], atol=1e-12)
            np.testing.assert_allclose(got[1], lam * Y + (1 - lam) * Y[::-1], atol=1e-12)

    def test_limits_of_gamma(self):
        X = batch("numpy", "float64")
        np.testing.assert_array_equal(ZetaMixup(math.inf)(X)[0], X)
        np.testing.assert_array_equal(ZetaMixup(math.inf)(X, n_out=9)[0], X[np.arange(9) % 7])
        np.testing.assert_allclose(ZetaMixup(0.0)(X)[0] - X.mean(axis=0), 0, atol=1e-12)

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

    def test_mixup_shares_are_uniform_at_alpha_one_and_per_batch_by_default(self):
        mixer = Mixup(random_state=0)
        assert kstest([float(mixer.draw((4, 1)).lam) for _ in range(500)], "uniform").pvalue > 1e-3
        assert len(np.unique(Mixup(per_sample=True, random_state=0).draw((50, 1)).lam)) == 50

    def test_leaders_of_the_random_anchor_are_uniform(self):
        mixer = ZetaMixup(anchor="random", random_state=0)
        leaders = np.concatenate([mixer.draw((5, 1)).weights.argmax(axis=1) for _ in range(1000)])
        assert chisquare(np.bincount(leaders, minlength=5)).pvalue > 1e-3

    def test_curves_over_gamma_share_their_orders(self):
        X = batch("numpy", "float64")
        orders = [np.argsort(ZetaMixup(g, random_state=1).draw(X.shape).weights, axis=1) for g in (0.5, 2.8, 15.0)]
        assert all((order == orders[0]).all() for order in orders)


class TestDataSet:
    def test_depends_on_seed_and_epoch_alone(self, make, kind):
        X = batch(*kind, shape=(23, 2))
        y = np.arange(23) % 3
        fresh = make().mix_dataset(X, y, batch_size=5, epoch=2)
        used = make()
        used(X[:7])
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
        X = batch("numpy", "float64")
        plain, interrupted = make(), make()
        interrupted.mix_dataset(X)
        np.testing.assert_array_equal(plain(X)[0], interrupted(X)[0])

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
        mixed, labels = make().mix_dataset(np.eye(33), np.arange(33))
        assert sorted(mixed[-1])[-1] == 1
        np.testing.assert_array_equal(mixed[-1], labels[-1])

    def test_more_and_fewer_rows(self, make):
        X, y = np.eye(10), np.arange(10)
        all_rows = make().mix_dataset(X, y, batch_size=4, n_out=25)
        assert all_rows[0].shape == (25, 10)
        assert all_rows[1].shape == (25, 10)
        np.testing.assert_array_equal(all_rows[0][:3], make().mix_dataset(X, y, batch_size=4, n_out=3)[0])
        np.testing.assert_array_equal(all_rows[0][:10], make().mix_dataset(X, y, batch_size=4)[0])

    def test_further_rounds_lead_with_every_input_again(self):
        mixed = ZetaMixup(random_state=0).mix_dataset(np.eye(10), batch_size=4, n_out=30)[0]
        leaders = mixed.argmax(axis=1).reshape(3, 10)
        assert (np.sort(leaders, axis=1) == np.arange(10)).all()
        assert (leaders[0] != leaders[1]).any()

    def test_a_full_batch_smaller_than_t_is_refused(self):
        with pytest.raises(ValueError, match="n_mix=9 for 8 samples"):
            ZetaMixup(n_mix=9).mix_dataset(np.eye(20), batch_size=8)

    def test_two_mixers_of_one_generator_differ(self):
        generator = np.random.default_rng(0)
        first, second = (ZetaMixup(random_state=generator).mix_dataset(np.eye(20))[0] for _ in range(2))
        assert (first != second).any()
