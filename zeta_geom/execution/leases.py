"""Who works on what: a file lock that dies with its owner, and for other hosts a lease with a heartbeat."""

from __future__ import annotations

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

from filelock import FileLock, Timeout

from zeta_geom.execution.locks import NO_LOCKS
from zeta_geom.records.disk import name_file

__all__ = ["LEASE", "claim", "claimed_by", "say_what_storage_lacks"]

logger = logging.getLogger(__name__)
LEASE = 60.0  # seconds without a heartbeat after which another host takes the work over


@contextmanager
def claim(folder: Path, name: str) -> Iterator[bool]:
    """Claim a piece of work while the block runs, unless somebody else has it.

    On one host a lock decides, which the system releases when its owner dies. A lease, touched again and again, says
    to other hosts that the owner lives; one that was not touched for `LEASE` seconds, by the clock of the file
    server, has run out: the work may then be done twice, by an owner that was only slow.
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
        _heart.add(lease)
        yield True
    finally:
        _heart.remove(lease)
        if _owner(lease).get("token") == token:
            lease.unlink(missing_ok=True)
        lock.release()


def claimed_by(folder: Path, name: str) -> dict[str, object] | None:
    """Return who has a piece of work: host, pid and since (seconds since 1970); None where nobody has."""
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
    lives = _lives(lease, locked)
    lock.release()
    return owner if lives else None


def say_what_storage_lacks(folder: Path) -> None:
    """Say in the log, once, what storage without file locks or hard links cannot promise."""
    folder = folder.resolve()
    if folder in _told:
        return
    folder.mkdir(parents=True, exist_ok=True)
    probe, lacks = folder / f"probe-{uuid.uuid4().hex}", []
    lock = FileLock(probe, is_singleton=False)
    try:
        lock.acquire()
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        lacks.append(f"file locks: a run that a killed process had claimed can be claimed again after {LEASE:g} s")
    probe.touch()
    try:
        os.link(probe, probe.with_suffix(".link"))
    except OSError:
        lacks.append("hard links: if two hosts begin the same run at the same moment, both may do it")
    finally:
        lock.release()
        probe.unlink()
        probe.with_suffix(".link").unlink(missing_ok=True)
    _told.add(folder)
    if lacks:
        logger.warning("%s lies on storage without %s", folder, "; and without ".join(lacks))


_told: set[Path] = set()


def _take(lease: Path, token: str, locked: bool) -> bool:
    """Put a lease of ours in place, whole, unless there is one that lives."""
    for _ in range(2):
        try:
            _create(lease, token)
            return True
        except FileExistsError:
            if _lives(lease, locked):
                return False
            old = lease.with_suffix(f".{token}.old")
            with suppress(FileNotFoundError):
                lease.rename(old)
            old.unlink(missing_ok=True)
    return False


def _create(lease: Path, token: str) -> None:
    """Create a lease, or raise FileExistsError: by a hard link, which makes it whole at once, if there are such."""
    text = json.dumps({"host": _host(), "pid": os.getpid(), "token": token, "since": time.time()})
    ours = lease.with_suffix(f".{token}")
    try:
        with name_file(lease):
            ours.write_text(text, encoding="utf-8")
        try:
            os.link(ours, lease)
        except FileExistsError:
            raise
        except OSError:  # exFAT, some network and FUSE mounts; they differ in what they say
            with lease.open("x", encoding="utf-8") as file:
                file.write(text)
    finally:
        ours.unlink(missing_ok=True)


def _lives(lease: Path, locked: bool) -> bool:
    """Whether a lease has not run out; its owner on this host is dead if the lock could be had.

    An empty one is just being written, or was left by a process that died at that moment.
    """
    owner = _owner(lease)
    if owner and locked and owner["host"] == _host():
        return False
    if not owner and lease.exists() and lease.stat().st_size:
        return False  # damaged
    probe = lease.with_suffix(f".clock-{uuid.uuid4().hex}")
    try:
        probe.touch()
        return probe.stat().st_mtime - lease.stat().st_mtime < LEASE
    except FileNotFoundError:
        return False
    finally:
        probe.unlink(missing_ok=True)


def _owner(lease: Path) -> dict[str, object]:
    try:
        owner = json.loads(lease.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return owner if isinstance(owner, dict) and "host" in owner else {}


class _Heart:
    """Touches the leases of this process, in one thread for all of them."""

    def __init__(self) -> None:
        self.leases: set[Path] = set()
        self.changed = threading.Condition()
        self.thread: threading.Thread | None = None

    def add(self, lease: Path) -> None:
        with self.changed:
            self.leases.add(lease)
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self._beat, daemon=True)
                self.thread.start()
            self.changed.notify()

    def remove(self, lease: Path) -> None:
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


_heart = _Heart()


@cache
def _host() -> str:
    """Return this host's name, with the number of its boot where there is one: names are not always unique."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    return platform.node() + (f"-{boot.read_text(encoding='utf-8')[:8]}" if boot.exists() else "")
