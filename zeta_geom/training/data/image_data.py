"""A data set for training: three parts of images with labels, and their shape, moments and classes."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from torch import Tensor

PARTS = ("train", "validation", "test")


class Images(Protocol):
    """A torch Dataset of images; it may have `__getitems__`, which reads a batch (b, C, H, W) and its labels (b,)."""

    labels: np.ndarray

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """Return one image, uint8 (C, H, W), and its label."""
        ...


@dataclass(frozen=True)
class ImageData:
    """A data set for training.

    Parameters
    ----------
    name, source : str
        The data set's name, and the data's origin in a few words.
    class_names : tuple of str
        In the order of the labels, which are 0..K-1.
    image_shape : (int, int, int)
        Channels, height and width of every image, in pixels.
    train, test, validation : Images
        Images uint8 (C, H, W), labels int64 (n,); validation None if the data set has no third part.
    mean, std : tuple of float
        Of each channel over the training images, in grey levels 0..1.
    fingerprint : str
        SHA-256 over images, labels and split.
    """

    name: str
    class_names: tuple[str, ...]
    image_shape: tuple[int, int, int]
    train: Images
    test: Images
    validation: Images | None
    mean: tuple[float, ...]
    std: tuple[float, ...]
    fingerprint: str
    source: str

    def class_counts(self) -> dict[str, np.ndarray]:
        """Return the number of images of each class in each part.

        Returns
        -------
        dict of str -> int64 array of shape (K,)

        Examples
        --------
        >>> from zeta_geom.training.data import load_image_data
        >>> load_image_data("mnist-sample").class_counts()["test"].tolist() == 10 * [100]
        True
        """
        parts = {part: getattr(self, part) for part in PARTS}
        return {
            part: np.bincount(images.labels, minlength=len(self.class_names))
            for part, images in parts.items()
            if images is not None
        }
