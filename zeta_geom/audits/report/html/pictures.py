"""Figures as bytes for a page, SVG or PNG; the same figure gives the same bytes."""

import io
import re

import matplotlib
from matplotlib.figure import Figure

from zeta_geom.plots.names import lettering

_NO_METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}  # no date or version: the same bytes


def svg_bytes(figure: Figure) -> bytes:
    """Save a figure as SVG, text as outlines, on no background; the style sheet adapts its colours to dark pages."""
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "zeta_geom"}), lettering(figure):
        figure.savefig(buffer, format="svg", transparent=True, metadata=_NO_METADATA)
    text = buffer.getvalue()
    return text[text.index("<svg") :].encode()  # without the prologue, whose document type has an address


def png_bytes(figure: Figure, dpi: float = 160) -> bytes:
    """Save a figure as PNG on white, also for dark pages."""
    buffer = io.BytesIO()
    with lettering(figure):
        figure.savefig(buffer, format="png", dpi=dpi, facecolor="white", metadata={"Software": None})
    return buffer.getvalue()


def picture_size(content: bytes, kind: str) -> tuple[int, int] | None:
    """Return a picture's width and height in CSS pixels (96 per inch), or None if the file does not state them."""
    if kind == "svg":
        opening = re.search(rb"<svg\b[^>]*>", content)
        if opening is None:
            raise ValueError(f"content must be SVG if kind is 'svg'; it begins with {content[:20]!r}.")
        sides = [re.search(rb'\s%s="([\d.]+)(pt|px)?"' % side, opening[0]) for side in (b"width", b"height")]
        width, height = (side and round(float(side[1]) * (4 / 3 if side[2] == b"pt" else 1)) for side in sides)
    elif kind == "png":
        from PIL import Image

        if not content.startswith(b"\x89PNG"):
            raise ValueError(f"content must be PNG if kind is 'png'; it begins with {content[:20]!r}.")
        with Image.open(io.BytesIO(content)) as image:
            dpi = image.info.get("dpi", (96, 96))
            width, height = (round(side * 96 / per_inch) for side, per_inch in zip(image.size, dpi, strict=True))
    else:
        raise ValueError(f"kind must be 'svg' or 'png'; got {kind!r}.")
    return (width, height) if width and height else None
