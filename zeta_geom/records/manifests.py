"""Manifests beside results on the disk: they state the origin of a result and tell whether it is the wanted one."""

import glob
import json
import logging
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from zeta_geom.records.disk import Place, atomic_path
from zeta_geom.records.keys import Manifest, key_of

logger = logging.getLogger(__name__)
PARTS = {"name", "settings", "data", "versions", "modules", "code", "key"}
OLD_PART = "package"  # of manifests whose key was made of every file of the package
DIGITS = 12  # of a key in a name


def is_same(kept: Mapping[str, object] | None, wanted: Mapping[str, object], *, stale: bool = False) -> bool:
    """Return whether a kept computation is the wanted one; with `stale`, older code is accepted and logged."""
    if kept is None:
        return False
    if kept["key"] == wanted["key"]:
        return True
    if not stale or key_of(kept, code=False) != key_of(wanted, code=False):
        return False
    logger.warning("%s: reusing the result of older code (%s)", wanted["name"], str(kept["code"])[:DIGITS])
    return True


def keyed_name(name: str, manifest: Mapping[str, object]) -> str:
    """Return a name for a file or folder that holds the key without and with the code."""
    return f"{name}-{key_of(manifest, code=False)[:DIGITS]}-{str(manifest['key'])[:DIGITS]}"


def find_kept(folder: Path, name: str, manifest: Mapping[str, object], *, stale: bool) -> list[Path]:
    """Return the paths of the keyed name in a folder; with `stale`, also results of older code, the newest first."""
    current = folder / keyed_name(name, manifest)
    kept = [current] if current.exists() else []
    if stale:
        older = [path for path in folder.glob(f"{glob.escape(current.name[:-DIGITS])}*") if path != current]
        kept += sorted(older, key=lambda path: path.stat().st_mtime, reverse=True)
    return kept


def read_manifest(path: Path) -> Manifest | None:
    """Return the manifest in a file, or None if the file holds no readable manifest."""
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # ValueError: neither UTF-8 nor JSON
        return None
    if not isinstance(manifest, dict) or not manifest.keys() >= PARTS:
        if isinstance(manifest, dict) and OLD_PART in manifest:
            _say_old()
        return None
    return manifest


def write_manifest(path: Path, manifest: Mapping[str, object], place: Place = atomic_path) -> None:
    """Write a manifest, whole or not at all; `place` as in `store.write`."""
    with place(path) as temporary:
        temporary.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")


@cache
def _say_old() -> None:
    logger.warning(
        "results of an earlier version of zeta_geom are not read, because their keys have another form; needed "
        "results are computed again"
    )
