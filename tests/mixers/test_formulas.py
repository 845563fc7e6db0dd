"""Plain loops, one row and one pixel at a time, as judges of the arithmetic of each method."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.mixers.mixer_cases import VARIANTS, batch, build, labels_by_share, soft, to_numpy, zeta_by_loop
from zeta_geom import mixers
from zeta_geom.mixers import BetweenClass, BetweenClassPlus, CutMix, GridMix, ManifoldMixup, Mixup, ZetaMixup


def mixup_by_loop(X, Y, plan):
    X_new, Y_new = np.zeros((plan.rows, *X.shape[1:])), np.zeros((plan.rows, Y.shape[1]))
    for k in range(plan.rows):
        lam = float(plan.lam) if np.ndim(plan.lam) == 0 else float(plan.lam[k])
        j = int(plan.partners[k])
        X_new[k] = lam * X[k % len(X)] + (1 - lam) * X[j]
        Y_new[k] = lam * Y[k % len(X)] + (1 - lam) * Y[j]
    return X_new, Y_new


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


def fmix_by_loop(X, Y, plan):
    return regions_by_loop(X, Y, plan, ~plan.mask), labels_by_share(Y, plan, np.mean(~plan.mask))


def between_pixels(image, i, j):
    """Interpolate bilinearly between the pixels of an image (..., H, W), whose values go on beyond its border."""
    (low, a), (left, b) = (divmod(min(max(at, 0), size - 1), 1) for at, size in zip((i, j), image.shape[-2:]))
    below, right = (min(int(at) + 1, size - 1) for at, size in zip((low, left), image.shape[-2:]))
    low, left = int(low), int(left)
    upper = (1 - b) * image[..., low, left] + b * image[..., low, right]
    return (1 - a) * upper + a * ((1 - b) * image[..., below, left] + b * image[..., below, right])


def resizemix_by_loop(X, Y, plan):
    top, bottom, left, right = map(int, plan.box)
    X_new = np.array([X[k % len(X)] for k in range(plan.rows)])
    for k, j in enumerate(plan.partners):
        for row in range(top, bottom):
            for column in range(left, right):
                at = (row - top + 0.5) / (bottom - top) * X.shape[-2] - 0.5
                along = (column - left + 0.5) / (right - left) * X.shape[-1] - 0.5
                X_new[k, ..., row, column] = between_pixels(X[j], at, along)
    return X_new, labels_by_share(Y, plan, (bottom - top) * (right - left) / math.prod(X.shape[-2:]))


def most_salient(image):
    """Return the pixel that differs most from the means of three windows around it, the first of equal ones."""
    grey, (height, width) = image.mean(axis=0), image.shape[-2:]
    best, peak = -1.0, None
    for i in range(height):
        for j in range(width):
            differences = []
            for part in (2, 4, 8):
                down, along = max(1, height // part), max(1, width // part)
                window = grey[max(i - down, 0) : i + down + 1, max(j - along, 0) : j + along + 1]
                differences.append(abs(grey[i, j] - window.mean()))
            if sum(differences) > best + 1e-12:
                best, peak = sum(differences), (i, j)
    return peak


def saliencymix_by_loop(X, Y, plan):
    X_new = np.array([X[k % len(X)] for k in range(plan.rows)])
    Y_new, cut = np.zeros((plan.rows, Y.shape[1])), math.sqrt(1 - plan.lam)
    for k, j in enumerate(plan.partners):
        edges = []
        for centre, size in zip(most_salient(X[j]), X.shape[-2:]):
            half = math.floor(size * cut / 2)
            edges.append(slice(max(centre - half, 0), min(centre + half, size)))
        X_new[(k, ..., *edges)] = X[(j, ..., *edges)]
        share = math.prod(edge.stop - edge.start for edge in edges) / math.prod(X.shape[-2:])
        Y_new[k] = (1 - share) * Y[k % len(Y)] + share * Y[j]
    return X_new, Y_new


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
    (mixers.FMix, {"channels": "first"}, fmix_by_loop),
    (mixers.ResizeMix, {"channels": "first"}, resizemix_by_loop),
    (mixers.SaliencyMix, {"channels": "first"}, saliencymix_by_loop),
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


@settings(deadline=None, max_examples=50)
@given(
    m=st.integers(2, 12),
    n_out=st.integers(1, 20),
    gamma=st.floats(0, 15),
    anchor=st.sampled_from(["self", "random"]),
    data=st.data(),
    seed=st.integers(0, 99),
)
def test_zeta_is_the_loop(m, n_out, gamma, anchor, data, seed):
    n_mix = data.draw(st.integers(1, m))
    X, Y = batch("numpy", "float64", shape=(m, 2, 2), seed=seed), soft(m, 4, seed)
    mixer = ZetaMixup(gamma, n_mix=n_mix, anchor=anchor, random_state=seed)
    plan = mixer.draw(X.shape, n_out=n_out)
    orders = np.argsort(-plan.weights, axis=1, kind="stable")[:, :n_mix]
    for got, expected in zip(mixer.apply(X, Y, plan), zeta_by_loop(X, Y, orders, gamma), strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-12)


@pytest.mark.filterwarnings("ignore:a batch of one class has no pairs")
@settings(deadline=None, max_examples=200)
@given(
    variant=st.sampled_from(sorted(VARIANTS)),
    y=st.lists(st.integers(0, 6), min_size=3, max_size=15),
    more_classes=st.integers(0, 3),
    n_out=st.integers(1, 20),
    seed=st.integers(0, 99),
)
def test_labels_are_distributions_over_the_classes_of_the_batch(variant, y, more_classes, n_out, seed):
    n_classes, mixer = max(y) + 1 + more_classes, build(variant, seed)
    X = batch(mixer.traits.backends[0], "float64", shape=(len(y), 3, 3), seed=seed)
    Y_new = to_numpy(mixer(X, y, n_classes=n_classes, n_out=n_out)[1])
    assert Y_new.shape == (n_out, n_classes)
    assert (Y_new >= 0).all()
    np.testing.assert_allclose(Y_new.sum(axis=1), 1, atol=1e-12)
    absent = sorted(set(range(n_classes)) - set(y))
    assert (Y_new[:, absent] == 0).all()
