"""Networks by name: the oracle's LeNet-5, EfficientNet-Lite0 trained on ImageNet, models of timm, users' modules."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from zeta_geom.features.folding import fold_batch_norms
from zeta_geom.features.inputs import AsTheyAre, Digits, Pictures
from zeta_geom.features.modules import Network, check_layer, whole
from zeta_geom.features.sources import Key
from zeta_geom.features.weights import (
    IMAGENET_PACKAGE,
    IMAGENET_SHA256,
    imagenet_states,
    load_in_order,
    load_named,
    require,
    state_hash,
)

SMALL = 64  # side of the input for pictures of 32 or 64 pixels: a tenth of the work of LARGE
LARGE = 224  # side of the input that EfficientNet-Lite0 was trained on
IMAGENET = "tf_efficientnet_lite0"  # timm's name of the architecture
LENET_OUTPUT = "the 84 values before the last layer of the oracle's LeNet-5"
IMAGENET_OUTPUT = "the 1,280 pooled values before the classifier of EfficientNet-Lite0, trained on ImageNet"


def lenet(layer: str | None) -> Network:
    """Return the network of the MNIST oracle; its output is the 84 values before the last layer."""
    check_layer(_lenet(), layer)
    run = _lenet_features if layer is None else whole
    return Network(
        "lenet", _lenet, Digits(), layer, run, _lenet_key, LENET_OUTPUT
    )  # the code's key covers the weights


def imagenet(layer: str | None, weights: Path | str | None) -> Network:
    """Return EfficientNet-Lite0 with ImageNet weights; its output is the 1,280 pooled values."""
    # with a layer nothing is folded, because folding changes the outputs of convolutions
    load = partial(_imagenet, layer is None) if weights is None else _Constant(_quick(weights, layer is None))
    if layer is not None:
        check_layer(load(), layer)
    elif weights is None:
        require("timm", IMAGENET_PACKAGE)  # checked now: the network is loaded when it is used
    prepare = Pictures(_imagenet_side, (0.5,) * 3, (0.5,) * 3)  # as in timm's configuration of this model
    run = _pooled if layer is None else whole
    return Network("imagenet", load, prepare, layer, run, _imagenet_key, IMAGENET_OUTPUT)


def imagenet_model(weights: Path | str | None = None) -> nn.Module:
    """Return EfficientNet-Lite0 with its classifier of 1,000 classes, in evaluation mode."""
    require("timm")
    import timm

    model: nn.Module = timm.create_model(IMAGENET, pretrained=False)
    load_in_order(model, imagenet_states(weights))
    return model.eval()


def timm_model(name: str, layer: str | None, weights: Path | str | None) -> Network:
    """Return a model of timm; its output is the input of its classifier."""
    model: Any = _timm(name, weights)
    check_layer(model, layer)
    config = model.pretrained_cfg
    side = int(config.get("input_size", (3, LARGE, LARGE))[-1])
    mean, std = config.get("mean", (0.5,) * 3), config.get("std", (0.5,) * 3)
    mode = "bilinear" if config.get("interpolation") == "bilinear" else "bicubic"
    prepare = Pictures(partial(_same_side, side), tuple(mean), tuple(std), mode)
    output = f"the input of the classifier of {name}"
    identity = partial(_timm_key, name, model)
    return Network(
        f"timm:{name}", _Constant(model), prepare, layer, _pooled if layer is None else whole, identity, output
    )


def of_module(
    module: nn.Module, value: Any, path: str | None, layer: str | None, weights: Path | str | None
) -> Network:
    """Return a user's module, or the network behind its bound method `value`; with weights, a copy of it."""
    check_layer(module, layer)
    method = None if value is module else value.__name__
    if weights is not None:
        module = copy.deepcopy(module)
        load_named(module, weights)
    title = path or type(module).__name__ + ("" if method is None else f".{method}")
    run = whole if method is None else partial(_method, method)
    return Network(title, _Constant(module), AsTheyAre(), layer, run)


@cache
def _lenet() -> nn.Module:
    from zeta_geom.realism import MNISTOracle

    return MNISTOracle.pretrained().model


@dataclass(frozen=True, eq=False)
class _Constant:
    """A function that returns a module; unlike a lambda it can be sent to another process."""

    module: nn.Module

    def __call__(self) -> nn.Module:
        return self.module


@cache
def _imagenet(folded: bool) -> nn.Module:
    return _quick(None, folded)


def _quick(weights: Path | str | None, folded: bool) -> nn.Module:
    model = imagenet_model(weights)
    model = fold_batch_norms(model) if folded else model
    return model.to(memory_format=torch.channels_last)  # with folding, 1.5 times as many pictures per second


def _timm(name: str, weights: Path | str | None) -> nn.Module:
    require("timm")
    import timm

    if not timm.is_model(name):
        close = timm.list_models(f"*{name.split('_')[0]}*")[:8]
        hint = f"such as {', '.join(close)}" if close else "timm.list_models() lists them"
        raise ValueError(f"features 'timm:MODEL' must name a model of timm, {hint}; got {name!r}.")
    try:
        model: nn.Module = timm.create_model(name, pretrained=weights is None)
    except Exception as error:  # from the hub: no network, or no such weights
        reason = " ".join(str(error).split())[:200]
        raise ValueError(
            f"features 'timm:{name}': timm could not get its weights ({type(error).__name__}: {reason}). Give "
            "weights=FILE.safetensors or .pth."
        ) from error
    if weights is not None:
        load_named(model, weights)
    return model.eval()


def _method(name: str, module: nn.Module, x: Tensor) -> Any:
    return getattr(module, name)(x)


def _lenet_features(module: Any, x: Tensor) -> Any:
    return module.features(x)


def _pooled(module: Any, x: Tensor) -> Any:
    return module.forward_head(module.forward_features(x), pre_logits=True)


def _imagenet_side(longer: int) -> int:
    return SMALL if longer <= SMALL else LARGE


def _same_side(side: int, longer: int) -> int:
    return side


def _lenet_key() -> Key:
    return {"space": "lenet"}


def _imagenet_key() -> Key:
    return {"space": "imagenet", "weights": IMAGENET_SHA256, "timm": version("timm")}


def _timm_key(name: str, model: nn.Module) -> Key:
    return {"space": f"timm:{name}", "weights": state_hash(model), "timm": version("timm")}
