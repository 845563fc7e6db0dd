"""The library of a transform, read from its class without an import, and a name made from its parts."""

from collections.abc import Iterable
from typing import Any

LIBRARIES = {  # the library of a class -> the beginning of the names of its modules
    "torchvision": "torchvision.transforms",
    "albumentations": "albumentations",
    "kornia": "kornia",
    "timm": "timm.data.mixup",
}
COMPOSED = {  # classes that apply their parts one after another
    *("Compose", "Sequential", "ReplayCompose", "ImageSequential", "AugmentationSequential"),
}
LONGEST = 60  # characters of a name


def library_of(value: Any) -> str | None:
    """Return the library, a key of LIBRARIES, of a transform or of a torch module that contains one."""
    for base in type(value).__mro__:
        for library, modules in LIBRARIES.items():
            if f"{base.__module__}.".startswith(f"{modules}."):
                return library
    inner: Any = value.modules() if callable(getattr(value, "modules", None)) else ()
    libraries = (library_of(module) for module in inner if module is not value)
    return next((library for library in libraries if library), None)


def is_of(value: object, names: Iterable[str]) -> bool:
    """Return whether a transform's class, or one that it derives from, has one of these names."""
    return bool({base.__name__ for base in type(value).__mro__} & set(names))


def name_of(value: object) -> str:
    """Return the name of an augmentation; for a composed transform the names of its parts, at most 60 characters.

    Examples
    --------
    >>> name_of(sorted)
    'sorted'
    """
    parts = _parts(value)
    for count in range(len(parts), 0, -1):
        rest = f" + {len(parts) - count} more" if count < len(parts) else ""
        name = " + ".join(parts[:count]) + rest
        if len(name) <= LONGEST:
            return name
    return f"{len(parts)} transforms" if len(parts) > 1 else parts[0][:LONGEST]


def _parts(value: object) -> list[str]:
    """Return the names of a transform's parts in their order, or its own name."""
    name = getattr(value, "__name__", type(value).__name__)
    inner: Any = ()
    if type(value).__name__ in COMPOSED:
        inner = getattr(value, "transforms", None) or getattr(value, "children", tuple)()
    return [part_name for part in inner for part_name in _parts(part)] or [name]
