"""Carry out each run of a ledger once, in the first process to claim it; failures are recorded and stop nothing."""

import faulthandler
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any  # of settings, which are JSON values

import pandas as pd
from tqdm import tqdm

from zeta_geom.execution.executors import Executor, Lost
from zeta_geom.execution.leases import say_what_storage_lacks
from zeta_geom.execution.ledger import Entry, Ledger
from zeta_geom.records.keys import current_code, library_versions

logger = logging.getLogger(__name__)

PAUSE = 0.5  # seconds between two checks of the runs of other processes: short for a run, long for a check
_ALONE = Lock()  # a run with a limit may end its process, so no other run of the process may be active then

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
    """Carry out the runs that are not finished, and return the values of all finished runs by their names."""
    if limit is not None and not executor.in_processes:
        raise ValueError("limit needs an executor that can end its processes; give executor=PoolExecutor(1).")
    ledger.write_plan(entries)
    with ledger.writing():
        say_what_storage_lacks(ledger.leases)
    clear_old(ledger, entries, force, retry_failed)
    done = {entry.name: ledger.read(entry) for entry in entries}
    left = [entry for entry in entries if done[entry.name] is None and not ledger.failure(entry)]
    call = RunCall(Ledger(ledger.folder.resolve()), compute, limit)  # a worker may have another working folder
    bar = tqdm(total=len(entries), desc=description, unit="run", disable=None if progress else True)
    with bar:
        bar.update(len(entries) - len(left))
        while left:
            busy = []
            for place, outcome in executor.map(call, left):
                if isinstance(outcome, Lost):
                    record_loss(ledger, left[place], outcome)
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
class RunCall:
    """Carries out one run in this process; returns "finished", "failed", or "busy" if another process has the run."""

    ledger: Ledger
    compute: Compute
    limit: float | None

    def __call__(self, entry: Entry) -> str:
        """Carry out the run unless it is finished or claimed."""
        _refuse_other_environment(entry)
        if not (self.ledger.folder / "sweep.json").exists():
            raise FileNotFoundError(
                f"a worker does not see the ledger in {self.ledger.folder}; put it on storage that all workers share."
            )
        with self.ledger.claim(entry) as granted:
            if not granted:
                return "busy"
            outcome = self.ledger.outcome(entry)
            if outcome == "failed" or (outcome == "finished" and self.ledger.read(entry) is not None):
                return outcome
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
        """End this process when the time is over, since nothing else stops a run that hangs, and leave a trace."""
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
    """Return the file for the trace of a run that was ended with its process."""
    return ledger.leases / f"{entry.name}.hang"


def _take_trace(ledger: Ledger, entry: Entry) -> str:
    """Return and remove the trace of a run; an empty text if no trace exists."""
    path = _trace_file(ledger, entry)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    path.unlink(missing_ok=True)
    return text


def clear_old(ledger: Ledger, entries: Sequence[Entry], force: bool, retry_failed: bool) -> None:
    """Remove the results and errors of runs that must be repeated."""
    for entry in entries:
        if retry_failed or force:
            ledger.forgive(entry)
        if force or _trace_file(ledger, entry).exists():
            with ledger.claim(entry) as granted:
                if granted:
                    _take_trace(ledger, entry)
                if granted and force:
                    ledger.clear(entry)


def record_loss(ledger: Ledger, entry: Entry, lost: Lost) -> None:
    """Record a run as failed that was lost with its process, unless it was finished before."""
    if ledger.outcome(entry) is None:
        ledger.fail(entry, f"RuntimeError: {lost.reason}")


def _no_longer_busy(ledger: Ledger, busy: list[Entry], bar: tqdm) -> list[Entry]:
    """Block until every run claimed elsewhere has finished or one claim is released; return the unfinished runs."""
    while busy:
        time.sleep(PAUSE)
        states = [(entry, ledger.status(entry)) for entry in busy]
        busy = [entry for entry, status in states if status in ("open", "running")]
        bar.update(len(states) - len(busy))
        if any(status == "open" for _, status in states):
            break
    return busy


def _refuse_other_environment(entry: Entry) -> None:
    """Raise if this process has other code than the caller's: its values would get a wrong key."""
    packages = dict.fromkeys(name.partition(".")[0] for name in entry.manifest["modules"])
    code = f"the code of {' or '.join(packages) or 'zeta_geom'}"
    here = library_versions() | {code: current_code(entry.manifest)}
    wanted = dict(entry.manifest["versions"]) | {code: entry.manifest["code"]}
    if here != wanted:
        names = sorted(here.keys() | wanted.keys())
        differ = ", ".join(name for name in names if here.get(name) != wanted.get(name))
        raise RuntimeError(
            f"a worker has other versions of {differ} than its caller; install the same versions on both, and "
            "do not change files of code during a sweep."
        )
