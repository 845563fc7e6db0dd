"""AutoMix (Liu): masks that a block of cross-attention makes of the features of both images and of λ."""

from __future__ import annotations

import copy
import math
from typing import Any, Unpack

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate, rms_norm

from zeta_geom.checks.types import Array
from zeta_geom.mixers import Mixer
from zeta_geom.mixers.checks import as_batch
from zeta_geom.mixers.labels import soft_labels
from zeta_geom.mixers.models import modules_of, run_hooked
from zeta_geom.mixers.plans import Unmixed
from zeta_geom.mixers.seeded import Shared
from zeta_geom.mixers.traits import Traits
from zeta_geom.training.learned.hooks import GreyLevels, Hook, Trained
from zeta_geom.training.learned.trained import LearnedPlan, TrainedMixer, blend_labels, in_dtype_of
from zeta_geom.training.networks import seeded_weights

MASK_LOSS = 0.1  # the authors' weight of |mean mask - λ|
MARGIN = 0.1  # of that difference; the authors' value
MIXUP_MARGIN = 0.08  # with λ or 1 - λ up to this share, the method is mixup; the authors' value
LAST_MOMENTUM = 0.999999  # the authors' value


class MixBlock(nn.Module):
    """Cross-attention of two images' features -> the second image's mask."""

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(channels + 1, max(channels // reduction, 1), 1)  # of the keys too
        self.value = nn.Conv2d(channels + 1, 1, 1)
        for layer in (self.query, self.value):
            nn.init.normal_(layer.weight, std=0.01)  # the authors' value
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, first: Tensor, second: Tensor, shares: Tensor, size: tuple[int, int]) -> Tensor:
        """Return masks (n, 1, H, W) of features (n, c, h, w), for the share λ (n,) of the first image."""
        n, _, height, width = first.shape
        plane = shares.reshape(-1, 1, 1, 1).to(first).expand(n, 1, height, width)
        first, second = torch.cat([first, plane], dim=1), torch.cat([second, 1 - plane], dim=1)
        queries, keys = (self.query(z).flatten(2) for z in (first, second))
        weights = (queries.transpose(1, 2) @ keys / math.sqrt(queries.shape[1])).softmax(dim=2)
        places = (weights @ self.value(second).flatten(2).transpose(1, 2)).reshape(n, 1, height, width)
        return interpolate(places, size=size, mode="nearest").sigmoid()


class AutoMixLiuMixer(TrainedMixer):
    """AutoMix (Liu) with trained masks: x' = (1 - m) x + m x[π], and labels by λ ~ Beta(α, α), one for a batch.

    Parameters
    ----------
    block : MixBlock
        Features of both images -> the mask of the second one.
    encoder : torch.nn.Module
        Images in grey levels -> logits, through a layer of spatial features.
    layer, alpha : str, float
        That layer, and α.
    image_shape, **shared
        As in `TrainedMixer`.
    """

    traits = Traits(
        title="AutoMix (Liu)",
        idea="masks by cross-attention of two images' features, trained on the classifier's loss; labels by λ",
        source="Liu et al. 2022",
        needs_images=True,
        needs_model=True,
        weighted_mean=False,
        backends=("torch",),
    )

    def __init__(
        self,
        block: MixBlock,
        encoder: nn.Module,
        layer: str,
        image_shape: tuple[int, int, int],
        *,
        alpha: float = 2.0,
        **shared: Unpack[Shared],
    ) -> None:
        super().__init__(nn.ModuleList([block, encoder]), image_shape, **shared)
        self.block, self.encoder, self.layer, self.alpha = block, encoder, layer, alpha

    def _draw_numbers(self, rows: int, like: Array | None) -> Any:
        return self._stream.beta(self.alpha, (), like)

    def features(self, x: Tensor) -> Tensor:
        """Return the encoder's features (m, c, h, w) of images (m, C, H, W), of root mean square 1 in each image."""
        features = features_at(self.encoder, self.layer, in_dtype_of(self.block, x))
        return rms_norm(features, features.shape[1:])

    def masks(self, features: Tensor, plan: LearnedPlan) -> Tensor:
        """Return the masks (rows, 1, H, W) of the second image of each row, from the features of the batch."""
        masks: Tensor = self.block(*plan.pairs(features), plan.numbers(features), self.image_shape[1:])
        return masks

    def mixtures(self, x: Tensor, plan: LearnedPlan) -> tuple[Tensor, Tensor]:
        """Mix images (m, C, H, W) by a plan; return (rows, C, H, W), and the share (rows,) of the first images."""
        shares = plan.numbers(x)
        return blend_pixels(x, plan, plain_near_the_ends(self.masks(self.features(x), plan), shares)), shares


class AutoMixLiuHook(Hook):
    """The training of AutoMix (Liu)."""

    def __init__(
        self,
        block: MixBlock,
        encoder: nn.Module,
        layer: str,
        image_shape: tuple[int, int, int],
        seed: int,
        *,
        alpha: float,
        momentum: float,
    ) -> None:
        super().__init__()
        self.block, self.encoder, self.layer = block, encoder, layer
        self.image_shape, self.seed, self.alpha, self.momentum = image_shape, seed, alpha, momentum

    def loss(self, classifier: Trained, x: Tensor, y: Tensor) -> Tensor:
        """Return the classifier's loss, the loss of the masks, and their distance from λ."""
        mixer: Any = self.epoch_mixer
        Y = soft_labels(y, as_batch(x), classifier.n_classes)
        loss: Tensor = cross_entropy(classifier.logits(x), Y)
        to_masks, to_classifier = (mixer.draw(x.shape, like=x) for _ in range(2))
        if isinstance(to_masks, Unmixed):
            return loss + self.nothing()
        features = mixer.features(x)
        with torch.no_grad():
            masks = plain_near_the_ends(mixer.masks(features, to_classifier), to_classifier.numbers(x))
        mixed, shares = blend_pixels(x, to_classifier, masks), to_classifier.numbers(x)
        loss = loss + cross_entropy(classifier.logits(mixed), blend_labels(Y, to_classifier, shares))
        masks, shares = mixer.masks(features, to_masks), to_masks.numbers(x)
        loss = loss + cross_entropy(
            mixer.encoder(blend_pixels(x, to_masks, masks)), blend_labels(Y, to_masks, shares)
        )
        gap = (1 - masks.mean() - shares[0].to(masks)).abs()
        excess: Tensor = (gap - MARGIN).clamp(min=0)
        return loss + MASK_LOSS * excess

    def end_step(self, classifier: Trained) -> None:
        """Move the momentum encoder's weights towards the network's."""
        left = (1 + math.cos(math.pi * classifier.share_done())) / 2
        momentum = max(LAST_MOMENTUM, self.momentum)
        momentum -= (momentum - self.momentum) * left
        with torch.no_grad():
            for slow, fast in zip(self.encoder.parameters(), classifier.network.parameters(), strict=True):
                slow.lerp_(fast, 1 - momentum)

    def trained_mixer(self, classifier: Trained) -> Mixer:
        """Return the mixer of the masks as they are."""
        return AutoMixLiuMixer(
            self.block,
            GreyLevels(self.encoder, classifier.mean, classifier.std),
            f"network.{self.layer}",
            self.image_shape,
            alpha=self.alpha,
            n_classes=classifier.n_classes,
            random_state=self.seed,
        )


def blend_pixels(x: Tensor, plan: LearnedPlan, masks: Tensor) -> Tensor:
    """Return (1 - m) x + m x[partners], for the masks m (rows, 1, H, W) of the second images."""
    first, second = plan.pairs(x)
    masks = masks.to(x.dtype)
    return (1 - masks) * first + masks * second


def plain_near_the_ends(masks: Tensor, shares: Tensor) -> Tensor:
    """Return masks (rows, 1, H, W), constant where λ (rows,) or 1 - λ is small: there the method is mixup."""
    few = torch.minimum(shares, 1 - shares) <= MIXUP_MARGIN
    return torch.where(few[:, None, None, None], (1 - shares.to(masks))[:, None, None, None], masks)


def features_at(model: nn.Module, layer: str, x: Tensor) -> Tensor:
    """Return the output (n, c, h, w) of a layer for images (n, C, H, W)."""
    kept: list[Tensor] = []

    def keep(output: Tensor) -> Tensor:
        kept.append(output)
        return output

    run_hooked(model, x, modules_of(model, [layer]), keep)
    (output,) = kept
    if output.ndim != 4 or len(output) != len(x):
        raise ValueError(f"layer must return spatial features (n, c, h, w); {layer!r} returns {tuple(output.shape)}.")
    return output


def make_hook(
    network: nn.Module,
    image_shape: tuple[int, int, int],
    seed: int,
    *,
    alpha: float,
    momentum: float,
    layer: str,
    reduction: int,
) -> AutoMixLiuHook:
    """Return the hook of AutoMix (Liu), with the weights of the seed."""
    encoder = copy.deepcopy(network).requires_grad_(False)
    device = next((weight.device for weight in encoder.parameters()), None)
    probe = features_at(encoder.eval(), layer, torch.zeros(1, *image_shape, device=device))
    with seeded_weights(seed):
        block = MixBlock(probe.shape[1], reduction).to(probe.device)
    encoder.train(network.training)
    return AutoMixLiuHook(block, encoder, layer, image_shape, seed, alpha=alpha, momentum=momentum)
