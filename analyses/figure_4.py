"""Figures 4 and 5: original pictures beside their mixtures by mixup, and by ζ-mixup at three values of γ.

The two figures differ in their data only. A folder of your own, with or without subfolders:

Examples
--------
python -m analyses.figure_4 --folder pictures && python -m figures --only 4 --draw-only
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer
from pydantic import BaseModel

from analyses.context import Context
from zeta_geom.mixers import Mixup, ZetaMixup

ROWS = (6, 3, 2, 1)  # numbers of batches that the picture may show, each on the same number of rows


class Settings(BaseModel, frozen=True):
    """The settings of Figures 4 and 5."""

    data: str  # paper: ISIC 2017 in Figure 4, ISIC 2018 in Figure 5
    reader: str = "datasets"  # or "training", where the data need the extra `train`
    background: str = "white"  # ours: what shows through transparent pixels of a folder's pictures
    size: int = 128  # ours: pixels, enough for print; resizing is linear, so that it may come before mixing
    gammas: tuple[float, ...] = (2.4, 2.8, 4.0)  # paper
    anchor: str = "self"  # the authors' code: output k leans on image k
    mixup_alpha: float = 1.0  # paper; λ once a batch
    batch_size: int = 32  # paper, training on skin images
    shown: int = 36  # ours, six from each of six batches; the paper shows 100
    seed: int = 0  # ours


PAPER = {
    "4": Settings(data="isic-2017", reader="training"),
    "5": Settings(data="isic-2018", reader="training"),
}
STAND_INS = {"4": Settings(data="fashion-mnist"), "5": Settings(data="mnist")}
PRESETS = {
    number: {"quick": STAND_INS[number], "full": STAND_INS[number], "paper": paper} for number, paper in PAPER.items()
}


class Pictures(NamedTuple):
    """Training images that are opened one at a time."""

    name: str
    n: int
    levels: Callable[[int], np.ndarray]  # of an index: uint8 (H, W) or (H, W, 3)
    fingerprint: str


def run(context: Context, settings: Settings | None = None, number: str = "4") -> None:
    """Write the record figure_<number>/images: originals, mixtures, their weights, and the λ of each batch."""
    s = settings or PRESETS[number]["quick" if context.offline else context.preset]
    pictures = find(context, s)
    by_user = s.data.startswith(("folder:", "csv:"))
    stored = s.model_dump(mode="json", exclude={"data", "background"}) | {
        "data_name": pictures.name,
        "named_by_user": by_user,
    }
    context.record(f"figure_{number}/images", lambda: mix(pictures, s), settings=stored, data=pictures.fingerprint)


def find(context: Context, s: Settings) -> Pictures:
    """Open the data; a user's folder needs no labels."""
    if s.reader == "datasets":
        dataset = context.dataset(s.data)
        return Pictures(dataset.name, len(dataset.X_train), dataset.X_train.__getitem__, dataset.fingerprint)
    try:
        from zeta_geom.datasets.pictures import Framing
        from zeta_geom.training import load_image_data
        from zeta_geom.training.data.readers.picture_folders import load_pictures
    except ModuleNotFoundError as error:
        raise FileNotFoundError(f"the pictures of {s.data} cannot be opened: {error}") from error
    kind, _, path = s.data.partition(":")
    if kind == "folder":
        folder = Path(path).expanduser()
        framing = Framing(s.size, 1.0, background=s.background)
        images, fingerprint = load_pictures(folder, framing, progress=context.progress)
        name = folder.resolve().name
    else:
        loaded = load_image_data(s.data, size=s.size, crop=1.0, background=s.background, progress=context.progress)
        images, fingerprint, name = loaded.train, loaded.fingerprint, loaded.name

    def levels(index: int) -> np.ndarray:
        pixels = images[index][0].numpy().transpose(1, 2, 0)
        return pixels[..., 0] if pixels.shape[2] == 1 else pixels

    return Pictures(name, len(images), levels, fingerprint)


def mix(pictures: Pictures, s: Settings) -> dict[str, np.ndarray]:
    """Mix whole batches of randomly chosen images, and keep the first few outputs of each."""
    n = pictures.n
    if n < 2:
        raise ValueError(f"{pictures.name} must have at least 2 training images to mix; it has {n}.")
    n_batches = next(rows for rows in ROWS if rows * s.batch_size <= n or rows == 1)
    chosen = np.random.default_rng(s.seed).permutation(n)[: n_batches * s.batch_size]
    X = np.stack([pictures.levels(int(i)) for i in chosen]).astype(np.float32) / 255
    batches = np.split(X, n_batches)
    kept = [batch[: s.shown // n_batches] for batch in batches]
    arrays = {"index": np.concatenate([part[: len(kept[0])] for part in np.split(chosen, n_batches)])}
    arrays |= {"original": np.concatenate(kept), "batch": np.repeat(np.arange(n_batches), len(kept[0]))}
    arrays["batch_length"] = np.array(len(batches[0]))
    mixers = {"mixup": Mixup(s.mixup_alpha, random_state=s.seed)}
    mixers |= {f"zeta-{gamma:g}": ZetaMixup(gamma, anchor=s.anchor, random_state=s.seed) for gamma in s.gammas}
    for method, mixer in mixers.items():
        plans = [mixer.draw(batch.shape, like=batch) for batch in batches]
        outputs = [mixer.apply(batch, None, plan)[0] for batch, plan in zip(batches, plans)]
        arrays[method] = np.concatenate([mixed[: len(part)] for mixed, part in zip(outputs, kept)])
        if method == "mixup":
            arrays["lambda"] = np.array([float(plan.lam) for plan in plans])
        else:
            arrays[f"{method}-leader"] = np.array(plans[0].weights.max())
    return arrays


def main(
    folder: Annotated[Path, typer.Option(help="folder of pictures and subfolders; if it has train/, only that")],
    results: Annotated[Path, typer.Option(help="where records and figures go")] = Path("results/quick"),
    background: Annotated[str, typer.Option(help="the colour behind transparent pixels")] = "white",
) -> None:
    """Mix the pictures of a folder of your own, for Figure 4."""
    context = Context(results=results)
    try:
        run(context, Settings(data=f"folder:{folder}", reader="training", background=background))
    except (FileNotFoundError, ValueError) as error:
        typer.echo(error, err=True)
        raise typer.Exit(1) from error
    context.mark_left_out("figure_4", False)
    typer.echo("now `python -m figures --only 4 --draw-only` draws it")


if __name__ == "__main__":
    typer.run(main)
