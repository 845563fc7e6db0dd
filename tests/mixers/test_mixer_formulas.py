"""Plain loops as judges of the arithmetic, one row and one pixel at a time, and the laws of what is drawn."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, chisquare, ks_2samp

from tests.mixers.mixer_cases import VARIANTS, batch, build, soft, to_numpy
from zeta_geom import mixers
from zeta_geom.mixers import BetweenClass, BetweenClassPlus, CutMix, GridMix, ManifoldMixup, Mixup, ZetaMixup


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


def mixup_by_loop(X, Y, plan):
    X_new, Y_new = np.zeros((plan.rows, *X.shape[1:])), np.zeros((plan.rows, Y.shape[1]))
    for k in range(plan.rows):
        lam = float(plan.lam) if np.ndim(plan.lam) == 0 else float(plan.lam[k])
        j = int(plan.partners[k])
        X_new[k] = lam * X[k % len(X)] + (1 - lam) * X[j]
        Y_new[k] = lam * Y[k % len(X)] + (1 - lam) * Y[j]
    return X_new, Y_new


def box_by_formula(lam, centre, size):
    halves = [math.floor(n * math.sqrt(1 - lam) / 2) for n in size]
    spans = zip(centre, halves, size, strict=True)
    return tuple(edge for at, half, n in spans for edge in (max(at - half, 0), min(at + half, n)))


def kept(Y, plan):
    return np.array([Y[k % len(Y)] for k in range(plan.rows)])


def sample_pairing_by_loop(X, Y, plan):
    assert plan.lam == 0.5
    return mixup_by_loop(X, Y, plan)[0], kept(Y, plan)


def p_series_pairs_by_loop(X, Y, plan):
    """The leader is sample k mod m; γ = -1.2, at which it has the smaller weight."""
    orders = [[k % plan.m, *(set(np.flatnonzero(row)) - {k % plan.m})] for k, row in enumerate(plan.weights)]
    assert {len(order) for order in orders} == {2}
    return zeta_by_loop(X, Y, orders, -1.2)


def regions_by_loop(X, Y, plan, from_partner):
    """Each pixel from the partner where `from_partner[i][j]` says so, or from the row's own sample."""
    X_new = np.zeros((plan.rows, *X.shape[1:]))
    for k in range(plan.rows):
        for i in range(X.shape[-2]):
            for j in range(X.shape[-1]):
                X_new[k, ..., i, j] = X[plan.partners[k] if from_partner[i][j] else k % len(X), ..., i, j]
    return X_new


def labels_by_share(Y, plan, share):
    return np.array([(1 - share) * Y[k % len(Y)] + share * Y[j] for k, j in enumerate(plan.partners)])


def cutmix_by_loop(X, Y, plan):
    height, width = X.shape[-2:]
    top, bottom, left, right = (int(edge) for edge in plan.box)
    inside = [[top <= i < bottom and left <= j < right for j in range(width)] for i in range(height)]
    return regions_by_loop(X, Y, plan, inside), labels_by_share(Y, plan, sum(map(sum, inside)) / (height * width))


def cutmix_zeta_by_loop(X, Y, plan):
    orders = np.argsort(-plan.mix.weights, axis=1)[:, :2]
    return zeta_by_loop(*cutmix_by_loop(X, Y, plan.paste), orders, 2.2)


def gridmix_by_loop(X, Y, plan):
    """Cell a of N begins at pixel ⌈a H / N⌉, for sizes that N does not divide too."""
    N = len(plan.cells)
    row_of, column_of = (
        [max(a for a in range(N) if math.ceil(a * size / N) <= pixel) for pixel in range(size)]
        for size in X.shape[-2:]
    )
    from_partner = [[not plan.cells[a, b] for b in column_of] for a in row_of]
    share = sum(not cell for row in plan.cells for cell in row) / N**2
    return regions_by_loop(X, Y, plan, from_partner), labels_by_share(Y, plan, share)


def between_class_plus_by_loop(X, Y, plan):
    """Images of zero mean, p = 1 / (1 + (g_1 / g_2) (1 - r) / r); without contrast p = r."""
    X_new = np.zeros((plan.rows, *X.shape[1:]))
    for k, (j, r) in enumerate(zip(plan.partners, plan.lam, strict=True)):
        one, two = (image - image.mean() for image in (X[k % len(X)], X[j]))
        g_1, g_2 = one.std(), two.std()
        p = r if g_1 == g_2 == 0 else 0 if g_2 == 0 else 1 / (1 + g_1 / g_2 * (1 - r) / r)
        X_new[k] = (p * one + (1 - p) * two) / math.sqrt(p**2 + (1 - p) ** 2)
    np.testing.assert_allclose(X_new.mean(axis=(1, 2, 3)), 0, atol=1e-12)
    return X_new, mixup_by_loop(X, Y, plan)[1]


