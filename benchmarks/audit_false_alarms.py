"""How often does an audit call samples outside that are as real as the originals? It should be its nominal share.

Originals and "synthetic" samples are drawn anew from one known distribution in each repeat.

Examples
--------
python -m benchmarks.audit_false_alarms
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from tqdm import trange

from benchmarks.measuring import report
from zeta_geom.audits import audit

CASES = {"5 features, 300 samples": (5, 300), "20 features, 800 samples": (20, 800)}
CONFIDENCE = 0.95


def draw(n: int, d: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return three overlapping Gaussian classes (n, d), whose spread falls from feature to feature, and labels."""
    y = rng.integers(0, 3, n)
    return rng.normal(size=(n, d)) / np.arange(1, d + 1) + 1.5 * np.eye(d)[y], y


def alarms(d: int, n: int, repeats: int) -> pd.DataFrame:
    """Return, for each measure, the share of repeats that called real samples outside."""
    summaries = []
    for repeat in trange(repeats, desc=f"{d} features", unit="audit", disable=None):
        rng = np.random.default_rng(repeat)
        X, y = draw(2 * n, d, rng)
        how: dict[str, Any] = {
            "n_bootstrap": 300,
            "confidence": CONFIDENCE,
            "random_state": repeat,
            "progress": False,
        }
        summaries.append(audit(X, y, synthetic=draw(n, d, rng), n_neighbors=(8, 32), **how).summary)
    table = pd.concat(summaries)
    table = table[table["verdict"] != "not measurable"]
    outside = table["verdict"].str.startswith("outside").groupby(table["measure"], sort=False)
    return outside.agg(share="mean", repeats="size")


def main(
    repeats: Annotated[int, typer.Option(help="audits of each case")] = 200,
    out: Annotated[Path, typer.Option(help="folder of the JSON file")] = Path("benchmarks/results"),
) -> None:
    """Measure, print a table, write JSON."""
    shares = {case: alarms(d, n, repeats) for case, (d, n) in CASES.items()}
    measures = next(iter(shares.values())).index
    rows = [
        {"measure": name} | {case: table["share"].get(name) for case, table in shares.items()} for name in measures
    ]
    report("audit_false_alarms", rows, out, repeats=repeats, expected=1 - CONFIDENCE)


if __name__ == "__main__":
    typer.run(main)
