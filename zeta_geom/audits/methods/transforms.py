"""Torchvision transforms as augmentations: image by image, in a dtype that they accept, with their own stream."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from zeta_geom.checks import image_axes
from zeta_geom.checks.grey_levels import to_floats
from zeta_geom.checks.types import ArrayLike
from zeta_geom.checks.units import LEVELS

if TYPE_CHECKING:
    import torch

Transform = Callable[..., Any]  # an image, or a batch and its labels -> the same
Output = tuple[ArrayLike, ArrayLike | None]
# (X, Y, hard, grey) -> (X_new, labels): a batch (m, ...) of floats, soft labels (m, K) or None, and whether labels
# and samples came as integers. Without labels in the output, row i keeps its label.
Call = Callable[[np.ndarray, "np.ndarray | None", bool, bool], Output]
State = tuple[Any, "torch.Tensor"]  # of Python's generator, and of torch's


def is_transform(value: object) -> bool:
    """Return whether a value is a torchvision transform, or a module that contains one."""
    derived = any(base.__module__.startswith("torchvision.transforms") for base in type(value).__mro__)
    modules = value.modules() if hasattr(value, "modules") and not derived else ()
    return derived or any(is_transform(module) for module in modules if module is not value)


def to_tensor(array: np.ndarray) -> torch.Tensor:
    """Return an array as a tensor."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(array))


def of_transform(transform: Transform, seed: int, channels: str | None) -> Call:
    """Return the call of a torchvision transform: image by image, because it draws only once for a batch."""
    stream, adapter = _GlobalStream(seed), _Adapter(transform)

    def call(X: np.ndarray, Y: np.ndarray | None, hard: bool, grey: bool) -> tuple[Any, Any]:
        images, back = _channels_first(X, channels)
        with stream:
            outputs = [_as_array(adapter(grey, image)) for image in images]
        if len(shapes := {image.shape for image in outputs}) > 1:
            raise ValueError(f"a transform must give images of one shape; got {', '.join(map(str, sorted(shapes)))}.")
        return back(np.stack(outputs)), None

    return call


def of_batch_transform(transform: Transform, seed: int, channels: str | None) -> Call:
    """Return the call of torchvision's MixUp or CutMix, which take a batch with class numbers."""
    stream, adapter = _GlobalStream(seed), _Adapter(transform)

    def call(X: np.ndarray, Y: np.ndarray | None, hard: bool, grey: bool) -> tuple[Any, Any]:
        if Y is None:
            raise ValueError(f"{type(transform).__name__} needs labels; give y.")
        images, back = _channels_first(X, channels)
        with stream:
            output, labels = adapter(grey, images, to_tensor(Y.argmax(axis=1)))
        return back(_as_array(output)), labels.numpy()

    return call


class _Adapter:
    """Calls a transform with uint8 if the originals are integers and the transform accepts it, else with floats."""

    def __init__(self, transform: Transform) -> None:
        self.transform = transform
        self.takes_levels: bool | None = None  # None until the first call on grey levels

    def __call__(self, grey: bool, images: np.ndarray, *labels: torch.Tensor) -> Any:
        """Return the output of the transform for an image (C, H, W), or for a batch and its labels."""
        if not grey:
            remedy = " Give originals as integers 0..255 for a transform of uint8, or put v2.ToDtype before it."
            return self._call(to_tensor(images), labels, ": the originals are floats", remedy)
        levels = to_tensor(np.rint(images * 255).astype(np.uint8))
        if self.takes_levels is not None:
            return self._call(levels if self.takes_levels else to_tensor(images), labels, ", as for the first image")
        before = _GlobalStream.state()
        try:
            output, self.takes_levels = self.transform(levels, *labels), True
            if _has_levels(output[0] if labels else output):
                raise ValueError("it gave floats of 0..255")
        except Exception as error:  # transforms that take only floats raise errors of many kinds
            _GlobalStream.set_state(before)
            output = self._call(to_tensor(images), labels, f" after uint8, which it had refused ({_line(error)})")
            self.takes_levels = False
        return output

    def _call(self, tensor: torch.Tensor, labels: tuple[torch.Tensor, ...], why: str, remedy: str = "") -> Any:
        try:
            return self.transform(tensor, *labels)
        except Exception as error:
            kind, shape = str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape)
            raise ValueError(
                f"{type(self.transform).__name__} must take a tensor of {kind} {shape}, which the audit gave it{why};"
                f" it raised {_line(error)}.{remedy}"
            ) from error


def _has_levels(output: Any) -> bool:
    """Return whether an output is floats of 0..255, such as uint8 plus noise: the transform is meant for floats."""
    return bool(getattr(output, "is_floating_point", bool)()) and float(output.abs().max()) > LEVELS[1]


def _line(error: Exception) -> str:
    """Return the first line of an error's text; torch appends its stack."""
    text = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {text}".rstrip(". :")


class _GlobalStream:
    """Replaces the state of the global generators of Python and torch, from which transforms draw, in its context."""

    def __init__(self, seed: int) -> None:
        import torch

        self.saved: State = random.Random(seed).getstate(), torch.Generator().manual_seed(seed).get_state()

    def __enter__(self) -> None:
        self._swap()

    def __exit__(self, *_: object) -> None:
        self._swap()

    def _swap(self) -> None:
        before = self.state()
        self.set_state(self.saved)
        self.saved = before

    @staticmethod
    def state() -> State:
        """Return the states of both generators."""
        import torch

        return random.getstate(), torch.get_rng_state()

    @staticmethod
    def set_state(states: State) -> None:
        """Set the states of both generators."""
        import torch

        random.setstate(states[0])
        torch.set_rng_state(states[1])


def _channels_first(X: np.ndarray, channels: str | None) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """Return images (m, C, H, W), and a function that restores the layout of X."""
    axes = image_axes(X.shape, channels, "X of a torchvision transform")
    if X.ndim == 3:
        return X[:, None], _without_channel
    if axes == (-2, -1):
        return X, lambda images: images
    return np.moveaxis(X, -1, 1), lambda images: np.moveaxis(images, 1, -1)


def _without_channel(images: np.ndarray) -> np.ndarray:
    if images.ndim != 4 or images.shape[1] != 1:
        raise ValueError(f"a transform of images (n, H, W) must give one channel; got shape {images.shape}.")
    return images[:, 0]


def _as_array(output: Any) -> np.ndarray:
    """Return a tensor, or a PIL image (H, W[, C]), as floats with the channels first."""
    if hasattr(output, "detach"):
        return to_floats(output.detach().cpu().numpy(), "the output of the transform")
    if not hasattr(output, "getbands"):
        raise ValueError(f"a transform must give one image, a tensor or a PIL image; got a {type(output).__name__}.")
    if output.mode not in ("L", "RGB", "RGBA", "F"):
        raise ValueError(
            f"a transform must give grey levels or colours; got a PIL image of mode {output.mode}. Convert it."
        )
    array = to_floats(np.asarray(output), "the output of the transform")
    return array[None] if array.ndim == 2 else array.transpose(2, 0, 1)
