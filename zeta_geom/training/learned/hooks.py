"""How a method takes part in the training of a classifier: one interface for mixers and for learned methods.

These hooks are called by `Classifier`; torch's forward hooks, which mix inside a network, are in `mixers.models`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zeta_geom.mixers import Mixer
from zeta_geom.mixers.image_mixer import with_channels
from zeta_geom.mixers.methods.co_mixup import with_model


class GreyLevels(nn.Module):
    """A network as a function of grey levels 0..1 (n, C, H, W), which it standardises first.

    Parameters
    ----------
    network : torch.nn.Module
        Maps standardised images to logits.
    mean, std : tensor of shape (C, 1, 1)
        Of each channel.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, network: nn.Module, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (n, K) of images."""
        logits: Tensor = self.network((x - self.mean) / self.std)
        return logits


class Trained(Protocol):
    """What a hook sees of the `Classifier` that is trained."""

    network: nn.Module
    n_classes: int
    mean: Tensor
    std: Tensor

    def standardize(self, x: Tensor) -> Tensor:
        """Return images (n, C, H, W) in grey levels 0..1 as the network takes them."""
        ...

    def logits(self, x: Tensor) -> Tensor:
        """Return the logits (n, K) of images in grey levels 0..1."""
        ...

    def of_grey_levels(self) -> GreyLevels:
        """Return the network as a module of images in grey levels 0..1."""
        ...

    def share_done(self) -> float:
        """Return the share of the training's steps that are done."""
        ...


class Hook(nn.Module, ABC):
    """What a method does in each training step of a `Classifier`.

    Its parameters are trained and saved with the network's, by the same optimizer.
    """

    def start_epoch(self, classifier: Trained, *key: int) -> None:
        """Start the streams that belong to the epoch's key, (rank, epoch)."""
        self.epoch_mixer = self.trained_mixer(classifier).child(*key)

    @abstractmethod
    def loss(self, classifier: Trained, x: Tensor, y: Tensor) -> Tensor:
        """Return the loss of a batch: images (m, C, H, W) in grey levels 0..1, labels (m,) or (m, K)."""

    def end_step(self, classifier: Trained) -> None:
        """Do what follows the optimizer's step."""

    def nothing(self) -> Tensor:
        """Return 0 with zero gradients for all that is learned, which processes that train together must have."""
        return torch.stack([0 * p.sum() for p in self.parameters() if p.requires_grad]).sum()

    @abstractmethod
    def trained_mixer(self, classifier: Trained) -> Mixer:
        """Return the method, as it is trained so far, as a mixer of images in grey levels 0..1."""


class WithoutMixing(Hook):
    """Empirical risk minimisation."""

    def start_epoch(self, classifier: Trained, *key: int) -> None:
        """Do nothing: there are no draws."""

    def loss(self, classifier: Trained, x: Tensor, y: Tensor) -> Tensor:
        """Return the mean cross-entropy of the batch."""
        return cross_entropy(classifier.logits(x), y)

    def trained_mixer(self, classifier: Trained) -> Mixer:
        """Refuse: there is no mixer."""
        raise ValueError("the run was trained without a mixer, so there is none to load.")


class MixedInputs(Hook):
    """Train on batches that a mixer makes of images; Co-Mixup without a model takes the network's gradients."""

    def __init__(self, mixer: Mixer) -> None:
        super().__init__()
        self.mixer = with_channels(mixer, "first")  # batches are (m, C, H, W)
        self.epoch_mixer = self.mixer

    def start_epoch(self, classifier: Trained, *key: int) -> None:
        """Start the streams of the epoch, and move the mixer's model to the device of the classifier."""
        super().start_epoch(classifier, *key)
        move_models(self.mixer, classifier.mean.device)

    def loss(self, classifier: Trained, x: Tensor, y: Tensor) -> Tensor:
        """Return the mean cross-entropy of the mixed batch with its soft labels."""
        mixed, labels = self.epoch_mixer(x, y, n_classes=classifier.n_classes)
        if len(mixed) == 0:  # SuperMix leaves out rows that its teacher does not recognise; the mean over none is NaN
            return 0 * classifier.logits(x).sum()
        return cross_entropy(classifier.logits(mixed), labels)

    def trained_mixer(self, classifier: Trained) -> Mixer:
        """Return the mixer; a Co-Mixup that has no model of its own follows the network."""
        return with_model(self.mixer, classifier.of_grey_levels())


class MixedFeatures(Hook):
    """Train by a mixer that mixes inside the network."""

    def __init__(self, mixer: Mixer) -> None:
        super().__init__()
        self.mixer = self.epoch_mixer = mixer

    def loss(self, classifier: Trained, x: Tensor, y: Tensor) -> Tensor:
        """Return the mean cross-entropy of the outputs with the mixed labels."""
        mixer: Any = self.epoch_mixer
        logits, y = mixer.run(classifier.network, classifier.standardize(x), y, n_classes=classifier.n_classes)
        return cross_entropy(logits, y)

    def trained_mixer(self, classifier: Trained) -> Mixer:
        """Return the mixer; called on a batch, it mixes the batch itself."""
        return self.mixer


def hook_of(method: Mixer | Hook | None) -> Hook:
    """Return the hook of a mixer, a hook itself, or the hook of training without a mixer."""
    if method is None:
        return WithoutMixing()
    if isinstance(method, Hook):
        return method
    return MixedFeatures(method) if method.traits.space == "features" else MixedInputs(method)


def move_models(mixer: Mixer, device: torch.device) -> None:
    """Move the models of mixers, which Lightning does not see, to a device."""
    for name in ("teacher", "model"):
        if isinstance(model := getattr(mixer, name, None), nn.Module):
            model.to(device)
    for part in mixer._parts:
        move_models(part, device)
