"""AutoMix (Zhu): a network that makes the barycentre of two images, trained together with the classifier."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Unpack

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, kl_div

from zeta_geom.mixers import Mixer
from zeta_geom.mixers.checks import as_batch
from zeta_geom.mixers.labels import soft_labels
from zeta_geom.mixers.plans import Unmixed
from zeta_geom.mixers.seeded import Shared
from zeta_geom.mixers.traits import Traits
from zeta_geom.training.learned.hooks import Hook, Trained
from zeta_geom.training.learned.trained import LearnedPlan, TrainedMixer, blend_labels, in_dtype_of
from zeta_geom.training.networks import seeded_weights

WIDEST = 8  # times the width of the first layer; the authors' U-Net does not widen further
REDUCTION = 16  # of the channels inside the projection; the authors' value


class Multiplication(nn.Module):
    """The features of both images times their shares, joined: two (n, c, h, w) -> (n, 2c, h, w)."""

    def __init__(self, channels: int) -> None:
        super().__init__()

    def forward(self, first: Tensor, second: Tensor, shares: Tensor) -> Tensor:
        """Join features with the shares (n,) of the first images."""
        shares = shares.reshape(-1, 1, 1, 1)
        return torch.cat([shares * first, (1 - shares) * second], dim=1)


class Projection(nn.Module):
    """The features of both images times gates of their channels, joined; share and mean features give the gates."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = max(channels // REDUCTION, 1)
        self.gates = nn.Sequential(
            nn.Linear(channels + 1, inner), nn.LeakyReLU(0.2), nn.Linear(inner, channels), nn.Sigmoid()
        )

    def forward(self, first: Tensor, second: Tensor, shares: Tensor) -> Tensor:
        """Join features (n, c, h, w) with the shares (n,) of the first images."""
        return torch.cat([self._gated(first, shares), self._gated(second, 1 - shares)], dim=1)

    def _gated(self, features: Tensor, shares: Tensor) -> Tensor:
        gates: Tensor = self.gates(torch.cat([features.mean(dim=(2, 3)), shares[:, None]], dim=1))
        return gates[:, :, None, None] * features


ATTENTIONS: dict[str, type[nn.Module]] = {"multiplication": Multiplication, "projection": Projection}


class BarycenterNetwork(nn.Module):
    """A U-Net of two images and a share -> one image in grey levels 0..1."""

    def __init__(self, channels: int, width: int, depth: int, attention: str) -> None:
        super().__init__()
        widths = [width * min(2**level, WIDEST) for level in range(depth + 1)]
        self.down = nn.ModuleList(
            nn.Sequential(nn.MaxPool2d(2) if level else nn.Identity(), _double(before, after))
            for level, (before, after) in enumerate(zip([channels, *widths], widths))
        )
        self.attention = nn.ModuleList(ATTENTIONS[attention](size) for size in widths)
        self.merge = nn.ModuleList(_double(2 * size, size) for size in widths)
        self.up = nn.ModuleList(_double(below + size, size) for size, below in pairwise(widths))
        self.last = nn.Conv2d(width, channels, 1)

    def forward(self, first: Tensor, second: Tensor, shares: Tensor) -> Tensor:
        """Return images (n, C, H, W) between images (n, C, H, W), for the shares (n,) of the first ones."""
        images, merged = torch.cat([first, second]), []
        for down, attention, merge in zip(self.down, self.attention, self.merge):
            images = down(images)
            merged.append(merge(attention(*images.chunk(2), shares)))
        x = merged.pop()
        for up, level in zip(reversed(self.up), reversed(merged)):
            x = up(torch.cat([level, interpolate(x, size=level.shape[2:], mode="nearest")], dim=1))
        output: Tensor = self.last(x).sigmoid()
        return output


def _double(before: int, after: int) -> nn.Module:
    """Return two convolutions of 3 × 3 with batch normalisation and leaky ReLU after each."""
    layers: list[nn.Module] = []
    for channels in (before, after):
        layers += [nn.Conv2d(channels, after, 3, padding=1), nn.BatchNorm2d(after), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers)


