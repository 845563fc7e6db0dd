"""Co-Mixup: its energy by plain loops, labellings against all labellings, saliency in closed form, and its effect."""

import sys
from itertools import pairwise, product

import numpy as np
import pytest
import torch
from scipy.stats import t

from zeta_geom import datasets
from zeta_geom.mixers import CoMixup, Mixup, RandomMixer
from zeta_geom.mixers.graph_cut import Energy, lower
from zeta_geom.mixers.methods.co_mixup import compatibility, saliency, with_model
from zeta_geom.realism import MNISTOracle


def instance(seed, m, b, outputs=2, threshold=0.83):
    """Return an energy like those of a batch, and random labels."""
    rng = np.random.default_rng(seed)
    salient = np.abs(rng.normal(size=(m, b, b)))
    salient /= salient.sum(axis=(1, 2), keepdims=True)
    unary = -salient - 0.05 / b**2 * np.log(rng.dirichlet(np.full(m, 2.0)))[:, None, None]
    energy = Energy(unary, compatibility(salient, 0.001), 0.32, 1.0, threshold)
    return energy, rng.integers(0, m, (outputs, b, b))


def energy_by_loop(energy, labels):
    """Follow the formula at the top of `graph_cut`, one cell at a time."""
    outputs, b, _ = labels.shape
    n, m, total = b * b, len(energy.unary), 0.0
    for output in labels:
        for i, j in product(range(b), repeat=2):
            total += energy.unary[output[i, j], i, j]
            for di, dj in ((0, 1), (1, 0)):
                if i + di < b and j + dj < b and output[i, j] != output[i + di, j + dj]:
                    total += energy.smoothness / n
    held = np.array([[np.count_nonzero(output == i) for i in range(m)] for output in labels], dtype=float)
    for j in range(outputs):
        others = sum(held[k] for k in range(outputs) if k != j)
        for i in range(m):
            weighted = sum(energy.compatibility[i, k] * others[k] for k in range(m))
            if weighted > energy.threshold * n:
                total += energy.diversity / n * held[j, i] * weighted
    return total


@pytest.mark.parametrize("threshold", [0.2, 0.83])
def test_the_energy_is_its_plain_loop(threshold):
    for seed in range(10):
        energy, labels = instance(seed, 4, 3, outputs=3, threshold=threshold)
        assert energy(labels) == pytest.approx(energy_by_loop(energy, labels), rel=1e-12)


def test_the_energy_never_rises_from_a_round_to_the_next():
    for seed in range(5):
        energy, labels = instance(seed, 20, 4, outputs=20)
        values = [energy(lower(energy, labels, rounds)) for rounds in (1, 2, 3, 4)]
        assert energy(labels) > values[0]
        assert all(later <= earlier for earlier, later in pairwise(values))


def least(energy, m, b):
    """Return the least energy of all labellings of two outputs."""
    each = np.array(list(product(range(m), repeat=b * b))).reshape(-1, b, b)
    costs, held = np.array([energy.cost(one) for one in each]), energy.counts(each)
    overlap = energy.diversity / b**2 * held @ energy.exceeding(held).T
    return (costs[:, None] + costs + overlap + overlap.T).min()


@pytest.mark.parametrize(("m", "b", "threshold"), [(3, 2, 0.83), (2, 3, 0.83), (4, 2, 0.2)])
def test_labellings_are_near_the_best_of_all(m, b, threshold):
    gaps = []
    for seed in range(50):
        energy, labels = instance(seed, m, b, threshold=threshold)
        start, found, best = energy(labels), energy(lower(energy, labels, 4)), least(energy, m, b)
        assert best - 1e-12 <= found <= start
        gaps.append((found - best) / (start - best))
    assert np.median(gaps) <= 0.05


def test_compatibility_grows_with_the_distance_of_peaks():
    salient = np.zeros((3, 4, 4))
    salient[[0, 1, 2], [0, 0, 3], [0, 1, 3]] = 1
    distance = np.array([[0, 1, 6], [1, 0, 5], [6, 5, 0]])
    np.testing.assert_allclose(compatibility(salient, 0.25), 0.75 * np.eye(3) + 0.25 * distance * 3 / 24)
    np.testing.assert_array_equal(compatibility(np.zeros((2, 4, 4)), 0.5), np.eye(2) / 2)


