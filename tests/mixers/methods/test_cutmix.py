"""CutMix, GridMix and mixup: torchvision and timm as judges, and the laws of boxes and cells."""

import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest
import timm.data
import torch
from scipy.stats import binomtest, chisquare, ks_2samp
from torchvision.transforms import v2

from tests.mixers.mixer_cases import labels_by_share, soft
from zeta_geom import mixers
from zeta_geom.mixers import CutMix, GridMix
from zeta_geom.mixers.methods.cutmix import BoxPlan
from zeta_geom.mixers.methods.pairs import PairPlan

FLOATS = pytest.mark.parametrize("dtype", ["float32", "float64"])


def assert_within_an_ulp(mixer, plan, X, Y, expected):
    """Ask it of the torch and of the NumPy path."""
    for form in (lambda tensor: tensor, lambda tensor: tensor.numpy()):
        for got, judge in zip(mixer.apply(form(X), form(Y), plan), expected, strict=True):
            np.testing.assert_array_max_ulp(np.asarray(got), judge.numpy(), maxulp=1)


def box_by_formula(lam, centre, size):
    halves = [math.floor(n * math.sqrt(1 - lam) / 2) for n in size]
    spans = zip(centre, halves, size, strict=True)
    return tuple(edge for at, half, n in spans for edge in (max(at - half, 0), min(at + half, n)))


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

    @pytest.mark.parametrize("smoothing", [0.0, 0.1])
    @pytest.mark.parametrize("name", ["mixup", "cutmix"])
    def test_timm_with_a_lambda_and_a_box_for_each_sample_and_smoothed_labels(self, name, smoothing, monkeypatch):
        images, labels = torch.from_numpy(soft(6, 252)).float().view(6, 3, 7, 12), torch.tensor([0, 1, 2, 3, 1, 1])
        boxes, draw_box = [], timm.data.mixup.cutmix_bbox_and_lam
        monkeypatch.setattr(
            timm.data.mixup, "cutmix_bbox_and_lam", lambda *a, **k: boxes.append(draw_box(*a, **k)) or boxes[-1]
        )
        lam = np.random.default_rng(0).uniform(0, 0.9, 6).astype(np.float32)
        judge = timm.data.Mixup(mode="elem", label_smoothing=smoothing, num_classes=4)
        judge._params_per_elem = lambda size: (lam.copy(), np.full(size, name == "cutmix"))
        X_judge, Y_judge = judge(images.clone(), labels)
        plan, Y = PairPlan(np.arange(6)[::-1].copy(), lam, 6), torch.eye(4)[labels]
        if name == "cutmix":
            shares, edges = np.array([one[1] for one in boxes]), np.array([one[0] for one in boxes])
            plan = BoxPlan(plan.partners, shares, 6, edges)
        for layout, readable in itertools.product(("first", "last", "grey"), (True, False)):
            monkeypatch.setattr("zeta_geom.mixers.methods.cutmix._is_readable", lambda *_, to=readable: to)
            order = {"first": [0, 1, 2, 3], "last": [0, 2, 3, 1], "grey": [0, 1, 2, 3]}[layout]
            X, expected = (one[:, 0] if layout == "grey" else one.permute(order) for one in (images, X_judge))
            channels = {} if name == "mixup" else {"channels": "last" if layout == "last" else "first"}
            mixer = mixers.make_mixer(name, label_smoothing=smoothing, per_sample=True, **channels)
            for form in (lambda tensor: tensor, lambda tensor: tensor.numpy()):
                X_new, Y_new = mixer.apply(form(X.contiguous()), form(Y), plan)
                np.testing.assert_allclose(X_new, expected, rtol=1e-5, atol=1e-9)
                np.testing.assert_allclose(Y_new, Y_judge, atol=2e-7)  # timm rounds λ to float32 before 1 - λ


class TestCutMix:
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

    @pytest.mark.parametrize("start", [lambda: 0, torch.Generator], ids=["numpy", "torch"])
    def test_boxes_of_single_samples_have_the_law_of_the_box_of_a_batch(self, start):
        size, rows = (50, 31), 1500
        plan = CutMix(0.5, per_sample=True, random_state=start()).draw((2, *size), n_out=rows)
        single = CutMix(0.5, random_state=1)
        judge = np.array([single.draw((2, *size)).box for _ in range(3000)])
        drawn = np.asarray(plan.box)
        assert drawn.shape == (rows, 4)
        np.testing.assert_allclose(
            np.asarray(plan.lam), 1 - np.prod(drawn[:, 1::2] - drawn[:, ::2], axis=1) / 1550, atol=1e-6
        )
        for column in range(4):
            assert ks_2samp(drawn[:, column], judge[:, column]).pvalue > 1e-3


class TestGridMix:
    def test_gridmix_cell_labels_are_those_of_the_cells(self):
        Y, plan = soft(3, 4), GridMix(3, random_state=0).draw((3, 5, 5), n_out=7)
        labels = GridMix.cell_labels(Y, plan)
        for k, a, b in np.ndindex(7, 3, 3):
            np.testing.assert_array_equal(labels[k, a, b], Y[k % 3 if plan.cells[a, b] else plan.partners[k]])
        np.testing.assert_allclose(labels.mean(axis=(1, 2)), labels_by_share(Y, plan, 1 - plan.lam), atol=1e-12)

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
