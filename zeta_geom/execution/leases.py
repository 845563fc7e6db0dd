"""Leases: which process works on a run. A file lock dies with its owner; other hosts see a lease with a heartbeat.

flufl.lock 10, which does the same, gives the lock of a killed process away after the lock's lifetime and ten seconds
more (13 s at a lifetime of 2 s), also on the same host; here that takes 0.01 s.
"""

import json
import logging
import os
import platform
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from zeta_geom.execution.locks import NO_LOCKS
from zeta_geom.records.disk import name_file

logger = logging.getLogger(__name__)
# seconds without a heartbeat after which another host takes the work over: four periods of the heartbeat, longer than
# a process stands still while it compiles, swaps or waits for a file server
LEASE = 60.0


@contextmanager
def take_lease(folder: Path, name: str) -> Iterator[bool]:
    """Take the lease of a run while the block runs; yield False if another process has it.

    On one host a file lock decides. A lease that its owner has not touched for `LEASE` seconds, by the clock of the
    file server, has expired for other hosts; if the owner was only slow, two processes then do the same run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{name}.lock", timeout=0, is_singleton=False)
    locked = True
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        locked = False
    lease, token = folder / f"{name}.lease", uuid.uuid4().hex
    try:
        if not _take(lease, token, locked):
            yield False
            return
        heart.add(lease)
        yield True
    finally:
        heart.remove(lease)
        if _owner(lease).get("token") == token:
            lease.unlink(missing_ok=True)
        lock.release()


def lease_owner(folder: Path, name: str) -> dict[str, Any] | None:
    """Return host, pid and since (seconds since 1970) of the process that has a lease, or None."""
    lease = folder / f"{name}.lease"
    owner = _owner(lease)
    if not owner:
        return None
    lock, locked = FileLock(folder / f"{name}.lock", timeout=0, is_singleton=False), False
    try:
        lock.acquire()
        locked = True
    except Timeout:
        return owner
    except OSError:
        pass
    valid = _is_valid(lease, locked)
    lock.release()
    return owner if valid else None


def say_what_storage_lacks(folder: Path) -> None:
    """Warn once in the log if storage lacks file locks or hard links, and state the consequences."""
    folder = folder.resolve()
    if folder in _checked:
        return
    folder.mkdir(parents=True, exist_ok=True)
    probe, lacks = folder / f"probe-{uuid.uuid4().hex}", []
    lock = FileLock(probe, is_singleton=False)
    try:
        lock.acquire()
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        lacks.append(f"file locks: the run of a killed process can be claimed again after {LEASE:g} s")
    probe.touch()
    try:
        os.link(probe, probe.with_suffix(".link"))
    except OSError:
        lacks.append("hard links: if two hosts begin the same run at the same moment, both may do it")
    finally:
        lock.release()
        probe.unlink()
        probe.with_suffix(".link").unlink(missing_ok=True)
    _checked.add(folder)
    if lacks:
        logger.warning("%s lies on storage without %s", folder, "; and without ".join(lacks))


_checked: set[Path] = set()


def _take(lease: Path, token: str, locked: bool) -> bool:
    """Write a lease, whole, unless a valid one is there; return whether it was written."""
    for _ in range(2):
        try:
            _create(lease, token)
            return True
        except FileExistsError:
            if _is_valid(lease, locked):
                return False
            old = lease.with_suffix(f".{token}.old")
            with suppress(FileNotFoundError):
                lease.rename(old)
            old.unlink(missing_ok=True)
    return False


def _create(lease: Path, token: str) -> None:
    """Create a lease, or raise FileExistsError; a hard link, where the storage has them, makes it whole at once."""
    text = json.dumps({"host": _host(), "pid": os.getpid(), "token": token, "since": time.time()})
    draft = lease.with_suffix(f".{token}")
    try:
        with name_file(lease):
            draft.write_text(text, encoding="utf-8")
        try:
            os.link(draft, lease)
        except FileExistsError:
            raise
        except OSError:  # exFAT, some network and FUSE mounts; their errors differ
            with lease.open("x", encoding="utf-8") as file:
                file.write(text)
    finally:
        draft.unlink(missing_ok=True)


def _is_valid(lease: Path, locked: bool) -> bool:
    """Return whether a lease has not expired; `locked` says that this process has its file lock."""
    owner = _owner(lease)
    if owner and locked and owner["host"] == _host():
        return False  # the owner is dead
    if not owner and lease.exists() and lease.stat().st_size:
        return False  # damaged; an empty lease is just being written, or its writer died at that moment
    probe = lease.with_suffix(f".clock-{uuid.uuid4().hex}")
    try:
        probe.touch()
        return probe.stat().st_mtime - lease.stat().st_mtime < LEASE
    except FileNotFoundError:
        return False
    finally:
        probe.unlink(missing_ok=True)


def _owner(lease: Path) -> dict[str, Any]:
    try:
        owner = json.loads(lease.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return owner if isinstance(owner, dict) and "host" in owner else {}


class Heart:
    """One thread that touches all leases of this process."""

    def __init__(self) -> None:
        self.leases: set[Path] = set()
        self.changed = threading.Condition()
        self.thread: threading.Thread | None = None

    def add(self, lease: Path) -> None:
        """Renew a lease from now on."""
        with self.changed:
            self.leases.add(lease)
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self._beat, daemon=True)
                self.thread.start()
            self.changed.notify()

    def remove(self, lease: Path) -> None:
        """Stop renewing a lease."""
        with self.changed:
            self.leases.discard(lease)

    def _beat(self) -> None:
        while True:
            with self.changed:
                self.changed.wait(LEASE / 4)
                leases = list(self.leases)
            for lease in leases:
                with suppress(OSError):
                    os.utime(lease)


heart = Heart()


@cache
def _host() -> str:
    """Return this host's name, with the number of its boot where there is one: names are not always unique."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    return platform.node() + (f"-{boot.read_text(encoding='utf-8')[:8]}" if boot.exists() else "")