def mixfeat_by_loop(X, Y, plan):
    X_new = np.zeros((plan.rows, *X.shape[1:]))
    for k, j in enumerate(plan.partners):
        for at in np.ndindex(X.shape[1:]):
            a, b = (part[at] if part.shape else part for part in (plan.first, plan.second))
            X_new[(k, *at)] = a * X[(k % len(X), *at)] + b * X[(j, *at)]
    return X_new, kept(Y, plan)


JUDGES = [
    (Mixup, {"alpha": 0.7}, mixup_by_loop),
    (Mixup, {"per_sample": True}, mixup_by_loop),
    (ManifoldMixup, {"alpha": 0.7}, mixup_by_loop),
    (mixers.SamplePairing, {}, sample_pairing_by_loop),
    (mixers.PSeriesPairs, {"gamma": -1.2}, p_series_pairs_by_loop),
    (CutMix, {"channels": "first"}, cutmix_by_loop),
    (mixers.CutMixZeta, {"gamma": 2.2, "n_mix": 2, "channels": "first"}, cutmix_zeta_by_loop),
    (GridMix, {"n_cells": 2, "channels": "first"}, gridmix_by_loop),
    (GridMix, {"n_cells": 3, "channels": "first"}, gridmix_by_loop),
    (BetweenClass, {}, mixup_by_loop),
    (BetweenClassPlus, {}, between_class_plus_by_loop),
    (mixers.MixFeat, {}, mixfeat_by_loop),
    (mixers.MixFeat, {"per_feature": False}, mixfeat_by_loop),
]


@pytest.mark.parametrize(("mixer", "params", "by_loop"), JUDGES)
@settings(deadline=None, max_examples=40)
@given(
    m=st.integers(2, 5),
    n_out=st.integers(1, 9),
    height=st.integers(3, 8),
    width=st.integers(3, 8),
    flat=st.integers(0, 2),
    seed=st.integers(0, 999),
)
def test_each_method_is_its_plain_loop(mixer, params, by_loop, m, n_out, height, width, flat, seed):
    """On images of which some have no contrast."""
    X, Y = batch("numpy", "float64", shape=(m, 2, height, width), seed=seed), soft(m, 4, seed)
    X[:flat] = 0.25
    mixer = mixer(**params, random_state=seed)
    plan = mixer.draw(X.shape, n_out=n_out, labels=np.eye(m))
    for got, expected in zip(mixer.apply(X, Y, plan), by_loop(X, Y, plan), strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-12)


