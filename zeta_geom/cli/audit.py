"""`zeta-geom audit …`: a report on the effect of an augmentation on a user's data."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zeta_geom.cli.options import Alpha, Batches, Channels, Jobs, LabelColumn, Seed, Weights, check_folder
from zeta_geom.cli.values import readable, to_ints, to_names, to_numbers, to_params, to_spaces_of

if TYPE_CHECKING:
    import numpy as np

File = typer.Option(
    help=".npy with X, .npz with X and optionally y (or soft Y), .csv, or a folder of pictures", show_default=False
)


Out = Annotated[
    Path, typer.Option(help="folder for index.html and the tables as CSV", show_default=False, callback=check_folder)
]
Synthetic = Annotated[list[Path] | None, typer.Option(help="file or folder of synthetic samples; repeatable")]
Spaces = Annotated[
    list[str] | None,
    typer.Option(help="pixels, lenet, imagenet, timm:MODEL, module:name, or F (arrays of the files); repeatable"),
]


def audit(
    original: Annotated[Path, File],
    out: Out,
    synthetic: Synthetic = None,
    mixer: Annotated[str | None, typer.Option(help="a name that `zeta-geom mixers` lists")] = None,
    augment: Annotated[str | None, typer.Option(help="module:name of your own function")] = None,
    gamma: Annotated[str | None, typer.Option(help="exponents γ of --mixer, audited one by one")] = None,
    param: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, a parameter of --mixer; repeatable")] = None,
    against: Annotated[str, typer.Option(help="names of mixers to compare with")] = "",
    holdout: Annotated[Path | None, typer.Option(help="held-out originals; default: half of --original")] = None,
    oracle: Annotated[str | None, typer.Option(help="mnist, or module:name")] = None,
    manifold: Annotated[str | None, typer.Option(help="a manifold of known equation, such as crescents")] = None,
    features: Spaces = None,
    weights: Weights = None,
    keep: Annotated[Path | None, typer.Option(help="folder that keeps features", callback=check_folder)] = None,
    measures: Annotated[str, typer.Option(help="further measures, such as kid vendi fld, or module:name")] = "",
    k: Annotated[str | None, typer.Option(help="numbers of neighbors; default: 8 128, or what fits")] = None,
    alpha: Alpha = 0.05,
    batch_size: Batches = 32,
    channels: Channels = None,
    n_bootstrap: Annotated[int, typer.Option(help="bootstrap resamples for each interval")] = 1000,
    confidence: Annotated[float, typer.Option(help="level of the intervals")] = 0.95,
    title: Annotated[str, typer.Option(help="title of the report")] = "Audit of an augmentation",
    label_column: LabelColumn = None,
    size: Annotated[int | None, typer.Option(help="pixels a side to which pictures of folders are resized")] = None,
    seed: Seed = 0,
    jobs: Jobs = -1,
) -> None:
    """Audit an augmentation: OUT/index.html compares each measure with its value on held-out originals.

    Integer images are divided by 255 first. --augment and --oracle also find modules in the working folder.

    Samples made elsewhere must not be made from held-out originals: give those as --holdout.

    Example: zeta-geom audit --original data.npz --mixer zeta --gamma 2.8 --against mixup cutmix --out report

    Example: zeta-geom audit --original a.npz --synthetic b.npz --holdout c.npz --features imagenet --out report
    """
    from zeta_geom import audits
    from zeta_geom.audits.result import FILES
    from zeta_geom.execution.folders import check_replaceable, claimed_folder

    sys.path.insert(0, os.getcwd())
    methods = _methods(augment, _mixers(mixer, gamma, to_params(param or []), seed), against)
    paths = [original, *(synthetic or []), *([holdout] if holdout else [])]
    (X, y, F), *pairs = _triples(paths, label_column, size, features == ["F"])
    settings: Any = {"n_neighbors": None if k is None else to_ints(k), "alpha": alpha, "channels": channels}
    settings |= {
        "batch_size": batch_size,
        "n_bootstrap": n_bootstrap,
        "confidence": confidence,
        "random_state": seed,
        "n_jobs": jobs,
    }
    settings |= {
        "synthetic": dict(zip(_names(synthetic or []), pairs)) or None,
        "against": methods,
        "oracle": oracle,
        "manifold": manifold,
    }
    settings |= {"measures": to_names(measures), "folder": keep}
    settings["features"] = F if features == ["F"] else to_spaces_of(features or [], weights)
    repeat = readable(shlex.join(["zeta-geom", *sys.argv[1:]]))
    with claimed_folder(out):
        check_replaceable(out, FILES)
        result = audits.audit(X, y, holdout=None if holdout is None else pairs[-1], **settings)
        page = result.save(out, title=readable(title), repeat=repeat)
    typer.echo(str(result))
    typer.echo(f"wrote {page}")


def _methods(augment: str | None, mixers: dict[str, Any], against: str) -> dict[str, Any]:
    """Return what is audited, by name: a user's function, mixers, and the mixers to compare with."""
    from zeta_geom.checks.importing import import_named

    methods = {} if augment is None else {augment: import_named(augment, "--augment")}
    methods |= mixers
    return methods | {f"{name} (2)" if name in methods else name: name for name in to_names(against)}


def _mixers(mixer: str | None, gamma: str | None, params: Mapping[str, object], seed: int) -> dict[str, Any]:
    from zeta_geom.mixers import make_mixer

    if mixer is None and (gamma is not None or params):
        raise ValueError("--gamma and --param need --mixer.")
    if mixer is None:
        return {}
    if gamma is None:
        return {mixer: make_mixer(mixer, **params, random_state=seed)}
    values = to_numbers(gamma, "--gamma")
    return {f"{mixer} γ={value:g}": make_mixer(mixer, gamma=value, **params, random_state=seed) for value in values}


def _names(paths: list[Path]) -> list[str]:
    """Return the names of the synthetic samples: several are named after their files."""
    names = ["synthetic"] if len(paths) == 1 else [readable(path.stem) for path in paths]
    if len(set(names)) < len(names):
        raise ValueError(f"--synthetic needs files of different names; got {', '.join(map(str, paths))}.")
    return names


def _triples(
    paths: list[Path], label_column: str | None, size: int | None, featured: bool
) -> list[tuple[np.ndarray, Any, np.ndarray | None]]:
    """Return samples, labels and features of files and folders; labels with names are categoricals."""
    import pandas as pd

    from zeta_geom.datasets.own_files import labels_of, names_of, read_arrays, read_several

    triples: list[tuple[np.ndarray, Any, np.ndarray | None]] = []
    for path, arrays in zip(paths, read_several(paths, label_column, size=size), strict=True):
        labels: Any = labels_of(arrays)
        if (names := names_of(arrays)) is not None:
            labels = pd.Series(pd.Categorical.from_codes(labels, pd.Index(names)))
        features = read_arrays(path, "F", labels=False)["F"] if featured else None
        triples.append((arrays["X"], labels, features))
    return triples
