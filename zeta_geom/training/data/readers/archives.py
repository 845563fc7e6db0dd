"""Fetch archives: check their hash, unpack them in a temporary folder, move the result into place."""

import shutil
import tempfile
from pathlib import Path

from zeta_geom.datasets.downloading import download
from zeta_geom.datasets.fetching import TEMPORARY
from zeta_geom.execution.locks import hold
from zeta_geom.records import atomic_path


def fetch_archive(folder: Path, *, url: str, md5: str, holds: str, progress: bool = True) -> None:
    """Fetch an archive and unpack it into `folder`, unless `folder` contains `holds`."""
    folder.mkdir(parents=True, exist_ok=True)
    with hold(folder / ".lock", waiting=f"another process is fetching into {folder}; waiting for it"):
        for leftover in folder.glob(f"{TEMPORARY}*"):  # of a killed process
            shutil.rmtree(leftover, ignore_errors=True)
        if (folder / holds).exists():
            return
        with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=folder) as temporary:
            archive = Path(temporary) / url.rsplit("/", 1)[-1]
            _download(url, md5, archive, progress)
            shutil.unpack_archive(archive, temporary, filter="data")
            (Path(temporary) / holds).replace(folder / holds)


def fetch_file(path: Path, *, url: str, md5: str, progress: bool = True) -> None:
    """Fetch one file, unless it exists."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with hold(path.parent / ".lock", waiting=f"another process is fetching {path}; waiting for it"):
        if not path.exists():
            with atomic_path(path) as temporary:
                _download(url, md5, temporary, progress)


def _download(url: str, md5: str, path: Path, progress: bool) -> None:
    import pooch

    download(url, path, progress)
    if (digest := pooch.file_hash(str(path), alg="md5")) != md5:
        raise OSError(f"{url} arrived corrupt, with MD5 {digest}, not {md5}")
