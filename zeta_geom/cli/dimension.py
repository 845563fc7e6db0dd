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
    option_of_file,
    write,
)
from zeta_geom.cli.values import to_executor, to_ints, to_names

PLOT = option_of_file("--plot", "also draw the table of --scale", ".png", ".pdf", ".svg")


def dimension(
    file: Samples,
    out: Table,
    k: Neighborhoods = "8 128",
    alpha: Alpha = 0.05,
    estimator: Annotated[
        str, typer.Option(help="FO, MLE, TLE, MOM, MADA, ESS, TwoNN, GRIDE, CA-PCA, …; several with --scale")
    ] = "FO",
    scale: Annotated[bool, typer.Option(help="table of the mean against k, with standard errors")] = False,
    plot: Annotated[Path | None, PLOT] = None,
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
    With --scale, the mean of one or several estimators against k is printed and written, with its standard error over
    samples; --plot draws it.

    Example: zeta-geom dimension data.npy --k 8 128 --out dimension.csv

    Example: zeta-geom dimension data.npy --k 32 --estimator TLE --out dimension.csv

    Example: zeta-geom dimension data.npy --scale --k 8 16 32 64 --estimator FO MLE TLE --out s.csv --plot s.png
    """
    from zeta_geom.datasets.own_files import read_arrays

    X = read_arrays(file, label_column=label_column, labels=False, mapped=True)["X"]
    X, ks, names = X.reshape(len(X), -1), to_ints(k), to_names(estimator)
    executor = to_executor(workers, dask)
    if executor is None and parts is not None:
        raise ValueError("--parts needs --workers or --dask.")
    if not names:
        raise ValueError("--estimator must name at least one estimator, such as TLE; got none.")
    if not scale and plot is not None:
        raise ValueError(f"--plot draws the dimension against scale and needs --scale; got --plot {plot}.")
    if not scale and len(names) > 1:
        raise ValueError(f"several estimators need --scale; got --estimator {estimator}.")
    if scale and executor is not None:
        raise ValueError("--scale computes in this process; leave out --workers and --dask.")
    if scale:
        _write_scale(X, ks, names, out, plot, {"alpha": alpha, "n_anchors": anchors, "random_state": seed}, jobs)
        return
    how: Any = {"n_jobs": jobs} if executor is None else {"executor": executor, "parts": parts}
    how |= {"estimator": names[0], "n_anchors": anchors, "random_state": seed}
    _write_points(X, ks, alpha, out, how)


def _write_points(X: Any, ks: tuple[int, ...], alpha: float, out: Path, how: Any) -> None:
    """Write the dimension at each point or anchor, and print the means."""
    import numpy as np

    from zeta_geom.geometry.local_pca import draw_anchors, standard_error
    from zeta_geom.scale import local_dimension

    anchors = how["n_anchors"]
    dimensions = local_dimension(X, ks, alpha, progress=True, **how)
    for count, values in dimensions.items():
        finite = values[np.isfinite(values)]  # a warning counts the others
        error = standard_error(finite, len(X)) if len(finite) else float("nan")
        sampling = "" if anchors is None else f", standard error of the mean {error:.3f}"
        mean, std = (finite.mean(), finite.std()) if len(finite) else (np.nan, np.nan)
        typer.echo(f"k = {count}: {mean:.3f} ± {std:.3f} over {len(finite)} points{sampling}")
    rows = {} if anchors is None else {"row": draw_anchors(anchors, len(X), how["random_state"])}
    write(out, rows | {f"k{count}": values for count, values in dimensions.items()})


def _write_scale(
    X: Any, ks: tuple[int, ...], names: tuple[str, ...], out: Path, plot: Path | None, how: Any, jobs: int
) -> None:
    """Write the table of the mean dimension against k, print it, and draw it if a file is named."""
    from zeta_geom.geometry import dimension_scale

    table = dimension_scale(X, ks, names, n_jobs=jobs, progress=True, **how)
    typer.echo(table.to_string(index=False, float_format="{:.3f}".format))
    write(out, table)
    if plot is None:
        return
    import matplotlib
    from matplotlib.figure import Figure

    from zeta_geom.plots import PARAMETERS, dimension_curves
    from zeta_geom.records import atomic_path

    parameters: Any = {"backend": "agg", **PARAMETERS}
    with matplotlib.rc_context(parameters):
        figure = Figure(figsize=(3.6, 2.8))
        ax = dimension_curves(figure.subplots(), table)
        ax.legend(title="mean ± 2 standard errors", title_fontsize=7)
        with atomic_path(plot) as temporary:
            figure.savefig(temporary)
    typer.echo(f"wrote {plot}")


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
