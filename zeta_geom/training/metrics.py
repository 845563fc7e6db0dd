"""Metrics of a classifier: the columns of the paper's tables, from torchmetrics, and calibration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from zeta_geom.checks import check_choice
from zeta_geom.training.packages import require_packages

if TYPE_CHECKING:
    from torchmetrics import Metric, MetricCollection

TORCHMETRICS = "torchmetrics.classification"
CALIBRATION = "zeta_geom.training.calibration"


def _metric(kind: str, average: str, module: str = TORCHMETRICS) -> Callable[[int], Metric]:
    """Return a function that builds a metric for n classes; only that call imports the extra's packages."""
    return lambda n: getattr(import_module(module), kind)(n, average=average)


METRICS: dict[str, Callable[[int], Metric]] = {
    "error": _metric("ErrorRate", "micro", "zeta_geom.training.error_rate"),
    "accuracy": _metric("MulticlassAccuracy", "micro"),
    "balanced_accuracy": _metric("MulticlassRecall", "macro"),
    "f1_micro": _metric("MulticlassF1Score", "micro"),
    "f1_macro": _metric("MulticlassF1Score", "macro"),
    "auc": _metric("MulticlassAUROC", "macro"),
    "ece": _metric("CalibrationMetric", "ece", CALIBRATION),
    "brier": _metric("CalibrationMetric", "brier", CALIBRATION),
    "nll": _metric("CalibrationMetric", "nll", CALIBRATION),
}
HIGHER_IS_BETTER = {name: name not in ("error", "ece", "brier", "nll") for name in METRICS}


def make_metrics(names: Sequence[str], n_classes: int) -> MetricCollection:
    """Return the metrics of these names, for n classes."""
    require_packages()
    from torchmetrics import MetricCollection

    metrics: dict[str, Metric | MetricCollection] = {}
    for name in names:
        metrics[name] = METRICS[check_choice(name, "metrics", METRICS)](n_classes)
    return MetricCollection(metrics, compute_groups=False)
