"""The Lightning module: its loss, the mixers that it takes, and what evaluation sees."""

import math

import lightning
import numpy as np
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score, f1_score, log_loss, roc_auc_score
from torch import nn
from torch.nn import functional
from torchvision.transforms.v2 import functional as transforms

from tests.mixers.mixer_cases import VARIANTS, Brightness, build
from zeta_geom.mixers import CoMixup, ZetaMixup
from zeta_geom.realism import calibration
from zeta_geom.training import Classifier, load_image_data, make_network
from zeta_geom.training.fit.augmentation import augment, random_crop, random_flip
from zeta_geom.training.fit.loaders import ImageLoaders
from zeta_geom.training.metrics import METRICS, make_metrics
from zeta_geom.training.recipes.schema import Optimizer, Schedule

SETTINGS = {"optimizer": Optimizer(learning_rate=0.05)}


def fitted(classifier, loaders, **settings):
    trainer = lightning.Trainer(
        accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, num_sanity_val_steps=0, limit_val_batches=0, **settings,
    )  # fmt: skip
    trainer.fit(classifier, loaders)
    return trainer


@pytest.fixture(scope="module")
def loaders():
    return ImageLoaders(load_image_data("digits"), batch_size=16)


def test_the_loss_is_the_cross_entropy_with_the_soft_labels():
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 5)).double()
    classifier = Classifier(network, 5, mixer=ZetaMixup(2.0, random_state=3), **SETTINGS, mean=[0.3], std=[0.2])
    classifier.log = lambda *_, **__: None
    images = torch.randint(256, (6, 1, 8, 8), dtype=torch.uint8)
    labels = torch.tensor([0, 1, 2, 3, 4, 0])
    loss = classifier.double().training_step((images, labels))
    X, Y = ZetaMixup(2.0, random_state=3, n_classes=5)(images.float() / 255, labels)
    log_p = network((X.double() - 0.3) / 0.2).log_softmax(1)
    assert loss.item() == pytest.approx(-(Y.double() * log_p).sum(1).mean().item(), rel=1e-6)


@pytest.mark.parametrize("variant", VARIANTS)
def test_any_mixer_trains(variant, loaders):
    network = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(108, 10))
    changes = {"layers": ["input", "0"]} if variant.startswith(("manifold", "mixfeat")) else {}
    if variant == "supermix":
        changes = {"teacher": Brightness(), "max_steps": 2}
    mixer = build(variant, **changes)
    classifier = Classifier(network, 10, mixer=mixer, **SETTINGS, mean=[0.3], std=[0.2])
    before = network[0].weight.detach().clone()
    trainer = fitted(classifier, loaders, limit_train_batches=2)
    assert math.isfinite(trainer.callback_metrics["train/loss"])
    assert not torch.equal(network[0].weight, before)


def test_filters_are_stored_channels_last_on_a_cpu(loaders):
    network = nn.Sequential(nn.Conv2d(1, 3, 3), nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(64, 10))
    fitted(Classifier(network, 10, **SETTINGS), loaders, limit_train_batches=1)
    assert network[1].weight.is_contiguous(memory_format=torch.channels_last)


def test_co_mixup_without_a_model_follows_the_gradients_of_the_network_that_is_trained(loaders):
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    classifier = Classifier(network, 10, mixer=CoMixup(random_state=0), **SETTINGS, mean=[0.3], std=[0.2])
    names = set(classifier.state_dict())
    trainer = fitted(classifier, loaders, limit_train_batches=2)
    assert math.isfinite(trainer.callback_metrics["train/loss"])
    assert set(classifier.state_dict()) == names
    x = torch.rand(3, 1, 8, 8)
    lent = classifier.hook.epoch_mixer.model
    assert torch.equal(lent(x), network((x - 0.3) / 0.2))


