"""Someone else's code and closed forms as judges: torchvision, timm, scikit-learn, SciPy, a trained teacher."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import timm.data
import torch
from scipy.ndimage import gaussian_filter
from scipy.special import expit, log_softmax, xlogy
from scipy.stats import beta, halfnorm, kstest
from sklearn.neighbors import NearestNeighbors
from torchvision.transforms import v2

from tests.mixers.mixer_cases import batch, soft, to_numpy
from zeta_geom import datasets, mixers
from zeta_geom.mixers.methods.cutmix import BoxPlan
from zeta_geom.mixers.methods.pairs import PairPlan
from zeta_geom.realism import MNISTOracle

FLOATS = pytest.mark.parametrize("dtype", ["float32", "float64"])


def assert_within_an_ulp(mixer, plan, X, Y, expected):
    """Ask it of the torch and of the NumPy path."""
    for form in (lambda tensor: tensor, lambda tensor: tensor.numpy()):
        for got, judge in zip(mixer.apply(form(X), form(Y), plan), expected, strict=True):
            np.testing.assert_array_max_ulp(np.asarray(got), judge.numpy(), maxulp=1)


class TestLibraries:
    @FLOATS
    @pytest.mark.parametrize("name", ["mixup", "cutmix"])
    @pytest.mark.parametrize("low", [0, -1])  # images as they are, and normalised ones, whose sums cancel
    def test_torchvision_given_the_same_lambda_permutation_and_centre(self, name, low, dtype, monkeypatch):
        height, width, rng = 7, 12, np.random.default_rng(0)
        X = torch.from_numpy(rng.uniform(low, 1, size=(5, 3, height, width))).to(getattr(torch, dtype))
        for lam in (*rng.random(30), 0.0, 0.75, 1.0):
            Y, row, column = torch.from_numpy(soft(5, 4)).to(X.dtype), rng.integers(height), rng.integers(width)
            judge = {"mixup": v2.MixUp, "cutmix": v2.CutMix}[name]()
            judge._dist = SimpleNamespace(sample=lambda shape, lam=lam: lam)
            drawn = iter([column, row])
            monkeypatch.setattr(torch, "randint", lambda high, size, drawn=drawn: torch.tensor([next(drawn)]))
            expected = judge(X, Y)
            mixer = mixers.make_mixer(name)
            mixer._stream = SimpleNamespace(
                beta=lambda alpha, shape, like, lam=lam: np.float64(lam),
                uniform=lambda shape, like, at=(row, column): (np.array(at) + 0.5) / (height, width),
                permutation=lambda m, like: np.roll(np.arange(m), 1),
            )
            assert_within_an_ulp(mixer, mixer.draw(X.shape), X, Y, expected)

    @FLOATS
    @pytest.mark.parametrize("name", ["mixup", "cutmix"])
    def test_timm_given_the_same_lambda_and_box(self, name, dtype, monkeypatch, request):
        request.addfinalizer(lambda: torch.set_default_dtype(torch.float32))
        torch.set_default_dtype(getattr(torch, dtype))  # of timm's labels
        X, labels = torch.from_numpy(soft(6, 252)).to(getattr(torch, dtype)).view(6, 3, 7, 12), [0, 1, 2, 3, 1, 1]
        boxes, draw_box = [], timm.data.mixup.cutmix_bbox_and_lam
        monkeypatch.setattr(
            timm.data.mixup, "cutmix_bbox_and_lam", lambda *a, **k: boxes.append(draw_box(*a, **k)) or boxes[-1]
        )
        for lam in np.random.default_rng(1).random(30).tolist():
            judge = timm.data.Mixup(label_smoothing=0, num_classes=4)
            judge._params_per_batch = lambda lam=lam: (lam, name == "cutmix")
            expected = judge(X.clone(), torch.tensor(labels))
            plan = PairPlan(np.arange(6)[::-1], np.float64(lam), 6)
            if name == "cutmix":
                plan = BoxPlan(plan.partners, np.float64(boxes[-1][1]), 6, np.array(boxes[-1][0]))
            assert_within_an_ulp(mixers.make_mixer(name), plan, X, torch.eye(4)[labels], expected)
        assert len(boxes) == (30 if name == "cutmix" else 0)

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


@pytest.mark.parametrize("start", [lambda: 0, torch.Generator], ids=["numpy", "torch"])
class TestLaws:
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

    @pytest.mark.parametrize("per_feature", [True, False])
    def test_mixfeat_disturbs_by_a_normal_length_in_a_uniform_direction(self, per_feature, start):
        mixer = mixers.MixFeat(sigma=0.3, per_feature=per_feature, random_state=start())
        plans = [mixer.draw((2, 3000) if per_feature else (2, 1)) for _ in range(1 if per_feature else 3000)]
        a, b = (np.array([getattr(plan, name) for plan in plans]).ravel() for name in ("first", "second"))
        for part in (a - 1, b):  # r cos t, r sin t: mean 0, variance σ² / 2, fourth moment 3 σ⁴ · 3 / 8
            assert part.mean() == pytest.approx(0, abs=4 * 0.3 / math.sqrt(2 * 3000))
            assert part.var() == pytest.approx(0.3**2 / 2, rel=0.15)
        assert ((a - 1) * b).mean() == pytest.approx(0, abs=0.3**2 / 20)
        assert kstest(np.hypot(a - 1, b), halfnorm(scale=0.3).cdf).pvalue > 1e-3
        assert kstest(np.arctan2(b, a - 1), "uniform", args=(-math.pi, 2 * math.pi)).pvalue > 1e-3


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
            own, masked, averaged = (teacher(images).numpy() for images in (X, X_new, plain))
        target = shares.numpy() @ np.eye(10)[own.argmax(axis=1)]
        assert all(map(recognised, masked, target))
        better, worse = divergence(target, masked), divergence(target, averaged)
        assert better.mean() < worse.mean() / 2
        assert (better < worse).mean() > 0.7
