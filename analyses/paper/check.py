"""One thing that the paper prints, beside what follows from elsewhere in it."""

from __future__ import annotations

from typing import NamedTuple


class Check(NamedTuple):
    """One row of the record."""

    table: str
    what: str
    where: str
    printed: str
    derived: str
    agrees: bool | None  # None: nothing printed to agree with, a figure beside the paper's own
