"""`zeta-geom …`: the library on a user's own files. Commands import what they compute with: help is quick."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zeta_geom.cli.audit import audit
from zeta_geom.cli.consoles import spell_out
from zeta_geom.cli.options import (
    DASK,
    LABEL_COLUMN,
    PARTS,
    WORKERS,
    Channels,
    ManyValues,
    output,
    show_version,
    to_executor,
    to_gamma,
    to_ints,
    to_params,
)
from zeta_geom.cli.sweep import sweep_app

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

HELP = {"no_args_is_help": True, "add_completion": False, "pretty_exceptions_enable": False}
app = typer.Typer(help="Measure what a data augmentation does to the geometry of a data set.", **HELP)  # type: ignore[arg-type]
data_app = typer.Typer(help="Get the data sets.", no_args_is_help=True)
app.add_typer(data_app, name="data")
app.add_typer(sweep_app, name="sweep")
app.command(cls=ManyValues)(audit)

UsageError: Any = typer.BadParameter.__base__  # a mistake in the words of a command; typer exports no name for it

Input = Annotated[Path, typer.Argument(help=".npy with X, .npz with X and perhaps y, or .csv", show_default=False)]
LabelColumn = Annotated[str | None, LABEL_COLUMN]
Arrays = Annotated[Path, output(".npz")]
Columns = Annotated[Path, output(".npz", ".csv", ".parquet")]
Seed = Annotated[int, typer.Option(help="seed of everything random", min=0)]
BatchSize = Annotated[int, typer.Option(help="points in a batch")]


@app.callback()
def start(
    version: Annotated[
        bool, typer.Option("--version", help="print the version", callback=show_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options that stand before a command's name."""


@data_app.command("fetch")
def data_fetch(
    name: Annotated[str, typer.Argument(help="mnist, fashion-mnist, …; see `zeta-geom data list`")],
    offline: Annotated[bool, typer.Option(help="do not ask the network: only check the cache")] = False,
) -> None:
    """Fetch a data set into the cache, or check the one that is there.

    Example: zeta-geom data fetch mnist
    """
    from zeta_geom import datasets

    typer.echo(datasets.fetch(name, download=not offline))


@data_app.command("list")
def data_list() -> None:
    """List the data sets.

    Example: zeta-geom data list
    """
    from zeta_geom.datasets import DATASETS

    for name, specification in DATASETS.items():
        typer.echo(f"{name:16}{specification.title}; {specification.licence}")


@app.command()
def mix(
    file: Input,
    out: Arrays,
    mixer: Annotated[str, typer.Option(help="a name that `zeta-geom mixers` lists")] = "zeta",
    gamma: Annotated[str | None, typer.Option(help="exponent γ, or low:high for a draw a batch, for zeta")] = None,
    n_mix: Annotated[int | None, typer.Option(help="T, samples in one output, for zeta; all by default")] = None,
    anchor: Annotated[str | None, typer.Option(help="self or random, for zeta")] = None,
    alpha: Annotated[float | None, typer.Option(help="of Beta(α, α), for mixup and others")] = None,
    per_sample: Annotated[bool | None, typer.Option(help="a λ for each output, for mixup")] = None,
    param: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, any other parameter; repeatable")] = None,
    batch_size: BatchSize = 32,
    channels: Channels = None,
    n_out: Annotated[int | None, typer.Option(help="rows to make; as many as come in by default")] = None,
    label_column: LabelColumn = None,
    seed: Seed = 0,
) -> None:
    """Mix a data set batch by batch; writes X, and soft labels Y where labels (y, or soft Y) are given.

    What is not named keeps the mixer's own default. Integer images are divided by 255 first. Labels that are names
    are numbered in alphabetical order; class_names, beside Y, says which column is whose.

    Example: zeta-geom mix data.npz --out mixed.npz --mixer gridmix --param n_cells=4 --seed 0
    """
    from zeta_geom.checks.grey_levels import to_floats
    from zeta_geom.datasets.own_files import labels_of, read_arrays
    from zeta_geom.mixers import make_mixer
    from zeta_geom.mixers.image_mixer import with_channels

    arrays = read_arrays(file, label_column=label_column)
    asked = {"gamma": None if gamma is None else to_gamma(gamma), "n_mix": n_mix, "anchor": anchor}
    asked |= {"alpha": alpha, "per_sample": per_sample}
    params = {name: value for name, value in asked.items() if value is not None} | to_params(param or [])
    made = with_channels(make_mixer(mixer, **params, random_state=seed), channels)
    X, Y = made.mix_dataset(to_floats(arrays["X"]), labels_of(arrays), batch_size=batch_size, n_out=n_out)
    names = {name: arrays[name] for name in ("class_names",) if name in arrays}
    write(out, {"X": X} if Y is None else {"X": X, "Y": Y} | names)


