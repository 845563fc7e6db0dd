"""Pages written as HTML files that need no network."""

import base64
import hashlib
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from zeta_geom.audits.report.html.cells import Column, shape_of, show_column
from zeta_geom.audits.report.html.downloads import Download, data_uri, make_download
from zeta_geom.audits.report.html.parts import Page, Panels, Picture, Section, Table
from zeta_geom.audits.report.html.pictures import picture_size
from zeta_geom.records import atomic_path

MAX_BYTES = 5 * 1024 * 1024
_LONG = 30  # a table with more rows scrolls in its frame, below a fixed header
# control characters, lone surrogates and non-characters, which HTML forbids
_NOT_HTML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_MEDIA = {"svg": "image/svg+xml", "png": "image/png"}


@dataclass(frozen=True)
class _TableView:
    """The data of a table for the template."""

    table: Table
    columns: Sequence[Column]
    rows: int  # rows on the page
    long: bool
    download: Download


@dataclass(frozen=True)
class _PictureView:
    """The data of a picture, or of one panel, for the template."""

    picture: Picture
    source: str
    size: tuple[int, int] | None


@dataclass(frozen=True)
class _FigureView:
    """The data of a figure with one picture, or with panels, for the template."""

    title: str
    caption: str
    number: int
    images: Sequence[_PictureView]
    grid: bool


@dataclass(frozen=True)
class _SectionView:
    """The data of a section for the template."""

    section: Section
    tables: Sequence[_TableView]
    figures: Sequence[_FigureView]
    parts: Sequence["_SectionView"]
    answer: Sequence[str]  # shape, answer, and the rest of the sentence; empty if there is none

    def walk(self) -> Iterator["_SectionView"]:
        """Yield the section and all its parts."""
        yield self
        for part in self.parts:
            yield from part.walk()


def render(page: Page) -> str:
    """Return a page as HTML."""
    return _fill(page, _views(page.sections))


def render_part(section: Section) -> str:
    """Return a section with parts as a fragment of HTML for a notebook: its table, answers and pictures."""
    (view,) = _views([section])
    return _NOT_HTML.sub("\ufffd", _template("fragment.html").render(view=view))


def write_page(page: Page, path: Path) -> int:
    """Write a page, whole or not at all."""
    views = _views(page.sections)
    content = _fill(page, views).encode()
    if len(content) > MAX_BYTES:
        parts = sorted(_room(views), key=lambda part: -part[0])
        largest = "; ".join(f"{what}: {_size(size)}" for size, what, _ in parts[:5])
        raise ValueError(
            f"page must be at most {_size(MAX_BYTES)} as a file; it is {_size(len(content))}. The largest parts are"
            f" {largest}. For the first of them: {parts[0][2] if parts else 'shorten the text'}."
        )
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)
    return len(content)


def _fill(page: Page, views: Sequence[_SectionView]) -> str:
    names = [view.table.name.lower() for top in views for part in top.walk() for view in part.tables]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"tables must differ in name, not only in case; {twice} come twice.")
    style, script = _source("style.css"), _source("script.js")
    policy = (
        f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)};"
        " base-uri 'none'; form-action 'none'"
    )
    template = _template("report.html")
    html = template.render(page=page, views=views, policy=policy, style=Markup(style), script=Markup(script))
    return _NOT_HTML.sub("\ufffd", html)


def _views(sections: Sequence[Section]) -> list[_SectionView]:
    number = itertools.count(1)
    return [_section_view(section, number) for section in sections]


def _section_view(section: Section, number: Iterator[int]) -> _SectionView:
    tables = [_table_view(table) for table in section.tables]
    figures = [_figure_view(picture, next(number)) for picture in section.pictures]
    word, _, rest = section.answer.partition(": ")
    answer = [shape_of(word) or "unknown", word, rest] if section.answer else []
    return _SectionView(section, tables, figures, [_section_view(part, number) for part in section.parts], answer)


def _table_view(table: Table) -> _TableView:
    shown = table.frame if table.shown is None else table.frame.iloc[: table.shown]
    columns = [
        show_column(
            shown.iloc[:, place],
            str(table.columns.get(name, name)),
            verdict=name in table.shapes,
            links=table.links.get(name, ()),
        )
        for place, name in enumerate(shown.columns)
    ]
    return _TableView(table, columns, len(shown), len(shown) > _LONG, make_download(table.frame, table.name))


def _figure_view(picture: Picture | Panels, number: int) -> _FigureView:
    panels = isinstance(picture, Panels)
    images = [_picture_view(each) for each in (picture.pictures if isinstance(picture, Panels) else [picture])]
    return _FigureView(picture.title, picture.caption, number, images, panels)


def _picture_view(picture: Picture) -> _PictureView:
    size = picture_size(picture.content, picture.kind)
    return _PictureView(picture, data_uri(picture.content, _MEDIA[picture.kind]), size)


def _room(views: Sequence[_SectionView]) -> Iterator[tuple[int, str, str]]:
    """Yield the size in bytes of each part, its description, and a remedy to make it smaller."""
    for part in itertools.chain.from_iterable(view.walk() for view in views):
        for view in part.tables:
            name = view.table.name
            remedy = "round its numbers, or leave columns or rows out"
            yield len(view.download.content), f"the CSV of table {name!r}", remedy
            cells = [cell.text for column in view.columns for cell in column.cells]
            room = sum(len(text.encode("utf-8", "replace")) + 20 for text in cells)  # about 20 bytes of tags a cell
            yield room, f"the {view.rows:,} rows shown of table {name!r}", "show fewer rows (`shown`)"
        for shown in itertools.chain.from_iterable(figure.images for figure in part.figures):
            drawn = shown.picture.kind == "svg"
            remedy = "save it as PNG, or draw fewer points" if drawn else "save it at a lower dpi"
            yield len(shown.source), f"picture {shown.picture.title!r}", remedy


@cache
def _environment() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, loader=loader
    )
    environment.filters["size"] = _size
    return environment


def _template(name: str) -> jinja2.Template:
    return _environment().get_template(name)


@cache
def _source(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


def _size(size: int) -> str:
    return f"{size / 1024**2:.1f} MiB" if size >= 1024**2 else f"{max(1, round(size / 1024))} KiB"
