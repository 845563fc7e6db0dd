"""The local dimension of all points at k = 8 and 128, search included, against a matrix product and scikit-dimension.

Examples
--------
python -m benchmarks.local_dimension
python -m benchmarks.local_dimension --only fashion-mnist --rounds 5
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import skdim
import torch
import typer
from sklearn.neighbors import NearestNeighbors

from benchmarks.shared.measuring import POINTS, Decisions, axes_for, full_product, report
from zeta_geom.execution.timing import interleaved, seconds
from zeta_geom.geometry import LocalPCA, local_dimension

KS = (8, 128)
CHECKED = 300  # points of which scikit-dimension's time is measured
REQUIRED = {"fashion-mnist": (1.5, 15), "crops": (0.9, 40), "noise": (1.6, 40)}  # × the product; × scikit-dimension


def scikit_dimension_seconds(X: np.ndarray) -> float:
    """Estimate the time of scikit-learn's search and scikit-dimension's lPCA for all points from some of them."""
    chosen = np.random.default_rng(0).permutation(len(X))[:CHECKED]
    brute = NearestNeighbors(n_neighbors=max(KS) + 1, algorithm="brute", n_jobs=-1).fit(X)
    brute.kneighbors(X[chosen[:8]])
    many = X[np.random.default_rng(1).permutation(len(X))[:2048]]  # its search is faster for many queries at once
    total = seconds(lambda: brute.kneighbors(many)) / len(many)
    indices = brute.kneighbors(X[chosen], return_distance=False)[:, 1:]
    for k in KS:
        estimator, how = skdim.id.lPCA(ver="FO", alphaFO=0.05), {"precomputed_knn": indices[:, :k], "n_neighbors": k}
        total += seconds(lambda estimator=estimator, how=how: estimator.fit_pw(X, **how)) / CHECKED
    return total * len(X)


def peak_memory(name: str) -> float:
    """Return the peak memory of a separate process beyond the loaded data, in GiB; NaN outside Linux."""
    if not Path("/proc/self/clear_refs").exists():
        return float("nan")
    script = f"from benchmarks.local_dimension import print_peak; print_peak({name!r})"
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    return float(answer.stdout)


def print_peak(name: str) -> None:
    """Print the peak memory of this process beyond the loaded data, in GiB."""
    X = POINTS[name]()
    LocalPCA(KS).fit(X[:2000])
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # resets the peak
    before = resident("VmRSS")
    LocalPCA(KS).fit(X)
    print((resident("VmHWM") - before) / 2**20)


def resident(what: str) -> int:
    """Return the memory of this process in KiB: current (VmRSS) or peak (VmHWM)."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what))


def measure(name: str, rounds: int) -> dict[str, Any]:
    """Measure one set of points."""
    X = POINTS[name]()
    LocalPCA(KS).fit(X[:2000])  # compiles the kernels
    with Decisions() as decisions:
        times = interleaved({"product": lambda: full_product(X), "ours": lambda: LocalPCA(KS).fit(X)}, rounds)
    print("\n".join(decisions.said[-5:]))
    ours, product = np.median(times["ours"]), np.median(times["product"])
    peer = scikit_dimension_seconds(X)
    row = {"points": name, "n": len(X), "d": X.shape[1], "axes 90 %, 99 %": axes_for(X), "rounds": rounds}
    row |= {"product s": product, "ours s": ours, "× product": np.median(np.divide(times["ours"], times["product"]))}
    row |= {"required": REQUIRED[name][0], "scikit-dimension s": peer, "times faster": peer / ours}
    row |= {"required ×": REQUIRED[name][1], "peak GiB beyond data": peak_memory(name)}
    if torch.cuda.is_available():
        row["cuda s"] = cuda_seconds(X)
    return row | {"all seconds": times, "decisions": decisions.said[-5:]}


def cuda_seconds(X: np.ndarray) -> float:
    """Time the local dimension on the device, with the data already there."""
    points = torch.from_numpy(X).cuda()
    local_dimension(points[:2000], KS)

    def run() -> None:
        local_dimension(points, KS)
        torch.cuda.synchronize()

    return float(np.median([seconds(run) for _ in range(5)]))


def main(
    only: Annotated[str, typer.Option(help=f"some of {', '.join(POINTS)}")] = " ".join(POINTS),
    rounds: Annotated[int, typer.Option(help="rounds, product and estimate in turn")] = 5,
    out: Annotated[Path, typer.Option(help="folder of the JSON file")] = Path("benchmarks/results"),
) -> None:
    """Measure, print a table, write JSON."""
    rows = [measure(name, rounds) for name in only.split()]
    if not torch.cuda.is_available():
        print("no CUDA device: the torch path was not timed")
    hidden = ("all seconds", "decisions")
    shown = [{key: value for key, value in row.items() if key not in hidden} for row in rows]
    report("local_dimension", shown, out, details={row["points"]: {key: row[key] for key in hidden} for row in rows})


if __name__ == "__main__":
    typer.run(main)
