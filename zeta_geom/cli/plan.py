"""`zeta-geom plan`: the cost of an exact local dimension."""

from typing import Annotated

import typer


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
