"""What the disk under a ledger can refuse, said in one line, and what it must have before a run counts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["sync", "writing"]


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Say of an OSError in the block that the ledger cannot be written, and what is kept."""
    try:
        yield
    except OSError as error:
        raise OSError(
            error.errno,
            f"the ledger in {folder} cannot be written ({error.strerror or error}); "
            "finished runs are kept. Make room and run the same again",
        ) from error


def sync(folder: Path) -> None:
    """Put a folder's list of names on the disk, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
