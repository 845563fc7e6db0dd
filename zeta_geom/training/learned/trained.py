"""The base of mixers whose outputs a trained module computes."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np
import torch
from torch import Tensor, nn

from zeta_geom.checks.types import Array, Shape, SomeArray
from zeta_geom.mixers.arrays import compute_dtype, take_rows
from zeta_geom.mixers.base import Mixer
from zeta_geom.mixers.methods.pairs import draw_partners
from zeta_geom.mixers.models import evaluated
from zeta_geom.mixers.seeded import Shared


@dataclass(frozen=True)
class LearnedPlan:
    """The plan of a learned method: pairs, and one number for each that the method makes a mixture of."""

    partners: Array  # row k mixes sample k mod m with sample partners[k]: ints (rows,)
    chances: Array  # () or (rows,), in [0, 1]
    m: int

    @property
    def rows(self) -> int:
        """Number of rows to return."""
        return self.partners.shape[0]


class TrainedMixer(Mixer):
    """A method that mixes pairs of images by modules that were trained for them.

    Images are (m, C, H, W), (m, H, W, C), or (m, H, W) if C is 1. Gradients flow through the images; the modules run
    in evaluation mode, and their mode is restored.

    Parameters
    ----------
    modules : torch.nn.Module
        What the method has learned.
    image_shape : (int, int, int)
        Channels, height and width of the images that it was trained on, in pixels.
    **shared
        As in `Mixer`.

    Raises
    ------
    TypeError, ValueError
        In a call, if X is no tensor of images of this shape.
    """

    def __init__(self, modules: nn.Module, image_shape: tuple[int, int, int], **shared: Unpack[Shared]) -> None:
        super().__init__(**shared)
        self._modules_trained = modules
        self._image_shape = tuple(image_shape)

    def __repr__(self) -> str:
        images = " × ".join(map(str, self._image_shape))
        return f"{type(self).__name__}(trained on {images})"

    def _draw(self, shape: Shape, rows: int, like: Array | None, labels: Array | None, clip: bool) -> LearnedPlan:
        self._has_channels_last(shape)
        partners = draw_partners(self._stream, shape[0], rows, like)
        return LearnedPlan(partners, self._draw_chances(rows, like), shape[0])

    def _has_channels_last(self, shape: Shape) -> bool:
        """Return whether the shape of a batch is (m, H, W, C); raise ValueError if it is not that of the training."""
        channels, *size = self._image_shape
        image = tuple(shape[1:])
        if image == self._image_shape or (channels == 1 and image == tuple(size)):
            return False
        if image != (*size, channels):
            raise ValueError(
                f"X must hold images of the shape (C, H, W) that the mixer was trained on, {self._image_shape}; got "
                f"{image}."
            )
        return True

    def _draw_chances(self, rows: int, like: Array | None) -> Any:
        return self._stream.uniform((rows,), like)

    @abstractmethod
    def mixtures(self, first: Tensor, second: Tensor, chances: Tensor) -> tuple[Tensor, Tensor]:
        """Mix images (n, C, H, W) with their partners; return the mixtures, and the share (n,) of the first images.

        `chances` are those of the plan, (n,).
        """

    def pairs(self, x: Tensor, plan: LearnedPlan) -> tuple[Tensor, Tensor, Tensor]:
        """Return the arguments of `mixtures`: both images of each row (rows, C, H, W), and the chances (rows,)."""
        chances = torch.as_tensor(plan.chances).to(x).broadcast_to(plan.rows)
        first: Any = take_rows(x, plan.rows, plan.m)
        return first, x[torch.as_tensor(plan.partners).to(x.device)], chances

    def _apply(self, X: SomeArray, Y: SomeArray | None, plan: LearnedPlan, out: SomeArray | None) -> Any:
        if isinstance(X, np.ndarray):
            raise TypeError(f"{self!r} mixes torch tensors; got a NumPy array. Pass torch.from_numpy(X).")
        last = self._has_channels_last(X.shape)
        x = X.movedim(-1, 1) if last else X
        x = (x[:, None] if x.ndim == 3 else x).to(compute_dtype(X))
        with evaluated(self._modules_trained), torch.autocast(X.device.type, enabled=False):
            mixed, shares = self.mixtures(*self.pairs(x, plan))
        mixed = mixed[:, 0] if X.ndim == 3 else mixed.movedim(1, -1) if last else mixed
        return mixed.to(X.dtype), None if Y is None else blend_labels(torch.as_tensor(Y), plan, shares.detach())


def blend_labels(Y: Tensor, plan: LearnedPlan, shares: Tensor) -> Tensor:
    """Return soft labels λ y + (1 - λ) y[partners], for the share λ (rows,) of each first image."""
    first: Any = take_rows(Y, plan.rows, plan.m)
    second = Y[torch.as_tensor(plan.partners).to(Y.device)]
    shares = shares.to(Y)[:, None]
    labels: Tensor = shares * first + (1 - shares) * second
    return labels


def blend_images(first: Tensor, second: Tensor, shares: Tensor) -> Tensor:
    """Return λ x + (1 - λ) x' of images (n, C, H, W), for shares λ of shape (n,) or (n, 1, H, W)."""
    shares = shares.to(first.dtype).reshape(-1, 1, 1, 1) if shares.ndim == 1 else shares.to(first.dtype)
    return shares * first + (1 - shares) * second


def in_dtype_of(modules: nn.Module, x: Tensor) -> Tensor:
    """Return a tensor in the dtype of the module's weights."""
    weight = next(modules.parameters(), None)
    return x if weight is None else x.to(weight.dtype)
