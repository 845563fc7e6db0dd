"""Sizes of the paper's data sets and their parts, and its numbers of epochs, each with the source.

`train`, `test`: images. If the paper itself splits 70 : 10 : 20, `test` is 20 % rounded and `train` the smallest
number that 70 % of each class can give. `classes`: test images of two classes, the larger first. `epochs` is the
paper's, but for MedMNIST, where it gives none: 100 is a tenth of manifold mixup's 1000, as Fig. 9's caption has it.
"""

from __future__ import annotations

from typing import NamedTuple


class Partition(NamedTuple):
    """The sizes of a data set; None if only the paper itself states them."""

    total: int | None  # the sum of the publishers' own parts
    train: int
    test: int
    epochs: int
    source: str
    classes: tuple[int, int] | None = None


def _split_70_10_20(n: int, n_classes: int, source: str, classes: tuple[int, int] | None = None) -> Partition:
    total = None if "the paper's" in source else n
    return Partition(total, n * 7 // 10 - n_classes, round(n / 5), 50, source, classes)


def _medmnist(train: int, val: int, test: int, version: str) -> Partition:
    return Partition(train + val + test, train, test, 100, f"MedMNIST {version}")


PARTITIONS = {
    "cifar-10": Partition(60_000, 50_000, 10_000, 200, "Krizhevsky 2009"),
    "cifar-100": Partition(60_000, 50_000, 10_000, 200, "Krizhevsky 2009"),
    "fashion-mnist": Partition(70_000, 60_000, 10_000, 200, "Xiao et al. 2017"),
    "stl-10": Partition(13_000, 5_000, 8_000, 120, "Coates et al. 2011"),
    "imagenette": Partition(13_394, 9_469, 3_925, 80, "fastai/imagenette, version 2"),
    "imagewoof": Partition(12_954, 9_025, 3_929, 80, "fastai/imagenette, version 2"),
    "isic-2016": Partition(1_279, 900, 379, 50, "challenge: 304 benign, 75 malignant in the test set", (304, 75)),
    "isic-2017": Partition(2_750, 2_000, 600, 50, "challenge: 2000 + 150 + 600"),
    "isic-2018": Partition(11_720, 10_015, 1_512, 20, "challenge, task 3: 10,015 + 193 validation + 1,512 test"),
    "msk": _split_70_10_20(3_551, 4, "20 % of the paper's 3551"),
    "uda": _split_70_10_20(601, 2, "20 % of the paper's 601; its classes are not known"),
    "dermofit": _split_70_10_20(1_300, 5, "20 % of 1300"),
    "derm7point-clinical": _split_70_10_20(1_011, 5, "20 % of 1011"),
    "derm7point-dermoscopic": _split_70_10_20(1_011, 5, "20 % of 1011"),
    "ph2": _split_70_10_20(200, 2, "20 % of 80 common nevi + 80 atypical nevi, and 40 melanomas", (32, 8)),
    "med-node": _split_70_10_20(170, 2, "20 % of 100 naevi and 70 melanomas", (20, 14)),
    "pathmnist": _medmnist(89_996, 10_004, 7_180, "v2"),
    "dermamnist": _medmnist(7_007, 1_003, 2_005, "v2"),
    "octmnist": _medmnist(97_477, 10_832, 1_000, "v2"),
    "pneumoniamnist": _medmnist(4_708, 524, 624, "v2"),
    "bloodmnist": _medmnist(11_959, 1_712, 3_421, "v2; not in v1"),
    "tissuemnist": _medmnist(165_466, 23_640, 47_280, "v2; not in v1"),
    "breastmnist": _medmnist(546, 78, 156, "v2"),
    "organamnist": _medmnist(34_561, 6_491, 17_778, "v2; 58,850 images are v1's"),
    "organcmnist": _medmnist(12_975, 2_392, 8_216, "v2; 23,660 images are v1's"),
    "organsmnist": _medmnist(13_932, 2_452, 8_827, "v2; 25,221 images are v1's"),
}
