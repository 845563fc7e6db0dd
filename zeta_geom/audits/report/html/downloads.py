"""The CSV of a table inside a page: a plain link if it is small, compressed if it is large."""

import base64
import gzip
from dataclasses import dataclass

import pandas as pd

PLAIN_BYTES = 1_000_000  # a CSV up to here is a link; browsers drop links above 2 MiB
LINK_BYTES = 1_500_000  # compressed bytes up to here are also a link, which works without JavaScript


@dataclass(frozen=True)
class Download:
    """The CSV of a table inside a page.

    Routes: "plain", a link to the CSV; "gzip", a link to the compressed CSV, which a script unpacks; "script", the
    compressed CSV as data that only a script can save.
    """

    file: str  # name of the CSV
    rows: int
    route: str
    content: str  # the link, or the data in base64
    size: int  # bytes of the CSV, or of the compressed CSV


def csv_bytes(frame: pd.DataFrame) -> bytes:
    r"""Write a table as CSV in full precision, without its index."""
    return frame.to_csv(index=False, lineterminator="\n").encode("utf-8", "replace")


def data_uri(content: bytes, kind: str) -> str:
    """Return bytes as a data URI."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def make_download(frame: pd.DataFrame, name: str) -> Download:
    """Return the download of a table, by the route for its size."""
    file, rows, content = f"{name}.csv", len(frame), csv_bytes(frame)
    if len(content) <= PLAIN_BYTES:
        return Download(file, rows, "plain", data_uri(content, "text/csv;charset=utf-8"), len(content))
    packed = gzip.compress(content, compresslevel=7, mtime=0)
    if len(packed) <= LINK_BYTES:
        return Download(file, rows, "gzip", data_uri(packed, "application/gzip"), len(packed))
    return Download(file, rows, "script", base64.b64encode(packed).decode("ascii"), len(packed))
