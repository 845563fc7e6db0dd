"""The data of an audit: tables, settings and samples."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from zeta_geom.audits.answers import accuracy_of, answer_table, expected_ranks, sentences
from zeta_geom.audits.samples import Samples

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

    @cached_property
    def answers(self) -> pd.DataFrame:
        """The answer to each of five questions, for each space and method, with its rank and a sentence."""
        return answer_table(self.summary)

    @property
    def accuracy(self) -> pd.DataFrame:
        """How each measure was correlated with accuracy in a study of 28 augmentations; see the docs' page on it."""
        return accuracy_of(self.summary["measure"])

    @property
    def expected_rank(self) -> pd.DataFrame:
        """The expected rank of each method by accuracy, 1 for the best, with a 95 % interval; one row a method.

        A linear model of three measures predicts it: the local dimension (k = 128, pixels), the share of wrong labels
        by the oracle, and the distance to the nearest original. It was fitted in a study of two sets of grey images
        and one small network, ranks augmentations of a family that it has not seen better than chance, and cannot see
        whether flips, crops and the like keep the class. The interval comes from its errors there, and is wide.

        Raises
        ------
        ValueError
            If there are fewer than two methods, or one of the three measures is missing.
        """
        return expected_ranks(self.summary)

    def __repr__(self) -> str:
        return f"Audit of {', '.join(self.methods)}: {self.summary['measure'].nunique()} measures"

    def __str__(self) -> str:
        """Return a text with the answers, the largest departures of each method, and the counts."""
        return "\n".join(sentences(self.summary, self.answers, self.settings["confidence"]))
