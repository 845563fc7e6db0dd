"""`zeta-geom neighbors`: how far training and test labels agree."""

from pathlib import Path
from typing import Annotated

import typer

from zeta_geom.cli.options import Channels, Features, LabelColumn, Table, Weights, write
from zeta_geom.cli.values import to_space


def neighbors(
    train: Annotated[
        Path, typer.Argument(help=".npz with X and labels y (or soft labels Y), or .csv", show_default=False)
    ],
    test: Annotated[Path, typer.Argument(help=".npz with X and labels y, or .csv", show_default=False)],
    out: Table,
    k: Annotated[int, typer.Option(help="number of neighbors")] = 128,
    metric: Annotated[str, typer.Option(help="cosine or euclidean")] = "cosine",
    features: Features = None,
    weights: Weights = None,
    channels: Channels = None,
    label_column: LabelColumn = None,
) -> None:
    """For each test sample, count the neighbors among the training samples that have its label.

    Example: zeta-geom neighbors train.npz test.npz --k 128 --features imagenet --out agreement.csv
    """
    import numpy as np

    from zeta_geom.datasets.own_files import labels_of, read_several
    from zeta_geom.neighborhoods import label_agreement

    samples, queries = read_several((train, test), label_column)
    labels = labels_of(samples)
    if labels is None or "y" not in queries:
        raise ValueError("neighbors needs labels: y (or Y) in the training file, y in the test file.")
    space = to_space(features, weights, channels)
    if space is None:
        rows = [arrays["X"].reshape(len(arrays["X"]), -1) for arrays in (samples, queries)]
    else:
        space = space.of(samples["X"].shape)
        typer.echo(f"space {space.name}: {space.stated}")
        rows = [space.extract(arrays["X"], progress=True) for arrays in (samples, queries)]
    agreement = label_agreement(rows[0], labels, rows[1], queries["y"], k=k, metric=metric)
    mean, median = agreement.counts.mean(), np.median(agreement.counts)
    typer.echo(f"correct labels among {k} neighbors: mean {mean:.2f}, median {median:g}")
    write(out, {"counts": agreement.counts, "soft": agreement.soft, "balanced": agreement.balanced})
