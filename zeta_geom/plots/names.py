"""Names that users give, in drawings: a $ is a $, long ones are shortened, and each script gets a font."""

from __future__ import annotations

import functools
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

import numpy as np

__all__ = ["ROW", "as_label", "as_text", "lettered", "lettering", "text_width"]

LONGEST = 36  # letters of a name; wide ones, as of Chinese, count twice
ROW = 52  # of a row's name, which may hold several
TEX = {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
TEX |= {letter: f"\\{letter}" for letter in "#$%&_{}"}

FONTS = ("Noto Sans", "Source Han Sans", "WenQuanYi", "PingFang", "Hiragino", "Microsoft YaHei", "Malgun", "IPA")
CJK = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC", "FULLWIDTH", "KANGXI")
GLYPHS = r"Glyph \d+ .* missing from"  # of Matplotlib: a warning a letter

P = ParamSpec("P")
R = TypeVar("R")

_lacking: ContextVar[set[str] | None] = ContextVar("_lacking", default=None)


def as_label(text: Any, longest: int = LONGEST) -> str:
    r"""Return a name that a user gave as one short line that Matplotlib draws as it is, in a legend too.

    Parameters
    ----------
    text : object
        Its str is the name.
    longest : int
        Letters that are kept, with an ellipsis in the middle; wide letters count twice.

    Returns
    -------
    str
        The same again where it is given one of its own.

    Examples
    --------
    >>> as_label("price in $, net of $")
    'price in \\$, net of \\$'
    >>> len(as_label("a" * 99))
    36
    """
    from matplotlib import rcParams

    kept = (" " if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in str(text))
    line = " ".join("".join(kept).split())
    if text_width(line) > longest:
        head, tail = _kept(line, longest * 2 // 3), _kept(line[::-1], longest - longest * 2 // 3 - 1)[::-1]
        line = f"{head}…{tail}"
    if line.startswith("_"):  # what a legend leaves out
        line = f"\u200b{line}"
    if rcParams["text.usetex"]:
        return "".join(TEX.get(letter, letter) for letter in line)
    return re.sub(r"(?<!\\)\$", r"\\$", line) if rcParams["text.parse_math"] else line


def as_text(text: str) -> str:
    r"""Return a text with each of its lines as a label: no letter in it means anything to Matplotlib.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> as_text("5 $\nor 6")
    '5 \\$\nor 6'
    """
    return "\n".join(as_label(line, ROW) for line in str(text).split("\n"))


def text_width(text: str) -> int:
    """Return how many narrow letters a text is about as wide as.

    Parameters
    ----------
    text : str

    Returns
    -------
    int

    Examples
    --------
    >>> text_width("ab")
    2
    """
    return sum(map(_width, text))


@contextmanager
def lettering(*artists: Any) -> Iterator[None]:
    """Give each text of figures or axes fonts that have its letters; what no font has is warned of once, at the end.

    Within, Matplotlib does not warn of each letter. An outer `lettering` gathers what inner ones lack.

    Parameters
    ----------
    *artists : matplotlib artists
        Figures, axes, or arrays of axes.

    Warns
    -----
    UserWarning
        If no font of the system has some letter, with the name of a font that has.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> figure = Figure()
    >>> _ = figure.suptitle("γ")
    >>> with lettering(figure):
    ...     figure.canvas.draw()
    """
    outer = _lacking.get()
    lacking: set[str] = set() if outer is None else outer
    token = _lacking.set(lacking)
    try:
        for artist in artists:
            lacking |= _fit(artist)
        if lacking:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", GLYPHS, UserWarning)
                yield
        else:
            yield
    finally:
        _lacking.reset(token)
    if outer is None and lacking:
        _warn(lacking)


def lettered(draw: Callable[P, R]) -> Callable[P, R]:
    """Let a function that draws names, and returns what it drew on, give them fonts that have their letters.

    Parameters
    ----------
    draw : callable

    Returns
    -------
    callable

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> titled = lettered(lambda ax, title: ax.set_title(title).axes)
    >>> titled(Figure().subplots(), "γ").get_title()
    'γ'
    """

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> R:
        found = draw(*args, **kwargs)
        with lettering(found):
            return found

    return drawn


def _fit(artist: Any) -> set[str]:
    """Append to each text's fonts those that have the letters that its own lack; return what none has."""
    from matplotlib.font_manager import fontManager
    from matplotlib.text import Text

    lacking: set[str] = set()
    texts = [text for one in np.ravel(artist) for text in one.findobj(Text)]
    for text in texts:
        letters = {letter for letter in text.get_text() if not letter.isascii() and letter.isprintable()}
        families = list(text.get_fontfamily())
        if absent := frozenset(letters - _letters_of(families, text.get_fontproperties())):
            more, none = _families_for(absent, len(fontManager.ttflist))
            text.set_fontfamily([*families, *more])
            lacking |= none
    return lacking


def _letters_of(families: Iterable[str], properties: Any) -> set[str]:
    found: set[str] = set()
    for family in families:
        own = properties.copy()
        own.set_family(family)
        found |= _letters(_path(own))
    return found


@functools.lru_cache(maxsize=16)
def _families_for(absent: frozenset[str], n_fonts: int) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return families that have these letters, as few as the order of preference gives, and what none has.

    What none has is drawn by Matplotlib's font of boxes, where it comes with one, of which it does not warn. The
    number of fonts that it knows is a part of what is remembered: a font may be added later.
    """
    from matplotlib.font_manager import FontProperties, fontManager

    def preference(family: str) -> tuple[int, str]:
        place = next((i for i, known in enumerate(FONTS) if family.startswith(known)), len(FONTS))
        return place, family

    families = {entry.name for entry in fontManager.ttflist}
    boxes = {family for family in families if family.startswith("Last Resort")}
    chosen, left = [], set(absent)
    for family in sorted(families - boxes, key=preference):
        if has := left & _letters(_path(FontProperties(family=[family]))):
            chosen.append(family)
            left -= has
        if not left:
            break
    return (*chosen, *(boxes if left else ())), frozenset(left)


def _path(properties: Any) -> Any:
    from matplotlib.font_manager import findfont

    return findfont(properties)


@functools.lru_cache(maxsize=256)
def _letters(path: Any) -> frozenset[str]:
    """Return the letters that a font has, by its character map."""
    from matplotlib.font_manager import get_font

    try:
        return frozenset(map(chr, get_font(path).get_charmap()))
    except (OSError, RuntimeError):  # a file that is gone, or no font after all
        return frozenset()


def _warn(lacking: set[str]) -> None:
    import matplotlib

    shown = "".join(sorted(lacking)[:12])
    names = {unicodedata.name(letter, "") for letter in lacking}
    fonts = {"Noto Sans CJK" if name.startswith(CJK) else f"Noto Sans {name.split(' ')[0].title()}" for name in names}
    warnings.warn(
        f"no font here has {shown}{'…' if len(lacking) > 12 else ''}, which stand as boxes. Install one, such as "
        f"{' and '.join(sorted(fonts)[:3])}, and remove Matplotlib's list of fonts, fontlist-*.json in "
        f"{matplotlib.get_cachedir()}.",
        UserWarning,
        stacklevel=4,
    )


def _width(letter: str) -> int:
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _kept(line: str, width: int) -> str:
    """Return as many letters from the start as the width has room for."""
    for place, letter in enumerate(line):
        width -= _width(letter)
        if width < 0:
            return line[:place]
    return line
