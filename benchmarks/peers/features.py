"""Fidelity metrics beside their peers, on one saved array of network features; docs/peers.md prints the result.

The features are those of 10,000 MNIST digits and of mixup of 10,000 others, in the space "imagenet-64": twice
10,000 × 1,280. They are computed once and saved. prdc and torch-fidelity are no dependencies: `--python` names a
Python that has them; a package that it lacks is reported as "not installed".

Examples
--------
python -m benchmarks.peers.features --python other/bin/python
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.peers.points import PRDC, Row, apart, row
from benchmarks.shared.measuring import report
from zeta_geom import datasets, features, mixers
from zeta_geom.fidelity import density_coverage, frechet_distance, improved_precision_recall, kernel_distance
from zeta_geom.records import atomic_path

SUBSETS, SUBSET = 20, 1000  # of the kernel distance: torch-fidelity's size, a fifth of its number
SEED = 2020  # that torch-fidelity draws its subsets with, by default
TORCH_FIDELITY = """
import sys, numpy as np, torch
from importlib.metadata import version
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kernel_mmd
points = np.load(sys.argv[1])
real, fake = (points[name].astype(np.float64) for name in ("real", "fake"))
statistics = [fid_features_to_statistics(torch.from_numpy(X)) for X in (real, fake)]
frechet = fid_statistics_to_metric(*statistics, verbose=False)
kernel = [kernel_mmd(real[i], fake[j]) for i, j in zip(points["rows real"], points["rows fake"])]
frechet = next(iter(frechet.values())) if isinstance(frechet, dict) else frechet
np.savez(sys.argv[2], version=version("torch-fidelity"), frechet=frechet, kernel=kernel)
"""


def saved_features(path: Path, n: int) -> dict[str, np.ndarray]:
    """Return the features of n real and n mixed digits, from a file that is written if it is absent."""
    if not path.exists():
        images = datasets.load("mnist").X_train[: 2 * n].astype(np.float32) / 255
        mixed, _ = mixers.Mixup(random_state=0).mix_dataset(images[n:])
        space = features.space("imagenet").of(images.shape)
        arrays = {name: space.extract(X, progress=True) for name, X in (("real", images[:n]), ("fake", mixed))}
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
    with np.load(path) as stored:
        return {name: stored[name] for name in ("real", "fake")}


def prdc(arrays: dict[str, np.ndarray], data: str, python: str) -> Iterator[Row]:
    """Compare precision and recall at k = 3, density and coverage at k = 5."""
    outputs = apart(python, PRDC, {f"0 {name}": X for name, X in arrays.items()})
    if outputs is None:
        yield row("prdc", "everything", data, "", "not installed")
        return
    balls = improved_precision_recall(arrays["real"], arrays["fake"], k=3)
    cover = density_coverage(arrays["real"], arrays["fake"], k=5)
    ours = {"3 precision": balls.precision, "3 recall": balls.recall}
    ours |= {"5 density": cover.density, "5 coverage": cover.coverage}
    yield row(f"prdc {outputs['version']}", "precision, recall (k = 3), density, coverage (k = 5)", data,
              ", ".join(f"{value:.6f}" for value in ours.values()),
              ", ".join(f"{float(outputs[f'0 {name}']):.6f}" for name in ours))  # fmt: skip


def frechet_row(peer: str, data: str, ours: float, theirs: float) -> Row:
    """Return the row of a Fréchet distance, with the relative difference."""
    off = abs(theirs / ours - 1)
    question = "squared Fréchet distance; the peer's relative difference in brackets"
    return row(peer, question, data, f"{ours:.8g}", f"{theirs:.8g} ({off:.1g})")


def torchmetrics(arrays: dict[str, np.ndarray], data: str) -> Iterator[Row]:
    """Compare the Fréchet distance from means and covariances, in float64."""
    import torch
    from torchmetrics.image.fid import _compute_fid

    moments: list[Any] = []
    for X in arrays.values():
        values = torch.from_numpy(X).double()
        moments += [values.mean(dim=0), torch.cov(values.T)]
    theirs = float(_compute_fid(*moments))
    ours = frechet_distance(arrays["real"], arrays["fake"])
    yield frechet_row(f"torchmetrics {version('torchmetrics')}", data, ours, theirs)


def torch_fidelity(arrays: dict[str, np.ndarray], data: str, python: str) -> Iterator[Row]:
    """Compare the Fréchet distance, and the kernel distance of the same subsets."""
    rng = np.random.RandomState(SEED)
    size = min(SUBSET, *(len(X) // 2 for X in arrays.values()))
    pairs = [[rng.choice(len(X), size, replace=False) for X in arrays.values()] for _ in range(SUBSETS)]
    rows = {f"rows {name}": np.array([pair[i] for pair in pairs]) for i, name in enumerate(arrays)}
    outputs = apart(python, TORCH_FIDELITY, arrays | rows)
    if outputs is None:
        yield row("torch-fidelity", "everything", data, "", "not installed")
        return
    peer, (real, fake) = f"torch-fidelity {outputs['version']}", arrays.values()
    yield frechet_row(peer, data, frechet_distance(real, fake), float(outputs["frechet"]))
    ours = np.array([kernel_distance(real[i], fake[j]).score for i, j in pairs])
    off = np.abs(outputs["kernel"] / ours - 1).max()
    question = (
        f"kernel distance (KID): mean over the same {SUBSETS} subsets of {size:,}; in brackets the largest relative "
        "difference of a subset"
    )
    yield row(peer, question, data, f"{ours.mean():.8g}", f"{outputs['kernel'].mean():.8g} ({off:.1g})")


def main(
    n: Annotated[int, typer.Option(help="digits of each of the two sets")] = 10_000,
    saved: Annotated[Path, typer.Option(help="file of the features")] = Path("results/peers_features.npz"),
    python: Annotated[str, typer.Option(help="a Python that has prdc and torch-fidelity")] = sys.executable,
    out: Annotated[Path, typer.Option(help="folder of the JSON file")] = Path("docs"),
) -> None:
    """Measure, print a table, write JSON."""
    arrays = saved_features(saved, n)
    data = f"imagenet-64 features of MNIST and of mixup of other digits, {n:,} × {arrays['real'].shape[1]:,} each"
    rows = [*prdc(arrays, data, python), *torchmetrics(arrays, data), *torch_fidelity(arrays, data, python)]
    report("peers_features", rows, out)


if __name__ == "__main__":
    typer.run(main)
