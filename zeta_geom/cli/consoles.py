"""Output on a console of any encoding: a letter that it lacks is spelled out, γ as gamma."""

import codecs
import sys
import unicodedata
from collections.abc import Sequence

HANDLER = "zeta_geom.spelled"
NAMED = {
    "→": "->", "←": "<-", "↦": "->", "…": "...", "⋯": "...", "≥": ">=", "≤": "<=", "≠": "!=", "≈": "~", "−": "-",
    "–": "-", "—": "-", "‑": "-", "×": "x", "÷": "/", "±": "+-", "·": "*", "∞": "inf", "√": "sqrt", "½": "1/2",
    "‖": "||", "∈": "in", "∫": "int", "∃": "exists", "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "°": " deg",
    "µ": "u", "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")", "✓": "yes", "•": "*",
}  # fmt: skip


def spell_out() -> None:
    """Let standard output and error write letters that their encoding lacks in ASCII, instead of raising an error."""
    codecs.register_error(HANDLER, _spelled)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a program or a test may replace them by other streams
            stream.reconfigure(errors=HANDLER)


def in_columns(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells as lines with aligned columns; letters are spelled as standard output will write them."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    codecs.register_error(HANDLER, _spelled)
    cells = [[cell.encode(encoding, HANDLER).decode(encoding) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)


def _spelled(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letter, end = error.object[error.start], error.start + 1
    if "\udc80" <= letter <= "\udcff":  # a byte of a file's name that is no text
        return letter.encode("ascii", "surrogateescape"), end
    return _ascii(letter), end


def _ascii(letter: str) -> str:
    """Return a letter's substitute: its own name, a Greek letter's name, its base, or its number as in Python."""
    if letter in NAMED:
        return NAMED[letter]
    words = unicodedata.name(letter, "").split()
    if words[:1] == ["GREEK"] and words[-2:-1] == ["LETTER"]:
        name = words[-1].replace("LAMDA", "LAMBDA")
        return name.capitalize() if "CAPITAL" in words else name.lower()
    parts = (NAMED.get(part, part) for part in unicodedata.normalize("NFKD", letter))
    base = "".join(parts).encode("ascii", "ignore").decode("ascii")
    if base:
        return f"^{base}" if words[:1] == ["SUPERSCRIPT"] else base
    return letter.encode("ascii", "backslashreplace").decode("ascii")
