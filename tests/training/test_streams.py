"""Streams, order and preparation of batches: each belongs to its seed, rank and epoch."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from tests.mixers.mixer_cases import build
from zeta_geom.mixers import Mixup
from zeta_geom.training import load_image_data, make_network
from zeta_geom.training.fit.augmentation import augment
from zeta_geom.training.fit.classifier import Classifier
from zeta_geom.training.fit.loaders import ImageLoaders
from zeta_geom.training.recipes.schema import Optimizer

SETTINGS = {"optimizer": Optimizer(learning_rate=0.05)}


IMAGES, LABELS = torch.randint(256, (16, 1, 8, 8), dtype=torch.uint8), torch.arange(16) % 10


class Watching(nn.Module):
    def __init__(self):
        super().__init__()
        self.last, self.seen = nn.Linear(64, 10), []

    def forward(self, x):
        self.seen.append(x.detach().clone())
        return self.last(x.flatten(1))


def trained(classifier):
    """Return the inputs of the network in the first step of an epoch, after a draw of torch's global stream."""
    classifier.log = lambda *_, **__: None
    classifier.on_train_epoch_start()
    dropout = torch.rand(1).item()
    classifier.training_step((IMAGES, LABELS))
    return classifier.network.seen[0], dropout


def streams(monkeypatch, seed, rank, epoch):
    monkeypatch.setattr(Classifier, "global_rank", rank)
    monkeypatch.setattr(Classifier, "current_epoch", epoch)
    mixed, dropout = trained(Classifier(Watching(), 10, mixer=Mixup(random_state=seed), seed=seed, **SETTINGS))
    cropped, _ = trained(Classifier(Watching(), 10, augmentation=["crop"], seed=seed, **SETTINGS))
    return tuple(mixed.flatten().tolist()), tuple(cropped.flatten().tolist()), dropout


def test_each_seed_rank_and_epoch_has_streams_of_its_own(monkeypatch):
    draws = [streams(monkeypatch, *key) for key in itertools.product(range(2), repeat=3)]
    assert len({value for draw in draws for value in draw}) == 3 * 8
    assert streams(monkeypatch, 1, 1, 1) == draws[-1]


@pytest.mark.parametrize("mixer", [None, build("manifold-mixup", layers=["input"], prob=0.0)])
def test_what_the_network_is_given(mixer, monkeypatch):
    monkeypatch.setattr(Classifier, "global_rank", 0)
    monkeypatch.setattr(Classifier, "current_epoch", 0)
    settings = {"augmentation": ["flip", "crop"], "mean": [0.3], "std": [0.2], "seed": 4} | SETTINGS
    classifier = Classifier(Watching(), 10, mixer=mixer, **settings)
    trained(classifier)
    classifier(IMAGES)
    seed = np.random.SeedSequence(4, spawn_key=(0, 0)).generate_state(1, np.uint64)[0]  # of the epoch's augmentation
    augmented = augment(IMAGES / 255, ["flip", "crop"], torch.Generator().manual_seed(int(seed >> 1)))
    for x, seen in zip((augmented, IMAGES / 255), classifier.network.seen, strict=True):
        torch.testing.assert_close(seen, (x - 0.3) / 0.2)


def test_the_order_belongs_to_the_seed():
    data = load_image_data("digits")
    orders = [list(ImageLoaders(data, batch_size=8, seed=seed).train_dataloader().sampler) for seed in (0, 1, 0)]
    assert orders[0] == orders[2] != orders[1]


def test_flips_and_crops_are_even():
    from scipy.stats import binomtest

    from zeta_geom.training.fit.augmentation import random_crop, random_flip

    g = torch.Generator().manual_seed(0)
    image = torch.arange(2.0).expand(4000, 1, 1, 2)
    assert binomtest(int((random_flip(image, g)[:, 0, 0, 0] == 1).sum()), 4000).pvalue > 1e-4
    x = torch.arange(1.0, 101).view(1, 1, 10, 10).expand(2000, 1, 10, 10)
    assert len({tuple(row.flatten().tolist()) for row in random_crop(x, g)}) == 81


@pytest.mark.parametrize(("name", "std"), [("noise-5", 0.05), ("noise-20", 0.2)])
def test_noise_has_its_deviation_and_stays_within_grey_levels(name, std):
    g = torch.Generator().manual_seed(0)
    n = 40_000
    grey, black = torch.full((1, 1, 1, n), 0.5), torch.zeros(1, 1, 1, n)
    noisy = augment(grey, [name], g)
    # at 20 %, 1.2 % of the pixels are clamped, which takes less than 1 % of the deviation
    assert noisy.std().item() == pytest.approx(std, rel=0.02)
    assert noisy.mean().item() == pytest.approx(0.5, abs=4 * std / n**0.5)
    noisy = augment(black, [name], g)
    assert noisy.min() == 0
    assert noisy.max() <= 1
    assert noisy.mean().item() == pytest.approx(std / (2 * torch.pi) ** 0.5, rel=0.03)


def test_stems():
    wide = make_network("resnet18", 10, (3, 32, 200))
    assert wide.conv1.stride == (1, 1)
    assert make_network("resnet18", 10, (3, 32, 32), seed=0).conv1.weight.std().item() == pytest.approx(
        (2 / (64 * 9)) ** 0.5, rel=0.1
    )
