"""The ledger of a sweep: a folder a finished run, in place whole or not at all, and what failed, with its error."""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from zeta_geom import records
from zeta_geom.execution.disk import sync, writing
from zeta_geom.execution.leases import claim, claimed_by
from zeta_geom.records.manifests import key_of, make_manifest

__all__ = ["Entry", "Ledger"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """One run of a ledger: the name of its folder, and the manifest that its key is in."""

    name: str
    manifest: Mapping[str, Any]


class Ledger:
    """Runs of a sweep on the disk.

    Parameters
    ----------
    folder : path
        Holds `runs/<name>/` (the record `result`: settings, seed, versions, fingerprints, status, values),
        `failed/<name>.json` (the same with the error in place of values), `claims/` (who works on what), `data/`
        (arrays that worker processes map) and `sweep.json` (the runs that were last asked for).

    Notes
    -----
    A run is written into a folder of its own under `tmp/`, which is then renamed: the first to do so has recorded it,
    and whoever comes later finds the name taken and drops what he has.

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
        self.claims, self.temporary = self.folder / "claims", self.folder / "tmp"

    def entry(self, slug: str, settings: Mapping[str, Any], data: str) -> Entry:
        """Return the entry of a run, with the key that a record has; its name holds the key with and without code.

        Parameters
        ----------
        slug : str
            What a reader of the folder should see.
        settings : mapping
            JSON values.
        data : str
            The fingerprint of the data.

        Returns
        -------
        Entry
        """
        manifest = make_manifest(slug, settings, data)
        return Entry(f"{slug}-{key_of(manifest, code=False)[:12]}-{manifest['key'][:12]}", manifest)

    def claim(self, entry: Entry) -> Any:
        """Return the claim of a run, a context that yields whether it is ours; see `claims.claim`.

        Parameters
        ----------
        entry : Entry
        """
        return claim(self.claims, entry.name)

    def read(self, entry: Entry) -> pd.DataFrame | None:
        """Return the values of a finished run, None where it is not finished or its files are damaged.

        Parameters
        ----------
        entry : Entry
        """
        try:
            found = records.read(self.runs / entry.name / "result", any_code=True)
        except FileNotFoundError:
            return None
        except ValueError as error:
            logger.warning("%s: computing it again (%s)", entry.name, error)
            return None
        return found.table if found.manifest["key"] == entry.manifest["key"] else None

    def of_older_code(self, entry: Entry) -> Entry | None:
        """Return the same run as older code finished it, and say so in the log; None where there is none.

        Parameters
        ----------
        entry : Entry

        Returns
        -------
        Entry or None
            None also where this code has finished it.
        """
        if (self.runs / entry.name).exists():
            return None
        for path in sorted(self.runs.glob(f"{entry.name[:-12]}*")):
            with suppress(FileNotFoundError, ValueError):
                manifest = records.read(path / "result", any_code=True).manifest
                if key_of(manifest, code=False) == key_of(entry.manifest, code=False):
                    logger.warning("%s: reusing a run of older code (%s)", path.name, manifest["code"][:12])
                    return Entry(path.name, manifest)
        return None

    def finish(self, entry: Entry, table: pd.DataFrame, **about: Any) -> None:
        """Record a run as finished, unless somebody else did so first.

        Parameters
        ----------
        entry : Entry
        table : DataFrame
            Its values.
        **about
            More for the manifest; JSON values.

        Raises
        ------
        OSError
            If the disk takes no more.
        """
        with writing(self.folder):
            self.temporary.mkdir(parents=True, exist_ok=True)
            self.runs.mkdir(exist_ok=True)
            made = Path(tempfile.mkdtemp(prefix=f"{entry.name}~", dir=self.temporary))
            try:
                manifest = dict(entry.manifest) | {"status": "finished"} | about
                records.write(records.Record(entry.manifest["name"], table, manifest), made / "result")
                made.chmod(0o755)
                try:
                    made.rename(self.runs / entry.name)
                except OSError:
                    if not (self.runs / entry.name).exists():
                        raise
                    logger.info("%s: finished elsewhere meanwhile; this one is dropped", entry.name)
                sync(self.runs)
            finally:
                shutil.rmtree(made, ignore_errors=True)
        self.forgive(entry)

    def fail(self, entry: Entry, error: BaseException | str, **about: Any) -> None:
        """Record that a run failed, and why.

        Parameters
        ----------
        entry : Entry
        error : exception or str
        **about
            More for the record; JSON values.
        """
        if isinstance(error, BaseException):
            trace = "".join(traceback.format_exception(error))
            error = f"{type(error).__name__}: {error}"
            about = about | {"traceback": trace}
        failure = dict(entry.manifest) | {"status": "failed", "error": error} | about
        with writing(self.folder), records.atomic_path(self.failed / f"{entry.name}.json") as temporary:
            temporary.write_text(json.dumps(failure, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    def failure(self, entry: Entry) -> str | None:
        """Return the error of a run that failed, None for others.

        Parameters
        ----------
        entry : Entry

        Returns
        -------
        str or None
        """
        try:
            return str(json.loads((self.failed / f"{entry.name}.json").read_text(encoding="utf-8"))["error"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            return "its record is damaged"

    def forgive(self, entry: Entry) -> None:
        """Forget that a run failed, so that it is tried again.

        Parameters
        ----------
        entry : Entry
        """
        (self.failed / f"{entry.name}.json").unlink(missing_ok=True)

    def clear(self, entry: Entry) -> None:
        """Remove what lies of a run: damaged, not wanted, or left by a process that was killed. Claim it first.

        Parameters
        ----------
        entry : Entry
        """
        for left in self.temporary.glob(f"{entry.name}~*"):
            shutil.rmtree(left, ignore_errors=True)
        if (self.runs / entry.name).exists():
            self.temporary.mkdir(exist_ok=True)
            # half a folder must never be seen
            away = Path(tempfile.mkdtemp(prefix=f"{entry.name}~", dir=self.temporary))
            (self.runs / entry.name).rename(away / "run")
            shutil.rmtree(away, ignore_errors=True)

    def status(self, entry: Entry) -> str:
        """Return where a run stands; damage is not looked for.

        Parameters
        ----------
        entry : Entry

        Returns
        -------
        str
            "finished", "failed", "running" or "open"
        """
        if (self.runs / entry.name).exists():
            return "finished"
        if (self.failed / f"{entry.name}.json").exists():
            return "failed"
        return "running" if self.owner(entry) else "open"

    def counts(self) -> dict[str, int]:
        """Return how many runs of the plan are finished, failed, running and open.

        Returns
        -------
        dict of str -> int
        """
        found = [self.status(entry) for entry in self.plan()]
        return {name: found.count(name) for name in ("finished", "failed", "running", "open")}

    def owner(self, entry: Entry) -> dict[str, Any] | None:
        """Return who works on a run, None for nobody.

        Parameters
        ----------
        entry : Entry

        Returns
        -------
        dict or None
            host, pid and since, in seconds since 1970
        """
        return claimed_by(self.claims, entry.name)

    def write_plan(self, entries: Sequence[Entry]) -> None:
        """Write down which runs were asked for.

        Parameters
        ----------
        entries : sequence of Entry
        """
        plan = [{"name": entry.name, "manifest": entry.manifest} for entry in entries]
        with writing(self.folder), records.atomic_path(self.folder / "sweep.json") as temporary:
            temporary.write_text(json.dumps(plan) + "\n", encoding="utf-8")

    def plan(self) -> list[Entry]:
        """Return the runs that were last asked for.

        Returns
        -------
        list of Entry

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
            raise ValueError(f"{path} is damaged; run the sweep again, which keeps what is finished.") from error
