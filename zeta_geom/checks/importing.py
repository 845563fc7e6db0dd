"""Objects named by a text: "package.module:name"."""

import importlib
import inspect
import sys
from typing import Any

OF_ARRAYS = {"_operator"}  # the only module of built-in functions that take and return arrays


def import_named(path: str, argument: str) -> Any:
    """Import the object that "module:name" names."""
    module, colon, name = path.partition(":")
    if not (colon and module and name):
        raise ValueError(f"{argument} must be module:name, such as models:predict; got {path!r}.")
    home = importlib.import_module(module)
    if not hasattr(home, name):
        raise ValueError(f"{argument} {path!r} does not exist: module {module} has no {name}.")
    return getattr(home, name)


def is_builtin(value: object) -> bool:
    """Return whether a value is a built-in function of Python, such as os.system, which takes no arrays."""
    modules = sys.stdlib_module_names - OF_ARRAYS
    return inspect.isbuiltin(value) and str(value.__module__).partition(".")[0] in modules
