"""One store for finished work: each result is kept whole or not at all, under a key of all its inputs."""

from importlib import import_module
from typing import Any

_MODULES = {
    "Record": "store",
    "atomic_path": "disk",
    "code_fingerprint": "keys",
    "data_fingerprint": "keys",
    "read": "store",
    "record": "store",
    "write": "store",
}

__all__ = sorted(_MODULES)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
