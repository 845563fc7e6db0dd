"""Samples as inputs of networks: as they are, or as pictures that are resized and normalised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from zeta_geom.checks import CHANNEL_COUNTS, image_axes
from zeta_geom.checks.types import Shape

BEYOND = 0.5  # grey levels of mixtures may overshoot 0..1 a little; larger values mean another unit


@dataclass(frozen=True)
class AsTheyAre:
    """Samples for a user's module: images with their channels first, anything else unchanged."""

    channels: str | None = None
    suffix: ClassVar[str] = ""
    width: ClassVar[None] = None
    stated: ClassVar[str] = "The values are not changed; images are passed with their channels first."

    def sized(self, shape: Shape, channels: str | None) -> AsTheyAre:
        """Return the preprocessing with the place of the channels."""
        return replace(self, channels=channels or self.channels)

    def __call__(self, batch: np.ndarray) -> Tensor:
        """Return (n, C, H, W) for images, and the batch for anything else."""
        x = tensor_of(batch)
        if x.ndim == 3:
            return x[:, None]
        last = x.ndim == 4 and x.shape[3] in CHANNEL_COUNTS and x.shape[1] not in CHANNEL_COUNTS
        if x.ndim == 4 and (self.channels == "last" or (self.channels is None and last)):
            return x.permute(0, 3, 1, 2)
        return x


@dataclass(frozen=True)
class Digits:
    """Images of 28 × 28 grey levels for the oracle's LeNet-5."""

    suffix: ClassVar[str] = ""
    width: ClassVar[int] = 28 * 28
    stated: ClassVar[str] = "Grey images of 28 × 28 pixels in 0..1, not resized and not normalised."

    def sized(self, shape: Shape, channels: str | None) -> Digits:
        """Return itself; raise ValueError for samples of another size."""
        if int(np.prod(shape[1:])) != 28 * 28:
            raise ValueError(f"features 'lenet' must get images of 28 × 28 pixels; got samples of shape {shape[1:]}.")
        return self

    def __call__(self, batch: np.ndarray) -> Tensor:
        """Return (n, 1, 28, 28)."""
        from zeta_geom.realism.images import to_images

        return to_images(batch.reshape(-1, 28, 28), torch.float64)


@dataclass(frozen=True)
class Pictures:
    """Pictures resized to a square and normalised; `size` is known once the samples' shape is."""

    side_of: Callable[[int], int]  # the longer side of a picture -> the side of the input
    mean: tuple[float, ...]
    std: tuple[float, ...]
    mode: str = "bicubic"
    size: int | None = None
    axes: tuple[int, int] | None = None  # of height and width

    @property
    def suffix(self) -> str:
        """The size, if it is known."""
        return "" if self.size is None else f"-{self.size}"

    @property
    def width(self) -> int | None:
        """Number of values of one input."""
        return None if self.size is None else 3 * self.size**2

    @property
    def stated(self) -> str:
        """The preprocessing in one sentence."""
        size = "a square" if self.size is None else f"{self.size} × {self.size} pixels"
        mean, std = (", ".join(f"{value:g}" for value in values) for values in (self.mean, self.std))
        return (
            f"The largest central square of each picture, in 0..1, is resized to {size} ({self.mode}, with "
            f"antialiasing), grey is repeated in three channels, and channels are normalised by mean {mean} and "
            f"standard deviation {std}."
        )

    def sized(self, shape: Shape, channels: str | None) -> Pictures:
        """Return the preprocessing for pictures of this shape; a size that is already set is kept."""
        axes = image_axes(shape, channels)
        count = 1 if len(shape) == 3 else shape[1 if axes == (-2, -1) else 3]
        if len(shape) > 4 or count not in (1, 3):
            raise ValueError(f"X must be pictures with 1 or 3 channels for these features; got shape {shape}.")
        size = self.size or self.side_of(max(shape[axes[0]], shape[axes[1]]))
        return replace(self, size=size, axes=axes)

    def __call__(self, batch: np.ndarray) -> Tensor:
        """Return (n, 3, size, size)."""
        low, high = float(batch.min()), float(batch.max())
        if low < -BEYOND or high > 1 + BEYOND:
            raise ValueError(f"pictures must lie in 0..1; got {low:g}..{high:g}. Divide grey levels 0..255 by 255")
        x = tensor_of(batch).float()
        x = x[:, None] if x.ndim == 3 else x.permute(0, 3, 1, 2) if self.axes == (-3, -2) else x
        x = _central_square(x)
        size = self.size or 0
        if x.shape[2:] != (size, size):  # antialias=True also gives bicubic the coefficient -0.5 of Pillow
            x = functional.interpolate(x, (size, size), mode=self.mode, align_corners=False, antialias=True)
        mean, std = (torch.tensor(values)[:, None, None] for values in (self.mean, self.std))
        return (x - mean) / std  # one grey channel becomes three here


def _central_square(x: Tensor) -> Tensor:
    """Return the largest central square of pictures (n, C, H, W): all of a square picture."""
    height, width = x.shape[2:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return x[:, :, top : top + side, left : left + side]


def tensor_of(batch: np.ndarray) -> Tensor:
    """Copy an array into a tensor: torch takes no negative strides, no foreign byte order, no read-only memory."""
    dtype = np.float32 if batch.dtype.itemsize <= 4 else np.float64
    return torch.from_numpy(np.array(batch, dtype=dtype, order="C"))
