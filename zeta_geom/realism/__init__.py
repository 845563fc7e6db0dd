"""Realism of mixed images and correctness of their labels: an oracle, entropies, cross-entropies and calibration."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from zeta_geom.realism.calibration import Calibration, calibration
from zeta_geom.realism.entropy import cross_entropy, cross_entropy_from_log, entropy, kl_divergence, soft_label_report

if TYPE_CHECKING:
    from zeta_geom.realism.lenet import LeNet5, train_lenet
    from zeta_geom.realism.oracle import MNISTOracle

__all__ = [
    "Calibration",
    "LeNet5",
    "MNISTOracle",
    "calibration",
    "cross_entropy",
    "cross_entropy_from_log",
    "entropy",
    "kl_divergence",
    "soft_label_report",
    "train_lenet",
]

_TORCH_HOMES = {"LeNet5": "lenet", "MNISTOracle": "oracle", "train_lenet": "lenet"}  # loaded at first use


def __getattr__(name: str) -> Any:
    if name in _TORCH_HOMES:
        return getattr(import_module(f"{__name__}.{_TORCH_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
