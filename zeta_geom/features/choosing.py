"""Feature spaces by name, by a network and a layer, or by a function: all values of an argument `features=`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zeta_geom.checks import check_channels
from zeta_geom.checks.importing import import_named, is_builtin
from zeta_geom.features.sources import Function, Pixels, Source
from zeta_geom.features.spaces import FeatureSpace

if TYPE_CHECKING:
    from torch import nn

NAMES = ("pixels", "lenet", "imagenet")
TIMM = "timm:"
RULE = "'pixels', 'lenet', 'imagenet', 'timm:MODEL', 'module:name', a torch module, or a function batch -> (n, c)"


def space(
    features: object, *, layer: str | None = None, weights: str | Path | None = None, name: str | None = None
) -> FeatureSpace:
    """Return a feature space.

    Parameters
    ----------
    features : str, torch module or callable
        "pixels": the values of a sample. "lenet": the 84 values before the last layer of the MNIST oracle.
        "imagenet": the 1,280 pooled values before the classifier of EfficientNet-Lite0, trained on ImageNet; pictures
        with sides of at most 64 pixels are resized to 64 × 64, others to 224 × 224. "timm:MODEL": the values
        before the classifier of a model of timm. "module:name": an object to import. A torch module, or its bound
        method: it runs in evaluation mode, without gradients, on its own device, and gets images with their channels
        first. A callable: NumPy batch (n, ...) -> (n, c), where each row depends on its own sample alone.
    layer : str, optional
        Take the output of this inner layer of a network, by its name in `named_modules`, flattened and not pooled;
        the network's output by default. Of a layer that runs several times, the first output counts.
    weights : path, optional
        A .safetensors or .pth file with a state dict: for "timm:MODEL", for a torch module (of which a copy is used),
        or for "imagenet" (another copy of its file).
    name : str, optional
        The name in tables; by default made from `features` and `layer`.

    Returns
    -------
    FeatureSpace

    Raises
    ------
    TypeError, ValueError, ImportError
        If the name or the layer is unknown, a package is missing, or weights do not fit.

    Examples
    --------
    >>> space("pixels").name, space(lambda X: X.mean(axis=(1, 2)), name="brightness").name
    ('pixels', 'brightness')
    """
    if isinstance(features, FeatureSpace):
        if layer is not None or weights is not None:
            raise ValueError("layer and weights must be passed when space() makes the FeatureSpace, not afterwards.")
        return features if name is None else replace(features, name=_named(name), fixed=True)
    source = _source(features, layer, weights)
    if name is None:
        return FeatureSpace(source.name, source)
    name = _named(name)
    if isinstance(source, Function):
        source = replace(source, name=name)  # error messages show it; a lambda has no name
    return FeatureSpace(name, source, fixed=True)


def to_spaces(features: Any = None, channels: str | None = None) -> dict[str, FeatureSpace]:
    """Return the feature spaces of an argument `features=`, by name.

    Parameters
    ----------
    features : value, pair, sequence or mapping, optional
        What `space` takes, a pair (network, layer), a sequence of these, or a mapping of name -> one of these; pixels
        by default.
    channels : {"first", "last"}, optional
        Where the channels of images are; inferred by default.

    Returns
    -------
    dict of str -> FeatureSpace

    Raises
    ------
    TypeError, ValueError, ImportError
        As in `space`; also if two spaces have the same name, or there is no space.

    Examples
    --------
    >>> list(to_spaces(["pixels", "lenet"]))
    ['pixels', 'lenet']
    """
    channels = check_channels(channels)
    if features is None:
        features = "pixels"
    if isinstance(features, Mapping):
        spaces = [_one(value, str(name)) for name, value in features.items()]
    elif _is_pair(features) or not _is_sequence(features):
        spaces = [_one(features)]
    else:
        spaces = [_one(value) for value in features]
    names = [each.name for each in spaces]
    if not names:
        raise ValueError(f"features must name at least one space: {RULE}; got {features!r}.")
    if repeated := {name for name in names if names.count(name) > 1}:
        raise ValueError(
            f"features must have different names; got {', '.join(sorted(repeated))} twice. Give a mapping name -> "
            "features."
        )
    return {each.name: replace(each, channels=channels or each.channels) for each in spaces}


def _one(value: Any, name: str | None = None) -> FeatureSpace:
    features, layer = value if _is_pair(value) else (value, None)
    return space(features, layer=layer, name=name)


def _is_pair(value: object) -> bool:
    """Return whether a value is a network and the name of a layer, rather than two names of spaces."""
    if not (isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], str)):
        return False
    return value[1] not in NAMES and ":" not in value[1]  # torch has no ":" in names of layers


def _is_sequence(value: object) -> bool:
    sequence = isinstance(value, Iterable) and not isinstance(value, (str, bytes)) and not callable(value)
    return sequence and not hasattr(value, "dtype")


def _named(name: object) -> str:
    if not isinstance(name, str) or not name.strip():
        raise TypeError(f"name must be a non-empty str; got {name!r}.")
    return name


def _source(features: object, layer: str | None, weights: str | Path | None) -> Source:
    if isinstance(features, str) and ":" in features and not features.startswith(TIMM):
        return _of_object(import_named(features, "features"), features, layer, weights)
    if not isinstance(features, str):
        return _of_object(features, None, layer, weights)
    if features == "pixels":
        _refuse(features, layer=layer, weights=weights)
        return Pixels()
    from zeta_geom.features import networks  # loads torch

    if features == "lenet":
        _refuse(features, weights=weights)
        return networks.lenet(layer)
    if features == "imagenet":
        return networks.imagenet(layer, weights)
    if features.startswith(TIMM) and features != TIMM:
        return networks.timm_model(features.removeprefix(TIMM), layer, weights)
    raise ValueError(f"features must be {RULE}; got {features!r}.")


def _of_object(value: object, path: str | None, layer: str | None, weights: str | Path | None) -> Source:
    """Return the source of a torch module, its method, or a function; `path` is "module:name", if it was imported."""
    if (module := _torch_module(value)) is not None:
        from zeta_geom.features import networks

        return networks.of_module(module, value, path, layer, weights)
    if not callable(value) or is_builtin(value) or isinstance(value, type):
        came = "a class" if isinstance(value, type) else type(value).__name__
        raise TypeError(f"features must be {RULE}; got {came} {path or ' '.join(repr(value).split())[:60]}.")
    name = str(path or getattr(value, "__name__", type(value).__name__))
    _refuse(f"the function {name}", layer=layer, weights=weights)
    return Function(name, value)


def _torch_module(value: object) -> nn.Module | None:
    """Return a value that is a torch module, or the module of a bound method; without importing torch."""
    torch = sys.modules.get("torch")
    for candidate in (value, getattr(value, "__self__", None)):
        if torch is not None and isinstance(candidate, torch.nn.Module):
            return candidate  # type: ignore[no-any-return]
    return None


def _refuse(features: str, **arguments: object) -> None:
    for name, value in arguments.items():
        if value is not None:
            raise ValueError(f"{name} must be None for {features}; got {value!r}. Remove it.")
