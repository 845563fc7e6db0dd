"""Load a data set into memory."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from zeta_geom.checks import check_choice
from zeta_geom.datasets.catalogue import DATASETS
from zeta_geom.datasets.fetching import fetch
from zeta_geom.records import data_fingerprint


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images with their labels.

    Parameters
    ----------
    X_train, X_test : uint8 arrays of shape (n, H, W), or (n, H, W, C) in colour
        Images, levels 0..255; colours are red, green, blue.
    y_train, y_test : int64 arrays of shape (n,)
        Labels, 0 up to the number of classes - 1.
    class_names : tuple of str
        The classes, in the order of their labels.
    name, fingerprint, source : str
        The key in `DATASETS`; SHA-256 over the four arrays; the origin of the data.

    Examples
    --------
    >>> load("digits").n_classes
    10
    """

    name: str
    X_train: np.ndarray = field(repr=False)
    y_train: np.ndarray = field(repr=False)
    X_test: np.ndarray = field(repr=False)
    y_test: np.ndarray = field(repr=False)
    class_names: tuple[str, ...]
    fingerprint: str
    source: str

    @property
    def n_classes(self) -> int:
        """The number of classes."""
        return len(self.class_names)

    @property
    def channels(self) -> str:
        """The layout of colour images, for mixers, audits and sweeps: channels last."""
        return "last"


def load(name: str, *, data_home: Path | str | None = None, download: bool = True, progress: bool = True) -> Dataset:
    """Load a data set; fetch it first if it is not in the cache.

    Parameters
    ----------
    name : {"cifar-10", "cifar-100", "digits", "fashion-mnist", "mnist", "mnist-sample"}
        The data set; "digits" and "mnist-sample" need no network.
    data_home : path, optional
        The folder that holds the data sets; see `data_home`.
    download, progress : bool
        Allow routes that need a network; show progress bars on a terminal.

    Returns
    -------
    Dataset

    Raises
    ------
    ValueError
        If `name` is unknown.
    FileNotFoundError
        If the data are not in the cache and all routes fail; the message states the reasons and the manual steps.

    Examples
    --------
    >>> load("digits").X_train.shape
    (1500, 8, 8)
    """
    specification = DATASETS[check_choice(name, "name", DATASETS)]
    if specification.embedded:
        folder = Path()  # the package contains the data
    else:
        folder = fetch(name, data_home=data_home, download=download, progress=progress)
    arrays = specification.read(folder)
    return Dataset(name, *arrays, specification.class_names, data_fingerprint(*arrays), specification.source)
