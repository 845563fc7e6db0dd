"""The ways in which an augmentation is called: as a mixer, as a torchvision transform, as any function of arrays."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from zeta_geom.audits.named import is_of_python
from zeta_geom.checks import image_axes
from zeta_geom.checks.units import LEVELS
from zeta_geom.files import to_floats
from zeta_geom.mixers import MIXERS, make_mixer
from zeta_geom.mixers.base import Mixer
from zeta_geom.mixers.image_mixer import with_channels
from zeta_geom.mixers.table import parameters_of

__all__ = ["Method", "to_method"]

LABELS = ("y", "Y", "label", "labels", "target", "targets")  # names of a second argument that takes labels

Call = Callable[[np.ndarray, "np.ndarray | None", bool, bool], tuple[Any, Any]]


@dataclass(frozen=True)
class Method:
    """What an audit measures: a name, its spelling in Python, and the call (X, Y, hard, grey) -> (X_new, labels).

    Parameters
    ----------
    name : str
    spelled : str
    call : callable
        Takes a batch (m, ...) of floats, its soft labels (m, K) or None, and whether labels and samples were given as
        integers; None in place of labels leaves them as they were.
    """

    name: str
    spelled: str
    call: Call


def to_method(value: Any, seed: int, given: str = "", channels: str | None = None) -> Method:
    """Return what is to be called, under its own name.

    Parameters
    ----------
    value : str, Mixer, torchvision transform or callable
    seed : int
        Where a mixer that is named starts, and torch's generator before a transform.
    given : str
        The name that its user gave it, for the text of errors.
    channels : {"first", "last"}, optional
        Where the channels of images are, for a mixer that was not told, and for a transform.

    Returns
    -------
    Method

    Raises
    ------
    TypeError, ValueError
        If it is neither callable nor the name of a mixer, or a function of Python's own.

    Examples
    --------
    >>> to_method("zeta", 0).name, to_method(np.flip, 0).name
    ('zeta', 'flip')
    """
    if isinstance(value, str):
        value = make_mixer(value, random_state=seed)
    if isinstance(value, Mixer):
        return Method(_mixer_name(value), repr(value), _of_mixer(with_channels(value, channels)))
    if not callable(value) or isinstance(value, type) or is_of_python(value):
        raise TypeError(
            f"an augmentation must be callable or one of {', '.join(MIXERS)}; give a function that takes a batch of "
            f"samples and returns one; got {given and f'{given}, '}{value!r}."
        )
    name = getattr(value, "__name__", type(value).__name__)
    if _is_transform(value):
        batched = type(value).__name__ in ("MixUp", "CutMix")
        call = _of_batch_transform if batched else _of_transform
        return Method(name, repr(value), call(value, seed, channels))
    return Method(name, f"{getattr(value, '__module__', '')}.{name}", _of_callable(value, given or name))


def _is_transform(value: Any) -> bool:
    """Say whether something is a torchvision transform, of a class derived from one, or a module made of some."""
    own = any(base.__module__.startswith("torchvision.transforms") for base in type(value).__mro__)
    modules = value.modules() if hasattr(value, "modules") and not own else ()
    return own or any(_is_transform(module) for module in modules if module is not value)


def _mixer_name(mixer: Mixer) -> str:
    """Return the mixer's name in the table, with what differs from the defaults."""
    name = next((key for key, made in MIXERS.items() if made is type(mixer)), type(mixer).__name__)
    changed = {
        key: getattr(mixer, key)
        for key, parameter in parameters_of(type(mixer)).items()
        if hasattr(mixer, key)
        and getattr(mixer, key) != parameter.default
        and isinstance(getattr(mixer, key), (int, float, str, tuple))
    }
    return name + (f" ({', '.join(f'{key}={value}' for key, value in changed.items())})" if changed else "")


def _of_mixer(mixer: Mixer) -> Call:
    if mixer.traits.space == "features":
        raise ValueError(
            f"{type(mixer).__name__} mixes features inside a network; audit what comes out of a layer, as synthetic=."
        )
    mixer = mixer.child(0)  # the caller's own stream stays where it is
    in_torch = "numpy" not in mixer.traits.backends

    def call(X: np.ndarray, Y: np.ndarray | None, hard: bool, grey: bool) -> tuple[Any, Any]:
        batch, labels = (_tensor(X), None if Y is None else _tensor(Y)) if in_torch else (X, Y)
        return mixer.apply(batch, labels, mixer.draw(batch.shape, like=batch, labels=labels, clip=True))

    return call


def _tensor(array: np.ndarray) -> Any:
    import torch

    return torch.from_numpy(np.ascontiguousarray(array))


def _of_callable(function: Callable[..., Any], name: str) -> Call:
    """Return the call of a function f(X), f(X, y) or f(X, y=None) that gives X_new or (X_new, labels)."""
    labelled = _takes_labels(function)

    def call(X: np.ndarray, Y: np.ndarray | None, hard: bool, grey: bool) -> tuple[Any, Any]:
        given = Y.argmax(axis=1) if Y is not None and hard else Y
        try:
            made = function(X, given) if labelled else function(X)
        except (ImportError, MemoryError):
            raise
        except (Exception, SystemExit) as error:
            divided = ", integers that the audit divided by 255," if grey else ""
            raise ValueError(
                f"augmentation {name} must be a function of a batch of samples that returns one; given {X.dtype} of "
                f"shape {X.shape}{divided} it raised {type(error).__name__}: {error}"
            ) from error
        if not isinstance(made, tuple):
            return made, None
        if len(made) != 2:
            raise ValueError(f"an augmentation must return X_new or (X_new, labels); got {len(made)} values.")
        return made

    return call


def _takes_labels(function: Callable[..., Any]) -> bool:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # some functions written in C tell nothing
        return False
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return len(positional) > 1 and (positional[1].default is inspect.Parameter.empty or positional[1].name in LABELS)


def _of_transform(transform: Any, seed: int, channels: str | None) -> Call:
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


def _of_batch_transform(transform: Any, seed: int, channels: str | None) -> Call:
    """Return the call of torchvision's MixUp and CutMix, which take a batch with int labels."""
    stream, given = _GlobalStream(seed), _Images(transform)

    def call(X: np.ndarray, Y: np.ndarray | None, hard: bool, grey: bool) -> tuple[Any, Any]:
        if Y is None:
            raise ValueError(f"{type(transform).__name__} needs labels; give y.")
        images, back = _channels_first(X, channels)
        with stream:
            made, labels = given(grey, images, _tensor(Y.argmax(axis=1)))
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
            return self._made(_tensor(images), labels, ", for the originals are floats", remedy)
        levels = _tensor(np.rint(images * 255).astype(np.uint8))
        if self.levels is not None:
            return self._made(levels if self.levels else _tensor(images), labels, ", as for the first image")
        before = _GlobalStream.state()
        try:
            made, self.levels = self.transform(levels, *labels), True
            if _as_levels(made[0] if labels else made):
                raise ValueError("it gave floats of 0..255")
        except Exception as error:  # of whatever kind: transforms of floats alone raise many
            _GlobalStream.put_back(before)
            made = self._made(_tensor(images), labels, f" after uint8, which it had refused ({_line(error)})")
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
