"""Augmentations with one interface: mixers, transforms of libraries, and functions of arrays."""

import inspect
from collections.abc import Callable
from typing import Any

from zeta_geom.audits.methods.albumentations import of_albumentations
from zeta_geom.audits.methods.batches import Batch, Call, Method, Output
from zeta_geom.audits.methods.images import to_tensor
from zeta_geom.audits.methods.kornia import of_kornia
from zeta_geom.audits.methods.libraries import library_of, name_of
from zeta_geom.audits.methods.masked import Masked
from zeta_geom.audits.methods.timm import of_timm
from zeta_geom.audits.methods.torchvision import of_torchvision
from zeta_geom.checks.importing import is_builtin
from zeta_geom.mixers import MIXERS, make_mixer
from zeta_geom.mixers.base import Mixer
from zeta_geom.mixers.image_mixer import with_channels
from zeta_geom.mixers.table import LEARNED, parameters_of

LABELS = ("y", "Y", "label", "labels", "target", "targets")  # names of an optional second argument for labels
OF_LIBRARY = {"albumentations": of_albumentations, "kornia": of_kornia, "torchvision": of_torchvision}


def to_method(value: object, seed: int, key: str = "", channels: str | None = None) -> Method:
    """Return an augmentation as a method with its default name; `key` is its name in error messages."""
    if isinstance(value, str):
        value = make_mixer(value, random_state=seed)
    if isinstance(value, Mixer):
        inside = value.traits.space == "features"
        return Method(_mixer_name(value), repr(value), _of_mixer(with_channels(value, channels)), inside)
    masked = value if isinstance(value, Masked) else None
    if isinstance(value, Masked):
        value = value.transform
    if not callable(value) or isinstance(value, type) or is_builtin(value):
        raise TypeError(
            f"an augmentation must be callable or one of {', '.join(MIXERS)}; give a function that takes a batch of "
            f"samples and returns a batch; got {key and f'{key}, '}{value!r}."
        )
    name, library = name_of(value), library_of(value)
    if library == "timm":
        return Method(f"timm {name}", _spelled_timm(value), of_timm(value, seed, channels))
    if library is not None:
        spelled = _spelled(value, name)
        spelled = f"Masked({spelled}, masks)" if masked else spelled
        return Method(name, spelled, OF_LIBRARY[library](value, seed, channels, masked))
    return Method(name, f"{getattr(value, '__module__', '')}.{name}", _of_callable(value, key or name))


def _spelled(transform: object, name: str) -> str:
    """Return the repr of a transform, or its class and name if repr fails, as for albumentations' nameless Lambda."""
    try:
        return repr(transform)
    except Exception:  # the repr of a user's class may raise any error
        return f"{type(transform).__name__} of {name}"


def _spelled_timm(mixup: object) -> str:
    """Return timm's Mixup, which has no repr, as Python code."""
    values = ", ".join(f"{key}={value!r}" for key, value in vars(mixup).items())
    return f"{type(mixup).__name__}({values})"


def _mixer_name(mixer: Mixer) -> str:
    """Return the mixer's name in the table, with the parameters that differ from their defaults."""
    names = {kind.traits.title: key for key, kind in MIXERS.items()} | {row[0]: key for key, row in LEARNED.items()}
    known = type(mixer) in MIXERS.values() or mixer.traits.title in {row[0] for row in LEARNED.values()}
    name = names[mixer.traits.title] if known else type(mixer).__name__
    listed = parameters_of(type(mixer)).items()
    defaults = {key: parameter.default for key, parameter in listed if parameter.default is not parameter.empty}
    changed = {
        key: getattr(mixer, key)
        for key, default in (defaults | {"prob": 1.0, "label_smoothing": 0.0}).items()
        if hasattr(mixer, key)
        and getattr(mixer, key) != default
        and isinstance(getattr(mixer, key), (int, float, str, tuple))
    }
    return name + (f" ({', '.join(f'{key}={value}' for key, value in changed.items())})" if changed else "")


def _of_mixer(mixer: Mixer) -> Call:
    mixer = mixer.child(0)  # a child leaves the stream of the caller's mixer unchanged
    in_torch = "numpy" not in mixer.traits.backends

    def call(batch: Batch) -> Output:
        X: Any = to_tensor(batch.X) if in_torch else batch.X  # a mixer takes NumPy arrays or tensors, never both
        labels: Any = to_tensor(batch.Y) if in_torch and batch.Y is not None else batch.Y
        return mixer.apply(X, labels, mixer.draw(X.shape, like=X, labels=labels, clip=True))

    return call


def _of_callable(function: Callable[..., Any], name: str) -> Call:
    """Return the call of a function f(X), f(X, y) or f(X, y=None) that returns X_new or (X_new, labels)."""
    labelled = takes_labels(function)

    def call(batch: Batch) -> Output:
        labels = batch.Y.argmax(axis=1) if batch.Y is not None and batch.hard else batch.Y
        try:
            output = function(batch.X, labels) if labelled else function(batch.X)
        except (ImportError, MemoryError):
            raise
        except (Exception, SystemExit) as error:
            divided = ", integers that the audit divided by 255," if batch.grey else ""
            raise ValueError(
                f"augmentation {name} must be a function from a batch of samples to a batch; for {batch.X.dtype} of "
                f"shape {batch.X.shape}{divided} it raised {type(error).__name__}: {error}"
            ) from error
        if not isinstance(output, tuple):
            return output, None
        if len(output) != 2:
            raise ValueError(f"an augmentation must return X_new or (X_new, labels); got {len(output)} values.")
        return output

    return call


def takes_labels(function: Callable[..., Any]) -> bool:
    """Return whether the second argument of a function of a batch is the labels."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # some functions written in C have no signature
        return False
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return len(positional) > 1 and (positional[1].default is inspect.Parameter.empty or positional[1].name in LABELS)
