"""What a page is made of: sections of text, tables and pictures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

__all__ = ["Page", "Picture", "Section", "Table"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


@dataclass(frozen=True)
class Picture:
    """A figure of the page.

    Parameters
    ----------
    title, caption : str
    alt : str
        In words, what is to be seen.
    content : bytes
        See `svg_bytes` and `png_bytes`.
    kind : str
        "svg" or "png".
    """

    title: str
    caption: str
    alt: str
    content: bytes
    kind: str

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise ValueError(f"alt must say in words what picture {self.title!r} shows; got {self.alt!r}.")


@dataclass(frozen=True)
class Table:
    """A table of the page, and its CSV.

    Parameters
    ----------
    name : str
        Letters, digits, "-" and "_"; becomes NAME.csv, so no two tables of a page share it.
    title, caption : str
    frame : DataFrame
        The index is left out. A column named `verdict` gets shapes beside its words.
    shown : int, optional
        Rows that the page shows; None: all, 0: none. All are in the CSV.
    columns : mapping of str -> str
        A column's heading, with its unit, where the name itself will not do.
    """

    name: str
    title: str
    caption: str
    frame: pd.DataFrame
    shown: int | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                "name must be 1 to 100 letters (a to z), digits, '-' or '_', and begin with a letter or digit, since"
                f" it names a file; got {self.name!r}."
            )
        if self.shown is not None and self.shown < 0:
            raise ValueError(f"shown must be None (all rows) or at least 0; got {self.shown}.")


@dataclass(frozen=True)
class Section:
    """A part of the page, with a heading of its own.

    Parameters
    ----------
    title : str
    text : sequence of str
        Paragraphs, plain text.
    tables : sequence of Table
    pictures : sequence of Picture
    """

    title: str
    text: Sequence[str]
    tables: Sequence[Table] = ()
    pictures: Sequence[Picture] = ()


@dataclass(frozen=True)
class Page:
    """A whole page.

    Parameters
    ----------
    title : str
    lead : sequence of str
        Paragraphs under the title: what was found.
    sections : sequence of Section
    repeat : str
        The commands, or the Python, that make the page again.
    """

    title: str
    lead: Sequence[str]
    sections: Sequence[Section]
    repeat: str
