"""How data sets and networks are called in titles."""

from collections.abc import Iterable

from zeta_geom.plots.names import as_label

DATA = {
    "cifar-10": "CIFAR-10",
    "cifar-100": "CIFAR-100",
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
    """Return how a data set is called."""
    return DATA.get(name) or as_label(name)


def network_name(name: str) -> str:
    """Return how a network is called."""
    return NETWORKS.get(name) or as_label(name)


def seeds_of(counts: Iterable[int]) -> str:
    """Write over how many seeds means were taken, from the counts of all of them."""
    low, high = min(counts := set(counts)), max(counts)
    return f"{low} to {high} seeds" if low < high else f"{high} seed{'s' * (high > 1)}"


def listed(names: list[str], last: str = " and ") -> str:
    """Write names as a list."""
    return last.join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
