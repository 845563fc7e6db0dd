"""A result on disk: values, settings, seed, versions and fingerprints, written whole or not at all.

A table is one Parquet file and a set of arrays is one NPZ file (never pickle), each beside a JSON manifest (see
`manifests`). Same key, reused; any difference, computed again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zeta_geom.checks import host_array
from zeta_geom.records.disk import atomic_path
from zeta_geom.records.manifests import code_fingerprint, data_fingerprint, file_fingerprint, key_of, make_manifest

__all__ = ["Record", "atomic_path", "code_fingerprint", "data_fingerprint", "read", "record", "write"]

logger = logging.getLogger(__name__)
_MANIFEST_PARTS = {"name", "settings", "data", "versions", "package", "code", "key", "file", "sha256"}


class Record:
    """A result with its manifest.

    Parameters
    ----------
    name : str
        What was asked, used as the file name.
    values : DataFrame, or dict of name -> NumPy array
        The result.
    manifest : dict
        Settings, data fingerprint, versions, code fingerprint and key.
    """

    def __init__(self, name: str, values: pd.DataFrame | dict[str, np.ndarray], manifest: dict[str, Any]) -> None:
        self.name = name
        self.values = values
        self.manifest = manifest

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that the result was computed with."""
        return dict(self.manifest["settings"])

    @property
    def table(self) -> pd.DataFrame:
        """The values, where they are a table; of arrays it raises TypeError."""
        if not isinstance(self.values, pd.DataFrame):
            raise TypeError(f"record {self.name!r} holds arrays, not a table.")
        return self.values


def record(
    name: str,
    compute: Callable[[], pd.DataFrame | Mapping[str, np.ndarray]],
    *,
    settings: Mapping[str, Any],
    data: str,
    folder: Path | str,
    source: Path | str | None = None,
    force: bool = False,
    stale: bool = False,
) -> Record:
    """Return the stored record of this key, or compute it and store it.

    Parameters
    ----------
    name : str
        The file name, without an ending; a folder may stand before it.
    compute : callable
        Called without arguments where nothing can be reused; returns a DataFrame, or a dict of arrays.
    settings : mapping
        What determines the result, the seed included; JSON values only.
    data : str
        The fingerprint of the data that go in.
    folder : path
        Where records lie.
    source : path, optional
        The script that computes; its text is part of the code's fingerprint.
    force, stale : bool
        Compute in any case; accept a record that differs in the code's fingerprint alone, and say so in the log.

    Returns
    -------
    Record

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> made = record("demo", lambda: {"x": np.arange(3)}, settings={"seed": 0}, data="none", folder=folder)
    >>> record("demo", lambda: 1 / 0, settings={"seed": 0}, data="none", folder=folder)["x"]
    array([0, 1, 2])
    """
    manifest = make_manifest(name, settings, data, source)
    path = Path(folder) / name
    if not force:
        stored = _read_manifest(path)
        same = stored is not None and stored["key"] == manifest["key"]
        older = stored is not None and stale and key_of(stored, code=False) == key_of(manifest, code=False)
        if same or older:
            try:
                reused = _load(path)
            except ValueError as error:
                logger.warning("%s: computing it again (%s)", name, error)
            else:
                if not same:
                    logger.warning("%s: reusing a record of older code (%s)", name, reused.manifest["code"][:12])
                return reused
    values = compute()
    if not isinstance(values, pd.DataFrame):
        values = {key: np.asarray(value) for key, value in values.items()}
    write(Record(name, values, manifest), path)
    return _load(path)  # what later runs will see


def write(made: Record, path: Path | str) -> None:
    """Write a record: the values first, the manifest, which makes it count, last.

    Parameters
    ----------
    made : Record
    path : path, without an ending

    Raises
    ------
    TypeError, ValueError
        If an array holds Python objects, which only pickle could store, or a list nests others of unequal lengths.
    """
    path = Path(path)
    if not isinstance(made.values, pd.DataFrame):
        made.values = {key: host_array(value, key) for key, value in made.values.items()}
        objects = [key for key, value in made.values.items() if value.dtype.hasobject]
        if objects:
            raise TypeError(f"record {made.name!r} must hold no Python objects; got them in {objects}.")
    manifest_path = _manifest_path(path)
    manifest_path.unlink(missing_ok=True)  # between the two renames the record must not look whole
    if isinstance(made.values, pd.DataFrame):
        values_path = path.with_name(path.name + ".parquet")
        with atomic_path(values_path) as temporary:
            made.values.to_parquet(temporary, index=False)
    else:
        values_path = path.with_name(path.name + ".npz")
        with atomic_path(values_path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **made.values)  # type: ignore[arg-type]
    made.manifest |= {"file": values_path.name, "sha256": file_fingerprint(values_path)}
    with atomic_path(manifest_path) as temporary:
        temporary.write_text(json.dumps(made.manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read(path: Path | str, *, any_code: bool = False) -> Record:
    """Read the record at `path`; warn where other code than this made it.

    Parameters
    ----------
    path : path, folder and name without an ending
    any_code : bool
        Do not warn.

    Returns
    -------
    Record

    Raises
    ------
    FileNotFoundError, ValueError
        If there is none, or its values are not the bytes that the manifest was written for.
    """
    stored = _load(Path(path))
    if not any_code and stored.manifest["package"] != code_fingerprint():
        logger.warning("%s: a record of other code than this; run its analysis again", stored.name)
    return stored


def _load(path: Path) -> Record:
    manifest = _read_manifest(path)
    if manifest is None:
        raise FileNotFoundError(f"there is no whole record at {path}; run the analysis that writes it.")
    if manifest["file"] not in (f"{path.name}.npz", f"{path.name}.parquet"):
        raise ValueError(f"the manifest of {path} must name its file; it names {manifest['file']!r}. Delete it.")
    values_path = path.parent / manifest["file"]
    if not values_path.exists() or file_fingerprint(values_path) != manifest["sha256"]:
        raise ValueError(f"{values_path} is not what its manifest says; delete it and run the analysis again.")
    if values_path.suffix == ".parquet":
        return Record(manifest["name"], pd.read_parquet(values_path), manifest)
    with np.load(values_path, allow_pickle=False) as stored:
        return Record(manifest["name"], {key: stored[key] for key in stored.files}, manifest)


def _manifest_path(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _read_manifest(path: Path) -> dict[str, Any] | None:
    """Return the manifest beside `path`, or None where there is none that can be read."""
    try:
        manifest = json.loads(_manifest_path(path).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # ValueError: neither UTF-8 nor JSON
        return None
    return manifest if isinstance(manifest, dict) and manifest.keys() >= _MANIFEST_PARTS else None
