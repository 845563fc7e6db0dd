"""Draw a figure from its records, unless its files were drawn from the same records by the same code."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import matplotlib as mpl

from analyses.context import left_out_analyses
from zeta_geom.plots.names import lettering
from zeta_geom.records import atomic_path
from zeta_geom.records.keys import data_fingerprint, file_fingerprint, make_manifest

DRAWN = "drawn"  # in results/PRESET/figures, a file a module: the key that its files were drawn for, and their names


@dataclass(frozen=True)
class Drawing:
    """The files of a figure, and what drawing them took, in seconds of the clock and of the processor."""

    files: list[Path]
    seconds: float = 0.0
    cpu_seconds: float = 0.0


def unchanged(figure: str, results: Path) -> Drawing | None:
    """Return a figure's files if they are there and records, code and matplotlib are those they were drawn from.

    Raises
    ------
    FileNotFoundError
        If the figure's analysis had no data in its last run.
    """
    if figure in left_out_analyses(results):
        raise FileNotFoundError("its data were not to be had in the last run of its analysis")
    try:
        drawn = json.loads((results / "figures" / DRAWN / f"{figure}.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # not drawn yet, or damaged
        return None
    files = [results / "figures" / name for name in drawn["files"]]
    whole = drawn["key"] == drawing_key(figure, results) and all(path.exists() for path in files)
    return Drawing(files) if whole else None


def draw(figure: str, results: Path) -> Drawing:
    """Draw a figure, and note down what its files were drawn from.

    Raises
    ------
    FileNotFoundError
        If records are missing.
    """
    start, cpu = time.perf_counter(), time.process_time()
    mpl.use("agg")
    folder, key = results / "figures", drawing_key(figure, results)
    with lettering():  # one warning, however many panels lack a letter
        files = import_module(f"figures.{figure}").draw(results)
    drawn = {"key": key, "files": [str(path.relative_to(folder)) for path in files]}
    with atomic_path(folder / DRAWN / f"{figure}.json") as temporary:
        temporary.write_text(json.dumps(drawn, indent=1) + "\n", encoding="utf-8")
    return Drawing(files, time.perf_counter() - start, time.process_time() - cpu)


def drawing_key(figure: str, results: Path) -> str:
    """Return a hash of all that a figure's files depend on: its records' manifests, the code, and matplotlib."""
    manifests = sorted((results / "records" / figure).rglob("*.json"))
    prints = [file_fingerprint(path) for path in manifests]
    source = Path(__file__).parent / f"{figure}.py"
    settings = {"matplotlib": version("matplotlib")}
    return str(make_manifest(figure, settings, data_fingerprint(prints), source)["key"])
