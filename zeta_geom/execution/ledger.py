"""The ledger of many runs: a folder for each finished run, complete or absent, and the errors of failed runs."""

import json
import logging
import shutil
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from zeta_geom.execution.leases import lease_owner, take_lease
from zeta_geom.records.disk import atomic_folder, atomic_path, synced_path
from zeta_geom.records.keys import Sources, make_manifest
from zeta_geom.records.manifests import find_kept, is_same, keyed_name, write_manifest
from zeta_geom.records.store import Record, read, write

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """One run of a ledger."""

    name: str  # of its folder
    manifest: Mapping[str, Any]  # as a record has it; JSON values


class Ledger:
    """Runs on the disk.

    Parameters
    ----------
    folder : path
        Holds `runs/<name>/` (the record `result`: settings, seed, versions, fingerprints, status, values),
        `failed/<name>.json` (the same with the error in place of values), `claims/` (which process works on which
        run), `data/` (arrays that worker processes map) and `sweep.json` (the runs of the last call).

    Examples
    --------
    >>> ledger = Ledger(tempfile.mkdtemp())
    >>> entry = ledger.entry("one", {"seed": 0}, "none")
    >>> ledger.finish(entry, pd.DataFrame({"x": [1]}))
    >>> ledger.status(entry), int(ledger.read(entry)["x"][0])
    ('finished', 1)
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.runs, self.failed = self.folder / "runs", self.folder / "failed"
        self.leases, self.temporary = self.folder / "claims", self.folder / "tmp"

    def entry(self, slug: str, settings: Mapping[str, object], data: str, source: Sources = None) -> Entry:
        """Return the entry of a run, with the key that a record has; its name holds the key with and without code.

        Parameters
        ----------
        slug : str
            A readable start of the name of its folder.
        settings, data, source : mapping, str, and path or sequence of paths
            As in `zeta_geom.records.record`; all modules of this package compute by default.

        Returns
        -------
        Entry
            Nothing is written yet.
        """
        manifest = make_manifest(slug, settings, data, source)
        return Entry(keyed_name(slug, manifest), manifest)

    def claim(self, entry: Entry) -> AbstractContextManager[bool]:
        """Return a context that claims a run while its block runs; it yields False if another process has the run."""
        return take_lease(self.leases, entry.name)

    def read(self, entry: Entry) -> pd.DataFrame | None:
        """Return the values of a finished run, None if it is not finished or its files are damaged."""
        try:
            stored = read(self.runs / entry.name / "result", any_code=True)
        except FileNotFoundError:
            return None
        except ValueError as error:
            logger.warning("%s: computing it again (%s)", entry.name, error)
            return None
        return stored.table if is_same(stored.manifest, entry.manifest) else None

    def of_older_code(self, entry: Entry) -> Entry | None:
        """Return the same run finished by older code, and log this; None if it is not needed or does not exist."""
        if (self.runs / entry.name).exists():
            return None
        for path in find_kept(self.runs, entry.manifest["name"], entry.manifest, stale=True):
            with suppress(FileNotFoundError, ValueError):
                manifest = read(path / "result", any_code=True).manifest
                if is_same(manifest, entry.manifest, stale=True):
                    return Entry(path.name, manifest)
        return None

    def finish(self, entry: Entry, table: pd.DataFrame, **about: object) -> None:
        """Record a run as finished, unless another process has done so.

        Parameters
        ----------
        entry, table : Entry, DataFrame
            The run and its values.
        **about
            Further entries of the manifest; JSON values.

        Raises
        ------
        OSError
            If the disk is full.
        """
        with self.writing():
            manifest = dict(entry.manifest) | {"status": "finished"} | about
            try:
                with atomic_folder(self.runs / entry.name, self.temporary) as folder:
                    write(Record(entry.manifest["name"], table, manifest), folder / "result", place=synced_path)
            except FileExistsError:
                logger.info("%s: another process has finished this run; the second result is dropped", entry.name)
        self.forgive(entry)

    def fail(self, entry: Entry, error: BaseException | str, **about: object) -> None:
        """Record that a run failed, and why.

        Parameters
        ----------
        entry, error : Entry, and exception or str
            The run and its error.
        **about
            Further entries of the record; JSON values.
        """
        if isinstance(error, BaseException):
            trace = "".join(traceback.format_exception(error))
            error = f"{type(error).__name__}: {error}"
            about = about | {"traceback": trace}
        with self.writing():
            write_manifest(self._failure(entry), dict(entry.manifest) | {"status": "failed", "error": error} | about)

    def failure(self, entry: Entry) -> str | None:
        """Return the error of a run that failed, None for others."""
        try:
            return str(json.loads(self._failure(entry).read_text(encoding="utf-8"))["error"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            return "its record is damaged"

    def forgive(self, entry: Entry) -> None:
        """Forget that a run failed, so that it is tried again."""
        self._failure(entry).unlink(missing_ok=True)

    def clear(self, entry: Entry) -> None:
        """Remove the files of a run that are damaged, not wanted, or left by a killed process. Claim it first."""
        for abandoned in self.temporary.glob(f"{entry.name}~*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        if (self.runs / entry.name).exists():
            self.temporary.mkdir(exist_ok=True)
            # renamed first, since no other process may see half a folder
            folder = Path(tempfile.mkdtemp(prefix=f"{entry.name}~", dir=self.temporary))
            (self.runs / entry.name).rename(folder / "run")
            shutil.rmtree(folder, ignore_errors=True)

    def status(self, entry: Entry) -> str:
        """Return the state of a run, "finished", "failed", "running" or "open"; damage is not checked."""
        return self.outcome(entry) or ("running" if self.owner(entry) else "open")

    def outcome(self, entry: Entry) -> str | None:
        """Return how a run ended, "finished" or "failed", or None if it has not ended."""
        if (self.runs / entry.name).exists():
            return "finished"
        return "failed" if self._failure(entry).exists() else None

    def counts(self) -> dict[str, int]:
        """Return the number of runs of the plan for each status: finished, failed, running and open."""
        states = [self.status(entry) for entry in self.plan()]
        return {name: states.count(name) for name in ("finished", "failed", "running", "open")}

    def owner(self, entry: Entry) -> dict[str, Any] | None:
        """Return host, pid and since (seconds since 1970) of the process that works on a run, or None."""
        return lease_owner(self.leases, entry.name)

    def write_plan(self, entries: Sequence[Entry]) -> None:
        """Write down the runs of a call, in its order."""
        plan = [{"name": entry.name, "manifest": entry.manifest} for entry in entries]
        with self.writing(), atomic_path(self.folder / "sweep.json") as temporary:
            temporary.write_text(json.dumps(plan) + "\n", encoding="utf-8")

    def plan(self) -> list[Entry]:
        """Return the runs of the last call, in its order.

        Raises
        ------
        FileNotFoundError, ValueError
            If there is no ledger in the folder, or its plan is damaged.
        """
        path = self.folder / "sweep.json"
        try:
            return [Entry(part["name"], part["manifest"]) for part in json.loads(path.read_text(encoding="utf-8"))]
        except FileNotFoundError as error:
            raise FileNotFoundError(f"there is no sweep in {self.folder}; start one there.") from error
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path} is damaged; run the sweep again, which keeps its finished runs.") from error

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Extend an OSError in the block: the ledger cannot be written, and finished runs are kept."""
        try:
            yield
        except OSError as error:
            raise OSError(
                error.errno,
                f"the ledger in {self.folder} cannot be written ({error.strerror or error}); "
                "finished runs are kept. Free space and repeat the call",
            ) from error

    def _failure(self, entry: Entry) -> Path:
        return self.failed / f"{entry.name}.json"
