"""The time of a γ sweep over Fashion-MNIST, against separate runs for each γ.

Examples
--------
python -m benchmarks.gamma_sweep
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from tqdm import tqdm

from benchmarks.shared.measuring import fashion, report
from zeta_geom.execution.timing import seconds
from zeta_geom.geometry import LocalPCA, local_dimension
from zeta_geom.mixers import ZetaMixup
from zeta_geom.sweeps import gamma_sweep

GAMMAS = np.arange(0, 15.01, 0.5)


def separate(X: np.ndarray, gamma: float) -> None:
    """Measure one γ by a separate run: the original, for reference, and the mixed points."""
    gamma_sweep(X, gammas=[gamma], mixers=("zeta",), batch_size=128, progress=False)


def alone(X: np.ndarray, gamma: float) -> None:
    """Measure the mixed points of one γ and nothing else, from scratch."""
    local_dimension(ZetaMixup(gamma, random_state=0).mix_dataset(X, batch_size=128)[0])


def main(
    n: Annotated[int, typer.Option(help="images")] = 10_000,
    anchors: Annotated[int, typer.Option(help="anchor points of the shorter sweep")] = 2000,
    out: Annotated[Path, typer.Option(help="folder of the JSON file")] = Path("benchmarks/results"),
) -> None:
    """Measure, print a table, write JSON."""
    X = fashion(n)
    LocalPCA().fit(X[:2000])
    anchors = min(anchors, len(X))

    def together(n_anchors: int | None = None) -> float:
        ask = {"gammas": GAMMAS, "mixers": ("zeta",), "batch_size": 128, "n_anchors": n_anchors}
        return seconds(lambda: gamma_sweep(X, **ask, progress=False))

    sweep, few = together(), together(anchors)
    runs, bare = [], []
    for gamma in tqdm(GAMMAS, desc="separate runs", disable=None):
        runs.append(seconds(lambda gamma=gamma: separate(X, gamma)))
        bare.append(seconds(lambda gamma=gamma: alone(X, gamma)))
    sweep, few = (sweep + together()) / 2, (few + together(anchors)) / 2
    row = {"n": n, "γ": len(GAMMAS), "sweep s": sweep, "separate runs s": sum(runs), "ratio": sweep / sum(runs)}
    row |= {"required": 0.7, "mixed points alone s": sum(bare), "ratio to these": sweep / sum(bare)}
    row |= {"anchors": anchors, "sweep of anchors s": few, "ratio of anchors to these": few / sum(bare)}
    report("gamma_sweep", [row], out)
    print(
        "The sweep measures the original once, and a search starts from the frame and neighbours of the last γ.\n"
        "It shares nothing of the spectra, three quarters of a run: each γ has its own neighbourhoods. Their\n"
        "products could be read from a matrix of all pairs, but its larger error leaves more counts uncertified.\n"
        "Anchors shorten search and spectra, at the cost of a standard error of the mean."
    )


if __name__ == "__main__":
    typer.run(main)
