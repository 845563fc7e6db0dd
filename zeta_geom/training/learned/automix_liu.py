"""AutoMix (Liu): masks that a block of cross-attention makes of the features of both images and of λ."""

from __future__ import annotations

import copy
import math
from typing import Any, Unpack

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate

from zeta_geom.checks.types import Array
from zeta_geom.mixers import Mixer
from zeta_geom.mixers.checks import as_batch
from zeta_geom.mixers.labels import soft_labels
from zeta_geom.mixers.models import modules_of, run_hooked
from zeta_geom.mixers.plans import Unmixed
from zeta_geom.mixers.seeded import Shared
from zeta_geom.mixers.traits import Traits
from zeta_geom.training.learned.hooks import GreyLevels, Hook, Trained
from zeta_geom.training.learned.trained import LearnedPlan, TrainedMixer, blend_images, blend_labels, in_dtype_of
from zeta_geom.training.networks import seeded_weights

MASK_LOSS = 0.1  # the authors' weight of |mean mask - λ|
MARGIN = 0.1  # of that difference; the authors' value
FEW = 0.08  # with λ or 1 - λ up to this share, the classifier sees mixup; the authors' value
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

    def _draw_chances(self, rows: int, like: Array | None) -> Any:
        return self._stream.beta(self.alpha, (), like)

    def masks(self, first: Tensor, second: Tensor, shares: Tensor) -> Tensor:
        """Return the masks (n, 1, H, W) of the second images."""
        images = in_dtype_of(self.block, torch.cat([first, second]))
        z, z_partner = features_at(self.encoder, self.layer, images).detach().chunk(2)
        masks: Tensor = self.block(z, z_partner, shares, first.shape[2:])
        return masks

    def mixtures(self, first: Tensor, second: Tensor, chances: Tensor) -> tuple[Tensor, Tensor]:
        """Mix images (n, C, H, W); return the mixtures, and the share (n,) of the first images' labels."""
        return blend_images(second, first, self.masks(first, second, chances)), chances


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
        plans = [mixer.draw(x.shape, like=x) for _ in range(2)]
        if isinstance(plans[0], Unmixed):
            return loss
        to_masks, to_classifier = plans
        mixed, labels, _ = self._mixture(mixer, x, Y, to_classifier, frozen=True)
        loss = loss + cross_entropy(classifier.logits(mixed), labels)
        mixed, labels, masks = self._mixture(mixer, x, Y, to_masks, frozen=False)
        gap = (1 - masks.mean() - to_masks.chances.to(masks)).abs()
        loss = loss + cross_entropy(mixer.encoder(mixed), labels)
        near_share: Tensor = (gap - MARGIN).clamp(min=0)
        return loss + MASK_LOSS * near_share

    def _mixture(
        self, mixer: Any, x: Tensor, Y: Tensor, plan: LearnedPlan, *, frozen: bool
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return mixed images, their labels, and the masks; frozen masks are constants for the classifier."""
        first, second, shares = mixer.pairs(x, plan)
        with torch.set_grad_enabled(not frozen):
            masks = mixer.masks(first, second, shares)
        if frozen:
            few = torch.minimum(shares, 1 - shares) <= FEW
            masks = torch.where(few[:, None, None, None], (1 - shares)[:, None, None, None], masks)
        return blend_images(second, first, masks), blend_labels(Y, plan, shares), masks

    def end_step(self, classifier: Trained) -> None:
        """Move the slow weights towards the network's."""
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
    probe = features_at(encoder.eval(), layer, torch.zeros(1, *image_shape))
    with seeded_weights(seed):
        block = MixBlock(probe.shape[1], reduction)
    encoder.train(network.training)
    return AutoMixLiuHook(block, encoder, layer, image_shape, seed, alpha=alpha, momentum=momentum)
