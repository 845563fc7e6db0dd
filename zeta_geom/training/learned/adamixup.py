"""AdaMixUp: a policy network gives the interval of λ, so that a discriminator tells mixtures from real images."""

from __future__ import annotations

from typing import Any, Unpack

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from zeta_geom.mixers import Mixer
from zeta_geom.mixers.checks import as_batch
from zeta_geom.mixers.labels import soft_labels
from zeta_geom.mixers.plans import Unmixed
from zeta_geom.mixers.seeded import Shared
from zeta_geom.mixers.traits import Traits
from zeta_geom.realism import LeNet5
from zeta_geom.training.learned.hooks import Hook, Trained
from zeta_geom.training.learned.trained import LearnedPlan, TrainedMixer, blend_labels, in_dtype_of
from zeta_geom.training.networks import features, last_layer, seeded_weights


class PolicyNetwork(nn.Module):
    """Two images as channels (n, 2C, H, W) -> logits of (a, b, c), (n, 3); near 0 before training."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(2 * channels, width, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(2 * width, 2 * width, 3, padding=1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.head = nn.Linear(2 * width, 3)
        nn.init.normal_(self.head.weight, std=1e-3)  # the authors' value
        nn.init.zeros_(self.head.bias)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the logits of the policy of each pair of images (n, C, H, W)."""
        logits: Tensor = self.head(self.body(torch.cat([first, second], dim=1)))
        return logits


class AdaMixUpMixer(TrainedMixer):
    """AdaMixUp with a trained policy: x' = λ x + (1 - λ) x[π], λ = a + b u, and labels likewise.

    Parameters
    ----------
    policy : PolicyNetwork
        Two images -> logits of (a, b, c).
    image_shape, **shared
        As in `TrainedMixer`.
    """

    traits = Traits(
        title="AdaMixUp",
        idea="mixup whose interval of λ a policy network chooses for each pair",
        source="Guo et al. 2019",
        needs_images=True,
        needs_model=True,
        backends=("torch",),
    )

    def __init__(self, policy: PolicyNetwork, image_shape: tuple[int, int, int], **shared: Unpack[Shared]) -> None:
        super().__init__(policy, image_shape, **shared)
        self.policy = policy

    def mixtures(self, x: Tensor, plan: LearnedPlan) -> tuple[Tensor, Tensor]:
        """Mix images (m, C, H, W) by a plan; return (rows, C, H, W), and the share (rows,) of the first images."""
        first, second = plan.pairs(x)
        logits = self.policy(*plan.pairs(in_dtype_of(self.policy, x)))
        policy = logits.softmax(dim=1).to(x.dtype)
        shares = policy[:, 0] + plan.numbers(x) * policy[:, 1]
        weights = shares[:, None, None, None]
        return weights * first + (1 - weights) * second, shares


class AdaMixUpHook(Hook):
    """The training of AdaMixUp."""

    def __init__(
        self, policy: PolicyNetwork, discriminator: nn.Module, image_shape: tuple[int, int, int], seed: int
    ) -> None:
        super().__init__()
        self.policy, self.discriminator = policy, discriminator
        self.image_shape, self.seed = image_shape, seed

    def loss(self, classifier: Trained, x: Tensor, y: Tensor) -> Tensor:
        """Return the sum of the classifier's two losses and of the discriminator's."""
        mixer: Any = self.epoch_mixer
        Y = soft_labels(y, as_batch(x), classifier.n_classes)
        half = -(-len(x) // 2)
        plan = mixer.draw(x[:half].shape, like=x)
        inputs, labels = [x], [Y]
        if not isinstance(plan, Unmixed):
            mixed, shares = mixer.mixtures(x[:half], plan)
            inputs.append(mixed)
            labels.append(blend_labels(Y[:half], plan, shares))
        seen = features(classifier.network, classifier.standardize(torch.cat(inputs)))
        sizes = [len(part) for part in inputs]
        logits = last_layer(classifier.network)(seen).split(sizes)
        real = self.discriminator(seen)[:, 0].split(sizes)
        losses = [cross_entropy(part, target) for part, target in zip(logits, labels, strict=True)]
        for part, target in zip(real, (1.0, 0.0)):
            losses.append(binary_cross_entropy_with_logits(part, torch.full_like(part, target)))
        return torch.stack(losses).sum() + (self.nothing() if isinstance(plan, Unmixed) else 0)

    def trained_mixer(self, classifier: Trained) -> Mixer:
        """Return the mixer of the policy as it is."""
        return AdaMixUpMixer(self.policy, self.image_shape, n_classes=classifier.n_classes, random_state=self.seed)


def make_hook(network: nn.Module, image_shape: tuple[int, int, int], seed: int, *, width: int) -> AdaMixUpHook:
    """Return the hook of AdaMixUp, with the weights of the seed."""
    layer: Any = last_layer(network) if hasattr(network, "get_classifier") or isinstance(network, LeNet5) else None
    if not isinstance(layer, nn.Linear):
        raise TypeError(
            f"network must be one that make_network returns, whose last layer is known; got {type(network).__name__}."
        )
    with seeded_weights(seed):
        return AdaMixUpHook(PolicyNetwork(image_shape[0], width), nn.Linear(layer.in_features, 1), image_shape, seed)
