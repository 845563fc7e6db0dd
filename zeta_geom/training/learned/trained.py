"""The base of mixers whose outputs a trained module computes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
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
    """The plan of a learned method: the pairs, and the random number of each pair."""

    partners: Array  # row k mixes sample k mod m with sample partners[k]: ints (rows,)
    draws: Array  # () or (rows,), in [0, 1]: u of AdaMixUp, λ of both AutoMix
    m: int

    @property
    def rows(self) -> int:
        """Number of rows to return."""
        return self.partners.shape[0]

    def pairs(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Return the values of both samples of each row, two (rows, ...), from values (m, ...)."""
        first: Any = take_rows(values, self.rows, self.m)
        return first, values[torch.as_tensor(self.partners).to(values.device)]

    def numbers(self, like: Tensor) -> Tensor:
        """Return the random numbers (rows,) on the device of a tensor and in its dtype."""
        return torch.as_tensor(self.draws).to(like).broadcast_to(self.rows)


class TrainedMixer(Mixer):
    """A method that mixes pairs of images by modules that were trained for them.

    Images are (m, C, H, W), (m, H, W, C), or (m, H, W) if C is 1. The modules move to the device of the images, and
    run in evaluation mode; their mode is restored.

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

    def __init__(self, modules: nn.Module, image_shape: Sequence[int], **shared: Unpack[Shared]) -> None:
        super().__init__(**shared)
        self.modules = modules
        self.image_shape = tuple(image_shape)

    def __repr__(self) -> str:
        images = " × ".join(map(str, self.image_shape))
        return f"{type(self).__name__}(trained on {images})"

    def _draw(self, shape: Shape, rows: int, like: Array | None, labels: Array | None, clip: bool) -> LearnedPlan:
        layout_of(shape, self.image_shape)
        partners = draw_partners(self._stream, shape[0], rows, like)
        return LearnedPlan(partners, self._draw_numbers(rows, like), shape[0])

    def _draw_numbers(self, rows: int, like: Array | None) -> Any:
        return self._stream.uniform((rows,), like)

    @abstractmethod
    def mixtures(self, x: Tensor, plan: LearnedPlan) -> tuple[Tensor, Tensor]:
        """Mix images (m, C, H, W) by a plan; return (rows, C, H, W), and the share (rows,) of the first images."""

    def _apply(self, X: SomeArray, Y: SomeArray | None, plan: LearnedPlan, out: SomeArray | None) -> Any:
        if isinstance(X, np.ndarray):
            raise TypeError(f"{self!r} mixes torch tensors; got a NumPy array. Pass torch.from_numpy(X).")
        layout = layout_of(X.shape, self.image_shape)
        x = to_planes(X, layout).to(compute_dtype(X))
        self.modules.to(X.device)
        with evaluated(self.modules), torch.autocast(X.device.type, enabled=False):
            mixed, shares = self.mixtures(x, plan)
        mixed = mixed[:, 0] if layout == "grey" else mixed.movedim(1, -1) if layout == "last" else mixed
        return mixed.to(X.dtype), None if Y is None else blend_labels(torch.as_tensor(Y), plan, shares.detach())


def layout_of(shape: Sequence[int], image_shape: Sequence[int]) -> str:
    """Return "first", "last" or "grey": a batch is (n, C, H, W), (n, H, W, C), or (n, H, W) with C = 1."""
    channels, *size = image_shape
    image = tuple(shape[1:])
    layouts = {(*size, channels): "last", tuple(image_shape): "first"}
    if channels == 1:
        layouts[tuple(size)] = "grey"
    if image not in layouts:
        raise ValueError(
            f"X must hold images of the shape (C, H, W) of the training, {tuple(image_shape)}; got {image}."
        )
    return layouts[image]


def to_planes(X: Tensor, layout: str) -> Tensor:
    """Return images of a layout as (n, C, H, W)."""
    return X[:, None] if layout == "grey" else X.movedim(-1, 1) if layout == "last" else X


def blend_labels(Y: Tensor, plan: LearnedPlan, shares: Tensor) -> Tensor:
    """Return soft labels λ y + (1 - λ) y[partners], for the share λ (rows,) of each first image."""
    first, second = plan.pairs(Y)
    shares = shares.to(Y)[:, None]
    return shares * first + (1 - shares) * second


def in_dtype_of(modules: nn.Module, x: Tensor) -> Tensor:
    """Return a tensor in the dtype of the module's weights."""
    weight = next(modules.parameters(), None)
    return x if weight is None else x.to(weight.dtype)
