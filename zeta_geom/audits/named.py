"""Objects that a text names: "package.module:name"."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["find_named"]


def find_named(path: str, argument: str) -> Any:
    """Return what "module:name" names.

    Parameters
    ----------
    path : str
    argument : str
        For the error's text.

    Returns
    -------
    object

    Raises
    ------
    ValueError
        If it is no such path, or the module has no such name.
    ImportError
        If there is no such module.

    Examples
    --------
    >>> find_named("math:pi", "oracle")
    3.141592653589793
    """
    module, colon, name = path.partition(":")
    if not (colon and module and name):
        raise ValueError(f"{argument} must name what it means as module:name, such as models:predict; got {path!r}.")
    found = importlib.import_module(module)
    if not hasattr(found, name):
        raise ValueError(f"{argument} {path!r} is not to be found: module {module} has no {name}.")
    return getattr(found, name)
