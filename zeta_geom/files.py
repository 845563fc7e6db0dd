"""A user's own files: arrays read from `.npy` and `.npz`, results written as `.npz`, `.csv` or `.parquet`."""

from __future__ import annotations

import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zeta_geom.checks import host_array
from zeta_geom.records import atomic_path

__all__ = ["labels_of", "read_arrays", "to_floats", "write_result"]

DAMAGE = (  # what reading a file that is not whole raises, in NumPy and below it
    *(ValueError, EOFError, MemoryError, OverflowError, RuntimeError, SyntaxError),
    *(struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error),
)


def read_arrays(path: Path, points: str = "X", *, mapped: bool = False) -> dict[str, np.ndarray]:
    """Read the arrays of a `.npy` or `.npz` file, never through pickle.

    Parameters
    ----------
    path : Path
    points : str
        The array that must be there; the only one of a `.npy` goes by this name.
    mapped : bool
        Leave a `.npy` on the disk, as a memory map.

    Returns
    -------
    dict of str -> ndarray

    Raises
    ------
    OSError, ValueError
        If the file is absent, is of another kind, is damaged, or holds no sample under that name.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "points.npy"
    >>> np.save(path, np.zeros((3, 2)))
    >>> read_arrays(path)["X"].shape
    (3, 2)
    """
    if path.suffix not in (".npy", ".npz"):
        raise ValueError(f"{path} must be a .npy or .npz file.")
    try:
        arrays = _load(path, points, mapped and path.suffix == ".npy")
    except DAMAGE as error:
        raise ValueError(f"{path} cannot be read as {path.suffix}: {error}") from error
    if points not in arrays:
        raise ValueError(f"{path} must hold an array {points}; it holds {', '.join(arrays) or 'nothing'}.")
    if arrays[points].ndim < 1 or len(arrays[points]) == 0:
        raise ValueError(f"{path} must hold at least one sample in {points}; its shape is {arrays[points].shape}.")
    return arrays


def labels_of(arrays: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """Return the labels among the arrays of a file.

    Parameters
    ----------
    arrays : mapping of str -> array

    Returns
    -------
    ndarray or None
        The soft labels Y, else the labels y; None if there are neither.

    Examples
    --------
    >>> labels_of({"X": np.zeros((2, 3)), "y": np.array([0, 1])})
    array([0, 1])
    """
    return arrays.get("Y", arrays.get("y"))


def to_floats(X: Any, name: str = "X") -> np.ndarray:
    """Return X as floats; integers, taken for grey levels 0..255, are divided by 255.

    Parameters
    ----------
    X : float or integer array of any shape
    name : str
        The argument's.

    Returns
    -------
    float array of the same shape
        Float32 where X holds integers.

    Raises
    ------
    ValueError
        If X holds integers outside 0..255, or neither floats nor integers.

    Examples
    --------
    >>> to_floats(np.array([0, 255]))
    array([0., 1.], dtype=float32)
    """
    X = host_array(X, name)
    if X.dtype.kind == "f":
        return X
    if X.dtype.kind not in "iu" or (X.size and (X.min() < 0 or X.max() > 255)):
        raise ValueError(
            f"{name} must hold floats, or integers 0..255 as grey levels; got others, of dtype {X.dtype}."
        )
    return X.astype(np.float32) / 255


def write_result(path: Path, values: Mapping[str, np.ndarray] | pd.DataFrame) -> None:
    """Write by the file's ending: arrays as `.npz`, or one row a sample as `.csv` or `.parquet`.

    Parameters
    ----------
    path : Path
        Written under a temporary name and renamed.
    values : mapping of str -> array, or DataFrame

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "k.csv"
    >>> write_result(path, {"k8": np.array([3, 2])})
    >>> path.read_text(encoding="utf-8").split()
    ['k8', '3', '2']
    """
    with atomic_path(path) as temporary:
        if path.suffix == ".npz":
            with temporary.open("wb") as file:
                np.savez_compressed(file, **values)
        elif path.suffix == ".csv":
            pd.DataFrame(values).to_csv(temporary, index=False)
        else:
            pd.DataFrame(values).to_parquet(temporary, index=False)


def _load(path: Path, points: str, mapped: bool) -> dict[str, np.ndarray]:
    if mapped:
        return {points: np.lib.format.open_memmap(path, mode="r")}
    with path.open("rb") as file:
        loaded = np.load(file, allow_pickle=False)
        if isinstance(loaded, np.ndarray) == (path.suffix == ".npz"):
            raise ValueError("its content is that of the other ending, .npy or .npz; rename it.")
        return {points: loaded} if isinstance(loaded, np.ndarray) else dict(loaded)
