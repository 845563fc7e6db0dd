"""What a result says of itself: settings, versions, fingerprints of data and code, and the key made of them.

The key is a hash of the name, the settings, the data's fingerprint, the versions of the libraries that compute, and a
hash of the package's sources.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from zeta_geom.checks import host_array

__all__ = ["code_fingerprint", "data_fingerprint", "file_fingerprint", "key_of", "library_versions", "make_manifest"]

COMPUTING_LIBRARIES = ("numpy", "scipy", "numba", "scikit-learn", "scikit-dimension", "openTSNE", "torch")


def make_manifest(
    name: str, settings: Mapping[str, Any], data: str, source: Path | str | None = None
) -> dict[str, Any]:
    """Return what a record says of itself before it has values: all that its key is made of, and the key."""
    code = code_fingerprint()
    if source is not None:
        code = hashlib.sha256(f"{code}{file_fingerprint(Path(source))}".encode()).hexdigest()
    manifest = {
        "name": name,
        "settings": json.loads(json.dumps(settings, sort_keys=True)),
        "data": data,
        "versions": library_versions(),
        "package": code_fingerprint(),
        "code": code,
    }
    return manifest | {"key": key_of(manifest)}


def key_of(manifest: Mapping[str, Any], *, code: bool = True) -> str:
    """Return the key of a manifest, a str, the SHA-256 in hexadecimal; without the code's part for `code` False."""
    parts = ("name", "settings", "data", "versions", "code") if code else ("name", "settings", "data", "versions")
    return hashlib.sha256(json.dumps({part: manifest[part] for part in parts}, sort_keys=True).encode()).hexdigest()


@cache
def library_versions() -> dict[str, str]:
    """Return the version, a str, of each library that computes."""
    return {library: version(library) for library in COMPUTING_LIBRARIES}


def data_fingerprint(*arrays: Any) -> str:
    """Return a str, the SHA-256 in hexadecimal over dtypes, shapes and bytes of arrays.

    Parameters
    ----------
    *arrays : array-like, of any dtype and shape

    Raises
    ------
    TypeError, ValueError
        If one holds Python objects, or is a list that nests others of unequal lengths.

    Examples
    --------
    >>> data_fingerprint(np.zeros(3))[:8] == data_fingerprint(np.zeros(3))[:8]
    True
    """
    digest = hashlib.sha256()
    for array in (np.ascontiguousarray(host_array(values, "arrays")) for values in arrays):
        if array.dtype.hasobject:
            raise TypeError("arrays must hold numbers, texts or dates; got Python objects of no fixed bytes.")
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.view(np.uint8).data if array.size else b"")
    return digest.hexdigest()


@cache
def code_fingerprint() -> str:
    """Return the SHA-256, a str in hexadecimal, over the package's Python sources and shipped weights."""
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted([*root.rglob("*.py"), *root.rglob("*.safetensors")]):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def file_fingerprint(path: Path) -> str:
    """Return a str, the SHA-256 in hexadecimal over a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
