"""The samples of an audit: checked, in one unit, in an order that depends on their content, and split in halves."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from zeta_geom.checks import (
    LARGEST,
    check_finite,
    check_labels,
    check_points,
    check_units,
    count_classes,
    host_array,
    one_hot,
)
from zeta_geom.checks.images import to_floats
from zeta_geom.checks.labels import class_column
from zeta_geom.checks.types import ArrayLike

MOST_SHARES = 2 * 10**8  # largest n · K of soft labels made from class numbers: 1.6 GB


@dataclass(frozen=True)
class Samples:
    """A set of samples."""

    X: np.ndarray  # float (n, ...)
    Y: np.ndarray | None  # soft labels, float64 (n, K)
    rows: np.ndarray  # row of each sample, or of its original, in the user's array; -1 if there is none
    hard: bool = False  # the labels came as integers
    grey: bool = False  # the samples came as integers
    F: np.ndarray | None = None  # features (n, c) that the user passed with the samples

    def __len__(self) -> int:
        return len(self.X)

    @property
    def flat(self) -> np.ndarray:
        """The samples as rows of features."""
        return self.X.reshape(len(self.X), -1)

    @property
    def classes(self) -> np.ndarray | None:
        """The top class of each label; of equal shares, the first."""
        return None if self.Y is None else self.Y.argmax(axis=1)

    def take(self, rows: slice | np.ndarray | list[int]) -> Samples:
        """Return the samples in these rows."""
        labels = None if self.Y is None else self.Y[rows]
        features = None if self.F is None else self.F[rows]
        return Samples(self.X[rows], labels, self.rows[rows], self.hard, self.grey, features)

    def thinned(self, n: int) -> Samples:
        """Return an evenly spaced subset of n samples, or all if there are at most n."""
        return self if len(self) <= n else self.take(np.arange(n) * len(self) // n)


def to_samples(X: ArrayLike, y: ArrayLike | None = None, name: str = "X", *, n_classes: int | None = None) -> Samples:
    """Check a user's arrays and return them as samples; `X` (n, ...), `y` (n,) or (n, 1) or (n, K)."""
    array = host_array(X, name)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{name} must hold real numbers; got dtype {array.dtype}.")
    if array.ndim < 2 or array.size == 0:
        raise ValueError(f"{name} must have shape (n, ...), with at least one sample and feature; got {array.shape}.")
    grey = array.dtype.kind != "f"
    array = np.ascontiguousarray(to_floats(array, name))
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float32 if array.dtype.itemsize < 4 else np.float64)
    check_finite(array, name)
    if (largest := max(float(array.max()), -float(array.min()))) > LARGEST:
        raise ValueError(
            f"{name} must lie within ±{LARGEST:g}, because larger squares overflow; got {largest:g}. Rescale it."
        )
    Y = None if y is None else soft_labels(y, f"labels of {name}", len(array), n_classes)
    hard = y is not None and class_column(host_array(y, "y")).ndim == 1
    return Samples(array, Y, np.arange(len(array)), hard=hard, grey=grey)


def with_features(samples: Samples, F: ArrayLike | None, name: str) -> Samples:
    """Check features (n, c) that were passed with samples, and return the samples with them."""
    if F is None:
        return samples
    features = check_points(F, f"features of {name}")
    if len(features) != len(samples):
        raise ValueError(
            f"features of {name} must have one row for each of {len(samples)} samples; got {len(features)}."
        )
    return replace(samples, F=features)


def soft_labels(y: ArrayLike, name: str, n: int, n_classes: int | None) -> np.ndarray:
    """Return labels as float64 rows that sum to 1; `y` (n,) or (n, 1) or (n, K) -> (n, K)."""
    labels = check_labels(y, name, n=n, n_classes=n_classes)
    if labels.ndim == 1:
        width = count_classes(labels, name) if n_classes is None else n_classes
        if n * width > MOST_SHARES:
            raise ValueError(
                f"{name} must have at most {MOST_SHARES:,} entries as a matrix (n, K); got n = {n:,}, K = {width:,}. "
                "Use fewer classes or samples."
            )
        return one_hot(labels, width)
    Y: np.ndarray = labels.astype(np.float64)
    Y = Y / Y.sum(axis=1, keepdims=True)
    return Y


def check_same_kind(original: Samples, other: Samples, name: str) -> None:
    """Raise ValueError if samples have another shape or number of classes than the originals."""
    if other.X.shape[1:] != original.X.shape[1:]:
        shapes = f"{original.X.shape[1:]}; got {other.X.shape[1:]}"
        raise ValueError(f"{name} must have samples of the shape of the originals, {shapes}.")
    if original.Y is not None and other.Y is not None and other.Y.shape[1] != original.Y.shape[1]:
        widths = f"{original.Y.shape[1]}; got {other.Y.shape[1]}"
        raise ValueError(f"labels of {name} must have the originals' number of classes, {widths}. Give n_classes.")


def check_same_features(original: Samples, other: Samples, name: str) -> None:
    """Raise ValueError if the features of samples have another number of columns than those of the originals."""
    if original.F is not None and other.F is not None and other.F.shape[1] != original.F.shape[1]:
        raise ValueError(
            f"features of {name} must have as many columns as those of X, {original.F.shape[1]}; "
            f"got {other.F.shape[1]}."
        )


def check_same_unit(original: Samples, other: Samples, name: str) -> None:
    """Raise ValueError if the values show that samples have another unit than the originals."""
    check_units(original.X, other.X, ("the originals", name), divided=(original.grey, other.grey))


def in_content_order(samples: Samples, seed: int) -> Samples:
    """Return the samples sorted by a keyed hash of their bytes: shuffled, whatever the order in which they came."""
    key = str(seed).encode()[:64]
    labels = np.zeros((len(samples), 0)) if samples.Y is None else np.ascontiguousarray(samples.Y)
    digests = [
        hashlib.blake2b(row.data, key=key, digest_size=16).digest() + label.tobytes()
        for row, label in zip(samples.flat, labels)
    ]
    return samples.take(sorted(range(len(digests)), key=digests.__getitem__))


def halves(samples: Samples) -> tuple[Samples, Samples]:
    """Split samples into two halves, with every other sample of each class."""
    classes = np.zeros(len(samples), dtype=np.int64) if samples.classes is None else samples.classes
    grouped = np.argsort(classes, kind="stable")
    return samples.take(np.sort(grouped[::2])), samples.take(np.sort(grouped[1::2]))
