"""The identity of a Python object: the modules that define it, and the values that it holds, as JSON values."""

from __future__ import annotations

import copyreg
import hashlib
import platform
import sys
import types
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from zeta_geom.checks import host_array
from zeta_geom.checks.points import is_tensor
from zeta_geom.records.keys import data_fingerprint
from zeta_geom.records.reach import find_module, module_name, search_path

# the import names of the libraries whose versions are part of every key
COMPUTING_MODULES = {"numpy", "scipy", "numba", "sklearn", "skdim", "openTSNE", "torch"}
DEEPEST = 50  # nested values; Python itself allows a thousand calls
GENERATORS = {"Generator", "RandomState", "Random", "SystemRandom"}  # classes of Python, NumPy and torch


@dataclass(frozen=True)
class Keyed:
    """An object with a key that you are responsible for, in place of one made from its code and its values.

    Parameters
    ----------
    value : object
        A function, a mixer or a module whose code or state cannot be read, such as a function of a notebook.
    key : str
        Change it whenever the object computes something else: results with this key are read, not computed again.

    Raises
    ------
    TypeError
        If `key` is not a text, or is empty.

    Examples
    --------
    >>> Keyed(lambda original, mixed: 0.0, key="v1").key
    'v1'
    """

    value: Any
    key: str

    def __post_init__(self) -> None:
        if not isinstance(self.key, str) or not self.key:
            raise TypeError(f"key must be a non-empty str, such as 'v1'; got {self.key!r}.")


class NoKeyError(ValueError):
    """An object cannot be identified; the message is the reason."""


@dataclass(frozen=True)
class Identity:
    """What makes an object the same in another process, or another day."""

    key: Any  # JSON values: names, and the values that the object holds
    sources: tuple[Path, ...] = ()  # the modules whose code it runs


def identity(value: object, *, without: frozenset[str] = frozenset()) -> Identity:
    """Return the identity of an object.

    Parameters
    ----------
    value : object
        A function, partial, bound method, class, instance or plain value; or a `Keyed` object.
    without : frozenset of str
        Names of attributes that do not count.

    Returns
    -------
    Identity

    Raises
    ------
    NoKeyError
        If the code is in no file that can be imported, or a value has a state that cannot be read.

    Examples
    --------
    >>> identity(data_fingerprint).key
    {'name': 'zeta_geom.records.keys:data_fingerprint'}
    """
    if isinstance(value, Keyed):
        return Identity({"key": value.key})
    reading = _Reading(without)
    key = reading.describe(value)
    if reading.versions:
        key = {"object": key, "versions": reading.versions}
    return Identity(key, tuple(sorted(reading.sources)))


def import_name(value: object) -> str | None:
    """Return "module:name" if the object is found there, None if it has no such place."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not (isinstance(module, str) and isinstance(name, str)):
        return None
    place: object = sys.modules.get(module)
    for part in name.split("."):
        place = getattr(place, part, None)
    if place is not value:
        return None
    return f"{_real_name(module)}:{name}"


def _real_name(module: str) -> str:
    """Return a module's name; that of the script for __main__."""
    file = getattr(sys.modules.get(module), "__file__", None)
    return module_name(Path(file).resolve())[0] if module == "__main__" and file else module


