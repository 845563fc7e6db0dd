"""`zeta-geom mix`: mix a data set batch by batch."""

from pathlib import Path
from typing import Annotated

import typer

from zeta_geom.cli.options import Batches, Channels, LabelColumn, Samples, Seed, output, write
from zeta_geom.cli.values import to_gamma, to_params


def mix(
    file: Samples,
    out: Annotated[Path, output(".npz")],
    mixer: Annotated[str, typer.Option(help="a name that `zeta-geom mixers` lists")] = "zeta",
    gamma: Annotated[str | None, typer.Option(help="zeta: exponent γ; low:high draws one for each batch")] = None,
    n_mix: Annotated[int | None, typer.Option(help="zeta: T, samples per output; default: the batch")] = None,
    anchor: Annotated[str | None, typer.Option(help="zeta: first sample of each output: self or random")] = None,
    alpha: Annotated[float | None, typer.Option(help="mixup and others: α of Beta(α, α)")] = None,
    per_sample: Annotated[bool | None, typer.Option(help="mixup: draw λ for each output")] = None,
    param: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, any other parameter; repeatable")] = None,
    batch_size: Batches = 32,
    channels: Channels = None,
    n_out: Annotated[int | None, typer.Option(help="number of outputs; default: as many as inputs")] = None,
    label_column: LabelColumn = None,
    seed: Seed = 0,
) -> None:
    """Mix a data set batch by batch; write X, and soft labels Y if the file has labels (y, or soft Y).

    Options that are left out keep the mixer's defaults. Integer images are divided by 255 first. Labels that are
    names are numbered in alphabetical order; class_names, beside Y, names the columns of Y.

    Example: zeta-geom mix data.npz --out mixed.npz --mixer gridmix --param n_cells=4 --seed 0
    """
    from zeta_geom.checks.images import to_floats
    from zeta_geom.datasets.own_files import labels_of, read_arrays
    from zeta_geom.mixers import make_mixer
    from zeta_geom.mixers.image_mixer import with_channels

    arrays = read_arrays(file, label_column=label_column)
    options = {"gamma": None if gamma is None else to_gamma(gamma), "n_mix": n_mix, "anchor": anchor}
    options |= {"alpha": alpha, "per_sample": per_sample}
    params = {name: value for name, value in options.items() if value is not None} | to_params(param or [])
    method = with_channels(make_mixer(mixer, **params, random_state=seed), channels)
    X, Y = method.mix_dataset(to_floats(arrays["X"]), labels_of(arrays), batch_size=batch_size, n_out=n_out)
    names = {name: arrays[name] for name in ("class_names",) if name in arrays}
    write(out, {"X": X} if Y is None else {"X": X, "Y": Y} | names)