@app.command()
def mixers(
    markdown: Annotated[bool, typer.Option(help="print the page docs/mixers.md, with sources and ideas")] = False,
) -> None:
    """List the mixers: the paper's Table 2 as the code states it, and the methods that are not built.

    Example: zeta-geom mixers
    """
    from zeta_geom.mixers.table import method_page, method_table

    if markdown:
        typer.echo(method_page(), nl=False)
        return
    shown = method_table().drop(columns=["idea", "source"])
    shown["name"] = shown["name"].replace("", "(not built)")
    rows = [[str(name) for name in shown.columns], *shown.to_numpy().tolist()]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@app.command(cls=ManyValues)
def dimension(
    file: Input,
    out: Columns,
    k: Annotated[str, typer.Option(help="numbers of neighbours")] = "8 128",
    alpha: Annotated[float, typer.Option(help="an eigenvalue counts above alpha × the largest")] = 0.05,
    anchors: Annotated[
        int | None, typer.Option(help="points to estimate at, drawn at random; all by default")
    ] = None,
    label_column: LabelColumn = None,
    seed: Seed = 0,
    jobs: Annotated[int, typer.Option(help="threads; -1 is one for each core")] = -1,
    workers: Annotated[int, WORKERS] = 0,
    dask: Annotated[str | None, DASK] = None,
    parts: Annotated[Path | None, PARTS] = None,
) -> None:
    """Estimate the local intrinsic dimension at each point; prints mean ± standard deviation.

    With --anchors, the neighbours are still sought among all points, and a standard error is printed. With --workers
    or --dask the points, a .npy, need not fit into memory, and with --parts a killed command goes on.

    Example: zeta-geom dimension data.npy --k 8 128 --out dimension.csv
    """
    from zeta_geom.datasets.own_files import read_arrays
    from zeta_geom.geometry.local_pca import draw_anchors, standard_error
    from zeta_geom.scale import local_dimension

    X = read_arrays(file, label_column=label_column, labels=False, mapped=True)["X"]
    ks, executor = to_ints(k), to_executor(workers, dask)
    how: Any = {"n_jobs": jobs} if executor is None else {"executor": executor, "parts": parts}
    if executor is None and parts is not None:
        raise ValueError("--parts goes with --workers or --dask.")
    found = local_dimension(
        X.reshape(len(X), -1), ks, alpha, n_anchors=anchors, random_state=seed, progress=True, **how
    )
    for count, values in found.items():
        error = standard_error(values, len(X))
        among = "" if anchors is None else f", standard error of the mean {error:.3f}"
        typer.echo(f"k = {count}: {values.mean():.3f} ± {values.std():.3f} over {len(values)} points{among}")
    rows = {} if anchors is None else {"row": draw_anchors(anchors, len(X), seed)}
    write(out, rows | {f"k{count}": values for count, values in found.items()})


@app.command()
def plan(
    n: Annotated[int, typer.Argument(help="points")],
    d: Annotated[int, typer.Argument(help="dimensions")],
    k: Annotated[int, typer.Option(help="the largest number of neighbours")] = 128,
    workers: Annotated[int, typer.Option(help="processes, or GPUs")] = 1,
    rate: Annotated[str, typer.Option(help="cpu, gpu, or here: measured on this machine")] = "cpu",
    anchors: Annotated[int | None, typer.Option(help="points to estimate at; all by default")] = None,
) -> None:
    """Foretell what an exact local dimension costs: operations, bytes, memory, hours, and what then helps.

    Example: zeta-geom plan 1281167 2048 --workers 16
    """
    from zeta_geom.scale import measure_rate, plan_local_dimension

    typer.echo(plan_local_dimension(n, d, k, workers, measure_rate() if rate == "here" else rate, n_anchors=anchors))


