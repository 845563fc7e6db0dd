"""The error rate, as a metric of torchmetrics."""

from torch import Tensor
from torchmetrics.classification import MulticlassAccuracy


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
