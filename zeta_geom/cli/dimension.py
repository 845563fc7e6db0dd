"""`zeta-geom dimension`: the local intrinsic dimension at each point; `zeta-geom plan`: what it will cost."""

from pathlib import Path
from typing import Annotated, Any

import typer

from zeta_geom.cli.options import (
    DASK,
    PARTS,
    WORKERS,
    Alpha,
    Jobs,
    LabelColumn,
    Neighborhoods,
    Samples,
    Seed,
    Table,
    write,
)
from zeta_geom.cli.values import to_executor, to_ints


def dimension(
    file: Samples,
    out: Table,
    k: Neighborhoods = "8 128",
    alpha: Alpha = 0.05,
    anchors: Annotated[int | None, typer.Option(help="number of random points to estimate at; default: all")] = None,
    label_column: LabelColumn = None,
    seed: Seed = 0,
    jobs: Jobs = -1,
    workers: Annotated[int, WORKERS] = 0,
    dask: Annotated[str | None, DASK] = None,
    parts: Annotated[Path | None, PARTS] = None,
) -> None:
    """Estimate the local intrinsic dimension at each point; print mean ± standard deviation.

    With --anchors, neighbors are still searched among all points, and a standard error is printed. With --workers or
    --dask, the points (a .npy) may exceed memory; with --parts, a killed command resumes when it is called again.

    Example: zeta-geom dimension data.npy --k 8 128 --out dimension.csv
    """
    from zeta_geom.datasets.own_files import read_arrays
    from zeta_geom.geometry.local_pca import draw_anchors, standard_error
    from zeta_geom.scale import local_dimension

    X = read_arrays(file, label_column=label_column, labels=False, mapped=True)["X"]
    ks, executor = to_ints(k), to_executor(workers, dask)
    how: Any = {"n_jobs": jobs} if executor is None else {"executor": executor, "parts": parts}
    if executor is None and parts is not None:
        raise ValueError("--parts needs --workers or --dask.")
    dimensions = local_dimension(
        X.reshape(len(X), -1), ks, alpha, n_anchors=anchors, random_state=seed, progress=True, **how
    )
    for count, values in dimensions.items():
        error = standard_error(values, len(X))
        sampling = "" if anchors is None else f", standard error of the mean {error:.3f}"
        typer.echo(f"k = {count}: {values.mean():.3f} ± {values.std():.3f} over {len(values)} points{sampling}")
    rows = {} if anchors is None else {"row": draw_anchors(anchors, len(X), seed)}
    write(out, rows | {f"k{count}": values for count, values in dimensions.items()})


def plan(
    n: Annotated[int, typer.Argument(help="points")],
    d: Annotated[int, typer.Argument(help="dimensions")],
    k: Annotated[int, typer.Option(help="largest number of neighbors")] = 128,
    workers: Annotated[int, typer.Option(help="processes, or GPUs")] = 1,
    rate: Annotated[str, typer.Option(help="cpu, gpu, or here: measured on this machine")] = "cpu",
    anchors: Annotated[int | None, typer.Option(help="number of points to estimate at; default: all")] = None,
) -> None:
    """Predict the cost of an exact local dimension (operations, bytes, memory, hours), with advice to reduce it.

    Example: zeta-geom plan 1281167 2048 --workers 16
    """
    from zeta_geom.scale import measure_rate, plan_local_dimension

    typer.echo(plan_local_dimension(n, d, k, workers, measure_rate() if rate == "here" else rate, n_anchors=anchors))