@app.command()
def realism(
    file: Annotated[Path, typer.Argument(help=".npy with X, or .npz with X and perhaps y", show_default=False)],
    out: Columns,
) -> None:
    """Score MNIST-like images (n, 28, 28) by the oracle: entropy, and with labels the cross-entropies, in nats.

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


@app.command()
def neighbors(
    train: Annotated[
        Path, typer.Argument(help=".npz with X and labels y (or soft labels Y), or .csv", show_default=False)
    ],
    test: Annotated[Path, typer.Argument(help=".npz with X and labels y, or .csv", show_default=False)],
    out: Columns,
    k: Annotated[int, typer.Option(help="number of neighbours")] = 128,
    metric: Annotated[str, typer.Option(help="cosine or euclidean")] = "cosine",
    label_column: LabelColumn = None,
) -> None:
    """Count the nearest training samples that have each test sample's label.

    Example: zeta-geom neighbors train.npz test.npz --k 128 --out agreement.csv
    """
    import numpy as np

    from zeta_geom.datasets.own_files import labels_of, read_several
    from zeta_geom.neighborhoods import label_agreement

    near, asked = read_several((train, test), label_column)
    labels = labels_of(near)
    if labels is None or "y" not in asked:
        raise ValueError("neighbors needs labels: y (or Y) in the training file, y in the test file.")
    features = [part["X"].reshape(len(part["X"]), -1) for part in (near, asked)]
    found = label_agreement(features[0], labels, features[1], asked["y"], k=k, metric=metric)
    typer.echo(
        f"correct labels among {k} neighbours: mean {found.counts.mean():.2f}, median {np.median(found.counts):g}"
    )
    write(out, {"counts": found.counts, "soft": found.soft, "balanced": found.balanced})


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(help="a name that --list lists, or a YAML file", show_default=False)] = "",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="KEY=VALUE as in JSON, such as mixer.params.gamma=3; repeatable"),
    ] = None,
    out: Annotated[Path | None, output(".csv", ".parquet")] = None,
    list_: Annotated[bool, typer.Option("--list", help="list the recipes whose names hold RECIPE")] = False,
    show: Annotated[bool, typer.Option(help="print the recipe as YAML, with the source of each setting")] = False,
    seeds: Annotated[str | None, typer.Option(help="in place of the recipe's")] = None,
    folder: Annotated[Path, typer.Option(help="where runs are kept: a killed one goes on")] = Path("runs"),
    accelerator: Annotated[str, typer.Option(help="auto, cpu, gpu, … of Lightning")] = "auto",
    devices: Annotated[int, typer.Option(help="devices to train on, each with a batch of its own", min=1)] = 1,
    workers: Annotated[int, typer.Option(help="processes that read images, on each device", min=0)] = 0,
    force: Annotated[bool, typer.Option(help="train again what is recorded")] = False,
    stale: Annotated[bool, typer.Option(help="accept runs of older code")] = False,
) -> None:
    """Train a classifier by a recipe, once for each seed, and measure it (training needs the extra `train`).

    Example: zeta-geom train table-4/fashion-mnist/resnet18/zeta-2.8 --set epochs=2 --set schedule.milestones=[]
    """
    from zeta_geom.cli import train as command
    from zeta_geom.records.disk import check_writable

    if list_:
        typer.echo(command.listed(recipe))
        return
    made = command.asked(recipe, to_params(set_ or [], "--set"))
    if show:
        typer.echo(command.shown(made), nl=False)
        return
    check_writable(folder, "--folder", folder=True)
    from zeta_geom.training import run  # imports torch, which nothing above need wait for

    chosen = None if seeds is None else to_ints(seeds, "--seeds")
    table = run(
        made, folder=folder, seeds=chosen, accelerator=accelerator, devices=devices, num_workers=workers,
        force=force, stale=stale,
    )  # fmt: skip
    typer.echo(command.summary(table))
    if out is not None:
        write(out, table)


def write(path: Path, values: Mapping[str, np.ndarray] | pd.DataFrame) -> None:
    """Write a result and say so."""
    from zeta_geom.records.disk import write_result

    write_result(path, values)
    typer.echo(f"wrote {path}")


def main() -> None:
    """Run the command line; a mistake of the user's is one line and a non-zero exit."""
    spell_out()
    logging.basicConfig(format="%(message)s")
    try:
        sys.exit(app(standalone_mode=False))
    except UsageError as error:
        if message := error.format_message():  # none where the help was printed instead
            typer.echo(f"zeta-geom: {' '.join(message.split())} See --help.", err=True)
        sys.exit(2)
    except (ValueError, TypeError, OSError, MemoryError, ImportError) as error:
        typer.echo(f"zeta-geom: {' '.join(str(error).split())}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo("zeta-geom: interrupted", err=True)
        sys.exit(130)


if __name__ == "__main__":
    main()
