"""Draw a figure from its records, unless its files were drawn from the same records by the same code."""

from __future__ import annotations

import json
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from analyses.context import left_out_analyses
from zeta_geom.manifests import data_fingerprint, file_fingerprint, make_manifest
from zeta_geom.records import atomic_path

DRAWN = "drawn.json"  # in results/PRESET/figures: module -> the key that its files were drawn for, and their names


def draw(figure: str, results: Path) -> list[Path]:
    """Return the files of a figure, drawn now where records, code or matplotlib have changed.

    Raises
    ------
    FileNotFoundError
        If records are missing, or their analysis had no data in its last run.
    """
    if figure in left_out_analyses(results):
        raise FileNotFoundError("its data were not to be had in the last run of its analysis")
    folder = results / "figures"
    listing = folder / DRAWN
    try:
        drawn = json.loads(listing.read_text())
    except (FileNotFoundError, ValueError):  # none yet, or damaged: everything is drawn
        drawn = {}
    key = drawing_key(figure, results)
    files = [folder / name for name in drawn.get(figure, {}).get("files", [])]
    if files and drawn[figure]["key"] == key and all(path.exists() for path in files):
        return files
    files = import_module(f"figures.{figure}").draw(results)
    drawn[figure] = {"key": key, "files": [str(path.relative_to(folder)) for path in files]}
    with atomic_path(listing) as temporary:
        temporary.write_text(json.dumps(drawn, indent=1, sort_keys=True) + "\n")
    return files


def drawing_key(figure: str, results: Path) -> str:
    """Return a hash of all that a figure's files depend on: its records' manifests, the code, and matplotlib."""
    manifests = sorted((results / "records" / figure).rglob("*.json"))
    sources = sorted(Path(__file__).parent.glob("*.py"))
    prints = [file_fingerprint(path) for path in (*manifests, *sources)]
    return str(make_manifest(figure, {"matplotlib": version("matplotlib")}, data_fingerprint(prints))["key"])
