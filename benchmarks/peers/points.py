"""Where zeta_geom and its peers agree and differ, on the same data; docs/peers.md prints the result.

DADApy and prdc are no dependencies: `--python` names a Python that has them; a package that it lacks is reported as
"not installed".

Examples
--------
python -m benchmarks.peers --python other/bin/python
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import numpy as np
import skdim
import typer

from benchmarks.peers.mixing import mixing_rows
from benchmarks.shared.measuring import report
from zeta_geom import datasets, manifolds, mixers
from zeta_geom.execution.timing import interleaved
from zeta_geom.fidelity import density_coverage, improved_precision_recall
from zeta_geom.geometry import knn, local_dimension

Row = dict[str, str]
KS = (8, 128)
TIMED = 64  # dimensions: beyond them scikit-dimension takes minutes
DADAPY = """
import sys, warnings, numpy as np
warnings.simplefilter("ignore")
from importlib.metadata import version
from dadapy import Data
values = {"version": version("dadapy")}
points = np.load(sys.argv[1])
for name in points:
    data = Data(coordinates=points[name], maxk=16)
    data.compute_distances(maxk=16)
    values |= {name + " distances": data.distances[:, 1:17], name + " indices": data.dist_indices}
    try:
        values[name + " 2NN"] = data.compute_id_2NN(algorithm="base", mu_fraction=0.9)[0]
    except ValueError:
        values[name + " 2NN"] = np.nan
np.savez(sys.argv[2], **values)
"""
PRDC = """
import sys, numpy as np
from importlib.metadata import version
from prdc import compute_prdc
values, points = {"version": version("prdc")}, np.load(sys.argv[1])
for name in {name.rsplit(" ", 1)[0] for name in points}:
    for k in (3, 5):
        for key, value in compute_prdc(points[name + " real"], points[name + " fake"], k).items():
            values[f"{name} {k} {key}"] = value
np.savez(sys.argv[2], **values)
"""


def row(peer: str, question: str, data: str, ours: Any, theirs: Any) -> Row:
    """Make one row of the table."""
    return {"peer": peer, "question": question, "data": data, "zeta_geom": str(ours), "the peer": str(theirs)}


def apart(python: str, program: str, arrays: dict[str, np.ndarray]) -> dict[str, Any] | None:
    """Run a program in another Python, from arrays to arrays; None if that Python lacks a module."""
    with tempfile.TemporaryDirectory() as folder:
        inputs, outputs = Path(folder, "inputs.npz"), Path(folder, "outputs.npz")
        np.savez(inputs, **arrays)  # type: ignore[arg-type]
        done = subprocess.run(
            [python, "-c", program, inputs, outputs], capture_output=True, text=True, check=False, encoding="utf-8"
        )
        if done.returncode:
            if "ModuleNotFoundError" in done.stderr:
                return None
            raise RuntimeError(done.stderr)
        with np.load(outputs) as values:
            return dict(values)


def point_sets(n: int) -> dict[str, np.ndarray]:
    """Return the points that estimators are compared on, float64."""
    images = datasets.load("mnist-sample").X_train[: n // 3].reshape(-1, 784) / 255  # slow in scikit-dimension
    curved, _ = manifolds.make_curved_manifold(n, random_state=0)
    noise = np.random.default_rng(0).standard_normal((n, 64))
    sets = {"3-D manifold in R^12": curved, "white noise in R^64": noise, "MNIST": images}
    return {f"{name}, {len(X):,} points": X for name, X in sets.items()}


def scikit_dimension(sets: dict[str, np.ndarray], rounds: int) -> Iterator[Row]:
    """Local PCA on the same neighbours: the integers; on its own search: the time."""
    peer = f"scikit-dimension {version('scikit-dimension')}"
    for name, X in sets.items():
        neighbors, agree = knn(X, max(KS)).indices, []
        ours = local_dimension(X, KS)
        for k in KS:
            judge = skdim.id.lPCA(ver="FO", alphaFO=0.05).fit_pw(X, precomputed_knn=neighbors[:, :k])
            agree.append((ours[k] == judge.dimension_pw_).mean())
        text = " and ".join(f"{share:.2%}" for share in agree)
        question = "points with the same local dimension (lPCA, FO, α = 0.05), at k = 8 and 128, same neighbours"
        yield row(peer, question, name, text, "the judge")
        if X.shape[1] <= TIMED:
            yield row(
                peer,
                f"time of both k, search included, ours = 1; medians of {rounds} rounds",
                name,
                *times(X, rounds),
            )
    same = np.repeat(np.random.default_rng(0).standard_normal((1, 12)), 20, axis=0)
    judge = skdim.id.lPCA(ver="FO").fit_pw(same, n_neighbors=10, precomputed_knn=knn(same, 10).indices)
    dimensions = [sorted({int(d) for d in part}) for part in (local_dimension(same, 10)[10], judge.dimension_pw_)]
    yield row(peer, "dimensions if all points are one point", "20 equal points in R^12", *dimensions)


def times(X: np.ndarray, rounds: int) -> tuple[str, str]:
    """Return both packages' time, search included, as multiples of ours."""

    def peer() -> None:
        for k in KS:
            skdim.id.lPCA(ver="FO", alphaFO=0.05).fit_pw(X, n_neighbors=k)

    local_dimension(X, KS)
    seconds = interleaved({"ours": lambda: local_dimension(X, KS), "theirs": peer}, rounds)
    return "1", f"{median(seconds['theirs']) / median(seconds['ours']):.0f} times as long"


