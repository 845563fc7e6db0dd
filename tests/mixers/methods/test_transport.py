"""OptTransMix against POT, pair by pair, and against closed forms of optimal transport."""

import warnings

import numpy as np
import pytest
import torch
from scipy.special import logsumexp

from zeta_geom import datasets, mixers
from zeta_geom.mixers.methods.barycenters import barycenters, log_product
from zeta_geom.mixers.methods.pairs import PairPlan

FORMS = {"numpy": lambda array: array, "torch": torch.from_numpy}
BACKENDS = pytest.mark.parametrize("backend", FORMS)
EDGES = (0.0, 1e-3, 1 - 1e-3, 1.0)  # values of λ


def transported(X, lam, **params):
    """Return the barycentres of each image and the one before it."""
    plan = PairPlan(np.roll(np.arange(len(X)), 1), np.broadcast_to(lam, len(X)), len(X))
    return mixers.OptTransMix(**params).apply(X, None, plan)[0]


def barycenter_by_pot(first, second, share, reg, max_iter=200):
    """Return one pair's barycentre of mass 1, the number of iterations, and whether POT went over to logarithms.

    By default POT takes 1e-30 for zero, and then moves mass over more than a few √reg to a wrong place.
    """
    bregman = pytest.importorskip("ot.bregman")
    pair = np.stack([first, second]).astype(np.float64)
    options = {"weights": np.array([share, 1 - share]), "numItermax": max_iter, "stabThr": 1e-300, "log": True}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        pair /= pair.sum(axis=(1, 2), keepdims=True)
        result, log = bregman.convolutional_barycenter2d(pair, reg, **options)
        underflow = not all(np.isfinite(log[name]).all() for name in "UV")
        if underflow:
            result, log = bregman.convolutional_barycenter2d(pair, reg, method="sinkhorn_log", **options)
    return result / result.sum(), log["niter"] + 1, underflow


def assert_as_by_pot(first, second, shares, reg, max_iter=200):
    """Compare all pairs, relative to each barycentre's largest value; return what POT says of the iterations."""
    scaled = [part / part.sum(axis=(1, 2), keepdims=True) for part in (first, second)]
    judged = [barycenter_by_pot(*pair, reg, max_iter) for pair in zip(first, second, shares, strict=True)]
    judge = np.stack([result for result, *_ in judged])
    for form in FORMS.values():
        got = np.asarray(barycenters(*map(form, (*scaled, shares)), reg, max_iter))
        np.testing.assert_allclose(got.sum(axis=(1, 2)), 1, rtol=1e-12)
        assert (np.abs(got - judge).max(axis=(1, 2)) <= 1e-6 * judge.max(axis=(1, 2))).all()
    return [steps for _, steps, _ in judged], [underflow for *_, underflow in judged]


def blob(row, column, spread, size=41):
    bell = [np.exp(-((np.arange(size) - centre) ** 2) / (2 * spread**2)) for centre in (row, column)]
    return np.outer(*bell) / np.outer(*bell).sum()


def moments(image):
    """Return the mean position of the mass, and its variance along each axis, in pixels."""
    at = np.stack(np.mgrid[: image.shape[0], : image.shape[1]])
    mean = (at * image).sum(axis=(1, 2)) / image.sum()
    return mean, ((at - mean[:, None, None]) ** 2 * image).sum(axis=(1, 2)) / image.sum()


@pytest.fixture(scope="module")
def digits():
    return datasets.load("mnist-sample").X_train / 255.0


def points(n, bright, size=12):
    """Return images with some bright pixels each, zeros elsewhere."""
    rng, images = np.random.default_rng(bright), np.zeros((n, size * size))
    for image in images:
        image[rng.choice(size * size, bright, replace=False)] = rng.random(bright) + 0.1
    return images.reshape(n, size, size)


