"""What the figures share: the names of data sets and networks in titles, and how a figure is written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from zeta_geom.plots.names import as_label, lettering
from zeta_geom.records import atomic_path

DATA = {
    "cifar-10": "CIFAR-10",
    "cifar-100": "CIFAR-100",
    "cifar-10-jpeg": "CIFAR-10, from a JPEG copy",  # a folder of that name, for IMAGES
    "fashion-mnist": "Fashion-MNIST",
    "mnist": "MNIST",
    "mnist-sample": "MNIST sample",
    "digits": "digits 8×8",
    "breastmnist": "BreastMNIST",
    "pathmnist": "PathMNIST",
    "tissuemnist": "TissueMNIST",
    "derm7point-clinical": "derm7point: clinical",
    "dermofit": "DermoFit",
    "isic-2017": "ISIC 2017",
    "isic-2018": "ISIC 2018",
    "msk": "MSK",
}
NETWORKS = {
    "lenet": "LeNet-5",
    "resnet10-narrow": "narrow ResNet-10",
    "resnet10-tiny": "tiny ResNet-10",
    "resnet18": "ResNet-18",
    "resnet50": "ResNet-50",
}
METRICS = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "f1_micro": "micro F1",
    "f1_macro": "macro F1",
    "auc": "AUC",
}


def data_name(name: str) -> str:
    """Return the name of a data set in titles."""
    return DATA.get(name) or as_label(name)


def network_name(name: str) -> str:
    """Return the name of a network in titles."""
    return NETWORKS.get(name) or as_label(name)


def seeds_of(counts: Iterable[int]) -> str:
    """Write the number of seeds behind some means, or its range, from the count of each mean."""
    low, high = min(counts := set(counts)), max(counts)
    return f"{low} to {high} seeds" if low < high else f"{high} seed{'s' * (high > 1)}"


def listed(names: list[str], last: str = " and ") -> str:
    """Write names as a list in a sentence."""
    return last.join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def save(fig: Figure, path: Path) -> list[Path]:
    """Write `fig` as PNG and as PDF, each whole or not at all, to `path` with the ending added; return both paths."""
    paths = []
    with lettering(fig):
        for ending in ("png", "pdf"):
            target = path.with_name(f"{path.name}.{ending}")
            with atomic_path(target) as temporary:
                fig.savefig(temporary, format=ending)
            with mpl.rc_context({"figure.constrained_layout.use": False}):
                fig.set_layout_engine(None)  # the layout is known by now; a second one takes as long as drawing
            paths.append(target)
    return paths