def test_the_saliency_of_a_linear_model_is_that_of_its_weights():
    """The gradient of the cross-entropy is Σ_c (p_c - y_c) w_c."""
    generator = torch.Generator().manual_seed(0)
    weights, X = (torch.randn(n, 2, 8, 8, dtype=torch.float64, generator=generator) for n in (3, 5))
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(128, 3, bias=False, dtype=torch.float64))
    model[1].weight.data = weights.flatten(1)
    Y = torch.eye(3, dtype=torch.float64)[[0, 1, 2, 0, 1]]
    slope = torch.einsum("nc,cxhw->nxhw", model(X).softmax(dim=1) - Y, weights).detach()
    strength = slope.square().mean(dim=1).sqrt().reshape(5, 4, 2, 4, 2).mean(dim=(2, 4))
    expected = strength / strength.sum(dim=(1, 2), keepdim=True)
    np.testing.assert_allclose(saliency(model, X, Y, 4, (2, 3)), expected.numpy(), rtol=1e-9)
    np.testing.assert_allclose(saliency(Last(model), X.movedim(1, -1), Y, 4, (1, 2)), expected.numpy(), rtol=1e-9)


class Last(torch.nn.Module):
    """A model of images whose channels are last."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model(x.movedim(-1, 1))


def test_every_cell_is_one_of_its_part_and_labels_are_shares_of_cells():
    X = torch.arange(1.0, 8.0)[:, None, None].expand(7, 8, 8).clone()
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 7))
    mixed, labels = CoMixup(model, part=4, random_state=0)(X, torch.arange(7), n_out=9)
    for k, image in enumerate(mixed):
        cells = image.reshape(4, 2, 4, 2)
        assert (cells == cells[:, :1, :, :1]).all()
        values, counts = image.unique(return_counts=True)
        part = range(4) if k % 7 < 4 else range(4, 7)
        assert {int(value) - 1 for value in values} <= set(part)
        expected = torch.zeros(7).index_put((values.long() - 1,), counts / 64)
        torch.testing.assert_close(labels[k], expected)


def test_a_classifier_lends_its_network():
    inner = CoMixup(random_state=0)
    lent = with_model(RandomMixer([inner, CoMixup(Last(None))], [0.5, 0.5]), model := torch.nn.Identity())
    assert lent._parts[0].model is model
    assert isinstance(lent._parts[1].model, Last)
    assert inner.model is None


def test_a_model_is_left_as_it_was():
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Dropout(), torch.nn.Linear(64, 2)).train()
    model[1].eval()
    CoMixup(model, random_state=0)(torch.rand(4, 8, 8), [0, 1, 0, 1])
    assert [module.training for module in model] == [True, False, True]
    assert all(parameter.grad is None for parameter in model.parameters())


def test_without_pymaxflow_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "maxflow", None)
    with pytest.raises(ImportError, match=r"PyMaxflow.*zeta-geom\[graphcut\]"):
        CoMixup(torch.nn.Linear(2, 2))(torch.zeros(2, 4, 4), [0, 1])


def test_outputs_hold_more_saliency_than_mixups_of_the_same_share():
    """A mean over inputs holds the mean of their saliencies, 1 whatever λ is; over 20 batches of digits."""
    digits, model = datasets.load("mnist-sample"), MNISTOracle.pretrained().model.float()
    X, y = torch.from_numpy(digits.X_train[:400, None] / 255).float(), torch.from_numpy(digits.y_train[:400])
    gains = []
    for start in range(0, 400, 20):
        images, Y = X[start : start + 20], torch.nn.functional.one_hot(y[start : start + 20].long(), 10).float()
        mixer = CoMixup(model, random_state=start)
        found = saliency(model, images, Y, 4, (2, 3))
        plan = mixer.draw(images.shape, labels=Y, like=images)
        cells = mixer._labels(found, plan)
        held = np.take_along_axis(found[:, None], cells[None], axis=0)[0].sum(axis=(1, 2))
        pairs = Mixup(random_state=start).draw(images.shape)
        mixed = pairs.lam * found.sum(axis=(1, 2)) + (1 - pairs.lam) * found[pairs.partners].sum(axis=(1, 2))
        np.testing.assert_allclose(mixed, 1)
        gains.append(held.mean() - 1)
    low = np.mean(gains) + t.ppf(0.025, 19) * np.std(gains, ddof=1) / np.sqrt(20)
    assert low > 0.1
