"""Feature spaces: pixels, layers of networks, or any function of samples, in which measures are taken."""

from importlib import import_module
from typing import Any

_MODULES = {
    "FeatureSpace": "spaces",
    "kept": "keeping",
    "space": "choosing",
    "to_spaces": "choosing",
}

__all__ = sorted(_MODULES)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
