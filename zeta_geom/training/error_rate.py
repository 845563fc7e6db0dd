"""The error rate, as a metric of torchmetrics."""

from torch import Tensor
from torchmetrics.classification import MulticlassAccuracy


class ErrorRate(MulticlassAccuracy):
    """The share of wrong predictions; its parameters are those of torchmetrics' `MulticlassAccuracy`."""

    higher_is_better = False

    def compute(self) -> Tensor:
        """Return the share."""
        return 1 - super().compute()
