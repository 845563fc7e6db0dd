"""`zeta-geom sweep …`: a grid of runs in a folder, its status, and its plot."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from zeta_geom.cli_values import (
    DASK,
    WORKERS,
    ManyValues,
    check_folder,
    output,
    to_executor,
    to_ints,
    to_names,
    to_range,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["sweep_app"]


class RunUnlessNamed(TyperGroup):
    """A group whose first command needs no name: `sweep data.npz` is `sweep run data.npz`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the name in where there is none."""
        if args and args[0] not in (*self.commands, "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


HELP = """Measure what mixers make of data, over a grid of settings that survives a kill.

Example: zeta-geom sweep data.npz --gammas 0:15:0.5 --k 8 128 --measure dimension label-error --out runs --workers 2
"""
sweep_app = typer.Typer(cls=RunUnlessNamed, help=HELP, no_args_is_help=True)
Folder = Annotated[Path, typer.Argument(help="the folder that a sweep was told by --out", show_default=False)]


@sweep_app.command(cls=ManyValues)
def run(
    files: Annotated[
        list[Path], typer.Argument(help=".npy with X, or .npz with X and perhaps y", show_default=False)
    ],
    out: Annotated[
        Path,
        typer.Option(help="folder that keeps each run, and the table", show_default=False, callback=check_folder),
    ],
    gammas: Annotated[str, typer.Option(help="start:stop:step, or numbers")] = "0:15:0.5",
    k: Annotated[str, typer.Option(help="numbers of neighbours")] = "8 128",
    measure: Annotated[str, typer.Option(help="dimension, label-error, realism")] = "dimension",
    mixers: Annotated[str, typer.Option(help="names of mixers")] = "zeta mixup",
    anchors: Annotated[str, typer.Option(help="self, random, or both, for zeta")] = "self",
    n_mix: Annotated[str, typer.Option(help="values of T, for zeta; 0 is the whole batch")] = "0",
    batch_size: Annotated[int, typer.Option(help="points in a batch")] = 32,
    seeds: Annotated[str, typer.Option(help="seeds of everything random")] = "0",
    workers: Annotated[int, WORKERS] = 0,
    dask: Annotated[str | None, DASK] = None,
    limit: Annotated[float | None, typer.Option(help="seconds that a run may take")] = None,
    keep_failed: Annotated[bool, typer.Option(help="do not try again what failed before")] = False,
    force: Annotated[bool, typer.Option(help="do again what is finished")] = False,
    stale: Annotated[bool, typer.Option(help="accept runs of older code")] = False,
    csv: Annotated[bool, typer.Option(help="write the table as CSV too")] = False,
) -> None:
    """Carry out what is not finished, then write OUT/results.parquet; a killed sweep goes on when called again.

    Example: zeta-geom sweep data.npz --gammas 0:15:0.5 --k 8 128 --measure dimension label-error --out runs --csv
    """
    from zeta_geom.files import write_result
    from zeta_geom.sweeps import Ledger, SweepError, sweep

    executor = to_executor(workers, dask, limit)
    grid: Any = {"gammas": to_range(gammas), "n_neighbors": to_ints(k), "measures": to_names(measure)}
    grid |= {"mixers": to_names(mixers), "anchors": to_names(anchors), "seeds": to_ints(seeds, "--seeds")}
    grid |= {"n_mix": [count or None for count in to_ints(n_mix, "--n-mix")], "batch_size": batch_size}
    how: Any = {"limit": limit, "retry_failed": not keep_failed, "force": force, "stale": stale}
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a batch system's farewell
    table, failed = out / "results.parquet", ""
    try:
        sweep(_read(files), **grid, executor=executor, folder=out, **how)
    except SweepError as error:
        failed = f"zeta-geom: {error} `zeta-geom sweep status {out}` lists them."
    except KeyboardInterrupt:
        again = "the same command, without --force, goes on" if force else "the same command goes on"
        typer.echo(f"zeta-geom: interrupted; {_finished(Ledger(out))}: {again}.", err=True)
        raise typer.Exit(130) from None
    if csv:
        import pandas as pd

        write_result(out / "results.csv", pd.read_parquet(table))
    typer.echo(f"{'some runs failed' if failed else 'every run is finished'}; wrote {table}")
    if failed:
        typer.echo(failed, err=True)
        raise typer.Exit(1)


@sweep_app.command()
def status(folder: Folder) -> None:
    """Say how many runs are finished, failed, running and open; why runs failed, and who works on what.

    Example: zeta-geom sweep status runs
    """
    from zeta_geom.sweeps import Ledger

    ledger = Ledger(folder)
    typer.echo(", ".join(f"{count} {name}" for name, count in ledger.counts().items()))
    for entry in ledger.plan():
        name, found = entry.manifest["name"], ledger.status(entry)
        if found == "failed":
            typer.echo(f"failed   {name}: {ledger.failure(entry)}")
        if found == "running" and (owner := ledger.owner(entry)):
            seconds = time.time() - float(owner["since"])
            typer.echo(f"running  {name}: {owner['host']}, process {owner['pid']}, for {seconds:.0f} s")


@sweep_app.command()
def plot(
    folder: Folder,
    out: Annotated[Path | None, output(".png", ".pdf", ".svg")] = None,
) -> None:
    """Draw what is finished: mean ± standard deviation against γ, a panel a measure and k, a row a data set.

    Without --out into FOLDER/sweep.png.

    Example: zeta-geom sweep plot runs --out sweep.pdf
    """
    import matplotlib

    from zeta_geom.records import atomic_path
    from zeta_geom.sweeps import sweep_table

    target = folder / "sweep.png" if out is None else out
    with matplotlib.rc_context({"backend": "agg"}):
        figure = draw(sweep_table(folder))
        with atomic_path(target) as temporary:
            figure.savefig(temporary)
    typer.echo(f"wrote {target}")


def draw(table: pd.DataFrame) -> Any:
    """Return the figure of a sweep's table."""
    import matplotlib.pyplot as plt

    from zeta_geom.plots import style
    from zeta_geom.plots.sweep import QUANTITIES, sweep_panel

    data = list(table["data"].unique())
    panels = table[["measure", "k"]].drop_duplicates()
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)  # of each data set
    parameters: Any = style.PARAMETERS
    with plt.rc_context(parameters):
        size = (2.6 * columns + 0.6, 2.3 * len(data) * rows + 0.6)
        fig, axes = plt.subplots(len(data) * rows, columns, squeeze=False, figsize=size)
        for ax in axes.flat:
            ax.set_visible(False)
        for above, name in enumerate(data):
            for ax, (measure, k) in zip(axes[above * rows : (above + 1) * rows].flat, panels.to_numpy()):
                part = table[(table["data"] == name) & (table["measure"] == measure) & (table["k"] == k)]
                if len(part):
                    ax.set_visible(True)
                    sweep_panel(ax, part)
                    title = [name] * (len(data) > 1) + [f"k = {k}"] * (k > 0)
                    ax.set(title=", ".join(title), xlabel="γ", ylabel=QUANTITIES.get(measure, measure))
        keys = {label: handle for ax in axes.flat for handle, label in zip(*ax.get_legend_handles_labels())}
        note = "lines: mean; bands: ± standard deviation over points, of wrong labels over seeds"
        fig.legend(
            keys.values(), keys.keys(), loc="outside lower center", ncols=4, title=note, title_fontsize=7
        )  # fmt: skip
    return fig


def _read(files: list[Path]) -> dict[str, Any]:
    from zeta_geom.files import labels_of, read_arrays, to_floats

    data = {}
    for file in files:
        arrays = read_arrays(file)
        X, labels = to_floats(arrays["X"]), labels_of(arrays)
        data[file.stem] = X if labels is None else (X, labels)
    if len(data) < len(files):
        raise ValueError(f"FILES must differ in their names; got {', '.join(map(str, files))}.")
    return data


def _finished(ledger: Any) -> str:
    try:
        counts = ledger.counts()
    except FileNotFoundError:  # before the runs were written down
        return f"no run is finished in {ledger.folder}"
    return f"{counts['finished']} of {sum(counts.values())} runs are finished in {ledger.folder}"
