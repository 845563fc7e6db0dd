"""The key of a computation: settings, and fingerprints of its data, its code and the libraries that compute."""

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from zeta_geom.checks import host_array
from zeta_geom.checks.types import ArrayLike
from zeta_geom.records.reach import PACKAGE, State, file_state, find_module, module_name, reached_modules, search_path

COMPUTING_LIBRARIES = ("numpy", "scipy", "numba", "scikit-learn", "scikit-dimension", "openTSNE", "torch")
PARTS = ("name", "settings", "data", "versions")  # of a manifest, which with the code make its key

Manifest = dict[str, Any]  # JSON values
Sources = Path | str | Iterable[Path | str] | None


def make_manifest(name: str, settings: Mapping[str, object], data: str, source: Sources = None) -> Manifest:
    """Return a record's manifest before it has values: all parts of its key, and the key."""
    paths = _paths(source)
    manifest = {
        "name": name,
        "settings": json.loads(json.dumps(settings, sort_keys=True)),
        "data": data,
        "versions": library_versions(),
        "modules": [module_name(path)[0] for path in paths],
        "code": code_fingerprint(paths),
    }
    return manifest | {"key": key_of(manifest)}


def key_of(manifest: Mapping[str, object], *, code: bool = True) -> str:
    """Return the key of a manifest, a SHA-256 in hexadecimal; without the code if `code` is False."""
    parts = (*PARTS, "code") if code else PARTS
    return hashlib.sha256(json.dumps({part: manifest[part] for part in parts}, sort_keys=True).encode()).hexdigest()


def current_code(manifest: Mapping[str, Any]) -> str | None:
    """Return today's fingerprint of a manifest's code, or None if its modules do not exist."""
    folders = (PACKAGE.parent, *search_path())  # searched as Python would, without running anything
    paths = [next(filter(None, (find_module(name, each) for each in folders)), None) for name in manifest["modules"]]
    return None if None in paths else code_fingerprint([path for path in paths if path is not None])


@cache
def library_versions() -> dict[str, str]:
    """Return the version of each library that computes."""
    return {library: version(library) for library in COMPUTING_LIBRARIES}


def data_fingerprint(*arrays: ArrayLike) -> str:
    """Return the SHA-256 over dtypes, shapes and bytes of arrays.

    Parameters
    ----------
    *arrays : array-like
        Of any shape, and any dtype but Python objects.

    Returns
    -------
    str
        In hexadecimal.

    Raises
    ------
    TypeError, ValueError
        If an array holds Python objects, or is a list of lists of unequal lengths.

    Examples
    --------
    >>> data_fingerprint(np.zeros(3))[:8] == data_fingerprint(np.zeros(3))[:8]
    True
    """
    digest = hashlib.sha256()
    for array in (np.ascontiguousarray(host_array(values, "arrays")) for values in arrays):
        if array.dtype.hasobject:
            raise TypeError("arrays must hold numbers, texts or dates; got Python objects without fixed bytes.")
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.view(np.uint8).data if array.size else b"")
    return digest.hexdigest()


def code_fingerprint(source: Sources = None) -> str:
    """Return the SHA-256 over the code that a computation reaches by imports.

    Parameters
    ----------
    source : path, or sequence of paths, optional
        The modules that compute; all modules of this package by default.

    Returns
    -------
    str
        In hexadecimal, over syntax trees of the modules of this package and of the repository of `source`, without
        docstrings, comments and layout, and over the bytes of weights that they load.

    Examples
    --------
    >>> len(code_fingerprint())
    64
    """
    sources = tuple(_paths(source))
    known = _fingerprints.get((PACKAGE, sources))
    if known is None or any(_state(path) != state for path, state in known[1].items()):
        digests, outside = reached_modules(sources or sorted(PACKAGE.rglob("*.py")), PACKAGE)
        fingerprint = hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()
        _fingerprints[PACKAGE, sources] = known = fingerprint, outside
    return known[0]


# a fingerprint, and the files outside the package with the states that it was made of
_fingerprints: dict[tuple[Path, tuple[Path, ...]], tuple[str, dict[Path, State]]] = {}


def file_fingerprint(path: Path) -> str:
    """Return the SHA-256, in hexadecimal, over a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def module_file(computes: Callable[..., object] | type) -> Path | None:
    """Return the file that defines a function, a class or an object's class; None where it is in no file."""
    while isinstance(computes, partial):
        computes = computes.func
    owner = computes if hasattr(computes, "__qualname__") else type(computes)
    path = getattr(sys.modules.get(getattr(owner, "__module__", "")), "__file__", None)
    return None if path is None else Path(path)


def _paths(source: Sources) -> list[Path]:
    if source is None:
        return []
    return [Path(path) for path in ([source] if isinstance(source, (str, Path)) else source)]


def _state(path: Path) -> State | None:
    try:
        return file_state(path)
    except OSError:
        return None
