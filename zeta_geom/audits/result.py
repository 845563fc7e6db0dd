"""What an audit returns: tables, a figure, a report."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from zeta_geom.audits.samples import Samples
from zeta_geom.audits.verdicts import sentences
from zeta_geom.records import atomic_path
from zeta_geom.records.disk import write_result

__all__ = ["TABLES", "Audit"]

TABLES = ("summary", "classes", "comparisons", "samples", "heldout", "cost")


@dataclass(frozen=True)
class Audit:
    """The tables of an audit.

    Parameters
    ----------
    summary : DataFrame
        A row a method and measure: value with its interval (low, high), what the real samples give (real) and the
        interval of another sample of them (real_low, real_high), where the value stands (verdict) and, where it is
        not measurable, why (reason).
    classes : DataFrame
        The same for each class.
    comparisons : DataFrame
        A row a measure, class ("all" for all of them) and two sets: their difference, paired where they can be.
    samples, heldout : DataFrame
        A row a sample, and a row a held-out original and set: the values that means are made of. `row` is the row of
        the array that was given: of X for methods, originals and held-out halves, of the synthetic array for that.
    cost : DataFrame
        A row a method: seconds of a batch, and how many copies of the batch that is.
    settings : dict
        How to repeat it: settings, seed, versions, fingerprint.
    points : dict of name -> Samples
        The synthetic samples.
    sources, heldout_points : Samples
        The originals that were augmented, and those that were held out.

    Examples
    --------
    See `audit`.
    """

    summary: pd.DataFrame
    classes: pd.DataFrame
    comparisons: pd.DataFrame
    samples: pd.DataFrame
    heldout: pd.DataFrame
    cost: pd.DataFrame
    settings: dict[str, Any]
    points: dict[str, Samples] = field(repr=False)
    sources: Samples = field(repr=False)
    heldout_points: Samples = field(repr=False)

    @property
    def methods(self) -> list[str]:
        """The names of what was audited."""
        return list(self.points)

    def plot(self) -> Any:
        """Draw every measure: a panel each, a row a method, over where another sample of real data would lie.

        Returns
        -------
        matplotlib Figure

        Examples
        --------
        See `audit`.
        """
        from zeta_geom.audits.report.figures import small_multiples

        return small_multiples(self.summary)

    def to_html(
        self, path: str | Path, *, title: str = "Audit of an augmentation", repeat: str | None = None
    ) -> Path:
        """Write the report: one HTML file that needs no network.

        Parameters
        ----------
        path : path
            Written under a temporary name and renamed.
        title : str
        repeat : str, optional
            The command that made it, to be shown; by default the call in Python.

        Returns
        -------
        Path

        Raises
        ------
        ValueError
            If the page would take more than 5 MiB even without the values of single samples.

        Examples
        --------
        See `audit`.
        """
        from zeta_geom.audits.report.html import write_page
        from zeta_geom.audits.report.sections import make_page
        from zeta_geom.plots.names import lettering

        with lettering():  # one warning, however many pictures lack a letter
            write_page(make_page(self, title, repeat), Path(path))
        return Path(path)

    def save(self, folder: str | Path, *, title: str = "Audit of an augmentation", repeat: str | None = None) -> Path:
        """Write the report as index.html and, beside it, each table in full precision as CSV, and settings.json.

        Parameters
        ----------
        folder : path
        title, repeat
            As in `to_html`.

        Returns
        -------
        Path
            Of index.html.

        Examples
        --------
        See `audit`.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name in TABLES:
            write_result(folder / f"{name}.csv", getattr(self, name))
        with atomic_path(folder / "settings.json") as temporary:
            temporary.write_text(json.dumps(self.settings, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        return self.to_html(folder / "index.html", title=title, repeat=repeat)

    def __repr__(self) -> str:
        return f"Audit of {', '.join(self.methods)}: {self.summary['measure'].nunique()} measures"

    def __str__(self) -> str:
        """Say in words where each measure of each method stands."""
        confidence = self.settings["confidence"]
        return "\n".join(" ".join(sentences(self.summary, method, confidence)) for method in self.methods)
