"""Objects that a text names: "package.module:name"."""

from __future__ import annotations

import importlib
import inspect
import sys
from typing import Any

__all__ = ["find_named", "is_of_python"]

OF_ARRAYS = {"_operator"}  # the only built-in functions of Python that take arrays and give some


def find_named(path: str, argument: str) -> Any:
    """Return what "module:name" names."""
    module, colon, name = path.partition(":")
    if not (colon and module and name):
        raise ValueError(f"{argument} must name what it means as module:name, such as models:predict; got {path!r}.")
    found = importlib.import_module(module)
    if not hasattr(found, name):
        raise ValueError(f"{argument} {path!r} is not to be found: module {module} has no {name}.")
    return getattr(found, name)


def is_of_python(value: Any) -> bool:
    """Say whether something is a built-in function of Python's own, such as os.system, which knows no arrays."""
    own = sys.stdlib_module_names - OF_ARRAYS
    return inspect.isbuiltin(value) and str(value.__module__).partition(".")[0] in own
