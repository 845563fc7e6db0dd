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
    r"""Write a table as CSV in full precision, without its index.

    Parameters
    ----------
    frame : DataFrame

    Returns
    -------
    bytes, UTF-8

    Examples
    --------
    >>> csv_bytes(pd.DataFrame({"γ": [0.1, float("nan")], "n": [1, 2]})).decode()
    'γ,n\n0.1,1\n,2\n'
    """
    return frame.to_csv(index=False, lineterminator="\n").encode("utf-8", "replace")


def data_uri(content: bytes, kind: str) -> str:
    """Return bytes as a data URI.

    Parameters
    ----------
    content : bytes
    kind : str
        The media type.

    Returns
    -------
    str

    Examples
    --------
    >>> data_uri(b"a,b", "text/csv")
    'data:text/csv;base64,YSxi'
    """
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def make_download(frame: pd.DataFrame, name: str) -> Download:
    """Choose how a table's CSV goes into a page, by its size.

    Parameters
    ----------
    frame : DataFrame
    name : str
        The file's name without its ending.

    Returns
    -------
    Download

    Examples
    --------
    >>> made = make_download(pd.DataFrame({"n": range(3)}), "counts")
    >>> made.file, made.rows, made.route
    ('counts.csv', 3, 'plain')
    """
    file, rows, content = f"{name}.csv", len(frame), csv_bytes(frame)
    if len(content) <= PLAIN_BYTES:
        return Download(file, rows, "plain", data_uri(content, "text/csv;charset=utf-8"), len(content))
    packed = gzip.compress(content, compresslevel=7, mtime=0)
    if len(packed) <= LINK_BYTES:
        return Download(file, rows, "gzip", data_uri(packed, "application/gzip"), len(packed))
    return Download(file, rows, "script", base64.b64encode(packed).decode("ascii"), len(packed))
