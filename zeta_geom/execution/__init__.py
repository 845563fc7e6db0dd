"""Executors, which carry out tasks, and the ledger, which keeps finished runs."""

from importlib import import_module
from typing import Any

_MODULES = {
    "DaskExecutor": "dask",
    "Executor": "executors",
    "Ledger": "ledger",
    "PoolExecutor": "executors",
    "SerialExecutor": "executors",
}

__all__ = sorted(_MODULES)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
