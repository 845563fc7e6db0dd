"""How each measure was correlated with accuracy, across the augmentations of the study of geometry and accuracy.

accuracy.csv is written with the study's tables; docs/geometry_and_accuracy.md describes the study.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import as_file, files

import pandas as pd

FILE = "accuracy.csv"
FROM_ORIGINALS = ", distance from the originals'"  # ends the name of a measure whose distance from real data is meant
NOT_STUDIED = "not studied"
NOTE = (
    "“Correlation with accuracy” is Spearman's ρ, with its 95 % interval, between the measure and the gain in test "
    "accuracy over training without augmentation, across 28 augmentations, averaged over {cells}. “network” stands "
    "for the features of the network that was trained without augmentation. It is an association over augmentations "
    "of those data, and no prediction for yours; “not shown” means that no correlation with the expected sign was "
    "shown after a correction for all measures."
)


@cache
def correlations() -> pd.DataFrame:
    """Return a row for each space and measure of the study: rho, low, high, verdict, and the cells of the study."""
    with as_file(files("zeta_geom.audits.answers") / FILE) as path:
        return pd.read_csv(path)


def accuracy_of(measures: Iterable[str]) -> pd.DataFrame:
    """Return the rows of `correlations` that belong to some measures of an audit."""
    names = correlations()["measure"].str.removesuffix(FROM_ORIGINALS)
    return correlations()[names.isin(set(measures))].reset_index(drop=True)


def accuracy_line(measure: str) -> str:
    """Return how a measure was correlated with accuracy, in each space of the study."""
    parts = []
    for row in accuracy_of([measure]).to_dict("records"):
        what = FROM_ORIGINALS if row["measure"].endswith(FROM_ORIGINALS) else ""
        interval = f"[{row['low']:+.2f}, {row['high']:+.2f}]"
        number = "" if pd.isna(row["rho"]) else f"ρ = {row['rho']:+.2f} {interval}, "
        parts.append(f"{row['space']}{what}: {number}{row['verdict']}")
    return "; ".join(parts) or NOT_STUDIED


def accuracy_note() -> str:
    """Return a sentence that explains the lines, with the data of the study."""
    return NOTE.format(cells=correlations()["cells"].iloc[0])
