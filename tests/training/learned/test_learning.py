"""Each learned method learns something, on few digits: its effect is paired over seeds."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from tests.training.training_cases import recipe, train
from zeta_geom.training import load_image_data, load_mixer
from zeta_geom.training.comparison import paired_interval
from zeta_geom.training.fit.building import load_classifier
from zeta_geom.training.learned.automix_liu import blend_pixels
from zeta_geom.training.learned.trained import blend_labels

SEEDS = range(5)
PARAMS = {"adamixup": {"width": 8}, "automix-zhu": {"width": 4, "depth": 2}}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Trainings of each method on 600 digits, for each seed."""
    folder = tmp_path_factory.mktemp("runs")
    for method, params in PARAMS.items():
        variant = recipe(
            name=method, mixer={"name": method, "params": params}, n_train=600, epochs=12, seeds=tuple(SEEDS),
            metrics=("error",), augmentation=(),
        )  # fmt: skip
        train(folder, variant)
    return folder


@pytest.fixture(scope="module")
def held_out():
    x, y = load_image_data("digits").test.__getitems__(range(297))
    return x.float() / 255, y


def interval(values):
    """Return mean, low and high of the paired t interval over seeds."""
    mean, low, high, _ = paired_interval(np.array(values))
    return mean, low, high


def test_adamixups_policy_leaves_its_start(folder, held_out):
    x, _ = held_out
    chances = torch.linspace(0, 1, 101)[:, None]
    differences = []
    for seed in SEEDS:
        policy = load_mixer(f"adamixup/seed-{seed}", folder=folder).policy
        with torch.no_grad():
            a, b, _ = policy(x, x.roll(1, 0)).softmax(1).T
        shares = a + chances * b
        smaller = torch.minimum(shares, 1 - shares).mean().item()
        differences.append(smaller - 5 / 12)  # of the start, where λ is uniform from 1/3 to 2/3
    mean, low, high = interval(differences)
    assert high < 0, (mean, low, high)  # it mixes less


def test_automix_lius_masks_beat_masks_of_other_pairs(tmp_path):
    mixer = {"name": "automix-liu", "params": {"layer": "pool2", "momentum": 0.99}}
    variant = recipe(
        name="automix-liu", data="mnist-sample", n_train=None, network="lenet", mixer=mixer, epochs=40,
        optimizer={"learning_rate": 0.01}, seeds=tuple(SEEDS), metrics=("error",), augmentation=(),
    )  # fmt: skip
    train(tmp_path, variant)
    x, y = load_image_data("mnist-sample").test.__getitems__(range(1000))
    x, Y = x.float() / 255, torch.eye(10)[y]
    differences = [advantage(f"automix-liu/seed-{seed}", tmp_path, x, Y) for seed in SEEDS]
    mean, low, high = interval(differences)
    assert low > 0, (mean, low, high)


def advantage(run, folder, x, Y):
    """Return how much higher the held-out loss is with the masks of other pairs, of the same λ, in nats."""
    mixer, classifier, losses = load_mixer(run, folder=folder), load_classifier(run, folder), []
    with torch.no_grad():
        features = mixer.features(x)
        for _ in range(8):
            plan = mixer.draw(x.shape, like=x)
            masks, labels = mixer.masks(features, plan), blend_labels(Y, plan, plan.numbers(x))
            for chosen in (masks, masks.roll(1, 0)):
                losses.append(cross_entropy(classifier.logits(blend_pixels(x, plan, chosen)), labels).item())
    return np.mean(losses[1::2]) - np.mean(losses[::2])


def test_automix_zhus_mixtures_fit_their_labels_better_than_mixup_does(folder, held_out):
    x, y = held_out
    Y = torch.eye(10)[y]
    differences = []
    for seed in SEEDS:
        run = f"automix-zhu/seed-{seed}"
        mixer, classifier = load_mixer(run, folder=folder, random_state=seed), load_classifier(run, folder)
        plan = mixer.draw(x.shape, like=x)
        shares = plan.numbers(x)
        pixels = blend_pixels(x, plan, (1 - shares)[:, None, None, None])
        with torch.no_grad():
            losses = [
                cross_entropy(classifier.logits(mixed), blend_labels(Y, plan, shares)).item()
                for mixed in (mixer.mixtures(x, plan)[0], pixels)
            ]
        differences.append(losses[1] - losses[0])
    assert min(differences) > 0, differences  # for each of five seeds: p = 1/32
