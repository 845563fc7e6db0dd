"""The rows of learned methods in the panel of methods, as a table: whoever draws the panel need not train them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analyses import methods
from analyses.study.learned import SEEDS, TABLE, learned_mixer
from analyses.study.recipes import LEARNED
from zeta_geom import datasets
from zeta_geom.records import atomic_path

PRESETS = ("quick", "full")


def write_panel(runs: Path, folder: Path) -> None:
    """Train what is missing, and write learned.csv: a row for each preset, seed and method, on MNIST."""
    dataset, rows = datasets.load("mnist"), []
    for preset in PRESETS:
        s = methods.PRESETS[preset]
        subject = methods.subjects(s, dataset)["mnist"]
        for seed in range(min(SEEDS, subject.seeds)):
            for method in LEARNED:
                mixer = learned_mixer(method, seed, runs, seed)
                rows.append(methods.row_of(method, mixer, subject, s, seed))
    with atomic_path(folder / TABLE.name) as temporary:
        pd.DataFrame(rows).to_csv(temporary, index=False, float_format="%.9g")
