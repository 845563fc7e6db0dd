"""Points in one .npy file that every worker maps: written once, read block by block, gathered by row."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from zeta_geom.checks import LARGEST, check_points, host_array
from zeta_geom.checks.tensors import is_tensor
from zeta_geom.checks.types import ArrayLike
from zeta_geom.records import atomic_path

WINDOW = 32 * 2**20  # bytes mapped, hashed or copied at a time: few calls, and little memory beside a worker's own


@dataclass(frozen=True)
class PointsFile:
    """A .npy file of points in C order."""

    path: str
    n: int
    d: int
    dtype: str  # "float32" or "float64"
    fingerprint: str  # `records.data_fingerprint` of the points
    source: np.ndarray | None = field(default=None, repr=False, compare=False)  # for `save`; None if the file exists

    def save(self) -> None:
        """Write the file, window by window, unless it exists and holds these points."""
        if self.source is None or _holds(Path(self.path), self):
            return
        dtype = np.dtype(self.dtype)
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (self.n, self.d)}
        with atomic_path(self.path) as temporary, temporary.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            for rows in _windows(self.source, dtype):
                file.write(rows.data)


def check_in_memory(points: ArrayLike | Path, name: str) -> ArrayLike:
    """Return the points, or raise TypeError for a path, which only workers read."""
    if isinstance(points, (str, Path)):
        raise TypeError(
            f"{name} must be an array without executor=; got the path {str(points)!r}. Give an executor, or open the "
            'file by numpy.load(path, mmap_mode="r").'
        )
    return points


def points_file(X: ArrayLike | Path, name: str, folder: Path) -> PointsFile:
    """Return the file that holds these points, or that `save` will write; `X` (n, d)."""
    array, path = _array_and_file(X, name)
    n, d = array.shape
    dtype = np.dtype(array.dtype if array.dtype in (np.float32, np.float64) else _wider(array.dtype))
    if path is not None and array.flags.c_contiguous and array.dtype == dtype:
        return PointsFile(str(path.resolve()), n, d, dtype.name, _fingerprint(array, dtype))
    path = (folder / f"{name}.npy").resolve()
    return PointsFile(str(path), n, d, dtype.name, _fingerprint(array, dtype), array)


def map_rows(path: str, start: int, stop: int) -> np.ndarray:
    """Return rows of a .npy file as a memory map of these rows only; it is unmapped when no longer used."""
    try:
        whole = np.load(path, mmap_mode="r")
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"this worker does not see {path}. Name parts= a folder, and X a file, on storage that all workers share."
        ) from error
    offset = whole.offset + start * whole.strides[0]
    return np.asarray(np.memmap(path, whole.dtype, "c", offset, (stop - start, *whole.shape[1:])))


def gather_rows(path: str, rows: np.ndarray) -> np.ndarray:
    """Return a copy (m, d) of ascending rows (m,) of a .npy file; only one window of it is mapped at a time."""
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
    """Return the block, or raise ValueError that names the rows with values not finite, or beyond 1e150."""
    largest = max(float(block.max()), -float(block.min()))
    if np.isfinite(largest) and largest <= LARGEST:
        return block
    bad = first + np.flatnonzero(~(np.abs(block) <= LARGEST).all(axis=1))
    shown = ", ".join(map(str, bad[:5])) + (f" and {len(bad) - 5} more" if len(bad) > 5 else "")
    raise ValueError(
        f"{name} must be finite and lie within ±{LARGEST:g}; got others in row(s) {shown}. Remove or impute them."
    )


def _array_and_file(X: ArrayLike | Path, name: str) -> tuple[np.ndarray, Path | None]:
    """Return X as an array of shape (n, d), and the .npy file whose whole array it is, if any."""
    path: Path | None = None
    if isinstance(X, (str, Path)):
        path = Path(X)
        array = _open_map(path, name)
    elif is_tensor(X) and X.device.type != "cpu":
        raise ValueError(
            f"{name} must be an array or a file with executor; got a tensor on {X.device}. Save it by numpy.save; "
            "with Parts(device='cuda') the workers compute on their devices."
        )
    elif isinstance(X, np.memmap):
        path, array = _file_of(X), X
    else:
        return check_points(X, name), None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold real numbers; got dtype {array.dtype}.")
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"{name} must have shape (n, d), one row per point; got shape {array.shape}.")
    return host_array(array), path


def _open_map(path: Path, name: str) -> np.memmap:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(f"{name} must be an array or a .npy file of one; got {str(path)!r} ({error}).") from error
    if not isinstance(array, np.memmap):
        raise ValueError(f"{name} must be an array or a .npy file of one; got {str(path)!r}. Save it by numpy.save.")
    return array


def _file_of(X: np.memmap) -> Path | None:
    """Return the .npy file that X maps whole and unchanged, or None."""
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


def _holds(path: Path, points: PointsFile) -> bool:
    try:
        stored = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return False
    same = isinstance(stored, np.memmap) and (stored.shape, stored.dtype.name) == ((points.n, points.d), points.dtype)
    return same and _fingerprint(stored, stored.dtype) == points.fingerprint
