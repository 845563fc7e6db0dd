"""A report as one HTML file with text, tables, their CSV and pictures; it loads nothing from the network."""

from zeta_geom.audits.report.html.parts import Page, Panels, Picture, Section, Table
from zeta_geom.audits.report.html.pictures import png_bytes, svg_bytes
from zeta_geom.audits.report.html.writing import MAX_BYTES, render, render_part, write_page

__all__ = [
    "MAX_BYTES",
    "Page",
    "Panels",
    "Picture",
    "Section",
    "Table",
    "png_bytes",
    "render",
    "render_part",
    "svg_bytes",
    "write_page",
]
