"""Torch modules as sources of features: run in evaluation mode, without gradients, in batches that fit."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from zeta_geom.checks.types import Shape
from zeta_geom.features.sources import Key, call

# values in the input of a batch: 64 pictures of side 64, or 5 of side 224; larger batches were slower
VALUES = 64 * 3 * 64**2
LARGEST_BATCH = 256  # samples; larger ones save nothing on small inputs, and the layers inside may be wide
SHOWN = 20  # names of layers in an error


class Preparing(Protocol):
    """Turns a batch of samples into the input of a network."""

    @property
    def stated(self) -> str:
        """The preprocessing in one sentence."""
        ...

    @property
    def suffix(self) -> str:
        """The part of the space's name that states the input's size."""
        ...

    @property
    def width(self) -> int | None:
        """Number of values of one input; None if it is that of the sample."""
        ...

    def sized(self, shape: Shape, channels: str | None) -> Preparing:
        """Return the preprocessing for samples of this shape."""
        ...

    def __call__(self, batch: np.ndarray) -> Tensor:
        """Return the input for a batch."""
        ...


def whole(module: nn.Module, x: Tensor) -> Any:
    """Run a module."""
    return module(x)


@dataclass(frozen=True)
class Network:
    """A layer of a torch module.

    `load` returns the module, `run` calls it without its classifier; `identity` is the key without layer and input.
    """

    title: str
    load: Callable[[], nn.Module] = field(repr=False)
    prepare: Preparing
    layer: str | None = None
    run: Callable[[nn.Module, Tensor], Any] = field(default=whole, repr=False)
    identity: Callable[[], Key] | None = field(default=None, repr=False)
    output: str = ""  # the output of `run`, in words

    @property
    def name(self) -> str:
        """The name of the space, with the layer and the size of the input."""
        return self.title + ("" if self.layer is None else f".{self.layer}") + self.prepare.suffix

    @property
    def stated(self) -> str:
        """The preprocessing in one sentence."""
        output = self.output or f"the output of {self.title}"
        if self.layer is not None:
            output = f"the output of layer {self.layer} of {self.title}, flattened and not pooled"
        return f"{self.prepare.stated} Features: {output}."

    @property
    def key(self) -> Key | None:
        """What determines the output; None for a user's module, whose code cannot be known."""
        if self.identity is None:
            return None
        return self.identity() | {"layer": self.layer, "input": self.prepare.stated}

    def sized(self, shape: Shape, channels: str | None) -> Network:
        """Return the network for samples of this shape."""
        return replace(self, prepare=self.prepare.sized(shape, channels))

    def outputs(self, X: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the layer's outputs for consecutive batches, smaller ones if the device's memory does not suffice."""
        module = self.load()
        parameter = next(
            (each for each in [*module.parameters(), *module.buffers()] if each.is_floating_point()), None
        )
        to: Any = {} if parameter is None else {"device": parameter.device, "dtype": parameter.dtype}
        width = self.prepare.width or X[0].size
        size, start = max(1, min(LARGEST_BATCH, VALUES // width)), 0
        with torch.no_grad(), evaluating(module):
            while start < len(X):
                batch = X[start : start + size]
                try:
                    output = call(lambda x: self._forward(module, x, to), batch, batch.shape, self.name)
                except ValueError as error:
                    if not isinstance(error.__cause__, torch.OutOfMemoryError):
                        raise
                    if len(batch) == 1:
                        raise MemoryError(f"features {self.name!r}: the device cannot hold one sample.") from error
                    size = len(batch) // 2
                    continue
                start += len(batch)
                yield output

    def _forward(self, module: nn.Module, batch: np.ndarray, to: Any) -> Tensor:
        x = self.prepare(batch).to(**to)
        output = self.run(module, x) if self.layer is None else _layer_output(module, self.layer, self.run, x)
        if not isinstance(output, Tensor):
            raise TypeError(
                f"its output must be one tensor, got {type(output).__name__}; choose a layer that returns one"
            )
        return output


class _Reached(Exception):
    """The layer has run; the layers after it are not needed."""


def _layer_output(module: nn.Module, layer: str, run: Callable[[nn.Module, Tensor], Any], x: Tensor) -> Any:
    """Return the output of an inner layer in a forward pass, which ends there."""
    outputs = []

    def keep(_: nn.Module, inputs: object, output: object) -> None:
        outputs.append(output)
        raise _Reached  # also before a layer that works in place could change the output

    handle = module.get_submodule(layer).register_forward_hook(keep)
    try:
        run(module, x)
    except _Reached:
        pass
    finally:
        handle.remove()
    if not outputs:
        raise RuntimeError(f"layer {layer} does not run in a forward pass")
    return outputs[0]


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Put a module into evaluation mode, and each of its parts back into its own mode afterwards."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode


def check_layer(module: nn.Module, layer: str | None) -> None:
    """Raise ValueError if a module has no layer of this name."""
    names = [name for name, _ in module.named_modules() if name]
    if layer is None or layer in names:
        return
    close = difflib.get_close_matches(str(layer), names, n=SHOWN, cutoff=0.5)
    outer = [name for name in names if name.count(".") == min(map(str.count, names, ["."] * len(names)))]
    shown = names if len(names) <= SHOWN else list(dict.fromkeys([*close, *outer]))[:SHOWN]
    more = ", …" if len(shown) < len(names) else ""
    raise ValueError(f"layer must be a layer of {type(module).__name__}: {', '.join(shown)}{more}; got {layer!r}.")
