"""A printed statement of the paper, beside the value that follows from other parts of the paper."""

from __future__ import annotations

from typing import NamedTuple


class Check(NamedTuple):
    """One row of the record."""

    table: str
    what: str
    where: str
    printed: str
    derived: str
    agrees: bool | None  # None: the paper prints nothing to compare with
