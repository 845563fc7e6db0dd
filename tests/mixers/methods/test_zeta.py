"""ζ-mixup and the other methods of weighted means: limits, draws, and plans of few of many samples."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, chisquare, kstest
from sklearn.neighbors import NearestNeighbors

from tests.mixers.mixer_cases import TOLERANCE, batch, soft, to_numpy, zeta_by_loop
from zeta_geom import mixers
from zeta_geom.mixers import (
    LocalSyntheticInstances,
    PSeriesPairs,
    ZetaMixup,
    p_series_weights,
)
from zeta_geom.mixers.methods.zeta import OrdersPlan, WeightsPlan


class TestZeta:
    def test_two_sample_zeta_is_mixup(self):
        X, Y = batch("numpy", "float64", shape=(2, 5)), np.eye(2)
        for lam in (0.1, 0.5, 0.9):  # below one half γ is negative: Theorem 2 needs it
            got = ZetaMixup(mixers.gamma_from_lambda(lam), n_mix=2)(X, Y)
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

    def test_leaders_of_the_random_anchor_are_uniform(self):
        mixer = ZetaMixup(anchor="random", random_state=0)
        leaders = np.concatenate([mixer.draw((5, 1)).weights.argmax(axis=1) for _ in range(1000)])
        assert chisquare(np.bincount(leaders, minlength=5)).pvalue > 1e-3

    def test_curves_over_gamma_share_their_orders(self):
        X = batch("numpy", "float64")
        orders = [np.argsort(ZetaMixup(g, random_state=1).draw(X.shape).weights, axis=1) for g in (0.5, 2.8, 15.0)]
        assert all((order == orders[0]).all() for order in orders)

    def test_the_second_of_a_p_series_pair_is_uniform_among_the_others(self):
        W = PSeriesPairs(1.0, random_state=0).draw((5, 1), n_out=10_000).weights
        second = (np.argsort(-W, axis=1)[:, 1] - np.arange(10_000)) % 5
        assert chisquare(np.bincount(second, minlength=5)[1:]).pvalue > 1e-3


@pytest.mark.parametrize("method", [ZetaMixup, LocalSyntheticInstances])
@pytest.mark.parametrize(("m", "mixed"), [(2, 2), (3, 3), (5, 3)])
def test_a_short_batch_mixes_as_many_as_asked_or_as_there_are(method, m, mixed):
    mixer = method(n_mix=3, random_state=0)
    X = np.eye(m)
    X_new, _ = mixer.apply(X, None, mixer.draw(X.shape, like=X, clip=True))
    assert (np.count_nonzero(X_new, axis=1) == mixed).all()


class TestLocalInstances:
    @settings(deadline=None, max_examples=60)
    @given(
        points=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=12),
        n_out=st.integers(1, 15),
        anchor=st.sampled_from(["self", "random"]),
        data=st.data(),
    )
    def test_local_instances_are_the_loop_over_ranks(self, points, n_out, anchor, data):
        """On a small lattice there are ties and duplicates: the base comes first, then the lower index."""
        m, n_mix = len(points), data.draw(st.integers(1, len(points)))
        X, Y = torch.tensor(points, dtype=torch.float64, requires_grad=True), soft(m, 4)
        mixer = mixers.LocalSyntheticInstances(1.5, n_mix=n_mix, anchor=anchor, random_state=m)
        plan = mixer.draw(X.shape, n_out=n_out)
        assert anchor == "random" or plan.bases.tolist() == [k % m for k in range(n_out)]
        orders = [
            sorted(range(m), key=lambda j: (j != base, math.dist(points[j], points[base]), j))[:n_mix]
            for base in plan.bases
        ]
        weights, labels = zeta_by_loop(np.eye(m), Y, orders, 1.5)
        for inputs in (X, X.detach().numpy()):
            X_new, Y_new = mixer.apply(inputs, torch.from_numpy(Y) if inputs is X else Y, plan)
            np.testing.assert_allclose(to_numpy(X_new), weights @ points, atol=1e-12)
            np.testing.assert_allclose(to_numpy(Y_new), labels, atol=1e-12)
        slopes = torch.arange(2.0 * n_out, dtype=torch.float64).reshape(n_out, 2)
        mixer.apply(X, None, plan)[0].backward(slopes)
        np.testing.assert_allclose(X.grad, weights.T @ slopes.numpy(), atol=1e-12)  # none through the ranks

    @pytest.mark.parametrize("n_mix", [1, 2, 6, 20])
    @pytest.mark.parametrize("backend", ["numpy", "torch"])
    def test_local_instances_lean_on_the_neighbours_that_scikit_learn_finds(self, backend, n_mix):
        X, Y = batch(backend, "float64", shape=(20, 2, 3)), soft(20, 4)
        flat = to_numpy(X).reshape(20, 6)
        near = NearestNeighbors(n_neighbors=n_mix, algorithm="kd_tree").fit(flat).kneighbors(flat)[1]
        W = np.zeros((20, 20))
        np.put_along_axis(W, near, mixers.p_series_weights(n_mix, 1.5)[None], axis=1)
        X_new, Y_new = mixers.LocalSyntheticInstances(1.5, n_mix=n_mix)(X, Y)
        np.testing.assert_allclose(to_numpy(X_new).reshape(20, 6), W @ flat, atol=1e-12)
        np.testing.assert_allclose(to_numpy(Y_new), W @ Y, atol=1e-12)

    def test_local_instances_tell_samples_apart_that_are_one_in_float32(self):
        _, Y_new = mixers.LocalSyntheticInstances(1.5, n_mix=2)(np.array([[1.0], [1 + 3e-9], [1 + 1e-9]]), [0, 1, 2])
        assert (Y_new[0] > 0).tolist() == [True, False, True]

    def test_bases_of_the_random_anchor_are_uniform(self):
        plan = LocalSyntheticInstances(anchor="random", random_state=0).draw((5, 1), n_out=5000)
        assert chisquare(np.bincount(plan.bases, minlength=5)).pvalue > 1e-3

    def test_local_instances_gather_their_neighbours(self):
        X = batch("numpy", "float64", shape=(M, 3))
        mixed = LocalSyntheticInstances(2.0, n_mix=4)(X)[0]
        order = np.argsort(np.linalg.norm(X[:, None] - X[None], axis=2), axis=1)[:, :4]
        weights = 1 / np.arange(1, 5) ** 2
        np.testing.assert_allclose(mixed, np.einsum("t,ktd->kd", weights / weights.sum(), X[order]), atol=1e-12)
        there = LocalSyntheticInstances(2.0, n_mix=4)(torch.from_numpy(X))[0]
        np.testing.assert_allclose(mixed, there, atol=1e-12)


@pytest.mark.parametrize("start", [lambda: 0, torch.Generator], ids=["numpy", "torch"])
class TestDirichlet:
    @pytest.mark.parametrize("alpha", [0.3, 1.0, 4.0])
    def test_dirichlet_rows_lie_in_the_simplex_with_beta_marginals(self, alpha, start):
        W = mixers.DirichletMixup(alpha, random_state=start()).draw((5, 1), n_out=4000).weights
        assert W.min() >= 0
        np.testing.assert_allclose(W.sum(axis=1), 1, atol=1e-12)
        for column in W.T:
            assert kstest(column, beta(alpha, 4 * alpha).cdf).pvalue > 1e-3
        assert kstest(W[:, 1] + W[:, 3], beta(2 * alpha, 3 * alpha).cdf).pvalue > 1e-3

    def test_sparse_dirichlet_weights_tend_to_a_single_sample(self, start):
        """The sum of a row's squares has the mean (α + 1) / (m α + 1)."""
        for alpha in (1e-2, 1e-4, 1e-6):
            W = mixers.DirichletMixup(alpha, random_state=start()).draw((5, 1), n_out=4000).weights
            assert (W**2).sum(axis=1).mean() == pytest.approx((alpha + 1) / (5 * alpha + 1), abs=0.01)


