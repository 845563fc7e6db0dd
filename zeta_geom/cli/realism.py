"""`zeta-geom realism`: MNIST-like images scored by the oracle."""

from pathlib import Path
from typing import Annotated

import typer

from zeta_geom.cli.options import Table, write


def realism(
    file: Annotated[Path, typer.Argument(help=".npy with X, or .npz with X and optionally y", show_default=False)],
    out: Table,
) -> None:
    """Score MNIST-like images (n, 28, 28) by the oracle: entropy and, with labels, cross-entropies, in nats.

    Example: zeta-geom realism mixed.npz --out scores.csv
    """
    import numpy as np

    from zeta_geom.checks import check_labels, one_hot
    from zeta_geom.datasets.own_files import labels_of, read_arrays
    from zeta_geom.realism import MNISTOracle, soft_label_report

    if file.suffix.lower() == ".csv":
        raise ValueError(f"{file} must be a .npy or .npz file: a table holds no images.")
    arrays = read_arrays(file)
    log_p = MNISTOracle.pretrained().log_proba(arrays["X"])
    y = labels_of(arrays)
    Y = None if y is None else check_labels(y, n=len(log_p), n_classes=10)
    scores = soft_label_report(log_p, one_hot(Y, 10) if Y is not None and Y.ndim == 1 else Y)
    for name, values in scores.items():
        infinite = np.isinf(values).mean()
        note = f", {infinite:.1%} infinite" if infinite else ""
        typer.echo(f"{name}: median {np.median(values):.4f}{note}")
    write(out, scores)
