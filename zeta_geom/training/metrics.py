"""What is measured of a classifier: the columns of the paper's tables, from torchmetrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor
from torchmetrics import Metric, MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassAUROC, MulticlassF1Score, MulticlassRecall

from zeta_geom.checks import check_choice

__all__ = ["HIGHER_IS_BETTER", "METRICS", "make_metrics"]


class _ErrorRate(MulticlassAccuracy):
    """The share of wrong predictions."""

    higher_is_better = False

    def compute(self) -> Tensor:
        return 1 - super().compute()


METRICS: dict[str, Callable[[int], Metric]] = {
    "error": lambda n: _ErrorRate(n, average="micro"),
    "accuracy": lambda n: MulticlassAccuracy(n, average="micro"),
    "balanced_accuracy": lambda n: MulticlassRecall(n, average="macro"),
    "f1_micro": lambda n: MulticlassF1Score(n, average="micro"),
    "f1_macro": lambda n: MulticlassF1Score(n, average="macro"),
    "auc": lambda n: MulticlassAUROC(n, average="macro"),
}
HIGHER_IS_BETTER = {name: name != "error" for name in METRICS}


def make_metrics(names: Sequence[str], n_classes: int) -> MetricCollection:
    """Return the metrics of some names.

    Parameters
    ----------
    names : sequence of str
        Keys of `METRICS`. error: the share of wrong predictions. balanced_accuracy: the mean of the classes' recalls.
        f1_micro (equal to accuracy where each image has one class) and f1_macro. auc: the area under the ROC curve of
        each class against the rest, averaged over the classes.
    n_classes : int

    Returns
    -------
    torchmetrics.MetricCollection
        Takes probabilities or logits (n, n_classes) and int labels (n,); gives shares, 0..1.

    Raises
    ------
    ValueError
        If a name is unknown.

    Notes
    -----
    Source: the paper, Tables 4 and 5 (error), 6 (balanced accuracy, F1) and 7 (AUC, accuracy).

    Examples
    --------
    >>> import torch
    >>> metrics = make_metrics(["accuracy"], 2)
    >>> metrics.update(torch.tensor([[0.9, 0.1], [0.8, 0.2]]), torch.tensor([0, 1]))
    >>> metrics.compute()
    {'accuracy': tensor(0.5000)}
    """
    made: dict[str, Metric | MetricCollection] = {}
    for name in names:
        made[name] = METRICS[check_choice(name, "metrics", METRICS)](n_classes)
    return MetricCollection(made, compute_groups=False)
