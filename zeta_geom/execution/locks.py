"""Locks on files, which the system releases when their owner dies; some storage has none."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from filelock import FileLock, Timeout

__all__ = ["NO_LOCKS", "hold"]

logger = logging.getLogger(__name__)
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}


@contextmanager
def hold(path: Path, *, waiting: str = "") -> Iterator[None]:
    """Hold a lock while the block runs; on storage that has none, say so once and go on."""
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
        _say_once(path.parent)
    try:
        yield
    finally:
        lock.release()


@cache
def _say_once(folder: Path) -> None:
    logger.warning("%s lies on storage without file locks: let only one process at a time work there", folder)
