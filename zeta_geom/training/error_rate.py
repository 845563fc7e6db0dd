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
    **settings
        As for torchmetrics' `MulticlassAccuracy`.

    Examples
    --------
    >>> import torch
    >>> metric = ErrorRate(2, average="micro")
    >>> metric(torch.tensor([0, 1, 1, 1]), torch.tensor([0, 1, 1, 0]))
    tensor(0.2500)
    """

    higher_is_better = False

    def compute(self) -> Tensor:
        """Return the share."""
        return 1 - super().compute()
