"""Names from users in drawings: a $ is drawn as a $, long names are shortened, and each script gets a font."""

import functools
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

import matplotlib
import numpy as np
from matplotlib import rcParams
from matplotlib.artist import Artist
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.text import Text

LONGEST = 36  # letters of a name in a legend; wide letters, such as Chinese ones, count twice
ROW = 52  # letters of a row's name, which may hold several names
TEX = {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
TEX |= {letter: f"\\{letter}" for letter in "#$%&_{}"}

# families with many scripts, in order of preference, as they come with Linux, macOS and Windows
FONTS = ("Noto Sans", "Source Han Sans", "WenQuanYi", "PingFang", "Hiragino", "Microsoft YaHei", "Malgun", "IPA")
CJK = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC", "FULLWIDTH", "KANGXI")
GLYPHS = r"Glyph \d+ .* missing from"  # Matplotlib gives this warning for each letter

P = ParamSpec("P")
R = TypeVar("R", bound="Artist | np.ndarray")  # axes, a figure, or an array of axes

_lacking: ContextVar[set[str] | None] = ContextVar("_lacking", default=None)


def as_label(text: object, longest: int = LONGEST) -> str:
    r"""Return a user's name as one short line that Matplotlib draws literally, in legends too.

    Parameters
    ----------
    text : object
        Its str is the name.
    longest : int
        Largest number of letters; wide letters count twice. An ellipsis replaces the middle of a longer name.

    Returns
    -------
    str

    Examples
    --------
    >>> as_label("price in $, net of $")
    'price in \\$, net of \\$'
    """
    kept = (" " if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in str(text))
    line = " ".join("".join(kept).split())
    if text_width(line) > longest:
        head, tail = _kept(line, longest * 2 // 3), _kept(line[::-1], longest - longest * 2 // 3 - 1)[::-1]
        line = f"{head}…{tail}"
    if line.startswith("_"):  # legends leave such labels out; a space of no width prevents it
        line = f"\u200b{line}"
    if rcParams["text.usetex"]:
        return "".join(TEX.get(letter, letter) for letter in line)
    return re.sub(r"(?<!\\)\$", r"\\$", line) if rcParams["text.parse_math"] else line


def as_text(text: str) -> str:
    r"""Return a text of several lines that Matplotlib draws literally; each line becomes a label.

    Parameters
    ----------
    text : str
        Any text.

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
    """Return the approximate width of a text, in narrow letters.

    Parameters
    ----------
    text : str
        Any text.

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
def lettering(*artists: Artist | np.ndarray) -> Iterator[None]:
    """Give each text fonts with its letters, and warn once, after the context, of letters that no font has.

    Parameters
    ----------
    *artists : matplotlib artists
        Figures, axes, or arrays of axes whose texts get fonts.

    Warns
    -----
    UserWarning
        If no font of the system has some letter; the warning names a font that has it.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> figure = Figure()
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
    """Decorate a drawing function: all texts that it draws get fonts with their letters.

    Parameters
    ----------
    draw : callable
        A function that draws and returns its axes or figure.

    Returns
    -------
    callable

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> lettered(lambda ax, title: ax.set_title(title).axes)(Figure().subplots(), "γ").get_title()
    'γ'
    """

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> R:
        artist = draw(*args, **kwargs)
        with lettering(artist):
            return artist

    return drawn


def _fit(artist: Artist | np.ndarray) -> set[str]:
    """Append fonts to texts whose fonts lack letters; return the letters that no font has."""
    lacking: set[str] = set()
    artists = artist.ravel() if isinstance(artist, np.ndarray) else (artist,)
    texts = [text for part in artists for text in part.findobj(Text)]
    for text in texts:
        letters = {letter for letter in text.get_text() if not letter.isascii() and letter.isprintable()}
        families = list(text.get_fontfamily())
        if absent := frozenset(letters - _letters_of(families, text.get_fontproperties())):
            more, none = _families_for(absent, len(fontManager.ttflist))
            text.set_fontfamily([*families, *more])
            lacking |= none
    return lacking


def _letters_of(families: Iterable[str], properties: FontProperties) -> set[str]:
    letters: set[str] = set()
    for family in families:
        single = properties.copy()
        single.set_family(family)
        letters |= _letters(_path(single))
    return letters


@functools.lru_cache(maxsize=16)
def _families_for(absent: frozenset[str], n_fonts: int) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return font families with these letters, in order of preference, and the letters that no family has.

    `n_fonts` is part of the cache key: a font may be added later.
    """

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


def _path(properties: FontProperties) -> str:
    return findfont(properties)


@functools.lru_cache(maxsize=256)
def _letters(path: str) -> frozenset[str]:
    """Return the letters of a font file, from its character map."""
    try:
        return frozenset(map(chr, get_font(path).get_charmap()))
    except (OSError, RuntimeError):  # the file is gone, or not a font
        return frozenset()


def _warn(lacking: set[str]) -> None:
    shown = "".join(sorted(lacking)[:12])
    names = {unicodedata.name(letter, "") for letter in lacking}
    fonts = {"Noto Sans CJK" if name.startswith(CJK) else f"Noto Sans {name.split(' ')[0].title()}" for name in names}
    warnings.warn(
        f"no font here has {shown}{'…' if len(lacking) > 12 else ''}; they are drawn as boxes. Install one, such as "
        f"{' and '.join(sorted(fonts)[:3])}, and delete Matplotlib's list of fonts, fontlist-*.json in "
        f"{matplotlib.get_cachedir()}.",
        UserWarning,
        stacklevel=4,
    )


def _width(letter: str) -> int:
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _kept(line: str, width: int) -> str:
    """Return the longest start of a line that fits the width."""
    for place, letter in enumerate(line):
        width -= _width(letter)
        if width < 0:
            return line[:place]
    return line
