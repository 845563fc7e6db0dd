"""Plans: all that is random in mixing one batch."""

from dataclasses import dataclass
from typing import Protocol


class MixPlan(Protocol):
    """What `draw` returns and `apply` takes; the plan of each method adds its own arrays."""

    @property
    def rows(self) -> int:
        """Number of rows to return."""

    @property
    def m(self) -> int:
        """Number of samples in the batch."""


@dataclass(frozen=True)
class Unmixed:
    """The plan of a batch that is returned unmixed: a batch of one sample, or one that `prob` leaves out."""

    rows: int  # row k is sample k mod m
    m: int
