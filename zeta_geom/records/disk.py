"""Files that are written whole or not at all, and whether a place can be written, asked before the work."""

from __future__ import annotations

import glob
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["atomic_path", "check_writable", "name_file", "new_folder"]


@contextmanager
def atomic_path(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` if the block ends well, else remove it.

    A process that is killed leaves its temporary file; whoever writes to the same path next removes it.

    Parameters
    ----------
    path : path
        Its folder is made where it is absent, and removed again if the block fails.

    Yields
    ------
    Path

    Raises
    ------
    OSError
        If the file cannot be written: it names `path`.

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
            handle, temporary = _begin(path)
        try:
            with name_file(path, temporary):
                yield temporary
                temporary.chmod(0o644)
                with temporary.open("rb") as file:
                    os.fsync(file.fileno())
                temporary.replace(path)
        finally:
            if handle is not None:
                os.close(handle)
            temporary.unlink(missing_ok=True)


@contextmanager
def new_folder(folder: Path) -> Iterator[None]:
    """Make a folder if it is absent; if the block fails, remove the empty folders that were made."""
    made = [] if folder.exists() else [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        with suppress(OSError):  # not empty, or somebody else's by now
            for each in made:
                each.rmdir()
        raise


@contextmanager
def name_file(path: Path, temporary: Path | None = None) -> Iterator[None]:
    """Name a file in an OSError that names none, such as that of a full disk, or its temporary name."""
    try:
        yield
    except OSError as error:
        if error.filename is not None and str(error.filename) != str(temporary):
            raise
        if error.errno is None:  # of a library, as one text
            raise OSError(f"{path} cannot be written: {error}") from error
        raise OSError(error.errno, error.strerror, str(path)) from error


def check_writable(path: Path, name: str, *, folder: bool = False) -> None:
    """Raise unless a file, or a folder with files, can be written: before the work whose result it will hold."""
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


def _begin(path: Path) -> tuple[int | None, Path]:
    """Return a new temporary file beside `path` and a handle that locks it; remove those whose owners are dead."""
    start = f".{path.stem[:40]}~writing-"
    if fcntl is None:
        handle, name = tempfile.mkstemp(prefix=start, suffix=path.suffix, dir=path.parent)
        os.close(handle)  # what is open cannot be renamed there
        return None, Path(name)
    for left in path.parent.glob(f"{glob.escape(start)}*"):
        with suppress(OSError):  # locked: its owner lives; or removed by somebody else
            _remove_unlocked(left)
    while True:
        handle, name = tempfile.mkstemp(prefix=start, suffix=path.suffix, dir=path.parent)
        with suppress(OSError):  # storage without locks, where nobody removes anything either
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.path.exists(name):
            return handle, Path(name)
        os.close(handle)  # it was taken for a dead one's before it was locked


def _remove_unlocked(path: Path) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    finally:
        os.close(handle)
