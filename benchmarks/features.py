"""Pictures a second through the network of the space "imagenet", beside the plain network; ratios of one run.

Examples
--------
python -m benchmarks.features --rounds 5
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Annotated

import numpy as np
import torch
import typer

from benchmarks.shared.measuring import report
from zeta_geom.execution.timing import interleaved
from zeta_geom.features import networks, space

PLAIN_BATCH = 64  # pictures, as a first script would have it


def plain(model: torch.nn.Module, X: np.ndarray) -> Callable[[], np.ndarray]:
    """Return the features of the plain network: resized by the same rule, as timm builds it, in batches of 64."""
    prepare = space("imagenet").of(X.shape).source.prepare  # type: ignore[attr-defined]

    def run() -> np.ndarray:
        parts = []
        with torch.no_grad():
            for start in range(0, len(X), PLAIN_BATCH):
                maps = model.forward_features(prepare(X[start : start + PLAIN_BATCH]))  # type: ignore[operator]
                parts.append(model.forward_head(maps, pre_logits=True))  # type: ignore[operator]
        return torch.cat(parts).numpy()

    return run


def main(
    n: Annotated[int, typer.Option(help="pictures of 32 × 32; an eighth as many of 224 × 224")] = 512,
    rounds: Annotated[int, typer.Option(help="interleaved rounds")] = 5,
    out: Annotated[Path, typer.Option(help="folder of the JSON file")] = Path("results"),
) -> None:
    """Measure, print a table, write JSON."""
    rng, model, rows = np.random.default_rng(0), networks.imagenet_model(), []
    for side, count in ((32, n), (224, max(n // 8, 1))):
        X = rng.random((count, side, side, 3), dtype=np.float32)
        made = space("imagenet").of(X.shape)
        base = plain(model, X)
        calls = {"plain": base, "ours": lambda made=made, X=X: made.extract(X)}  # type: ignore[misc]
        wanted, features = base(), made.extract(X)
        seconds = interleaved(calls, rounds)
        rates = {name: count / median(times) for name, times in seconds.items()}
        rows.append(
            {
                "space": made.name,
                "pictures": count,
                "threads": torch.get_num_threads(),
                "plain, pictures a second": rates["plain"],
                "ours, pictures a second": rates["ours"],
                "ours / plain": rates["ours"] / rates["plain"],
                "largest relative difference": float(np.abs(features - wanted).max() / np.abs(wanted).max()),
            }
        )
    report("features", rows, out)


if __name__ == "__main__":
    typer.run(main)
