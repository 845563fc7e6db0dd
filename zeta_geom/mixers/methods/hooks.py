"""Forward hooks that mix the output of named layers while a model runs on a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
