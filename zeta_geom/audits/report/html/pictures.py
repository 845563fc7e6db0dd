"""Figures as bytes for a page: SVG that follows the reader's colour scheme, and PNG; the same bytes each time."""

from __future__ import annotations

import colorsys
import io
import re
from collections.abc import Iterator
from typing import Any

from zeta_geom.plots.names import lettering

__all__ = ["picture_size", "png_bytes", "svg_bytes"]

PAPER, INK = (0x15, 0x18, 0x1C), (0xE4, 0xE2, 0xDD)  # the page's dark background and text, as in page/style.css
KEPT = "as-drawn"  # artists whose gid begins so keep their colours: a label on a coloured cell, say
_CONTRAST = 4.5  # of a coloured line or word against the dark background (WCAG 1.4.3)
_GREY = 0.12  # colours whose channels differ by less turn over: black to the ink, white to the background
_UNNAMED = {"Creator": None, "Date": None, "Format": None, "Type": None}  # neither a date nor a version in the file


def svg_bytes(figure: Any) -> bytes:
    """Save a figure as SVG on no background, with colours for a dark page that the reader's browser chooses.

    Text is drawn as outlines, so that it looks alike everywhere. On a dark page greys turn over (black becomes the
    page's text colour, white its background), and colours too dark to be seen are lightened; an artist whose gid
    begins with "as-drawn" keeps its colours, as does an image.
    """
    import matplotlib

    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "zeta_geom"}), lettering(figure):
        figure.savefig(buffer, format="svg", transparent=True, metadata=_UNNAMED)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]  # without the prologue, which names an outside document type
    style = f"<style>@media (prefers-color-scheme: dark) {{{''.join(_dark_rules(text))}}}</style>"
    opening = text.index(">") + 1
    return (text[:opening] + style + text[opening:]).encode()


def png_bytes(figure: Any, dpi: float = 160) -> bytes:
    """Save a figure as PNG on white, which a dark page leaves as it is."""
    buffer = io.BytesIO()
    with lettering(figure):
        figure.savefig(buffer, format="png", dpi=dpi, facecolor="white", metadata={"Software": None})
    return buffer.getvalue()


def picture_size(content: bytes, kind: str) -> tuple[int, int] | None:
    """Return a picture's own width and height in CSS pixels (96 an inch), or None where it does not say."""
    if kind == "svg":
        opening = re.search(rb"<svg\b[^>]*>", content)
        if opening is None:
            raise ValueError(f"content must be SVG where kind is 'svg'; it begins with {content[:20]!r}.")
        found = [re.search(rb'\s%s="([\d.]+)(pt|px)?"' % side, opening[0]) for side in (b"width", b"height")]
        width, height = (side and round(float(side[1]) * (4 / 3 if side[2] == b"pt" else 1)) for side in found)
    elif kind == "png":
        from PIL import Image

        if not content.startswith(b"\x89PNG"):
            raise ValueError(f"content must be PNG where kind is 'png'; it begins with {content[:20]!r}.")
        with Image.open(io.BytesIO(content)) as image:
            dpi = image.info.get("dpi", (96, 96))
            width, height = (round(side * 96 / each) for side, each in zip(image.size, dpi, strict=True))
    else:
        raise ValueError(f"kind must be 'svg' or 'png'; got {kind!r}.")
    return (width, height) if width and height else None


def _dark_rules(text: str) -> Iterator[str]:
    """Yield a CSS rule for each colour of a drawing that needs another one on a dark page."""
    yield f"svg{{fill:{_hex(INK)}}}[id^={KEPT}]{{fill:#000}}"  # matplotlib leaves black, the default, unwritten
    for part, name in sorted(set(re.findall(r"\b(fill|stroke|stop-color): (#[0-9a-f]{6})", text))):
        colour = (int(name[1:3], 16), int(name[3:5], 16), int(name[5:7], 16))
        if (dark := _for_dark(colour)) != colour:
            yield f'[style*="{part}: {name}"]:not([id^={KEPT}] *){{{part}:{_hex(dark)}!important}}'


def _for_dark(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    red, green, blue = (channel / 255 for channel in colour)
    if max(red, green, blue) - min(red, green, blue) < _GREY:
        share = (red + green + blue) / 3
        mixed = [round(ink + share * (paper - ink)) for ink, paper in zip(INK, PAPER, strict=True)]
        return mixed[0], mixed[1], mixed[2]
    hue, light, saturation = colorsys.rgb_to_hls(red, green, blue)
    made = colour
    while _contrast(made) < _CONTRAST and light < 1:
        light = min(1.0, light + 0.02)
        red, green, blue = colorsys.hls_to_rgb(hue, light, saturation)
        made = round(red * 255), round(green * 255), round(blue * 255)
    return made


def _contrast(colour: tuple[int, int, int]) -> float:
    """Return the contrast (WCAG 2) of a colour against the dark background."""
    light, dark = sorted((_luminance(colour), _luminance(PAPER)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: tuple[int, int, int]) -> float:
    parts = [channel / 255 for channel in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
