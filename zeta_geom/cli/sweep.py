"""`zeta-geom sweep …`: a grid of runs in a folder, its status, and its plot."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer
from typer.core import TyperGroup

from zeta_geom.cli.options import (
    DASK,
    WORKERS,
    Batches,
    Channels,
    Features,
    LabelColumn,
    ManyValues,
    Neighborhoods,
    Weights,
    check_folder,
    output,
)
from zeta_geom.cli.values import (
    readable,
    search_working_folder,
    to_executor,
    to_grid,
    to_ints,
    to_names,
    to_range,
    to_space,
)

if TYPE_CHECKING:
    import pandas as pd

    from zeta_geom.sweeps import Ledger

    Panel: TypeAlias = tuple[Any, pd.DataFrame]  # (data, measure, k) and its rows


class RunUnlessNamed(TyperGroup):
    """A group whose command `run` needs no name: `sweep data.npz` is `sweep run data.npz`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Insert the name `run` if no command is named."""
        if args and args[0] not in (*self.commands, "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


HELP = """Measure mixed data over a grid of settings; a killed sweep resumes when it is called again.

Example: zeta-geom sweep data.npz --gammas 0:15:0.5 --k 8 128 --measure dimension label-error --out runs --workers 2
"""
sweep_app = typer.Typer(cls=RunUnlessNamed, help=HELP, no_args_is_help=True)
Folder = Annotated[Path, typer.Argument(help="the folder that --out named", show_default=False)]


@sweep_app.command(cls=ManyValues)
def run(
    files: Annotated[
        list[Path], typer.Argument(help=".npy with X, .npz with X and optionally y, or .csv", show_default=False)
    ],
    out: Annotated[
        Path, typer.Option(help="folder for the runs and the table", show_default=False, callback=check_folder)
    ],
    gammas: Annotated[str, typer.Option(help="values of γ: start:stop:step, or numbers")] = "0:15:0.5",
    k: Neighborhoods = "8 128",
    measure: Annotated[
        str, typer.Option(help="dimension, label-error, realism, measures of an audit, or module:name")
    ] = "dimension",
    estimator: Annotated[
        str | None, typer.Option(help="estimators of the dimension, such as FO TLE", show_default=False)
    ] = None,
    mixers: Annotated[str, typer.Option(help="names of mixers, or module:name")] = "zeta mixup",
    grid: Annotated[
        str | None, typer.Option(help="values of parameters: cutmix.alpha=0.2,1.0", show_default=False)
    ] = None,
    anchors: Annotated[str, typer.Option(help="zeta: first sample of each output: self, random, or both")] = "self",
    n_mix: Annotated[str, typer.Option(help="zeta: values of T; 0: the whole batch")] = "0",
    batch_size: Batches = 32,
    channels: Channels = None,
    features: Features = None,
    weights: Weights = None,
    seeds: Annotated[str, typer.Option(help="seeds of all random draws")] = "0",
    label_column: LabelColumn = None,
    workers: Annotated[int, WORKERS] = 0,
    dask: Annotated[str | None, DASK] = None,
    limit: Annotated[float | None, typer.Option(help="maximal seconds of a run")] = None,
    keep_failed: Annotated[bool, typer.Option(help="do not repeat failed runs")] = False,
    force: Annotated[bool, typer.Option(help="repeat finished runs")] = False,
    stale: Annotated[bool, typer.Option(help="accept runs of older code")] = False,
    csv: Annotated[bool, typer.Option(help="also write the table as CSV")] = False,
) -> None:
    """Carry out the unfinished runs, then write OUT/results.parquet; a killed sweep resumes when called again.

    Example: zeta-geom sweep data.npz --gammas 0:15:0.5 --k 8 128 --measure dimension label-error --out runs --csv
    """
    from zeta_geom.sweeps import Ledger, SweepError, sweep

    executor = to_executor(workers, dask, limit)
    if ":" in measure + mixers:
        search_working_folder()
    runs: Any = {"gammas": to_range(gammas), "n_neighbors": to_ints(k), "measures": to_names(measure)}
    runs |= {"estimator": None if estimator is None else to_names(estimator), "grid": to_grid(grid)}
    runs |= {"mixers": to_names(mixers), "anchors": to_names(anchors), "seeds": to_ints(seeds, "--seeds")}
    runs |= {"n_mix": [count or None for count in to_ints(n_mix, "--n-mix")], "batch_size": batch_size}
    runs |= {"channels": channels, "features": to_space(features, weights)}
    how: Any = {"limit": limit, "retry_failed": not keep_failed, "force": force, "stale": stale}
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a batch system ends its jobs with SIGTERM
    table, failed = out / "results.parquet", ""
    try:
        sweep(_read(files, label_column), **runs, executor=executor, folder=out, **how)
    except SweepError as error:
        failed = f"zeta-geom: {error} `zeta-geom sweep status {out}` lists them."
    except KeyboardInterrupt:
        again = "the same command without --force resumes it" if force else "the same command resumes it"
        typer.echo(f"zeta-geom: interrupted; {_finished(Ledger(out))}: {again}.", err=True)
        raise typer.Exit(130) from None
    _end(table, failed, csv)


@sweep_app.command()
def status(folder: Folder) -> None:
    """Count finished, failed, running and open runs; say why runs failed, and which processes work.

    Example: zeta-geom sweep status runs
    """
    from zeta_geom.sweeps import Ledger

    ledger = Ledger(folder)
    typer.echo(", ".join(f"{count} {name}" for name, count in ledger.counts().items()))
    for entry in ledger.plan():
        name, state = entry.manifest["name"], ledger.status(entry)
        if state == "failed":
            typer.echo(f"failed   {name}: {ledger.failure(entry)}")
        if state == "running" and (owner := ledger.owner(entry)):
            seconds = time.time() - float(owner["since"])
            typer.echo(f"running  {name}: {owner['host']}, process {owner['pid']}, for {seconds:.0f} s")


@sweep_app.command()
def plot(
    folder: Folder,
    out: Annotated[Path | None, output(".png", ".pdf", ".svg")] = None,
    x: Annotated[
        str | None, typer.Option(help="the horizontal axis: gamma, or a parameter of --grid", show_default=False)
    ] = None,
) -> None:
    """Draw the finished runs: mean ± standard deviation against γ, a panel for each data set, measure and k.

    Without --out, the figure goes into FOLDER/sweep.png. Without --x, the axis is γ, or else the first parameter.

    Example: zeta-geom sweep plot runs --out sweep.pdf
    """
    import matplotlib

    from zeta_geom.plots.names import lettering
    from zeta_geom.records import atomic_path
    from zeta_geom.sweeps import sweep_table

    target = folder / "sweep.png" if out is None else out
    with matplotlib.rc_context({"backend": "agg"}), lettering():
        figure = draw(sweep_table(folder), x)
        with atomic_path(target) as temporary, lettering(figure):
            figure.savefig(temporary)
    typer.echo(f"wrote {target}")


def draw(table: pd.DataFrame, x: str | None = None) -> Any:
    """Return the figure of a sweep's table: a panel for each measure and k, grouped by data set."""
    import matplotlib
    from matplotlib.figure import Figure

    from zeta_geom.plots import style
    from zeta_geom.plots.names import as_label, lettering
    from zeta_geom.plots.sweep import sweep_panel

    x = _axis(table, x)
    several = table["data"].nunique() > 1
    keys = ["data", "measure", "k"]
    rows = [row for _, part in table.groupby("data", sort=False) for row in _rows([*part.groupby(keys, sort=False)])]
    parameters: Any = style.PARAMETERS
    with matplotlib.rc_context(parameters), lettering():
        fig: Any = Figure(figsize=(2.6 * max(map(len, rows)) + 0.6, 2.3 * len(rows) + 0.6))
        for place, row in zip(fig.add_gridspec(len(rows), 1), rows):
            for slot, ((name, _, _), part) in zip(place.subgridspec(1, len(row)), row):
                ax = sweep_panel(fig.add_subplot(slot), part, x=x)
                ax.set(title=_title(name if several else "", part), xlabel="γ" if x == "gamma" else as_label(x))
        lines = {label: handle for ax in fig.axes for handle, label in zip(*ax.get_legend_handles_labels())}
        note = "lines: mean; bands: ± standard deviation over points (for shares and single numbers: over seeds)"
        fig.legend(
            lines.values(), lines.keys(), loc="outside lower center", ncols=4, title=note, title_fontsize=7
        )  # fmt: skip
    return fig


