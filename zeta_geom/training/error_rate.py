"""The error rate, as a metric of torchmetrics."""

from __future__ import annotations

from torch import Tensor
from torchmetrics.classification import MulticlassAccuracy

__all__ = ["ErrorRate"]


class ErrorRate(MulticlassAccuracy):
    """The share of wrong predictions.

    Parameters
    ----------
    num_classes : int
        Number of classes.
    **settings
        As for torchmetrics' `MulticlassAccuracy`.
    """

    higher_is_better = False

    def compute(self) -> Tensor:
        """Return the share."""
        return 1 - super().compute()
