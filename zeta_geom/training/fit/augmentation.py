"""Augmentations of single images before mixing, computed for a whole batch on its device."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from zeta_geom.checks import check_choice

PADDING = 4  # pixels on each side, the usual value for images of 32 x 32 pixels


def random_flip(images: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Mirror each image left to right with probability 1/2; `images` (n, C, H, W) -> (n, C, H, W)."""
    flipped = torch.rand(len(images), generator=generator) < 0.5
    return torch.where(_to(flipped, images)[:, None, None, None], images.flip(-1), images)


def random_crop(images: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Move each image (C, H, W) by up to 4 pixels along each axis, black outside: a crop of the padded image."""
    n, _, height, width = images.shape
    top, left = _to(torch.randint(2 * PADDING + 1, (2, n), generator=generator), images)
    windows = functional.pad(images, 4 * (PADDING,)).unfold(2, height, 1).unfold(3, width, 1)
    return windows[torch.arange(n, device=images.device), :, top, left]


def random_noise(images: Tensor, generator: torch.Generator | None = None, *, std: float) -> Tensor:
    """Add Gaussian noise with standard deviation `std`, in grey levels, to each pixel; values stay within 0..1."""
    noise = torch.randn(images.shape, generator=generator)
    return (images + std * _to(noise, images)).clamp(0, 1)


AUGMENTATIONS: dict[str, Callable[[Tensor, torch.Generator | None], Tensor]] = {
    "crop": random_crop,
    "flip": random_flip,
    "noise-5": partial(random_noise, std=0.05),
    "noise-20": partial(random_noise, std=0.20),
}


def augment(images: Tensor, names: Sequence[str], generator: torch.Generator | None = None) -> Tensor:
    """Apply augmentations one after the other; `images` (n, C, H, W) -> (n, C, H, W)."""
    for name in names:
        images = AUGMENTATIONS[check_choice(name, "augmentation", AUGMENTATIONS)](images, generator)
    return images


def _to(drawn: Tensor, images: Tensor) -> Tensor:
    """Copy draws to the images' device; a copy to CUDA does not wait for the device."""
    return drawn.pin_memory().to(images.device, non_blocking=True) if images.is_cuda else drawn
