"""Points in one .npy file that every worker maps: found or written once, read block by block, gathered by row."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from array_api_compat import is_torch_array

from zeta_geom.checks import LARGEST, check_points, host_array
from zeta_geom.records import atomic_path

__all__ = ["PointsFile", "check_block", "gather_rows", "map_rows", "points_file"]

WINDOW = 32 * 2**20  # bytes of a file that are mapped, hashed or copied at a time


@dataclass(frozen=True)
class PointsFile:
    """Points on disk, in C order, float32 or float64.

    Parameters
    ----------
    path : str
        A .npy file.
    n, d : int
        Its shape.
    dtype : str
        "float32" or "float64".
    fingerprint : str
        That of `records.data_fingerprint`.
    source : ndarray, or None
        What `save` writes; None: the file is there.
    """

    path: str
    n: int
    d: int
    dtype: str
    fingerprint: str
    source: np.ndarray | None = field(default=None, repr=False, compare=False)

    def save(self) -> None:
        """Write the file, window by window, unless it is there and holds these points."""
        if self.source is None or _holds(Path(self.path), self):
            return
        dtype = np.dtype(self.dtype)
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (self.n, self.d)}
        with atomic_path(self.path) as temporary, temporary.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            for rows in _windows(self.source, dtype):
                file.write(rows.data)


def points_file(X: Any, name: str, folder: Path) -> PointsFile:
    """Return the file that holds these points, or that `save` makes of them.

    Shapes: `X` (n, d).
    """
    array, path = _array_and_file(X, name)
    n, d = array.shape
    dtype = np.dtype(array.dtype if array.dtype in (np.float32, np.float64) else _wider(array.dtype))
    if path is not None and array.flags.c_contiguous and array.dtype == dtype:
        return PointsFile(str(path.resolve()), n, d, dtype.name, _fingerprint(array, dtype))
    path = (folder / f"{name}.npy").resolve()
    return PointsFile(str(path), n, d, dtype.name, _fingerprint(array, dtype), array)


def map_rows(path: str, start: int, stop: int) -> np.ndarray:
    """Return rows of a .npy file as a memory map of these alone; what is not used any more is unmapped.

    Returns shape (stop - start, d).
    """
    try:
        whole = np.load(path, mmap_mode="r")
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"this worker does not see {path}. Name parts= a folder, and X a file, on storage that all workers share."
        ) from error
    offset = whole.offset + start * whole.strides[0]
    return np.asarray(np.memmap(path, whole.dtype, "c", offset, (stop - start, *whole.shape[1:])))


def gather_rows(path: str, rows: np.ndarray) -> np.ndarray:
    """Return a copy of some rows of a .npy file, of which only a window is mapped at a time.

    Shapes: `rows` (m,) -> (m, d).
    """
    first = map_rows(path, int(rows[0]), int(rows[0]) + 1)
    result = np.empty((len(rows), first.shape[1]), dtype=first.dtype)
    size, done = max(1, WINDOW // first.nbytes), 0
    while done < len(rows):
        start = int(rows[done])
        end = int(np.searchsorted(rows, start + size))
        window = map_rows(path, start, int(rows[end - 1]) + 1)
        np.take(window, rows[done:end] - start, axis=0, out=result[done:end])
        done = end
    return result


def check_block(block: np.ndarray, name: str, first: int) -> np.ndarray:
    """Return the block, or raise ValueError that names the rows whose values are not finite, or beyond 1e150.

    Shapes: `block` (m, d) -> (m, d).
    """
    largest = max(float(block.max()), -float(block.min()))
    if np.isfinite(largest) and largest <= LARGEST:
        return block
    bad = first + np.flatnonzero(~(np.abs(block) <= LARGEST).all(axis=1))
    shown = ", ".join(map(str, bad[:5])) + (f" and {len(bad) - 5} more" if len(bad) > 5 else "")
    raise ValueError(
        f"{name} must be finite and lie within ±{LARGEST:g}; got others in row(s) {shown}. Remove or impute them."
    )


def _array_and_file(X: Any, name: str) -> tuple[np.ndarray, Path | None]:
    """Return X as an array of shape (n, d), and the file of which it is the whole."""
    path = None
    if isinstance(X, (str, Path)):
        path = Path(X)
        try:
            X = np.load(path, mmap_mode="r", allow_pickle=False)
        except (ValueError, EOFError) as error:
            raise ValueError(
                f"{name} must be an array or a .npy file of one; got {str(path)!r} ({error})."
            ) from error
        if not isinstance(X, np.memmap):
            raise ValueError(
                f"{name} must be an array or a .npy file of one; got {str(path)!r}. Save it by numpy.save."
            )
    elif is_torch_array(X) and X.device.type != "cpu":
        raise ValueError(
            f"{name} must be an array or a file with executor=; got a tensor on {X.device}. Save it by numpy.save; "
            "Parts(device='cuda') does the work on the workers' devices."
        )
    elif isinstance(X, np.memmap):
        path = _file_of(X)
    else:
        return check_points(X, name), None
    if X.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold real numbers; got dtype {X.dtype}.")
    if X.ndim != 2 or 0 in X.shape:
        raise ValueError(f"{name} must have shape (n, d), one row a point; got shape {X.shape}.")
    return host_array(X), path


def _file_of(X: np.memmap) -> Path | None:
    """Return the .npy file of which X is the whole array as it is on disk, or None."""
    if X.filename is None or X.mode == "c":
        return None
    path = Path(X.filename)
    try:
        whole = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    if not isinstance(whole, np.memmap) or not X.flags.c_contiguous:
        return None
    if (X.shape, X.strides, X.dtype, X.offset) != (whole.shape, whole.strides, whole.dtype, whole.offset):
        return None
    X.flush()
    return path


def _wider(dtype: np.dtype) -> type:
    return np.float32 if dtype == np.float16 else np.float64


def _windows(array: np.ndarray, dtype: np.dtype) -> Iterator[np.ndarray]:
    size = max(1, WINDOW // (array.shape[1] * dtype.itemsize))
    for start in range(0, len(array), size):
        yield np.ascontiguousarray(array[start : start + size], dtype=dtype)


def _fingerprint(array: np.ndarray, dtype: np.dtype) -> str:
    """Return `records.data_fingerprint` of the points as they are on disk, window by window."""
    digest = hashlib.sha256(f"{dtype.str}{array.shape}".encode())
    for rows in _windows(array, dtype):
        digest.update(rows.data)
    return digest.hexdigest()


def _holds(path: Path, wanted: PointsFile) -> bool:
    try:
        stored = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return False
    same = isinstance(stored, np.memmap) and (stored.shape, stored.dtype.name) == ((wanted.n, wanted.d), wanted.dtype)
    return same and _fingerprint(stored, stored.dtype) == wanted.fingerprint
