"""The parts of a page: sections of text, tables and pictures."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


@dataclass(frozen=True)
class Picture:
    """A figure of the page."""

    title: str
    caption: str
    alt: str  # description in words
    content: bytes  # from `svg_bytes` or `png_bytes`
    kind: str  # "svg" or "png"

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise ValueError(f"alt must say in words what picture {self.title!r} shows; got {self.alt!r}.")


@dataclass(frozen=True)
class Panels:
    """A figure of small pictures side by side; on a narrow page, one in a row."""

    title: str
    caption: str
    pictures: Sequence[Picture]


@dataclass(frozen=True)
class Table:
    """A table of the page, and its CSV. Columns of verdicts and answers get shapes beside their words."""

    name: str  # of the CSV; unique on a page; letters, digits, "-" and "_"
    title: str
    caption: str
    frame: pd.DataFrame  # without its index
    shown: int | None = None  # rows on the page, None for all; the CSV has all
    columns: Mapping[str, str] = field(default_factory=dict)  # headings that differ from the column names
    shapes: Sequence[str] = ("verdict",)  # columns of verdicts and answers
    links: Mapping[str, Sequence[str]] = field(default_factory=dict)  # column -> for each row the id that it links to
    anchors: Sequence[str] = ()  # for each row the id that links lead to

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                "name must be 1 to 100 letters (a to z), digits, '-' or '_', and begin with a letter or digit, as the"
                f" name of a file; got {self.name!r}."
            )
        if self.shown is not None and self.shown < 0:
            raise ValueError(f"shown must be None (all rows) or at least 0; got {self.shown}.")


@dataclass(frozen=True)
class Section:
    """A section of the page; its parts have headings one level below its own."""

    title: str
    text: Sequence[str] = ()  # paragraphs
    tables: Sequence[Table] = ()
    pictures: Sequence[Picture | Panels] = ()
    answer: str = ""  # a sentence that begins with an answer and a colon
    parts: Sequence["Section"] = ()


@dataclass(frozen=True)
class Page:
    """A whole page."""

    title: str
    lead: Sequence[str]  # paragraphs below the title
    sections: Sequence[Section]
    repeat: str  # commands, or Python code, that make the page again
