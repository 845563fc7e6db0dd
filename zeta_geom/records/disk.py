"""Files and folders that are written whole or not at all, and a check that a place can be written."""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

Place = Callable[[Path], AbstractContextManager[Path]]  # where a file is written, such as `atomic_path`


@contextmanager
def atomic_path(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` if the block ends well, else remove it.

    Parameters
    ----------
    path : path
        Its folder is created if it is absent, and removed again if the block fails.

    Yields
    ------
    Path
        A killed process leaves this file, which the next writer of the same path removes.

    Raises
    ------
    OSError
        If the file cannot be written; the error names `path`.

    Examples
    --------
    >>> target = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with atomic_path(target) as temporary:
    ...     _ = temporary.write_text("whole", encoding="utf-8")
    >>> target.read_text(encoding="utf-8")
    'whole'
    """
    path = Path(path)
    with new_folder(path.parent):
        with name_file(path):
            handle, temporary = begin_file(path)
        try:
            with name_file(path, temporary):
                yield temporary
                temporary.chmod(0o644)
                _sync(temporary)
                temporary.replace(path)
        finally:
            if handle is not None:
                os.close(handle)
            temporary.unlink(missing_ok=True)


@contextmanager
def synced_path(path: Path) -> Iterator[Path]:
    """Yield `path`, and put the file on the disk when the block ends: for files of an `atomic_folder`."""
    with name_file(path):
        yield path
        _sync(path)


@contextmanager
def atomic_folder(path: Path, temporary: Path) -> Iterator[Path]:
    """Yield a new folder in `temporary`, renamed to `path` if the block ends well; FileExistsError if it is there.

    Its files are written with `synced_path`. The renaming itself is not synced: should the power fail in the next
    seconds, the folder may be absent, never incomplete.
    """
    temporary.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{path.name}~", dir=temporary))
    try:
        yield folder
        folder.chmod(0o755)
        try:
            folder.rename(path)
        except OSError as error:
            if path.exists():  # systems raise different errors here
                raise FileExistsError(f"{path} has been written by another process.") from error
            raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def new_folder(folder: Path) -> Iterator[None]:
    """Make a folder if it is absent; if the block fails, remove it and its new parents if they are empty."""
    new = [] if folder.exists() else [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        with suppress(OSError):  # not empty, or removed by another process
            for path in new:
                path.rmdir()
        raise


@contextmanager
def name_file(path: Path, temporary: Path | None = None) -> Iterator[None]:
    """Put the path into an OSError that has no file name, such as that of a full disk, or the temporary name."""
    try:
        yield
    except OSError as error:
        if error.filename is not None and str(error.filename) != str(temporary):
            raise
        if error.errno is None:  # raised by a library, as one text
            raise OSError(f"{path} cannot be written: {error}") from error
        raise OSError(error.errno, error.strerror, str(path)) from error


def check_writable(path: Path, name: str, *, folder: bool = False) -> None:
    """Raise unless a file, or a folder with files, can be written; called before the work that ends there."""
    try:
        if path.exists() and path.is_dir() != folder:
            raise OSError(f"is a {'file' if folder else 'folder'}")
        place = path if folder else path.parent
        while not place.exists():
            place = place.parent
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"0")
    except OSError as error:
        raise OSError(
            f"{name} must be a {'folder' if folder else 'file'} that can be written; {path}: "
            f"{error.strerror or error}. Name another."
        ) from error


def write_result(path: Path, values: Mapping[str, np.ndarray] | pd.DataFrame) -> None:
    """Write by the file's ending: arrays as `.npz`, or one row per sample as `.csv` or `.parquet`."""
    import numpy as np
    import pandas as pd

    with atomic_path(path) as temporary:
        if path.suffix == ".npz":
            with temporary.open("wb") as file:
                np.savez_compressed(file, **values)
        elif path.suffix == ".csv":
            pd.DataFrame(values).to_csv(temporary, index=False)
        else:
            pd.DataFrame(values).to_parquet(temporary, index=False)


def begin_file(path: Path) -> tuple[int | None, Path]:
    """Return a new temporary file beside `path` and a handle that locks it; remove those whose owners are dead."""
    start = f".{path.stem[:40]}~writing-"
    if fcntl is None:
        handle, name = tempfile.mkstemp(prefix=start, suffix=path.suffix, dir=path.parent)
        os.close(handle)  # Windows renames no open file
        return None, Path(name)
    for abandoned in path.parent.glob(f"{glob.escape(start)}*"):
        with suppress(OSError):  # locked by its living owner, or removed by another process
            _remove_unlocked(abandoned)
    while True:
        handle, name = tempfile.mkstemp(prefix=start, suffix=path.suffix, dir=path.parent)
        with suppress(OSError):  # storage without locks, where no process removes the files of others
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.path.exists(name):
            return handle, Path(name)
        os.close(handle)  # before it was locked, another process took it for a dead one's and removed it


def _remove_unlocked(path: Path) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    finally:
        os.close(handle)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