class AutoMixZhuMixer(TrainedMixer):
    """AutoMix (Zhu) with a trained generator: x' = g(x, x[π], λ), labels by λ ~ U(0, 1) for each pair.

    Parameters
    ----------
    generator : BarycenterNetwork
        Two images and a share -> an image.
    image_shape, **shared
        As in `TrainedMixer`.
    """

    traits = Traits(
        title="AutoMix (Zhu)",
        idea="a network generates the barycentre of two images, trained on the classifier's loss; labels by λ",
        source="Zhu et al. 2020",
        needs_images=True,
        needs_model=True,
        weighted_mean=False,
        bounded=False,
        backends=("torch",),
    )

    def __init__(
        self, generator: BarycenterNetwork, image_shape: tuple[int, int, int], **shared: Unpack[Shared]
    ) -> None:
        super().__init__(generator, image_shape, **shared)
        self.generator = generator

    def mixtures(self, x: Tensor, plan: LearnedPlan) -> tuple[Tensor, Tensor]:
        """Mix images (m, C, H, W) by a plan; return (rows, C, H, W), and the share (rows,) of the first images."""
        inputs = in_dtype_of(self.generator, x)
        mixed = self.generator(*plan.pairs(inputs), plan.numbers(inputs))
        return mixed.to(x.dtype), plan.numbers(x)


class AutoMixZhuHook(Hook):
    """The training of AutoMix (Zhu)."""

    def __init__(
        self, generator: BarycenterNetwork, image_shape: tuple[int, int, int], seed: int, distance: float
    ) -> None:
        super().__init__()
        self.generator, self.distance = generator, distance
        self.image_shape, self.seed = image_shape, seed

    def loss(self, classifier: Trained, x: Tensor, y: Tensor) -> Tensor:
        """Return the divergences of images and mixtures, and the weighted distance of mixtures from their images."""
        mixer: Any = self.epoch_mixer
        Y = soft_labels(y, as_batch(x), classifier.n_classes)
        plan = mixer.draw(x.shape, like=x)
        if isinstance(plan, Unmixed):
            return divergence(classifier.logits(x), Y) + self.nothing()
        mixed, shares = mixer.mixtures(x, plan)
        logits, logits_mixed = classifier.logits(torch.cat([x, mixed])).split([len(x), len(mixed)])
        first, second = ((part - mixed).abs().mean(dim=(1, 2, 3)) for part in plan.pairs(x))
        distance: Tensor = (shares * first + (1 - shares) * second).mean()
        loss = divergence(logits, Y) + divergence(logits_mixed, blend_labels(Y, plan, shares))
        return loss + self.distance * distance

    def trained_mixer(self, classifier: Trained) -> Mixer:
        """Return the mixer of the generator as it is."""
        return AutoMixZhuMixer(
            self.generator, self.image_shape, n_classes=classifier.n_classes, random_state=self.seed
        )


def divergence(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean of KL(y ‖ p) in nats, for logits (n, K) of p and soft labels y (n, K)."""
    return kl_div(logits.float().log_softmax(dim=1), labels.float(), reduction="batchmean")


def make_hook(
    image_shape: tuple[int, int, int], seed: int, *, width: int, depth: int, attention: str, distance: float
) -> AutoMixZhuHook:
    """Return the hook of AutoMix (Zhu), with the weights of the seed."""
    if min(image_shape[1:]) < 2**depth:
        raise ValueError(
            f"depth = {depth} needs images of {2**depth} pixels or more along each side; got "
            f"{image_shape[1]} x {image_shape[2]}. Lower depth."
        )
    with seeded_weights(seed):
        generator = BarycenterNetwork(image_shape[0], width, depth, attention)
    return AutoMixZhuHook(generator, image_shape, seed, distance)
