"""Randomness as an argument: seeds, independent streams, and states that resume exactly."""

from importlib import import_module
from typing import Any

_MODULES = {
    "RandomState": "seeds",
    "is_torch_generator": "seeds",
    "loader_rank": "seeds",
    "numpy_generator": "seeds",
    "process_rank": "seeds",
    "seed_from": "seeds",
    "torch_generator": "seeds",
}

__all__ = sorted(_MODULES)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
