"""A result on disk: values, settings, seed, versions and fingerprints, written whole or not at all.

A table is one Parquet file and a set of arrays is one NPZ file (never pickle), each beside a JSON manifest. A result
is reused if its key is the same; any difference computes it again.
"""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zeta_geom.checks import host_array
from zeta_geom.records.disk import Place, atomic_path
from zeta_geom.records.keys import Manifest, Sources, current_code, file_fingerprint, make_manifest, module_file
from zeta_geom.records.manifests import is_same, read_manifest, write_manifest

logger = logging.getLogger(__name__)


class Record:
    """A result with its manifest.

    Parameters
    ----------
    name, values : str, and DataFrame or dict of name -> NumPy array
        The question, used as the file name, and the result.
    manifest : dict
        Settings, fingerprints of data and code, versions and key.
    """

    def __init__(self, name: str, values: pd.DataFrame | dict[str, np.ndarray], manifest: Manifest) -> None:
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
        """The values if they are a table; TypeError if they are arrays."""
        if not isinstance(self.values, pd.DataFrame):
            raise TypeError(f"record {self.name!r} holds arrays, not a table.")
        return self.values


def record(
    name: str,
    compute: Callable[[], pd.DataFrame | Mapping[str, np.ndarray]],
    *,
    settings: Mapping[str, object],
    data: str,
    folder: Path | str,
    source: Sources = None,
    force: bool = False,
    stale: bool = False,
) -> Record:
    """Return the stored record of this key, or compute it and store it.

    Parameters
    ----------
    name : str
        The file name, without an ending; a folder may stand before it.
    compute : callable
        Called without arguments if nothing can be reused; returns a DataFrame, or a dict of arrays.
    settings : mapping
        What determines the result, the seed included; JSON values only.
    data, folder : str, path
        The fingerprint of the input data; the folder of the records.
    source : path, or sequence of paths, optional
        The modules that compute; the one that defines `compute` by default. They, and what they import of this
        package and of their own, are the code in the key.
    force, stale : bool
        Compute even if a record exists; accept a record that differs only in the code, and log this.

    Returns
    -------
    Record
        As it is on the disk.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> first = record("demo", lambda: {"x": np.arange(3)}, settings={"seed": 0}, data="none", folder=folder)
    >>> record("demo", lambda: 1 / 0, settings={"seed": 0}, data="none", folder=folder)["x"]
    array([0, 1, 2])
    """
    manifest = make_manifest(name, settings, data, module_file(compute) if source is None else source)
    path = Path(folder) / name
    if not force and is_same(read_manifest(_manifest_path(path)), manifest, stale=stale):
        try:
            return _load(path)
        except ValueError as error:
            logger.warning("%s: computing it again (%s)", name, error)
    values = compute()
    if not isinstance(values, pd.DataFrame):
        values = {key: np.asarray(value) for key, value in values.items()}
    write(Record(name, values, manifest), path)
    return _load(path)  # as later calls will read it


def write(result: Record, path: Path | str, *, place: Place = atomic_path) -> None:
    """Write a record: first the values, and last the manifest, which makes the record valid.

    Parameters
    ----------
    result : Record
        Its manifest gets the name and the checksum of the file of values.
    path : path
        Folder and name, without an ending.
    place : callable, optional
        Returns the context in which a file is written; `synced_path` inside an `atomic_folder`.

    Raises
    ------
    TypeError, ValueError
        If an array holds Python objects, which only pickle could store, or is a list of lists of unequal lengths.
    """
    path = Path(path)
    if not isinstance(result.values, pd.DataFrame):
        result.values = {key: host_array(value, key) for key, value in result.values.items()}
        objects = [key for key, value in result.values.items() if value.dtype.hasobject]
        if objects:
            raise TypeError(f"record {result.name!r} must hold no Python objects; got them in {objects}.")
    manifest_path = _manifest_path(path)
    manifest_path.unlink(missing_ok=True)  # between the two renames the record must not look whole
    if isinstance(result.values, pd.DataFrame):
        values_path = path.with_name(path.name + ".parquet")
        with place(values_path) as temporary:
            result.values.to_parquet(temporary, index=False)
    else:
        values_path = path.with_name(path.name + ".npz")
        with place(values_path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **result.values)  # type: ignore[arg-type]
    result.manifest |= {"file": values_path.name, "sha256": file_fingerprint(values_path)}
    write_manifest(manifest_path, result.manifest, place)


def read(path: Path | str, *, any_code: bool = False) -> Record:
    """Read the record at `path`; warn if other code than today's computed it.

    Parameters
    ----------
    path, any_code : path, bool
        Folder and name, without an ending; whether not to warn.

    Returns
    -------
    Record
        As it is on the disk.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no record, or its values are not the bytes that the manifest was written for.
    """
    stored = _load(Path(path))
    if not any_code and current_code(stored.manifest) not in (None, stored.manifest["code"]):
        logger.warning("%s: other code computed this record; run its analysis again", stored.name)
    return stored


def _load(path: Path) -> Record:
    manifest = read_manifest(_manifest_path(path))
    if manifest is None or not manifest.keys() >= {"file", "sha256"}:
        raise FileNotFoundError(f"there is no whole record at {path}; run the analysis that writes it.")
    if manifest["file"] not in (f"{path.name}.npz", f"{path.name}.parquet"):
        raise ValueError(f"the manifest of {path} must name its file; it names {manifest['file']!r}. Delete it.")
    values_path = path.parent / manifest["file"]
    if not values_path.exists() or file_fingerprint(values_path) != manifest["sha256"]:
        raise ValueError(f"{values_path} does not match its checksum; delete it and run the analysis again.")
    if values_path.suffix == ".parquet":
        return Record(manifest["name"], pd.read_parquet(values_path), manifest)
    with np.load(values_path, allow_pickle=False) as stored:
        return Record(manifest["name"], {key: stored[key] for key in stored.files}, manifest)


def _manifest_path(path: Path) -> Path:
    return path.with_name(path.name + ".json")
