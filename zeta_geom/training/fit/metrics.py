"""What is measured of a classifier: the columns of the paper's tables, from torchmetrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from zeta_geom.checks import check_choice
from zeta_geom.training.packages import require_packages

if TYPE_CHECKING:
    from torchmetrics import Metric, MetricCollection

__all__ = ["HIGHER_IS_BETTER", "METRICS", "make_metrics"]

TORCHMETRICS = "torchmetrics.classification"


def _metric(kind: str, average: str, module: str = TORCHMETRICS) -> Callable[[int], Metric]:
    """Return how a metric is built for n classes; its module, which needs the extra, is imported then."""
    return lambda n: getattr(import_module(module), kind)(n, average=average)


METRICS: dict[str, Callable[[int], Metric]] = {
    "error": _metric("ErrorRate", "micro", "zeta_geom.training.error_rate"),
    "accuracy": _metric("MulticlassAccuracy", "micro"),
    "balanced_accuracy": _metric("MulticlassRecall", "macro"),
    "f1_micro": _metric("MulticlassF1Score", "micro"),
    "f1_macro": _metric("MulticlassF1Score", "macro"),
    "auc": _metric("MulticlassAUROC", "macro"),
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
    ImportError
        If a package of the extra `train` is absent.
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
    require_packages()
    from torchmetrics import MetricCollection

    made: dict[str, Metric | MetricCollection] = {}
    for name in names:
        made[name] = METRICS[check_choice(name, "metrics", METRICS)](n_classes)
    return MetricCollection(made, compute_groups=False)
