"""The ways in which an augmentation is called: as a mixer, as a torchvision transform, as any function of arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from zeta_geom.files import to_floats
from zeta_geom.mixers import MIXERS, make_mixer
from zeta_geom.mixers.base import Mixer
from zeta_geom.mixers.table import parameters_of

__all__ = ["Method", "to_method"]

LABELS = ("y", "Y", "label", "labels", "target", "targets")  # names of a second argument that takes labels
CHANNELS = (1, 3, 4)

Call = Callable[[np.ndarray, "np.ndarray | None", bool], tuple[Any, Any]]


@dataclass(frozen=True)
class Method:
    """What an audit measures: a name, how it is written in Python, and the call (X, Y, hard) -> (X_new, labels).

    Parameters
    ----------
    name : str
    spelled : str
    call : callable
        Takes a batch (m, ...), its soft labels (m, K) or None, and whether they were given as integers; None in place
        of labels leaves them as they were.
    """

    name: str
    spelled: str
    call: Call


def to_method(value: Any, seed: int) -> Method:
    """Return what is to be called, under its own name.

    Parameters
    ----------
    value : str, Mixer, torchvision transform or callable
    seed : int
        Where a mixer that is named starts, and torch's generator before a transform.

    Returns
    -------
    Method

    Raises
    ------
    TypeError, ValueError
        If it is neither callable nor the name of a mixer.

    Examples
    --------
    >>> to_method("zeta", 0).name, to_method(np.flip, 0).name
    ('zeta', 'flip')
    """
    if isinstance(value, str):
        value = make_mixer(value, random_state=seed)
    if isinstance(value, Mixer):
        return Method(_mixer_name(value), repr(value), _of_mixer(value))
    if not callable(value):
        raise TypeError(f"an augmentation must be callable or one of {', '.join(MIXERS)}; got {value!r}.")
    name = getattr(value, "__name__", type(value).__name__)
    if type(value).__module__.startswith("torchvision.transforms"):
        batched = type(value).__name__ in ("MixUp", "CutMix")
        return Method(name, repr(value), _of_batch_transform(value, seed) if batched else _of_transform(value, seed))
    return Method(name, f"{getattr(value, '__module__', '')}.{name}", _of_callable(value))


def _mixer_name(mixer: Mixer) -> str:
    """Return the mixer's name in the table, with what differs from the defaults."""
    name = next((key for key, made in MIXERS.items() if made is type(mixer)), type(mixer).__name__)
    changed = {
        key: getattr(mixer, key)
        for key, parameter in parameters_of(type(mixer)).items()
        if hasattr(mixer, key)
        and getattr(mixer, key) != parameter.default
        and isinstance(getattr(mixer, key), (int, float, str))
    }
    return name + (f" ({', '.join(f'{key}={value}' for key, value in changed.items())})" if changed else "")


def _of_mixer(mixer: Mixer) -> Call:
    mixer = mixer.child(0)  # the caller's own stream stays where it is

    def call(X: np.ndarray, Y: np.ndarray | None, hard: bool) -> tuple[Any, Any]:
        plan = mixer.draw(X.shape, like=X, labels=Y, clip=True)
        return mixer.apply(X, Y, plan)

    return call


def _of_callable(function: Callable[..., Any]) -> Call:
    """Return the call of a function f(X), f(X, y) or f(X, y=None) that gives X_new or (X_new, labels)."""
    labelled = _takes_labels(function)

    def call(X: np.ndarray, Y: np.ndarray | None, hard: bool) -> tuple[Any, Any]:
        given = Y.argmax(axis=1) if Y is not None and hard else Y
        made = function(X, given) if labelled else function(X)
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


def _of_transform(transform: Any, seed: int) -> Call:
    """Return the call of a torchvision transform: image by image, for on a batch it draws once for all."""
    import torch

    state: list[Any] = [torch.Generator().manual_seed(seed).get_state()]

    def call(X: np.ndarray, Y: np.ndarray | None, hard: bool) -> tuple[Any, Any]:
        images, back = _channels_first(X)
        with torch.random.fork_rng(devices=[]):  # transforms draw from the global generator, which is put back
            torch.set_rng_state(state[0])
            made = [_as_array(transform(torch.from_numpy(np.ascontiguousarray(image)))) for image in images]
            state[0] = torch.get_rng_state()
        return back(np.stack(made)), None

    return call


def _of_batch_transform(transform: Any, seed: int) -> Call:
    """Return the call of torchvision's MixUp and CutMix, which take a batch with int labels."""
    import torch

    state: list[Any] = [torch.Generator().manual_seed(seed).get_state()]

    def call(X: np.ndarray, Y: np.ndarray | None, hard: bool) -> tuple[Any, Any]:
        if Y is None:
            raise ValueError(f"{type(transform).__name__} needs labels; give y.")
        images, back = _channels_first(X)
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(state[0])
            made, labels = transform(torch.from_numpy(images.copy()), torch.from_numpy(Y.argmax(axis=1)))
            state[0] = torch.get_rng_state()
        return back(_as_array(made)), _as_array(labels)

    return call


def _channels_first(X: np.ndarray) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """Return images (m, C, H, W), and the way back to the layout of X."""
    if X.ndim == 3:
        return X[:, None], lambda made: made[:, 0]
    if X.ndim == 4 and X.shape[1] not in CHANNELS and X.shape[3] in CHANNELS:
        return X.transpose(0, 3, 1, 2), lambda made: made.transpose(0, 2, 3, 1)
    if X.ndim == 4:
        return X, lambda made: made
    raise ValueError(
        f"a torchvision transform needs images (n, H, W), (n, H, W, C) or (n, C, H, W); got shape {X.shape}. "
        "Reshape the samples."
    )


def _as_array(made: Any) -> np.ndarray:
    """Return a tensor, or a PIL image (H, W[, C]), as an array with its channels first."""
    if hasattr(made, "detach"):
        return made.detach().cpu().numpy()
    array = to_floats(np.asarray(made), "what the transform gives")
    return array[None] if array.ndim == 2 else array.transpose(2, 0, 1)
