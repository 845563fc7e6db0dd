"""Mixup, Between-Class learning and SamplePairing: draws, limits and warnings."""

import numpy as np
import pytest
import torch
from scipy.stats import chisquare, kstest

from tests.mixers.mixer_cases import batch
from zeta_geom.mixers import BetweenClass, BetweenClassPlus, ManifoldMixup, Mixup


class TestMixup:
    def test_mixup_shares_are_uniform_at_alpha_one_and_per_batch_by_default(self):
        mixer = Mixup(random_state=0)
        assert kstest([float(mixer.draw((4, 1)).lam) for _ in range(500)], "uniform").pvalue > 1e-3
        assert len(np.unique(Mixup(per_sample=True, random_state=0).draw((50, 1)).lam)) == 50

    def test_manifold_mixup_of_arrays_is_mixup(self):
        X, y = batch("numpy", "float64"), np.arange(7)
        for got, expected in zip(ManifoldMixup(random_state=3)(X, y), Mixup(random_state=3)(X, y), strict=True):
            np.testing.assert_array_equal(got, expected)


class TestBetweenClass:
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

    @pytest.mark.parametrize("mixer", [BetweenClass(), BetweenClassPlus()])
    def test_a_batch_of_one_class_stays_unmixed_with_a_warning(self, mixer):
        X = batch("numpy", "float64")
        with pytest.warns(UserWarning, match="one class has no pairs for Between-Class") as caught:
            X_new, Y_new = mixer(X, [1] * 7, n_out=9)
        assert caught[0].filename == __file__
        np.testing.assert_array_equal(X_new, X[np.arange(9) % 7])
        np.testing.assert_array_equal(Y_new, [[0, 1]] * 9)

    def test_gradients_of_images_without_contrast_are_finite(self):
        X = batch("torch", "float64")
        X[1] = 0.25
        X.requires_grad_()
        BetweenClassPlus(random_state=0)(X, [0, 1, 0, 1, 0, 1, 0])[0].sum().backward()
        assert X.grad.isfinite().all()