def dadapy(sets: dict[str, np.ndarray], python: str) -> Iterator[Row]:
    """Nearest neighbours and the global 2NN estimate."""
    twice = np.repeat(next(iter(sets.values()))[:500], 2, axis=0)
    outputs = apart(python, DADAPY, sets | {"twice": twice})
    if outputs is None:
        yield row("DADApy", "everything", "", "", "not installed")
        return
    peer = f"DADApy {outputs['version']}"
    for name, X in sets.items():
        neighbors = knn(X, 16)
        peer_values = outputs[f"{name} distances"]
        off = np.abs(peer_values / neighbors.distances - 1).max()
        same = (outputs[f"{name} indices"][:, 1:17] == neighbors.indices).mean()
        yield row(peer, "distances to the 16 nearest: largest relative difference", name, "the judge", f"{off:.1g}")
        yield row(peer, "the same neighbour at the same rank, of 16", name, "the judge", f"{same:.2%}")
        ours = skdim.id.TwoNN(dist=True, discard_fraction=0.1).fit(neighbors.distances[:, :2]).dimension_
        yield row(peer, "global dimension by 2NN, the largest tenth of ratios left out; ours is scikit-dimension's "
                  "TwoNN on our neighbours", name, f"{ours:.4f}", f"{outputs[f'{name} 2NN']:.4f}")  # fmt: skip
    rows = np.arange(len(twice))
    ours = (knn(twice, 16).indices == rows[:, None]).any(axis=1).mean()
    peer_values = (outputs["twice indices"][:, 1:17] == rows[:, None]).any(axis=1).mean()
    yield row(peer, "points that are listed among their own neighbours", "500 points, each there twice",
              f"{ours:.1%}", f"{peer_values:.1%}")  # fmt: skip


def samples(n: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return real and fake samples, without ties and with many."""
    rng = np.random.default_rng(0)
    real, fake = rng.standard_normal((n, 16)), 0.9 * rng.standard_normal((n * 3 // 4, 16)) + 0.2
    helix, _ = manifolds.make_helix(n, random_state=0)
    mixed, _ = mixers.ZetaMixup(random_state=0).mix_dataset(helix)
    grid = rng.integers(0, 5, (n, 3)).astype(float)
    copies = np.repeat(rng.standard_normal((n // 8, 16)), 8, axis=0)
    return {
        f"Gaussians in R^16, {n:,} and {len(fake):,}": (real, fake),
        f"helix and ζ-mixup of it, {n:,} each": (helix, mixed),
        f"whole numbers 0 to 4 in R^3, {n:,} each": (grid, rng.integers(0, 5, (n, 3)).astype(float)),
        f"{n // 8:,} points, each there 8 times, and the same again": (copies, copies.copy()),
    }


def prdc(sets: dict[str, tuple[np.ndarray, np.ndarray]], python: str) -> Iterator[Row]:
    """Precision and recall at k = 3, density and coverage at k = 5."""
    arrays = {f"{i} {which}": X for i, pair in enumerate(sets.values()) for which, X in zip(("real", "fake"), pair)}
    outputs = apart(python, PRDC, arrays)
    if outputs is None:
        yield row("prdc", "everything", "", "", "not installed")
        return
    for i, (name, (real, fake)) in enumerate(sets.items()):
        balls, cover = improved_precision_recall(real, fake, k=3), density_coverage(real, fake, k=5)
        ours = {"3 precision": balls.precision, "3 recall": balls.recall}
        ours |= {"5 density": cover.density, "5 coverage": cover.coverage}
        yield row(f"prdc {outputs['version']}", "precision, recall (k = 3), density, coverage (k = 5)", name,
                  ", ".join(f"{value:.4f}" for value in ours.values()),
                  ", ".join(f"{float(outputs[f'{i} {key}']):.4f}" for key in ours))  # fmt: skip


def main(
    n: Annotated[int, typer.Option(help="points of the estimators")] = 800,
    rounds: Annotated[int, typer.Option(help="interleaved rounds of each timing")] = 5,
    python: Annotated[str, typer.Option(help="a Python that has dadapy and prdc")] = sys.executable,
    out: Annotated[Path, typer.Option(help="folder of the JSON file")] = Path("docs"),
) -> None:
    """Measure, print a table, write JSON."""
    sets = point_sets(n)
    with np.errstate(divide="ignore", invalid="ignore"):  # of scikit-dimension, where eigenvalues are 0
        judged = list(scikit_dimension(sets, rounds))
    rows = [
        *judged,
        *dadapy(sets, python),
        *prdc(samples(n // 2), python),
        *(row(*texts) for texts in mixing_rows()),
    ]
    order = [cells["peer"] for cells in rows]
    report("peers", sorted(rows, key=lambda cells: order.index(cells["peer"])), out)