class Watching(nn.Module):
    """Keeps what it sees, with whether it is training."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(64, 10)
        self.seen = []

    def forward(self, x):
        self.seen.append((self.training, x.detach().clone()))
        return self.last(x.flatten(1))


@pytest.mark.parametrize("mixer", ["zeta", "manifold-mixup", "mixfeat"])
def test_evaluation_sees_the_images_as_they_are(mixer, loaders):
    network = Watching()
    changes = {} if mixer == "zeta" else {"layers": ["input"]}
    classifier = Classifier(network, 10, mixer=build(mixer, **changes), augmentation=["flip", "crop"], **SETTINGS)
    trainer = fitted(classifier, loaders, limit_train_batches=1)
    network.seen.clear()
    (measured,) = trainer.test(classifier, loaders, verbose=False)
    images, labels = loaders.data.test.__getitems__(range(297))
    assert not any(training for training, _ in network.seen)
    assert torch.equal(torch.cat([x for _, x in network.seen]), images.float() / 255)
    wrong = network.last(images.flatten(1) / 255).argmax(1) != labels
    assert measured["error"] == pytest.approx(wrong.double().mean().item(), abs=1e-6)


def test_a_mixer_of_features_gets_standardised_images():
    network = Watching()
    mixer = build("manifold-mixup", layers=["last"])
    classifier = Classifier(network, 10, mixer=mixer, **SETTINGS, mean=[0.3], std=[0.2])
    classifier.log = lambda *_, **__: None
    images = torch.randint(256, (6, 1, 8, 8), dtype=torch.uint8)
    classifier.training_step((images, torch.arange(6)))
    torch.testing.assert_close(network.seen[-1][1], (images.float() / 255 - 0.3) / 0.2)


def test_optimiser_and_schedule_are_those_asked_for():
    settings = Optimizer(learning_rate=0.4, momentum=0.8, nesterov=True, weight_decay=0.01)
    classifier = Classifier(nn.Linear(2, 2), 2, optimizer=settings, schedule=Schedule(milestones=(1, 3), factor=0.5))
    (optimizer,), (schedule,) = classifier.configure_optimizers()
    group = optimizer.param_groups[0]
    assert (group["lr"], group["momentum"], group["nesterov"], group["weight_decay"]) == (0.4, 0.8, True, 0.01)
    rates = []
    for _ in range(5):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    assert rates == [0.4, 0.2, 0.2, 0.1, 0.1]


@pytest.mark.parametrize("n_classes", [2, 5])
def test_metrics_agree_with_scikit_learn(n_classes):
    rng = np.random.default_rng(n_classes)
    y = np.concatenate([np.arange(n_classes), rng.choice(n_classes, 200, p=rng.dirichlet(np.ones(n_classes)))])
    p = rng.dirichlet(np.ones(n_classes), len(y))
    p[: len(y) // 2, :] += 0.5 * np.eye(n_classes)[y[: len(y) // 2]]
    p /= p.sum(1, keepdims=True)
    metrics = make_metrics(list(METRICS), n_classes)
    for rows in np.array_split(np.arange(len(y)), 3):
        metrics.update(torch.from_numpy(p[rows]), torch.from_numpy(y[rows]))
    values = {name: value.item() for name, value in metrics.compute().items()}
    guess = p.argmax(1)
    scores = p[:, 1] if n_classes == 2 else p
    assert values == pytest.approx(
        {
            "error": (guess != y).mean(),
            "accuracy": (guess == y).mean(),
            "balanced_accuracy": balanced_accuracy_score(y, guess),
            "f1_micro": f1_score(y, guess, average="micro"),
            "f1_macro": f1_score(y, guess, average="macro"),
            "auc": roc_auc_score(y, scores, multi_class="ovr"),
            "ece": calibration(p, y).ece,
            "brier": ((p - np.eye(n_classes)[y]) ** 2).sum(1).mean(),
            "nll": log_loss(y, p),
        },
        abs=1e-5,
    )


def test_flips_and_crops_are_torchvisions_for_each_image_alone():
    images = torch.rand(300, 3, 6, 9)
    generator = torch.Generator().manual_seed(0)
    flipped = random_flip(images, generator)
    mirrored = [transforms.horizontal_flip(image) for image in images]
    told = [
        torch.equal(out, image) - torch.equal(out, mirror) for out, image, mirror in zip(flipped, images, mirrored)
    ]
    assert {*told} == {1, -1}
    assert abs(sum(told)) < 5 * math.sqrt(300)
    moved = random_crop(images, generator)
    places = set()
    for out, image in zip(moved, images, strict=True):
        padded = functional.pad(image, (4, 4, 4, 4))
        values = [
            (top, left)
            for top in range(9)
            for left in range(9)
            if torch.equal(transforms.crop(padded, top, left, 6, 9), out)
        ]
        assert values
        places.add(values[0])
    assert len(places) > 60  # of 81
    with pytest.raises(ValueError, match="augmentation must be one of"):
        augment(images, ["rotate"])


def test_a_network_is_what_lightning_moves_and_saves():
    classifier = Classifier(make_network("lenet", 10, (1, 28, 28)), 10, mixer=ZetaMixup(), **SETTINGS)
    assert {name.split(".")[0] for name in classifier.state_dict()} == {"network", "mean", "std"}
