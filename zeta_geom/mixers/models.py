"""Models that mixers run: hooks that mix the output of named layers, evaluation mode, and logits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

INPUT = "input"  # the name of the layer before the first
STAGES = (INPUT, "layer1", "layer2")  # of torchvision's residual networks


def layer_names(layers: Sequence[str]) -> tuple[str, ...]:
    """Return names of layers as a tuple, or raise TypeError."""
    several = isinstance(layers, (tuple, list)) and len(layers) > 0
    if not several or not all(isinstance(name, str) for name in layers):
        raise TypeError(f"layers must be a sequence of names of modules, at least one; got {layers!r}.")
    return tuple(layers)


def modules_of(model: torch.nn.Module, layers: Sequence[str]) -> dict[str, torch.nn.Module | None]:
    """Return the module of each name; None stands for the input."""
    known = dict(model.named_modules())
    for name in layers:
        if name != INPUT and (name == "" or name not in known):
            listed = ", ".join(repr(key) for key in known if key)
            raise ValueError(f"layers must name modules of the model, or 'input'; got {name!r}. It has {listed}.")
    return {name: None if name == INPUT else known[name] for name in layers}


def run_hooked(
    model: torch.nn.Module,
    X: torch.Tensor,
    modules: Mapping[str, torch.nn.Module | None],
    mix: Callable[[torch.Tensor], torch.Tensor],
) -> Any:
    """Run the model on X with the output of each module, or X itself, replaced by `mix` of it."""
    import torch

    calls = dict.fromkeys(modules, 0)

    def mix_output(name: str, module: torch.nn.Module, args: object, output: object) -> torch.Tensor:
        calls[name] += 1
        if not isinstance(output, torch.Tensor):
            raise TypeError(f"layer {name!r} must return one tensor to be mixed; got {type(output).__name__}.")
        return mix(output)

    handles = []
    try:
        for name, module in modules.items():
            if module is None:
                X, calls[name] = mix(X), 1
            else:
                handles.append(module.register_forward_hook(partial(mix_output, name)))
        output = model(X)
    finally:
        for handle in handles:
            handle.remove()
    for name, times in calls.items():
        if times != 1:
            raise RuntimeError(
                f"layer {name!r} must be called once in a forward pass to be mixed; got {times} calls."
            )
    return output


def check_model(model: object, name: str) -> None:
    """Raise TypeError unless the argument of this name is a torch module."""
    if not callable(getattr(model, "parameters", None)):
        raise TypeError(f"{name} must be a torch.nn.Module; got {type(model).__name__}.")


@contextmanager
def evaluated(model: torch.nn.Module) -> Iterator[None]:
    """Run a model in evaluation mode, with gradients; restore the mode of each module."""
    import torch

    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.enable_grad():
            yield
    finally:
        for module, training in modes.items():
            module.training = training


def logits_of(model: torch.nn.Module, images: torch.Tensor, name: str) -> torch.Tensor:
    """Return the logits (n, C) of images, in their dtype; the model receives them in its own."""
    parameter = next(model.parameters(), None)
    logits: torch.Tensor = model(images if parameter is None else images.to(parameter.dtype)).to(images.dtype)
    if logits.ndim != 2 or len(logits) != len(images):
        raise ValueError(
            f"{name} must return logits of shape (n, C); got {tuple(logits.shape)} for {len(images)} images."
        )
    return logits
