"""A torchvision transform as an augmentation: image by image, in the dtype that it takes, by a stream of its own."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np

from zeta_geom.checks import image_axes
from zeta_geom.checks.grey_levels import to_floats
from zeta_geom.checks.units import LEVELS

__all__ = ["Call", "is_transform", "of_batch_transform", "of_transform", "to_tensor"]

Call = Callable[[np.ndarray, "np.ndarray | None", bool, bool], tuple[Any, Any]]


def is_transform(value: Any) -> bool:
    """Say whether something is a torchvision transform, of a class derived from one, or a module made of some."""
    own = any(base.__module__.startswith("torchvision.transforms") for base in type(value).__mro__)
    modules = value.modules() if hasattr(value, "modules") and not own else ()
    return own or any(is_transform(module) for module in modules if module is not value)


def to_tensor(array: np.ndarray) -> Any:
    """Return an array as a tensor."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(array))


def of_transform(transform: Any, seed: int, channels: str | None) -> Call:
    """Return the call of a torchvision transform: image by image, for on a batch it draws once for all."""
    stream, given = _GlobalStream(seed), _Images(transform)

    def call(X: np.ndarray, Y: np.ndarray | None, hard: bool, grey: bool) -> tuple[Any, Any]:
        images, back = _channels_first(X, channels)
        with stream:
            made = [_as_array(given(grey, image)) for image in images]
        if len(shapes := {one.shape for one in made}) > 1:
            raise ValueError(f"a transform must give images of one shape; got {', '.join(map(str, sorted(shapes)))}.")
        return back(np.stack(made)), None

    return call


def of_batch_transform(transform: Any, seed: int, channels: str | None) -> Call:
    """Return the call of torchvision's MixUp and CutMix, which take a batch with int labels."""
    stream, given = _GlobalStream(seed), _Images(transform)

    def call(X: np.ndarray, Y: np.ndarray | None, hard: bool, grey: bool) -> tuple[Any, Any]:
        if Y is None:
            raise ValueError(f"{type(transform).__name__} needs labels; give y.")
        images, back = _channels_first(X, channels)
        with stream:
            made, labels = given(grey, images, to_tensor(Y.argmax(axis=1)))
        return back(_as_array(made)), labels.numpy()

    return call


class _Images:
    """Gives a transform images as uint8 where the originals came as integers and it takes them, else as floats."""

    def __init__(self, transform: Any) -> None:
        self.transform = transform
        self.levels: bool | None = None  # what it takes of grey levels, known after the first call

    def __call__(self, grey: bool, images: np.ndarray, *labels: Any) -> Any:
        """Return what the transform makes of an image (C, H, W), or of a batch and its labels."""
        if not grey:
            remedy = " Give originals as integers 0..255 for a transform of uint8, or put v2.ToDtype before it."
            return self._made(to_tensor(images), labels, ", for the originals are floats", remedy)
        levels = to_tensor(np.rint(images * 255).astype(np.uint8))
        if self.levels is not None:
            return self._made(levels if self.levels else to_tensor(images), labels, ", as for the first image")
        before = _GlobalStream.state()
        try:
            made, self.levels = self.transform(levels, *labels), True
            if _as_levels(made[0] if labels else made):
                raise ValueError("it gave floats of 0..255")
        except Exception as error:  # of whatever kind: transforms of floats alone raise many
            _GlobalStream.put_back(before)
            made = self._made(to_tensor(images), labels, f" after uint8, which it had refused ({_line(error)})")
            self.levels = False
        return made

    def _made(self, tensor: Any, labels: tuple[Any, ...], why: str, remedy: str = "") -> Any:
        try:
            return self.transform(tensor, *labels)
        except Exception as error:
            kind, shape = str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape)
            raise ValueError(
                f"{type(self.transform).__name__} must take a tensor of {kind} {shape}, which the audit gave it{why};"
                f" it raised {_line(error)}.{remedy}"
            ) from error


def _as_levels(made: Any) -> bool:
    """Say whether a result is floats of 0..255, as of a transform that adds noise to whatever it is given."""
    return getattr(made, "is_floating_point", bool)() and float(made.abs().max()) > LEVELS[1]


def _line(error: Exception) -> str:
    """Return the first line of an error's text: torch adds its own stack."""
    text = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {text}".rstrip(". :")


class _GlobalStream:
    """What transforms draw from, the global generators of Python and torch: lent while inside, then put back."""

    def __init__(self, seed: int) -> None:
        import torch

        self.own = random.Random(seed).getstate(), torch.Generator().manual_seed(seed).get_state()

    def __enter__(self) -> None:
        self.others = self._swap(self.own)

    def __exit__(self, *_: object) -> None:
        self.own = self._swap(self.others)

    def _swap(self, states: tuple[Any, Any]) -> tuple[Any, Any]:
        before = self.state()
        self.put_back(states)
        return before

    @staticmethod
    def state() -> tuple[Any, Any]:
        """Return the states of both generators."""
        import torch

        return random.getstate(), torch.get_rng_state()

    @staticmethod
    def put_back(states: tuple[Any, Any]) -> None:
        """Set the states of both generators."""
        import torch

        random.setstate(states[0])
        torch.set_rng_state(states[1])


def _channels_first(X: np.ndarray, channels: str | None) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """Return images (m, C, H, W), and the way back to the layout of X."""
    axes = image_axes(X.shape, channels, "X of a torchvision transform")
    if X.ndim == 3:
        return X[:, None], _without_channel
    if axes == (-2, -1):
        return X, lambda made: made
    return np.moveaxis(X, -1, 1), lambda made: np.moveaxis(made, 1, -1)


def _without_channel(made: np.ndarray) -> np.ndarray:
    if made.ndim != 4 or made.shape[1] != 1:
        raise ValueError(f"a transform of images (n, H, W) must give one channel; got shape {made.shape}.")
    return made[:, 0]


def _as_array(made: Any) -> np.ndarray:
    """Return a tensor, or a PIL image (H, W[, C]), as floats with its channels first."""
    if hasattr(made, "detach"):
        return to_floats(made.detach().cpu().numpy(), "what the transform gives")
    if not hasattr(made, "getbands"):
        raise ValueError(f"a transform must give one image, a tensor or a PIL image; got a {type(made).__name__}.")
    if made.mode not in ("L", "RGB", "RGBA", "F"):
        raise ValueError(
            f"a transform must give grey levels or colours; got a PIL image of mode {made.mode}. Convert it."
        )
    array = to_floats(np.asarray(made), "what the transform gives")
    return array[None] if array.ndim == 2 else array.transpose(2, 0, 1)
