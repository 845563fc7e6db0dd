"""`zeta-geom audit …`: what an augmentation does to a user's data, as a report."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zeta_geom.cli.options import (
    LABEL_COLUMN,
    Channels,
    check_folder,
    readable,
    to_ints,
    to_names,
    to_numbers,
    to_params,
)

if TYPE_CHECKING:
    import numpy as np

__all__ = ["audit"]

File = typer.Option(help=".npy with X, .npz with X and perhaps y (or soft Y), or .csv", show_default=False)


def audit(
    original: Annotated[Path, File],
    out: Annotated[
        Path,
        typer.Option(help="folder for index.html and the tables as CSV", show_default=False, callback=check_folder),
    ],
    synthetic: Annotated[list[Path] | None, typer.Option(help="samples made elsewhere; repeatable")] = None,
    mixer: Annotated[str | None, typer.Option(help="a name that `zeta-geom mixers` lists")] = None,
    augment: Annotated[str | None, typer.Option(help="module:name of a callable of your own")] = None,
    gamma: Annotated[str | None, typer.Option(help="exponents γ of --mixer, each audited")] = None,
    param: Annotated[list[str] | None, typer.Option(help="NAME=VALUE of --mixer; repeatable")] = None,
    against: Annotated[str, typer.Option(help="names of mixers to compare with")] = "",
    holdout: Annotated[Path | None, typer.Option(help="originals that nothing was made from; else a half")] = None,
    oracle: Annotated[str | None, typer.Option(help="mnist, or module:name")] = None,
    manifold: Annotated[str | None, typer.Option(help="a manifold of known equation, such as crescents")] = None,
    k: Annotated[str, typer.Option(help="numbers of neighbours")] = "8 128",
    alpha: Annotated[float, typer.Option(help="an eigenvalue counts above alpha × the largest")] = 0.05,
    batch_size: Annotated[int, typer.Option(help="samples in a batch")] = 32,
    channels: Channels = None,
    n_bootstrap: Annotated[int, typer.Option(help="resamples of each interval")] = 1000,
    confidence: Annotated[float, typer.Option(help="of the intervals")] = 0.95,
    title: Annotated[str, typer.Option(help="of the report")] = "Audit of an augmentation",
    label_column: Annotated[str | None, LABEL_COLUMN] = None,
    seed: Annotated[int, typer.Option(help="seed of everything random", min=0)] = 0,
    jobs: Annotated[int, typer.Option(help="threads; -1 is one for each core")] = -1,
) -> None:
    """Audit an augmentation: OUT/index.html says where each measure stands against held-out originals.

    Integer images are divided by 255 first. What --augment and --oracle name is sought from the working folder too.

    Example: zeta-geom audit --original data.npz --mixer zeta --gamma 2.8 --against mixup cutmix --out report
    """
    from zeta_geom import audits
    from zeta_geom.audits.methods.importing import import_named

    sys.path.insert(0, os.getcwd())
    if mixer is None and (gamma is not None or param):
        raise ValueError("--gamma and --param go with --mixer.")
    made: dict[str, Any] = {} if augment is None else {augment: import_named(augment, "--augment")}
    made |= _mixers(mixer, gamma, to_params(param or []), seed)
    made |= {f"{name} (2)" if name in made else name: name for name in to_names(against)}
    names = _names(synthetic or [])
    (X, y), *pairs = _pairs([original, *(synthetic or []), *([holdout] if holdout else [])], label_column)
    files = dict(zip(names, pairs))
    found = audits.audit(
        X,
        y,
        synthetic=files or None,
        against=made,
        holdout=None if holdout is None else pairs[-1],
        oracle=oracle,
        manifold=manifold,
        n_neighbors=to_ints(k),
        alpha=alpha,
        batch_size=batch_size,
        channels=channels,
        n_bootstrap=n_bootstrap,
        confidence=confidence,
        random_state=seed,
        n_jobs=jobs,
    )
    repeat = readable(shlex.join(["zeta-geom", *sys.argv[1:]]))
    page = found.save(out, title=readable(title), repeat=repeat)
    typer.echo(str(found))
    typer.echo(f"wrote {page}")


def _mixers(mixer: str | None, gamma: str | None, params: Mapping[str, Any], seed: int) -> dict[str, Any]:
    from zeta_geom.mixers import make_mixer

    if mixer is None:
        return {}
    if gamma is None:
        return {mixer: make_mixer(mixer, **params, random_state=seed)}
    values = to_numbers(gamma, "--gamma")
    return {f"{mixer} γ={value:g}": make_mixer(mixer, gamma=value, **params, random_state=seed) for value in values}


def _names(paths: list[Path]) -> list[str]:
    """Return the names of synthetic samples: their files' where there are several."""
    names = ["synthetic"] if len(paths) == 1 else [readable(path.stem) for path in paths]
    if len(set(names)) < len(names):
        raise ValueError(f"--synthetic must be files of different names; got {', '.join(map(str, paths))}.")
    return names


def _pairs(paths: list[Path], label_column: str | None) -> list[tuple[np.ndarray, np.ndarray | None]]:
    from zeta_geom.datasets.own_files import labels_of, read_several

    return [(arrays["X"], labels_of(arrays)) for arrays in read_several(paths, label_column)]
