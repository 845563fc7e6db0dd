"""Carry out the runs of a ledger: each once, whoever is first; a failure is recorded and stops nothing."""

from __future__ import annotations

import faulthandler
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import pandas as pd
from tqdm import tqdm

from zeta_geom.execution.disk import writing
from zeta_geom.execution.executors import Executor, Lost
from zeta_geom.execution.leases import say_what_storage_lacks
from zeta_geom.execution.ledger import Entry, Ledger
from zeta_geom.records.manifests import code_fingerprint, library_versions

__all__ = ["carry_out"]

logger = logging.getLogger(__name__)

PAUSE = 0.5  # seconds between two looks at runs that somebody else has
_ALONE = Lock()  # of a process that may have to end for one run's sake

Compute = Callable[[Mapping[str, Any]], pd.DataFrame]


def carry_out(
    ledger: Ledger,
    entries: Sequence[Entry],
    compute: Compute,
    executor: Executor,
    *,
    limit: float | None = None,
    force: bool = False,
    retry_failed: bool = True,
    progress: bool = True,
    description: str = "sweep",
) -> dict[str, pd.DataFrame]:
    """Carry out what is not finished, and return the values of all that is."""
    if limit is not None and not executor.in_processes:
        raise ValueError("limit needs processes that can be ended: give executor=PoolExecutor(1), or another.")
    ledger.write_plan(entries)
    with writing(ledger.folder):
        say_what_storage_lacks(ledger.claims)
    _forget(ledger, entries, force, retry_failed)
    done = {entry.name: ledger.read(entry) for entry in entries}
    left = [entry for entry in entries if done[entry.name] is None and not ledger.failure(entry)]
    call = _Call(Ledger(ledger.folder.resolve()), compute, limit)  # a worker may stand elsewhere
    bar = tqdm(total=len(entries), desc=description, unit="run", disable=None if progress else True)
    with bar:
        bar.update(len(entries) - len(left))
        while left:
            busy = []
            for place, outcome in executor.map(call, left):
                if isinstance(outcome, Lost):
                    _record_loss(ledger, left[place], outcome)
                if outcome == "busy":
                    busy.append(left[place])
                else:
                    bar.update()
            left = _no_longer_busy(ledger, busy, bar)
    return {
        entry.name: table
        for entry in entries
        if (table := done[entry.name] if done[entry.name] is not None else ledger.read(entry)) is not None
    }


@dataclass(frozen=True)
class _Call:
    """One run in the process that carries it out; returns "finished", "failed" or "busy"."""

    ledger: Ledger
    compute: Compute
    limit: float | None

    def __call__(self, entry: Entry) -> str:
        _refuse_other_environment(entry)
        if not (self.ledger.folder / "sweep.json").exists():
            raise FileNotFoundError(
                f"a worker does not see the ledger in {self.ledger.folder}; put it on storage that all workers share."
            )
        with self.ledger.claim(entry) as ours:
            if not ours:
                return "busy"
            status = self.ledger.status(entry)
            if status == "failed" or (status == "finished" and self.ledger.read(entry) is not None):
                return status
            if hung := _take_trace(self.ledger, entry):
                self.ledger.fail(entry, "TimeoutError: it ran past its limit.", traceback=hung)
                return "failed"
            self.ledger.clear(entry)
            about = {"host": os.uname().nodename if hasattr(os, "uname") else "", "pid": os.getpid()}
            start = time.time()
            try:
                with self._time_limit(entry):
                    table = self.compute(entry.manifest["settings"])
            except Exception as error:
                self.ledger.fail(entry, error, seconds=time.time() - start, **about)
                return "failed"
            self.ledger.finish(entry, table, started=start, seconds=time.time() - start, **about)
            return "finished"

    @contextmanager
    def _time_limit(self, entry: Entry) -> Iterator[None]:
        """End this process when the time is over: nothing else stops whatever hangs. The trace is left."""
        if self.limit is None:
            yield
            return
        trace = _trace_file(self.ledger, entry)
        with _ALONE, trace.open("w", encoding="utf-8") as file:
            faulthandler.dump_traceback_later(self.limit, exit=True, file=file)
            try:
                yield
            finally:
                faulthandler.cancel_dump_traceback_later()
                trace.unlink(missing_ok=True)


def _trace_file(ledger: Ledger, entry: Entry) -> Path:
    """Return the file for the trace of a run that has to be ended with its process."""
    return ledger.claims / f"{entry.name}.hang"


def _take_trace(ledger: Ledger, entry: Entry) -> str:
    """Return what such a run left, once; empty where there was none."""
    path = _trace_file(ledger, entry)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    path.unlink(missing_ok=True)
    return text


def _forget(ledger: Ledger, entries: Sequence[Entry], force: bool, retry_failed: bool) -> None:
    """Remove what is to be done again."""
    for entry in entries:
        if retry_failed or force:
            ledger.forgive(entry)
        if force or _trace_file(ledger, entry).exists():
            with ledger.claim(entry) as ours:
                if ours:
                    _take_trace(ledger, entry)
                if ours and force:
                    ledger.clear(entry)


def _record_loss(ledger: Ledger, entry: Entry, lost: Lost) -> None:
    if ledger.status(entry) not in ("finished", "failed"):
        ledger.fail(entry, f"RuntimeError: {lost.reason}")


def _no_longer_busy(ledger: Ledger, busy: list[Entry], bar: tqdm) -> list[Entry]:
    """Wait until all of somebody else's runs are done, or one is nobody's; return those that are not done."""
    while busy:
        time.sleep(PAUSE)
        found = [(entry, ledger.status(entry)) for entry in busy]
        busy = [entry for entry, status in found if status in ("open", "running")]
        bar.update(len(found) - len(busy))
        if any(status == "open" for _, status in found):
            break
    return busy


def _refuse_other_environment(entry: Entry) -> None:
    """Raise where this process has other code than the one that asks: its values would bear a wrong key."""
    ours = library_versions() | {"zeta_geom": code_fingerprint()}
    asked = dict(entry.manifest["versions"]) | {"zeta_geom": entry.manifest["package"]}
    if ours != asked:
        differ = ", ".join(sorted(name for name in ours.keys() | asked.keys() if ours.get(name) != asked.get(name)))
        raise RuntimeError(
            f"a worker has other versions of {differ} than the process that asks; install the same there, "
            "and leave the package's files alone while a sweep runs."
        )