@dataclass
class _Reading:
    """One walk over an object, which collects modules and versions."""

    without: frozenset[str]
    sources: set[Path] = field(default_factory=set)
    versions: dict[str, str] = field(default_factory=dict)
    open: list[int] = field(default_factory=list)  # ids of the objects on the way to the present one

    def describe(self, value: object) -> Any:
        """Return a value as JSON values."""
        if value is None or (isinstance(value, (bool, int, str)) and not isinstance(value, Enum)):
            return value
        if isinstance(value, float) and not isinstance(value, np.generic):
            return value if np.isfinite(value) else {"float": repr(value)}
        if isinstance(value, np.generic) and value.dtype.kind in "biufU":
            return self.describe(value.item())
        if isinstance(value, (np.ndarray, np.generic)) or is_tensor(value):
            return self._array(value)
        if isinstance(value, bytes):
            return {"bytes": hashlib.sha256(value).hexdigest()}
        if isinstance(value, PurePath):
            return {"path": str(value)}
        if id(value) in self.open:
            raise NoKeyError("it contains itself")
        if len(self.open) > DEEPEST:
            raise NoKeyError(f"its values are nested more than {DEEPEST} deep")
        self.open.append(id(value))
        try:
            return self._describe_composed(value)
        finally:
            self.open.pop()

    def _describe_composed(self, value: Any) -> Any:
        kind = type(value)
        if kind in (list, tuple):
            return [self.describe(part) for part in value]
        if kind in (set, frozenset):
            return {"set": sorted((self.describe(part) for part in value), key=repr)}
        if isinstance(value, Mapping) and kind.__module__ in ("builtins", "collections"):
            return {"mapping": [[self.describe(key), self.describe(part)] for key, part in value.items()]}
        if isinstance(value, Enum):
            return {"member": f"{self._name(kind)}.{value.name}"}
        if isinstance(value, partial):
            parts = {"partial": value.func, "arguments": value.args, "keywords": value.keywords}
            return {name: self.describe(part) for name, part in parts.items()}
        if isinstance(value, types.MethodType):
            return {"method": value.__name__, "of": self.describe(value.__self__)}
        if isinstance(value, types.ModuleType):
            self._count(value.__name__)
            return {"module": _real_name(value.__name__)}
        if import_name(value) is not None or isinstance(value, type):
            return {"name": self._name(value)}
        if isinstance(value, types.FunctionType):
            return self._describe_function(value)
        return self._describe_instance(value)

    def _array(self, value: object) -> dict[str, str]:
        try:
            return {"array": data_fingerprint(host_array(value.cpu() if hasattr(value, "cpu") else value))}
        except TypeError as error:
            raise NoKeyError("it holds an array of Python objects") from error

    def _describe_function(self, function: types.FunctionType) -> dict[str, Any]:
        """Describe a lambda or an inner function: its place, its code, and the values that it closes over."""
        self._count_code(function)
        cells = zip(function.__code__.co_freevars, function.__closure__ or ())
        parts: dict[str, Any] = {
            "function": f"{_real_name(function.__module__)}:{function.__qualname__}",
            "code": _code_digest(function.__code__),
        }
        closure = {}
        for name, cell in cells:
            with suppress(ValueError):  # an empty cell
                closure[name] = cell.cell_contents
        values = {
            "closure": {name: part for name, part in closure.items() if part is not function},
            "defaults": function.__defaults__,
            "keywords": function.__kwdefaults__,
        }
        return parts | {name: self.describe(part) for name, part in values.items() if part}

    def _count_code(self, function: types.FunctionType) -> None:
        """Count the module that a function says it is of, and the one that its code is in."""
        file = Path(function.__code__.co_filename)
        if not file.is_file():
            raise NoKeyError("its code is in no file: it was defined in a notebook, a prompt or a text")
        self._count(function.__module__)
        place = getattr(sys.modules.get(function.__module__), "__file__", None)
        if place is None or file.resolve() != Path(place).resolve():  # as of a function that a decorator made
            self._count_file(file.resolve())

    def _name(self, value: Any) -> str:
        """Return the import name of a class or a function, and count its module."""
        if (name := import_name(value)) is None:
            raise NoKeyError(f"{value.__qualname__} is not at the top level of a module")
        self._count(value.__module__)
        return name

    def _count(self, module: str | None) -> None:
        """Count the code of a module: by its file, or by the version of a library."""
        if module is None:
            raise NoKeyError("it does not name its module")
        top = module.partition(".")[0]
        file = getattr(sys.modules.get(module), "__file__", None)
        if module == "__main__" and (file is None or not Path(file).is_file()):
            raise NoKeyError("its code is in no file: it was defined in a notebook, a prompt or a text")
        if top in COMPUTING_MODULES:
            return
        if top in sys.stdlib_module_names and module != "__main__":
            self.versions["python"] = platform.python_version()
        elif file is None or not file.endswith(".py"):
            self.versions[top] = _version(top)
        else:
            self._count_file(Path(file).resolve())

    def _count_file(self, path: Path) -> None:
        name = module_name(path)[0]
        if not any(find_module(name, folder) == path for folder in search_path()):
            raise NoKeyError(f"its module {name!r} is found in no folder of sys.path; add the folder of {path}")
        self.sources.add(path)

    def _describe_instance(self, value: object) -> dict[str, Any]:
        """Describe an object by what pickle would send: how it is made, and its state."""
        kind = type(value)
        if kind.__name__ in GENERATORS and kind.__module__.startswith(("numpy.", "random", "torch.")):
            raise NoKeyError(f"it holds a random generator ({kind.__name__}), whose state changes; use a seed")
        try:
            reduced = value.__reduce_ex__(2)
        except Exception as error:  # a class may raise anything
            raise NoKeyError(f"the state of a {kind.__module__}.{kind.__name__} cannot be read ({error})") from error
        if isinstance(reduced, str):
            self._count(kind.__module__)
            return {"name": f"{kind.__module__}:{reduced}"}
        make, arguments, state, *items = reduced if len(reduced) > 2 else (*reduced, None)
        if make is copyreg.__newobj__:  # type: ignore[attr-defined]  # of every class without a rule of its own
            make, arguments = arguments[0], arguments[1:]
        parts = {"arguments": arguments, "items": [list(part) for part in items if part is not None]}
        description = {"object": self.describe(make), "state": self._state(state)}
        return description | {name: self.describe(part) for name, part in parts.items() if part}

    def _state(self, state: Any) -> Any:
        """Describe a state; of attributes and slots those that count, by their names."""
        attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
        if not all(isinstance(part, (dict, types.NoneType)) for part in (attributes, slots)):
            return self.describe(state)
        merged = (attributes or {}) | (slots or {})
        kept = sorted((str(name), part) for name, part in merged.items() if name not in self.without)
        return {name: self.describe(part) for name, part in kept}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError as error:
        raise NoKeyError(f"{package} has neither Python code nor a version") from error


def _code_digest(code: types.CodeType) -> str:
    """Return a digest of compiled code, without the names of files and the numbers of lines."""
    digest = hashlib.sha256(code.co_code)
    for part in (code.co_names, code.co_varnames, code.co_freevars):
        digest.update(repr(part).encode())
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            digest.update(_code_digest(constant).encode())
        else:  # a set is written in an order that differs between processes
            parts = sorted(map(repr, constant)) if isinstance(constant, frozenset) else constant
            digest.update(f"{type(constant).__name__} {parts!r}".encode())
    return digest.hexdigest()
