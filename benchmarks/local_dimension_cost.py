"""The time of the local dimension against the numbers of points, dimensions and neighbours, and with anchors.

Examples
--------
python -m benchmarks.local_dimension_cost --figure docs/img/local_dimension_cost.png
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import matplotlib.pyplot as plt
import numpy as np
import typer
from tqdm import tqdm

from benchmarks.shared.measuring import crops, fashion, report
from zeta_geom import records
from zeta_geom.execution.timing import seconds
from zeta_geom.geometry import LocalPCA
from zeta_geom.plots import style

N, D, K = (2000, 4000, 8000, 16000, 32000, 60000), (3, 12, 48, 192, 768, 3072), (8, 16, 32, 64, 128, 256)
AT = 10_000  # points, while dimensions or neighbours vary
ANCHORS = 2000
SECONDS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)  # ticks


def curves(repeats: int) -> dict[str, list[tuple[int, float]]]:
    """Return (value, seconds) for each of the three numbers."""
    images, wide = fashion(), crops(AT)
    columns = np.random.default_rng(0).permutation(wide.shape[1])
    LocalPCA().fit(images[:2000])
    tasks = [("N", n, images[:n], (8, 128)) for n in N]
    tasks += [("D", d, np.ascontiguousarray(wide[:, columns[:d]]), (8, 128)) for d in D]
    tasks += [("k", k, images[:AT], k) for k in K]
    times: dict[str, list[tuple[int, float]]] = {"N": [], "D": [], "k": []}
    for what, value, X, ks in tqdm(tasks, desc="cost", disable=None):
        LocalPCA(ks).fit(X[:400])  # compiles for this kind of matrix
        runs = [seconds(lambda X=X, ks=ks: LocalPCA(ks).fit(X)) for _ in range(repeats)]
        times[what].append((value, float(np.median(runs))))
    return times


def slope(points: list[tuple[int, float]]) -> float:
    """Return the exponent of growth between the last two points."""
    (x0, y0), (x1, y1) = points[-2:]
    return float(np.log(y1 / y0) / np.log(x1 / x0))


def anchors(repeats: int) -> dict[str, Any]:
    """Compare the estimate at some anchors with that at all points of Fashion-MNIST."""
    X = fashion()
    whole, some = LocalPCA(), LocalPCA(n_anchors=ANCHORS, random_state=0)
    all_seconds = [seconds(lambda: whole.fit(X)) for _ in range(repeats)]
    few_seconds = [seconds(lambda: some.fit(X)) for _ in range(repeats)]
    row = {"anchors": ANCHORS, "n": len(X), "whole s": np.median(all_seconds), "anchors s": np.median(few_seconds)}
    row |= {"share of time": row["anchors s"] / row["whole s"], "share of points": ANCHORS / len(X)}
    for place, k in enumerate((8, 128)):
        row |= {f"mean k={k}": whole.dimension_[place], f"anchors k={k}": some.dimension_[place]}
        row |= {f"standard error k={k}": some.dimension_sem_[place]}
    return row


def draw(times: dict[str, list[tuple[int, float]]], path: Path) -> None:
    """Draw the three curves on logarithmic axes."""
    titles = {
        "N": f"points (Fashion-MNIST, d = 784, k = 8 and 128)\nslope at the end {slope(times['N']):.2f}",
        "D": f"dimensions (colour crops, n = {AT:,}, k = 8 and 128)\nslope at the end {slope(times['D']):.2f}",
        "k": f"neighbours (Fashion-MNIST, n = {AT:,}, d = 784)\nslope at the end {slope(times['k']):.2f}",
    }
    with plt.rc_context(style.PARAMETERS):
        fig, axes = plt.subplots(1, 3, figsize=(9.6, 3.0), sharey=True)
        for ax, (what, points) in zip(axes, times.items()):
            ax.loglog(*zip(*points), "o-", color="#0072B2", ms=4)
            ax.set_xlabel(titles[what])
            ax.set_xticks([value for value, _ in points], [f"{value:,}" for value, _ in points], rotation=30)
            ax.minorticks_off()
            ax.grid(alpha=0.3)
        axes[0].set_yticks(SECONDS, [f"{value:g}" for value in SECONDS])
        axes[0].set_ylabel("seconds, search included")
        with records.atomic_path(path) as temporary:
            fig.savefig(temporary, dpi=160, format="png")
        plt.close(fig)


def main(
    repeats: Annotated[int, typer.Option(help="runs of each, of which the median is taken")] = 5,
    figure: Annotated[Path, typer.Option(help="the figure")] = Path("docs/img/local_dimension_cost.png"),
    out: Annotated[Path, typer.Option(help="folder of the JSON file")] = Path("benchmarks/results"),
) -> None:
    """Measure, draw, print a table, write JSON."""
    times = curves(repeats)
    draw(times, figure)
    rows = [{"grows": what, "value": v, "seconds": s} for what, points in times.items() for v, s in points]
    report("local_dimension_cost", rows, out, slopes={what: slope(points) for what, points in times.items()})
    report("anchors", [anchors(repeats)], out)


if __name__ == "__main__":
    typer.run(main)
