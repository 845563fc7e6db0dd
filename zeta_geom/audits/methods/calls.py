"""Augmentations with one interface: mixers, torchvision transforms, and functions of arrays."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from zeta_geom.audits.methods.transforms import (
    Call,
    Output,
    is_transform,
    of_batch_transform,
    of_transform,
    to_tensor,
)
from zeta_geom.checks.importing import is_builtin
from zeta_geom.mixers import MIXERS, make_mixer
from zeta_geom.mixers.base import Mixer
from zeta_geom.mixers.image_mixer import with_channels
from zeta_geom.mixers.table import parameters_of

LABELS = ("y", "Y", "label", "labels", "target", "targets")  # names of an optional second argument for labels


@dataclass(frozen=True)
class Method:
    """An augmentation with a name; `Call` describes the interface."""

    name: str
    spelled: str  # the augmentation as Python code, for the report
    call: Call


def to_method(value: object, seed: int, key: str = "", channels: str | None = None) -> Method:
    """Return an augmentation as a method under a name of its own; `key` is its name in error messages."""
    if isinstance(value, str):
        value = make_mixer(value, random_state=seed)
    if isinstance(value, Mixer):
        return Method(_mixer_name(value), repr(value), _of_mixer(with_channels(value, channels)))
    if not callable(value) or isinstance(value, type) or is_builtin(value):
        raise TypeError(
            f"an augmentation must be callable or one of {', '.join(MIXERS)}; give a function that takes a batch of "
            f"samples and returns one; got {key and f'{key}, '}{value!r}."
        )
    name = getattr(value, "__name__", type(value).__name__)
    if is_transform(value):
        batched = type(value).__name__ in ("MixUp", "CutMix")
        call = of_batch_transform if batched else of_transform
        return Method(name, repr(value), call(value, seed, channels))
    return Method(name, f"{getattr(value, '__module__', '')}.{name}", _of_callable(value, key or name))


def _mixer_name(mixer: Mixer) -> str:
    """Return the mixer's name in the table, with the parameters that differ from their defaults."""
    name = next((key for key, kind in MIXERS.items() if kind is type(mixer)), type(mixer).__name__)
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
            f"{type(mixer).__name__} mixes features inside a network; give the output of a layer as synthetic=."
        )
    mixer = mixer.child(0)  # a child leaves the stream of the caller's mixer unchanged
    in_torch = "numpy" not in mixer.traits.backends

    def call(X: np.ndarray, Y: np.ndarray | None, hard: bool, grey: bool) -> Output:
        batch: Any = to_tensor(X) if in_torch else X  # a mixer's two kinds of arrays are no union
        labels: Any = to_tensor(Y) if in_torch and Y is not None else Y
        return mixer.apply(batch, labels, mixer.draw(batch.shape, like=batch, labels=labels, clip=True))

    return call


def _of_callable(function: Callable[..., Any], name: str) -> Call:
    """Return the call of a function f(X), f(X, y) or f(X, y=None) that returns X_new or (X_new, labels)."""
    labelled = _takes_labels(function)

    def call(X: np.ndarray, Y: np.ndarray | None, hard: bool, grey: bool) -> Output:
        labels = Y.argmax(axis=1) if Y is not None and hard else Y
        try:
            output = function(X, labels) if labelled else function(X)
        except (ImportError, MemoryError):
            raise
        except (Exception, SystemExit) as error:
            divided = ", integers that the audit divided by 255," if grey else ""
            raise ValueError(
                f"augmentation {name} must be a function of a batch of samples that returns one; for {X.dtype} of "
                f"shape {X.shape}{divided} it raised {type(error).__name__}: {error}"
            ) from error
        if not isinstance(output, tuple):
            return output, None
        if len(output) != 2:
            raise ValueError(f"an augmentation must return X_new or (X_new, labels); got {len(output)} values.")
        return output

    return call


def _takes_labels(function: Callable[..., Any]) -> bool:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # some functions written in C have no signature
        return False
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return len(positional) > 1 and (positional[1].default is inspect.Parameter.empty or positional[1].name in LABELS)
