"""SuperMix: its masks against a plain loop, and a trained teacher."""

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from scipy.special import expit, log_softmax, xlogy

from tests.mixers.mixer_cases import batch
from zeta_geom import datasets, mixers
from zeta_geom.realism import MNISTOracle


class Teacher(torch.nn.Module):
    """Logits A x in float64; NaN in training mode."""

    def __init__(self, n_pixels, n_classes=5):
        super().__init__()
        weights = np.random.default_rng(3).normal(size=(n_classes, n_pixels))
        self.weights, self.frozen = torch.nn.Parameter(torch.from_numpy(weights)), torch.nn.Dropout()

    def forward(self, x):
        return x.flatten(1) @ self.weights.T + (torch.nan if self.training else 0)


class Stubborn(torch.nn.Module):
    """An image of one grey level is of its class; any other is of the last class."""

    def forward(self, x):
        level = x.flatten(1)
        seen = torch.where((level == level[:, :1]).all(dim=1), level[:, 0].round().long(), 3)
        return torch.nn.functional.one_hot(seen, 4) + 0 * level.sum(dim=1, keepdim=True)


def supermix_by_loop(X, A, plan, sigma):
    """One row at a time for a teacher A x, four steps: slopes by finite differences, the blur by SciPy."""
    rows, start = [], np.zeros((2, 3, 3))
    up = [[np.interp((np.arange(n) + 0.5) * 3 / n - 0.5, range(3), e) for e in np.eye(3)] for n in (5, 6)]

    def mixed(logits, images):
        masks = expit(np.einsum("tab,ai,bj->tij", logits, *up))
        masks = masks / masks.sum(axis=0)
        return masks, (masks[:, None] * images).sum(axis=0)

    def loss(logits, images, target):
        masks, image = mixed(logits, images)
        return divergence(target, A @ image.ravel()) + 25 * np.abs(masks * (masks - 1)).mean()

    for images, shares in zip(X[plan.orders], plan.shares, strict=True):
        classes = [int((A @ image.ravel()).argmax()) for image in images]
        target, logits = shares @ np.eye(len(A))[classes], start
        for _ in range(4):
            moves = 1e-5 * np.eye(18).reshape(18, 2, 3, 3)
            slope = [loss(logits + move, images, target) - loss(logits - move, images, target) for move in moves]
            slope = np.reshape(slope, start.shape)
            blurred = gaussian_filter(slope, sigma, mode="constant", radius=math.ceil(3 * sigma), axes=(1, 2))
            logits = logits - blurred / np.abs(blurred).max()
            image = mixed(logits, images)[1]
            if recognised(A @ image.ravel(), target):
                rows.append(image)
                break
    return rows


def divergence(target, logits):
    return (xlogy(target, target) - target * log_softmax(logits, axis=-1)).sum(axis=-1)


def recognised(logits, target):
    wanted = np.flatnonzero(target)
    return set(np.argsort(logits)[-len(wanted) :]) == set(wanted)


class TestSuperMix:
    @pytest.mark.parametrize("n_mix", [2, 3])
    def test_masks_lie_in_the_unit_interval_and_sum_to_one(self, n_mix):
        """Image i is 1 in channel i alone, so that the channels that come out are the masks."""
        X = torch.eye(6, dtype=torch.float64)[:, :, None, None].expand(6, 6, 10, 9)
        masks, Y_new = mixers.SuperMix(Teacher(540), channels="first", n_mix=n_mix, random_state=0)(X, np.arange(6))
        assert 0 < len(masks) <= 6
        assert masks.min() >= 0
        np.testing.assert_allclose(masks.sum(dim=1), 1, atol=1e-12)
        np.testing.assert_allclose(Y_new.sum(dim=1), 1, atol=1e-12)
        for mask, label in zip(masks, Y_new, strict=True):
            sources = label.nonzero()[:, 0].tolist()
            assert any(sorted((i + j) % 6 for j in range(n_mix)) == sources for i in range(6))
            assert mask.flatten(1).amax(dim=1).nonzero()[:, 0].tolist() == sources

    @pytest.mark.parametrize("sigma", [0.0, 0.7])
    def test_the_masks_are_those_of_the_plain_loop(self, sigma):
        X, teacher = batch("torch", "float64", shape=(20, 2, 5, 6)) - 0.5, Teacher(60, 8)
        mixer = mixers.SuperMix(teacher, channels="first", mask_size=3, sigma=sigma, max_steps=4, random_state=0)
        plan = mixer.draw(X.shape)
        expected = supermix_by_loop(X.numpy(), teacher.weights.detach().numpy(), plan, sigma)
        assert 5 < len(expected) < 20
        np.testing.assert_allclose(mixer.apply(X, None, plan)[0].detach(), expected, atol=1e-6)

    def test_a_teacher_that_never_agrees_returns_no_row(self):
        X = torch.arange(3.0)[:, None, None].expand(3, 4, 4)
        mixer = mixers.SuperMix(Stubborn(), max_steps=3)
        X_new, Y_new = mixer(X, [0, 1, 2])
        assert X_new.shape == (0, 4, 4)
        assert Y_new.shape == (0, 3)
        with pytest.raises(RuntimeError, match="returned no row in a pass"):
            mixer.mix_dataset(X, [0, 1, 2], n_out=3)

    @pytest.mark.parametrize("mode", [True, False])
    def test_the_teacher_is_left_as_it_was(self, mode):
        teacher = Teacher(16).train(mode)
        teacher.frozen.eval()
        mixers.SuperMix(teacher, max_steps=2)(batch("torch", "float64", shape=(4, 4, 4)))
        assert teacher.training == mode
        assert not teacher.frozen.training
        assert teacher.weights.grad is None
        assert teacher.weights.requires_grad

    def test_on_digits_most_rows_come_back_recognised_and_better_than_the_mean_of_both_images(self):
        data, teacher = datasets.load("mnist-sample"), MNISTOracle.pretrained().model
        X = torch.from_numpy(data.X_train[:40] / 255)[:, None]
        X_new, shares = mixers.SuperMix(teacher, random_state=0)(X, np.arange(40))
        assert len(X_new) > 30
        plain = torch.einsum("ki,icab->kcab", (shares > 0).to(X) / 2, X)
        with torch.no_grad():
            original, masked, averaged = (teacher(images).numpy() for images in (X, X_new, plain))
        target = shares.numpy() @ np.eye(10)[original.argmax(axis=1)]
        assert all(map(recognised, masked, target))
        better, worse = divergence(target, masked), divergence(target, averaged)
        assert better.mean() < worse.mean() / 2
        assert (better < worse).mean() > 0.7
