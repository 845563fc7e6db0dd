"""The steps of `make figures`: the question, the analyses that answer it, and the figure that is drawn.

A figure is drawn from its records, unless its files were drawn from the same records by the same code.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import matplotlib as mpl

from analyses.context import Context, left_out_analyses
from zeta_geom.plots.names import lettering
from zeta_geom.records import atomic_path
from zeta_geom.records.keys import data_fingerprint, file_fingerprint, make_manifest
from zeta_geom.records.reach import find_module

DRAWN = "drawn"  # folder in results/PRESET/figures: for each figure the key its files were drawn for, and their names

# Analyses and figures that share a module, or whose module has another name: the module, and how it is called.
MODULES: dict[str, tuple[str, dict[str, str]]] = {
    "figure_5": ("figure_4", {"number": "5"}),
    "figure_6_estimators": ("figure_6.estimators", {}),
    "paper_tables": ("paper.consistency", {}),
}


@dataclass(frozen=True)
class Step:
    """One line of `make figures`.

    Parameters
    ----------
    key : str
        The word that `ONLY` takes.
    question : str
        What the step measures.
    analyses : tuple of str
        Names of the analyses that write the records; each name is also the folder of its records.
    figure : str, optional
        Name of the figure that is drawn from them.
    seconds : dict of preset -> float
        Approximate seconds on two cores with nothing recorded (`quick` without AVX-512, `full` with it), for the
        forecast alone.
    """

    key: str
    question: str
    analyses: tuple[str, ...]
    figure: str | None
    seconds: dict[str, float]


STEPS = (
    Step("2", "distance from the manifold, and wrong labels", ("figure_2",), "figure_2", {"quick": 17, "full": 30}),
    Step("7", "neighbourhoods in a plane with two classes", ("figure_7",), "figure_7", {"quick": 22, "full": 22}),
    Step("6", "local dimension against γ", ("figure_6",), "figure_6", {"quick": 100, "full": 560}),
    Step(
        "6-estimators",
        "local dimension against γ, by five estimators",
        ("figure_6_estimators",),
        "figure_6_estimators",
        {"quick": 40, "full": 600},
    ),
    Step("3", "what an oracle sees in mixed digits", ("figure_3",), "figure_3", {"quick": 9, "full": 45}),
    Step("4", "what mixed images look like", ("figure_4",), "figure_4", {"quick": 1, "full": 3}),
    Step("5", "what mixed digits look like", ("figure_5",), "figure_5", {"quick": 1, "full": 3}),
    Step("methods", "every mixer by every measure", ("methods",), "methods", {"quick": 39, "full": 160}),
    Step(
        "estimators",
        "estimators of the local dimension beside each other",
        ("estimators",),
        "estimators",
        {"quick": 20, "full": 90},
    ),
    Step("audit", "an audit of ζ-mixup and mixup", ("audit",), "audit", {"quick": 20, "full": 65}),
    Step("8", "neighbours of test images in feature space", ("figure_8",), "figure_8", {"quick": 55, "full": 115}),
    Step("9", "manifold mixup against ζ-mixup", ("figure_9",), "figure_9", {"quick": 1, "full": 1}),
    Step("10", "error against γ and weight decay", ("figure_10",), "figure_10", {"quick": 1, "full": 1}),
    Step("study", "classifiers on few images", ("study",), "study", {"quick": 1, "full": 1}),
    Step(
        "geometry-study",
        "whether geometry predicts accuracy",
        ("geometry_and_accuracy",),
        "geometry_and_accuracy",
        {"quick": 10, "full": 6},
    ),
    Step(
        "claims",
        "the paper's statements, re-tested",
        ("theorems", "diversity", "mixing_speed", "paper_tables"),
        None,
        {"quick": 11, "full": 15},
    ),
)


def analyse(name: str, context: Context) -> None:
    """Run an analysis, which writes its records."""
    module, arguments = MODULES.get(name, (name, {}))
    import_module(f"analyses.{module}").run(context, **arguments)


@dataclass(frozen=True)
class Drawing:
    """The files of a figure, and the seconds that drawing them took: wall time and processor time."""

    files: list[Path]
    seconds: float = 0.0
    cpu_seconds: float = 0.0


def unchanged(figure: str, results: Path) -> Drawing | None:
    """Return a figure's files if they exist and were drawn from today's records, code and matplotlib; else None.

    Raises
    ------
    FileNotFoundError
        If the figure's analysis had no data in its last run.
    """
    if figure in left_out_analyses(results):
        raise FileNotFoundError("its analysis found no data in its last run")
    try:
        drawn = json.loads((results / "figures" / DRAWN / f"{figure}.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # not drawn yet, or damaged
        return None
    files = [results / "figures" / name for name in drawn["files"]]
    whole = drawn["key"] == drawing_key(figure, results) and all(path.exists() for path in files)
    return Drawing(files) if whole else None


def draw(figure: str, results: Path) -> Drawing:
    """Draw a figure, and write down the key of what its files were drawn from.

    Raises
    ------
    FileNotFoundError
        If records are missing.
    """
    start, cpu = time.perf_counter(), time.process_time()
    mpl.use("agg")
    folder, key = results / "figures", drawing_key(figure, results)
    with lettering():  # one warning, however many panels lack a letter
        module, arguments = MODULES.get(figure, (figure, {}))
        files = import_module(f"figures.{module}").draw(results, **arguments)
    drawn = {"key": key, "files": [str(path.relative_to(folder)) for path in files]}
    with atomic_path(folder / DRAWN / f"{figure}.json") as temporary:
        temporary.write_text(json.dumps(drawn, indent=1) + "\n", encoding="utf-8")
    return Drawing(files, time.perf_counter() - start, time.process_time() - cpu)


def drawing_key(figure: str, results: Path) -> str:
    """Return a hash of everything that a figure's files depend on: its records' manifests, the code, matplotlib."""
    manifests = sorted((results / "records" / figure).rglob("*.json"))
    prints = [file_fingerprint(path) for path in manifests]
    module = f"figures.{MODULES.get(figure, (figure, {}))[0]}"
    source = find_module(module, Path(__file__).parents[1])  # without importing it, which takes a second
    settings = {"matplotlib": version("matplotlib")}
    return str(make_manifest(figure, settings, data_fingerprint(prints), source)["key"])
