"""Forward hooks that mix the output of named layers while a model runs on a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

__all__ = ["INPUT", "STAGES", "layer_names", "modules_of", "run_hooked"]

INPUT = "input"  # the name of the layer before the first
STAGES = (INPUT, "layer1", "layer2")  # of torchvision's residual networks


def layer_names(layers: Sequence[str]) -> tuple[str, ...]:
    """Return names of layers as a tuple, or raise where they are none."""
    several = isinstance(layers, (tuple, list)) and len(layers) > 0
    if not several or not all(isinstance(name, str) for name in layers):
        raise TypeError(f"layers must be a sequence of names of modules, at least one; got {layers!r}.")
    return tuple(layers)


def modules_of(model: torch.nn.Module, layers: Sequence[str]) -> dict[str, Any]:
    """Return the module of each name; None stands for the input."""
    known = dict(model.named_modules())
    for name in layers:
        if name != INPUT and (name == "" or name not in known):
            listed = ", ".join(repr(found) for found in known if found)
            raise ValueError(f"layers must name modules of the model, or 'input'; got {name!r}. It has {listed}.")
    return {name: None if name == INPUT else known[name] for name in layers}


def run_hooked(model: torch.nn.Module, X: Any, modules: dict[str, Any], mix: Callable[[Any], Any]) -> Any:
    """Run the model on X with the output of each module, or X itself, replaced by `mix` of it."""
    import torch

    called = dict.fromkeys(modules, 0)
    handles = []
    try:
        for name, module in modules.items():

            def hook(module: Any, args: Any, output: Any, name: str = name) -> Any:
                called[name] += 1
                if not isinstance(output, torch.Tensor):
                    raise TypeError(
                        f"layer {name!r} must return one tensor to be mixed; got {type(output).__name__}."
                    )
                return mix(output)

            if module is None:
                X, called[name] = mix(X), 1
            else:
                handles.append(module.register_forward_hook(hook))
        output = model(X)
    finally:
        for handle in handles:
            handle.remove()
    for name, times in called.items():
        if times != 1:
            raise RuntimeError(
                f"layer {name!r} must be called once in a forward pass to be mixed; it was {times} times."
            )
    return output
