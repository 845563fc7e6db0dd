"""File locks, which the system releases when their owner dies; some storage has none."""

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from filelock import FileLock, Timeout

logger = logging.getLogger(__name__)
# errors of file systems without locks, such as NFS without its lock service; systems differ
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}


@contextmanager
def hold(path: Path, *, waiting: str = "") -> Iterator[None]:
    """Hold a file lock while the block runs; log `waiting` if it is taken; on storage without locks, warn once."""
    lock = FileLock(path)
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if waiting:
                logger.warning("%s", waiting)
            lock.acquire()
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        warn_without_locks(path.parent)
    try:
        yield
    finally:
        lock.release()


@cache
def warn_without_locks(folder: Path) -> None:
    """Warn once for a folder."""
    logger.warning("%s lies on storage without file locks: let only one process at a time work there", folder)
