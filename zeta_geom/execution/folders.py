"""A folder that is replaced as a whole: a reader, or a kill at any moment, meets all files of one writer."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from zeta_geom.execution.locks import NO_LOCKS, warn_without_locks
from zeta_geom.records.disk import new_folder

_AT_FDCWD, _EXCHANGE = -100, 2  # of Linux' renameat2, and RENAME_SWAP of macOS' renamex_np


@contextmanager
def claimed_folder(path: Path) -> Iterator[None]:
    """Let no other process write a folder while the block runs.

    Raises
    ------
    BlockingIOError
        If another process writes it.
    """
    path = path.resolve()
    lock = FileLock(_lock_path(path), is_singleton=True)  # one process may claim it twice
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise BlockingIOError(f"{path} is being written by another process; wait for it, or name another.") from error
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        warn_without_locks(Path(lock.lock_file).parent)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def replaced_folder(path: Path, names: Collection[str]) -> Iterator[Path]:
    """Yield a new folder, which takes the place of `path` if the block ends well.

    Raises
    ------
    FileExistsError
        If `path` has other files than those named: they would be lost.
    BlockingIOError
        If another process writes `path`.
    """
    path = path.resolve()
    with claimed_folder(path), new_folder(path.parent):
        replaced = path.with_name(f".{path.name}~replaced")
        if replaced.exists() and not path.exists():  # a writer was killed between two renames
            replaced.rename(path)
        check_replaceable(path, names)
        for abandoned in path.parent.glob(f".{path.name}~*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{path.name}~", dir=path.parent))
        try:
            yield folder
            folder.chmod(0o755)
            if not path.exists():
                folder.rename(path)
            elif not _exchange(folder, path):
                path.rename(replaced)
                folder.rename(path)
        finally:
            shutil.rmtree(folder, ignore_errors=True)  # after an exchange, the earlier files
            shutil.rmtree(replaced, ignore_errors=True)


def _lock_path(path: Path) -> Path:
    """Return the file that processes lock for a folder: in the system's folder, so that none stays beside it."""
    name = hashlib.sha256(f"{Path.home()}\n{path}".encode()).hexdigest()[:32]
    return Path(tempfile.gettempdir()) / f"zeta_geom-{name}.lock"


def check_replaceable(path: Path, names: Collection[str]) -> None:
    """Raise FileExistsError if a folder has other files than those named; hidden files do not count."""
    entries = sorted(entry.name for entry in path.iterdir()) if path.exists() else []
    if others := [name for name in entries if name not in names and not name.startswith(".")]:
        raise FileExistsError(
            f"{path} must be a new folder or an earlier result: it is replaced as a whole, and it holds {others[0]}"
            f"{f' and {len(others) - 1} more' if others[1:] else ''}. Name another."
        )


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two folders in one step, where the system can; return whether it did."""
    paths = os.fsencode(first), os.fsencode(second)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            return bool(libc.renamex_np(*paths, _EXCHANGE) == 0)
        return bool(libc.renameat2(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _EXCHANGE) == 0)
    except (OSError, TypeError, AttributeError):  # Windows; an old C library
        return False