class TestFormulas:
    @settings(deadline=None, max_examples=50)
    @given(
        m=st.integers(2, 12),
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

    @pytest.mark.filterwarnings("ignore:a batch of one class has no pairs")
    @settings(deadline=None, max_examples=200)
    @given(
        variant=st.sampled_from(sorted(VARIANTS)),
        y=st.lists(st.integers(0, 6), min_size=3, max_size=15),
        more_classes=st.integers(0, 3),
        n_out=st.integers(1, 20),
        seed=st.integers(0, 99),
    )
    def test_labels_are_distributions_over_the_classes_of_the_batch(self, variant, y, more_classes, n_out, seed):
        n_classes, mixer = max(y) + 1 + more_classes, build(variant, seed)
        X = batch(mixer.traits.backends[0], "float64", shape=(len(y), 3, 3), seed=seed)
        Y_new = to_numpy(mixer(X, y, n_classes=n_classes, n_out=n_out)[1])
        assert Y_new.shape == (n_out, n_classes)
        assert (Y_new >= 0).all()
        np.testing.assert_allclose(Y_new.sum(axis=1), 1, atol=1e-12)
        absent = sorted(set(range(n_classes)) - set(y))
        assert (Y_new[:, absent] == 0).all()

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

    def test_manifold_mixup_of_arrays_is_mixup(self):
        X, y = batch("numpy", "float64"), np.arange(7)
        for got, expected in zip(ManifoldMixup(random_state=3)(X, y), Mixup(random_state=3)(X, y), strict=True):
            np.testing.assert_array_equal(got, expected)

    def test_gridmix_cell_labels_are_those_of_the_cells(self):
        Y, plan = soft(3, 4), GridMix(3, random_state=0).draw((3, 5, 5), n_out=7)
        labels = GridMix.cell_labels(Y, plan)
        for k, a, b in np.ndindex(7, 3, 3):
            np.testing.assert_array_equal(labels[k, a, b], Y[k % 3 if plan.cells[a, b] else plan.partners[k]])
        np.testing.assert_allclose(labels.mean(axis=(1, 2)), labels_by_share(Y, plan, 1 - plan.lam), atol=1e-12)

    def test_gradients_of_images_without_contrast_are_finite(self):
        X = batch("torch", "float64")
        X[1] = 0.25
        X.requires_grad_()
        BetweenClassPlus(random_state=0)(X, [0, 1, 0, 1, 0, 1, 0])[0].sum().backward()
        assert X.grad.isfinite().all()


class TestLaws:
    def test_cutmix_boxes_have_floored_half_sides_around_uniform_centres_and_are_clipped(self):
        """At a large α every λ is one half, so that the centre is all that is left to chance."""
        mixer = CutMix(1e9, random_state=0)
        plans = [mixer.draw((2, 7, 12)) for _ in range(4000)]
        boxes, counts = np.unique([plan.box for plan in plans], axis=0, return_counts=True)
        expected = {box_by_formula(0.5, (row, column), (7, 12)) for row in range(7) for column in range(12)}
        assert len(expected) == 7 * 12
        assert set(map(tuple, boxes.tolist())) == expected
        assert chisquare(counts).pvalue > 1e-3

    @pytest.mark.parametrize("start", [lambda: 0, torch.Generator], ids=["numpy", "torch"])
    @pytest.mark.parametrize("alpha", [0.5, 1.0, 3.0])
    def test_cutmix_sides_and_shares_have_the_law_of_the_formula(self, alpha, start):
        mixer, rng, size = CutMix(alpha, random_state=start()), np.random.default_rng(1), (50, 31)
        plans = [mixer.draw((2, *size)) for _ in range(1500)]
        judge = np.array([box_by_formula(rng.beta(alpha, alpha), rng.integers(size), size) for _ in range(6000)])
        for boxes in (judge, drawn := np.array([plan.box for plan in plans])):
            boxes[:, 1::2] -= boxes[:, ::2]  # top, height, left, width
        for side in (1, 3):
            assert ks_2samp(drawn[:, side], judge[:, side]).pvalue > 1e-3
        shares = 1 - drawn[:, 1] * drawn[:, 3] / 1550
        np.testing.assert_allclose([float(plan.lam) for plan in plans], shares, atol=1e-15)
        assert ks_2samp(shares, 1 - judge[:, 1] * judge[:, 3] / 1550).pvalue > 1e-3

    @pytest.mark.parametrize("mixer", [BetweenClass(), BetweenClassPlus()])
    def test_a_batch_of_one_class_stays_unmixed_with_a_warning(self, mixer):
        X = batch("numpy", "float64")
        with pytest.warns(UserWarning, match="one class has no pairs for Between-Class") as caught:
            X_new, Y_new = mixer(X, [1] * 7, n_out=9)
        assert caught[0].filename == __file__
        np.testing.assert_array_equal(X_new, X[np.arange(9) % 7])
        np.testing.assert_array_equal(Y_new, [[0, 1]] * 9)

    @pytest.mark.parametrize(
        ("alpha", "law"), [(1.0, [1, 1, 1, 1, 1]), (1e9, [5 / 16, 5 / 4, 15 / 8, 5 / 4, 5 / 16])]
    )
    def test_gridmix_cells_are_the_first_images_with_probability_lambda(self, alpha, law):
        """Of N² cells that many are the first's: any number alike if λ ~ U(0, 1), a binomial one if λ = 1/2."""
        mixer = GridMix(2, alpha=alpha, random_state=0)
        cells = np.array([mixer.draw((2, 5, 5)).cells.ravel() for _ in range(3000)])
        assert chisquare(np.bincount(cells.sum(axis=1), minlength=5), 600 * np.array(law)).pvalue > 1e-3
        for count in cells.sum(axis=0):
            assert binomtest(int(count), 3000, 0.5).pvalue > 1e-3