class TestPot:
    @pytest.mark.parametrize("reg", [0.1, 0.02, 0.002, 0.001])
    def test_digits_of_which_each_ends_at_its_iteration(self, digits, reg):
        shares = np.concatenate([np.random.default_rng(0).random(8), EDGES])
        steps, underflow = assert_as_by_pot(digits[:12], digits[12:24], shares, reg)
        assert not any(underflow)
        assert len(set(steps)) > 1 or reg in (0.1, 0.001)

    @pytest.mark.parametrize("max_iter", [1, 7, 23])
    def test_the_iteration_ends_between_two_checks(self, digits, max_iter):
        assert set(assert_as_by_pot(digits[:4], digits[4:8], np.array(EDGES), 0.002, max_iter)[0]) == {max_iter}

    @pytest.mark.parametrize(
        ("bright", "reg"),
        [
            pytest.param(bright, reg, marks=() if (bright, reg) in ((1, 0.001), (3, 0.01)) else pytest.mark.slow)
            for bright in (1, 3)
            for reg in (0.01, 0.001, 0.0005, 0.0002)
        ],
    )
    def test_bright_pixels_far_apart(self, bright, reg):
        images, shares = points(16, bright), np.concatenate([np.random.default_rng(0).random(4), EDGES])
        underflow = assert_as_by_pot(images[:8], images[8:], shares, reg)[1]
        assert any(underflow) == (reg < 0.002)

    def test_pairs_that_underflow_among_others(self, digits):
        images = np.concatenate([points(4, 1, size=14), digits[:8, ::2, ::2]])
        underflow = assert_as_by_pot(images[::2], images[1::2], np.full(6, 0.3), 0.0012)[1]
        assert 0 < sum(underflow) < 6

    @BACKENDS
    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_colours_and_empty_channels_of_a_mixed_batch(self, backend, dtype):
        X, lam = np.random.default_rng(0).random((5, 3, 8, 11)).astype(dtype), np.array([0.001, 0.4, 0.5, 0.9, 0.999])
        X[1, 2], X[2, 2], X[4, 0] = 0, 0, 0
        got = np.asarray(transported(FORMS[backend](X), lam))
        assert got.dtype == dtype
        for k, c in np.ndindex(5, 3):
            pair, shares = X[[k, k - 1], c].astype(np.float64), np.array([lam[k], 1 - lam[k]])
            masses = pair.sum(axis=(1, 2))
            if masses.all():
                judge = barycenter_by_pot(*pair, lam[k], 0.002)[0]
            else:
                judge = pair.sum(axis=0) / (masses.sum() or 1)
            judge = judge * (shares @ masses)
            np.testing.assert_allclose(got[k, c], judge, rtol=0, atol=1e-6 * judge.max())

    @BACKENDS
    def test_blocks_of_pairs_change_nothing(self, backend, monkeypatch):
        X = np.random.default_rng(0).random((9, 1, 6, 7))
        whole = transported(FORMS[backend](X), 0.4)
        monkeypatch.setattr("zeta_geom.mixers.methods.barycenters.VALUES_HOST", 4 * 6 * 7)
        np.testing.assert_allclose(transported(FORMS[backend](X), 0.4), whole, rtol=1e-12)


class TestLogarithms:
    @BACKENDS
    @pytest.mark.parametrize("reg", [0.1, 0.0016, 0.0005, 1e-5])
    def test_products_are_sums_of_exponentials(self, backend, reg):
        at, x = np.linspace(0, 1, 19), np.random.default_rng(0).normal(scale=1000, size=(7, 19))
        exponents = -(np.subtract.outer(at, at) ** 2) / reg
        got = log_product(*map(FORMS[backend], (x, exponents)), reg)
        np.testing.assert_allclose(got, logsumexp(x[:, :, None] + exponents, axis=1), rtol=1e-13, atol=1e-12)


class TestClosedForms:
    @pytest.mark.parametrize("reg", [0.02, 0.002, 0.0005])
    def test_at_lambda_one_it_is_the_image_but_for_the_blur(self, reg):
        """There Sinkhorn's fixed point is K (x / K 1), with K = exp(-d² / reg) over pixels of the unit square."""
        X = np.random.default_rng(0).random((2, 9, 13))
        along = [np.exp(-(np.subtract.outer(t, t) ** 2) / reg) for t in (np.linspace(0, 1, n) for n in (9, 13))]
        blurred = along[0] @ (X / (along[0] @ np.ones((9, 13)) @ along[1])) @ along[1]
        got = transported(X, 1.0, reg=reg)
        np.testing.assert_allclose(got, blurred, rtol=1e-9)
        assert np.abs(got - X).mean() < {0.02: 0.25, 0.002: 0.05, 0.0005: 1e-4}[reg]

    @pytest.mark.parametrize("reg", [0.004, 0.002, 0.001])
    @pytest.mark.parametrize("lam", [0.3, 0.5])
    def test_two_bells_give_a_bell_between_them(self, lam, reg):
        """At the weighted mean position, with the bells' variance and the blur's, reg / 2 squared sides."""
        got = transported(np.stack([blob(12, 14, 2.5), blob(26, 22, 2.5)]), lam, reg=reg)
        mean, variance = moments(got[0])
        np.testing.assert_allclose(mean, lam * np.array([12, 14]) + (1 - lam) * np.array([26, 22]), atol=0.01)
        np.testing.assert_allclose(variance, 2.5**2 + reg / 2 * 40**2, rtol=0.01)

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("apart", [1, 3, 8, 24])
    def test_two_points_give_one_halfway(self, apart):
        X = np.zeros((2, 28, 28))
        X[0, 2, 2] = X[1, 2, 2 + apart] = 1
        np.testing.assert_allclose(moments(transported(X, 0.5)[0])[0], [2, 2 + apart / 2], atol=0.01)

    @BACKENDS
    def test_an_empty_image_leaves_the_other_at_its_share_of_the_mass(self, backend):
        X = np.stack([np.zeros((5, 5)), np.random.default_rng(0).random((5, 5)), np.zeros((5, 5)), np.zeros((5, 5))])
        got = transported(FORMS[backend](X), 0.3)
        np.testing.assert_allclose(got, [0 * X[0], 0.3 * X[1], 0.7 * X[1], 0 * X[0]], atol=1e-15)

    def test_negative_pixels_are_refused(self):
        with pytest.raises(ValueError, match="X must not have negative pixels"):
            transported(np.full((2, 5, 5), -1e-3), 0.5)
