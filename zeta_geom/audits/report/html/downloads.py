"""A table's CSV inside a page: a plain link while it is small, compressed where it is not."""

from __future__ import annotations

import base64
import gzip
from dataclasses import dataclass

import pandas as pd

__all__ = ["Download", "csv_bytes", "data_uri", "make_download"]

PLAIN_BYTES = 1_000_000  # a CSV up to here is a link; browsers drop links above 2 MiB
LINK_BYTES = 1_500_000  # compressed bytes up to here are a link too, which works without JavaScript


@dataclass(frozen=True)
class Download:
    """The CSV of a table, as a page holds it.

    Parameters
    ----------
    file : str
        The file's name.
    rows : int
    route : str
        "plain": a link to the CSV. "gzip": a link to the compressed CSV, from which a script makes the CSV. "script":
        the compressed CSV as data that only a script can hand out.
    content : str
        The link, or the data in base64.
    size : int
        Bytes of what is held: the CSV's, or the compressed CSV's.
    """

    file: str
    rows: int
    route: str
    content: str
    size: int


def csv_bytes(frame: pd.DataFrame) -> bytes:
    r"""Write a table as CSV in full precision, without its index."""
    return frame.to_csv(index=False, lineterminator="\n").encode("utf-8", "replace")


def data_uri(content: bytes, kind: str) -> str:
    """Return bytes as a data URI."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def make_download(frame: pd.DataFrame, name: str) -> Download:
    """Choose how a table's CSV goes into a page, by its size."""
    file, rows, content = f"{name}.csv", len(frame), csv_bytes(frame)
    if len(content) <= PLAIN_BYTES:
        return Download(file, rows, "plain", data_uri(content, "text/csv;charset=utf-8"), len(content))
    packed = gzip.compress(content, compresslevel=7, mtime=0)
    if len(packed) <= LINK_BYTES:
        return Download(file, rows, "gzip", data_uri(packed, "application/gzip"), len(packed))
    return Download(file, rows, "script", base64.b64encode(packed).decode("ascii"), len(packed))