def _axis(table: pd.DataFrame, x: str | None) -> str:
    """Return the column of the horizontal axis."""
    from zeta_geom.plots.sweep import swept_columns

    numbers = [name for name in swept_columns(table) if table[name].dtype.kind in "fiu"]
    if x is not None and x not in ("gamma", *numbers):
        choices = ", ".join(["gamma", *numbers])
        raise ValueError(f"--x must be a column of numbers that the sweep varied: {choices}; got {x!r}.")
    return x or ("gamma" if table["gamma"].notna().any() or not numbers else numbers[0])


def _rows(panels: list[Panel]) -> list[list[Panel]]:
    """Split panels into rows of at most three, of nearly equal length."""
    count = -(-len(panels) // 3)
    ends = [round(len(panels) * (1 + row) / count) for row in range(count)]
    return [panels[start:end] for start, end in zip([0, *ends], ends)]


def _title(name: str, rows: pd.DataFrame) -> str:
    """Return the title of a panel: data set, quantity with its unit, k, and the direction that is better."""
    from zeta_geom.plots.names import as_label
    from zeta_geom.plots.sweep import QUANTITIES

    first = rows.iloc[0]
    quantity, k = QUANTITIES.get(first["measure"]), first["k"]
    unit, better = (first.get(column, "") for column in ("unit", "better"))
    if quantity is None:
        quantity = as_label(first["measure"]) + (f" ({as_label(unit)})" if unit else "")
    lines = [as_label(name)] * bool(name) + [f"{quantity}, k = {k}" if k else quantity]
    return "\n".join(lines + ([f"{better} is better"] if better else []))


def _read(files: list[Path], label_column: str | None) -> dict[str, Any]:
    from zeta_geom.checks.images import to_floats
    from zeta_geom.datasets.own_files import labels_of, read_arrays

    data = {}
    for file in files:
        arrays = read_arrays(file, label_column=label_column)
        X, labels = to_floats(arrays["X"]), labels_of(arrays)
        data[readable(file.stem)] = X if labels is None else (X, labels)
    if len(data) < len(files):
        raise ValueError(f"FILES must have different names; got {', '.join(map(str, files))}.")
    return data


def _end(table: Path, failed: str, csv: bool) -> None:
    """Say what was written; exit with an error if runs failed."""
    if csv:
        import pandas as pd

        from zeta_geom.records.disk import write_result

        write_result(table.with_suffix(".csv"), pd.read_parquet(table))
    typer.echo(f"{'some runs failed' if failed else 'every run is finished'}; wrote {table}")
    if failed:
        typer.echo(failed, err=True)
        raise typer.Exit(1)


def _finished(ledger: Ledger) -> str:
    try:
        counts = ledger.counts()
    except FileNotFoundError:  # the runs were not written down yet
        return f"no run is finished in {ledger.folder}"
    return f"{counts['finished']} of {sum(counts.values())} runs are finished in {ledger.folder}"
