"""`zeta-geom fidelity`: how real synthetic samples look, and how much of the real ones they cover."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zeta_geom.cli.options import Channels, Features, Jobs, LabelColumn, Table, Weights, write
from zeta_geom.cli.values import to_space

if TYPE_CHECKING:
    import numpy as np

Row = dict[str, str | float | int]


def fidelity(
    real: Annotated[Path, typer.Argument(help="real samples: .npy or .npz with X, or .csv", show_default=False)],
    fake: Annotated[Path, typer.Argument(help="synthetic samples, likewise", show_default=False)],
    out: Table,
    features: Features = None,
    weights: Weights = None,
    k: Annotated[int, typer.Option(help="neighbors of precision and recall")] = 3,
    k_density: Annotated[int, typer.Option(help="neighbors of density, coverage and β-recall")] = 5,
    channels: Channels = None,
    label_column: LabelColumn = None,
    jobs: Jobs = -1,
) -> None:
    """Compare synthetic with real samples: precision, recall, density, coverage, distances; one row for each metric.

    Take real samples that no synthetic one was made from. Integers are divided by 255 first.
    Without --features the samples are compared as they are.

    Example: zeta-geom fidelity real.npz fake.npz --features imagenet --out fidelity.csv
    """
    import pandas as pd

    from zeta_geom.datasets.own_files import read_several
    from zeta_geom.features import space as make_space

    sets = [arrays["X"] for arrays in read_several((real, fake), label_column)]
    if sets[0].shape[1:] != sets[1].shape[1:]:
        raise ValueError(
            f"REAL and FAKE must hold samples of one shape; got {sets[0].shape[1:]} and {sets[1].shape[1:]}."
        )
    space = (to_space(features, weights, channels) or make_space("pixels")).of(sets[0].shape)
    typer.echo(f"space {space.name}: {space.stated}")
    first, second = (space.extract(X, progress=True) for X in sets)
    rows = metrics(first, second, k, k_density, jobs)
    table = pd.DataFrame(rows).assign(space=space.name, n_real=len(sets[0]), n_fake=len(sets[1]))
    for row in rows:
        typer.echo(f"{row['metric']}: {row['value']:.6g}")
    texts = {name: table[name].to_numpy(str) for name in ("metric", "space")}  # an .npz takes no Python objects
    write(out, {name: texts.get(name, table[name].to_numpy()) for name in map(str, table)})


def metrics(real: np.ndarray, fake: np.ndarray, k: int, k_density: int, n_jobs: int) -> list[Row]:
    """Return the name, value and number of neighbours (0: it has none) of each metric of two sets of features."""
    from zeta_geom import fidelity

    balls = fidelity.improved_precision_recall(real, fake, k=k, n_jobs=n_jobs, progress=True)
    cover = fidelity.density_coverage(real, fake, k=k_density, n_jobs=n_jobs, progress=True)
    values: list[tuple[str, float, int]] = [
        ("precision", balls.precision, k),
        ("recall", balls.recall, k),
        ("density", cover.density, k_density),
        ("coverage", cover.coverage, k_density),
        ("alpha-precision", fidelity.alpha_precision(real, fake).score, 0),
        ("beta-recall", fidelity.beta_recall(real, fake, k=k_density, n_jobs=n_jobs).score, k_density),
        ("frechet-distance", fidelity.frechet_distance(real, fake), 0),
        ("kernel-distance", fidelity.kernel_distance(real, fake).score, 0),
    ]
    return [{"metric": name, "value": value, "k": neighbors} for name, value, neighbors in values]