M = 64


FEW = {
    "zeta": lambda: ZetaMixup(n_mix=4, random_state=0),
    "zeta-random": lambda: ZetaMixup(n_mix=3, anchor="random", random_state=0),
    "pairs": lambda: PSeriesPairs((-1.0, 2.0), random_state=0),
}


@pytest.fixture(params=FEW)
def few(request):
    return FEW[request.param]


class TestFewOfMany:
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

    def test_it_is_the_product_with_its_weights(self, few, kind):
        X, Y = batch(*kind, shape=(M, 3, 5)), np.eye(7, dtype="float64" if kind[1] == "float64" else "float32")
        Y = Y[np.arange(M) % 7] if kind[0] == "numpy" else torch.from_numpy(Y[np.arange(M) % 7])
        mixer = few()
        plan = mixer.draw(X.shape, like=X, n_out=100)
        assert isinstance(plan, OrdersPlan)
        got = mixer.apply(X, Y, plan)
        expected = mixer.apply(X, Y, WeightsPlan(plan.weights))
        for a, b in zip(got, expected, strict=True):
            np.testing.assert_allclose(to_numpy(a), to_numpy(b), atol=TOLERANCE[kind[1]])
        assert got[0].dtype == X.dtype

    def test_gradients_flow(self, few):
        X = batch("torch", "float64", shape=(M, 2)).requires_grad_()
        mixer = few()
        plan = mixer.draw(X.shape, like=X)
        assert torch.autograd.gradcheck(lambda x: mixer.apply(x, None, plan)[0], (X,))

    def test_autocast_and_out_change_nothing(self, few):
        X = batch("torch", "float32", shape=(M, 3))
        expected, out = few()(X)[0], torch.empty(M, 3)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert torch.equal(few()(X, out=out)[0], expected)
        assert torch.equal(out, expected)

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_plans_replay_on_the_other_backend(self, few, dtype):
        X = batch("numpy", dtype, shape=(M, 3))
        for like in (X, torch.from_numpy(X), None):
            plan = few().draw(X.shape, like=like)
            there = few().apply(torch.from_numpy(X), None, plan)[0]
            np.testing.assert_allclose(few().apply(X, None, plan)[0], there, atol=TOLERANCE[dtype])

    def test_no_column_is_no_error(self, few):
        for X in (np.zeros((M, 0)), torch.zeros(M, 0)):
            assert few()(X)[0].shape == (M, 0)
