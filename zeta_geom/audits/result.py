"""The data of an audit: tables, settings and samples."""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from zeta_geom.audits.samples import Samples
from zeta_geom.audits.verdicts import sentences

TABLES = ("summary", "classes", "comparisons", "samples", "heldout", "cost")
FILES = ("index.html", "settings.json", *(f"{name}.csv" for name in TABLES))  # of a saved audit


@dataclass(frozen=True)
class AuditResult:
    """The data of an audit; `Audit` documents the fields."""

    summary: pd.DataFrame
    classes: pd.DataFrame
    comparisons: pd.DataFrame
    samples: pd.DataFrame
    heldout: pd.DataFrame
    cost: pd.DataFrame
    settings: dict[str, Any]
    points: dict[str, Samples] = field(repr=False)
    spaces: dict[str, dict[str, Samples]] = field(repr=False)
    sources: Samples = field(repr=False)
    heldout_points: Samples = field(repr=False)

    @property
    def methods(self) -> list[str]:
        """The names of the audited methods and synthetic sets."""
        return list(self.points)

    def __repr__(self) -> str:
        return f"Audit of {', '.join(self.methods)}: {self.summary['measure'].nunique()} measures"

    def __str__(self) -> str:
        """Return a text with the verdict on each measure of each method."""
        confidence = self.settings["confidence"]
        return "\n".join(" ".join(sentences(self.summary, method, confidence)) for method in self.methods)
