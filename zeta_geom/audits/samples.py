"""The samples of an audit: checked, in one unit, in an order that their content decides, and split in halves."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from zeta_geom.checks import LARGEST, check_finite, check_labels, check_units, count_classes, host_array, one_hot
from zeta_geom.checks.grey_levels import to_floats
from zeta_geom.checks.labels import class_column

__all__ = ["Samples", "check_same_kind", "check_same_unit", "halves", "in_content_order", "soft_labels", "to_samples"]

MOST_SHARES = 2 * 10**8  # of soft labels that are made of integers


@dataclass(frozen=True)
class Samples:
    """A set of samples.

    Parameters
    ----------
    X : float array of shape (n, ...)
    Y : float64 array of shape (n, K), or None
        Soft labels.
    rows : int64 array of shape (n,)
        Which row of the array that was given each one is, or stands for; -1 where there is none.
    hard, grey : bool
        Whether the labels, and the samples, were given as integers.
    """

    X: np.ndarray
    Y: np.ndarray | None
    rows: np.ndarray
    hard: bool = False
    grey: bool = False

    def __len__(self) -> int:
        return len(self.X)

    @property
    def flat(self) -> np.ndarray:
        """The samples as rows of features."""
        return self.X.reshape(len(self.X), -1)

    @property
    def classes(self) -> np.ndarray | None:
        """The class with the largest share of each label, the first of equal ones."""
        return None if self.Y is None else self.Y.argmax(axis=1)

    def take(self, chosen: Any) -> Samples:
        """Return some of the samples."""
        labels = None if self.Y is None else self.Y[chosen]
        return Samples(self.X[chosen], labels, self.rows[chosen], self.hard, self.grey)

    def thinned(self, n: int) -> Samples:
        """Return n of the samples, evenly spread, or all where there are no more."""
        return self if len(self) <= n else self.take(np.arange(n) * len(self) // n)


def to_samples(X: Any, y: Any = None, name: str = "X", *, n_classes: int | None = None) -> Samples:
    """Check arrays of a user's and return them as samples.

    Shapes: `X` (n, ...), `y` (n,) or (n, 1) or (n, K).
    """
    X = host_array(X, name)
    if X.dtype.kind not in "fiu":
        raise TypeError(f"{name} must hold real numbers; got dtype {X.dtype}.")
    if X.ndim < 2 or X.size == 0:
        raise ValueError(f"{name} must have shape (n, ...), with at least one sample and feature; got {X.shape}.")
    grey = X.dtype.kind != "f"
    X = np.ascontiguousarray(to_floats(X, name))
    X = X if X.dtype in (np.float32, np.float64) else X.astype(np.float32 if X.dtype.itemsize < 4 else np.float64)
    check_finite(X, name)
    if max(float(X.max()), -float(X.min())) > LARGEST:
        raise ValueError(f"{name} must lie within ±{LARGEST:g}, else its squares overflow. Rescale it.")
    Y = None if y is None else soft_labels(y, f"labels of {name}", len(X), n_classes)
    hard = y is not None and class_column(host_array(y, "y")).ndim == 1
    return Samples(X, Y, np.arange(len(X)), hard=hard, grey=grey)


def soft_labels(y: Any, name: str, n: int, n_classes: int | None) -> np.ndarray:
    """Return labels as float64 rows that sum to 1.

    Shapes: `y` (n,) or (n, 1) or (n, K) -> (n, K).
    """
    y = check_labels(y, name, n=n, n_classes=n_classes)
    if y.ndim == 1:
        width = count_classes(y, name) if n_classes is None else n_classes
        if n * width > MOST_SHARES:
            raise ValueError(f"{name} must be at most {MOST_SHARES:,} shares, n · K; got n = {n:,}, K = {width:,}.")
        return one_hot(y, width)
    Y = y.astype(np.float64)
    return Y / Y.sum(axis=1, keepdims=True)


def check_same_kind(original: Samples, other: Samples, name: str) -> None:
    """Raise ValueError unless samples have the originals' shape and width of labels."""
    if other.X.shape[1:] != original.X.shape[1:]:
        shapes = f"{original.X.shape[1:]}; got {other.X.shape[1:]}"
        raise ValueError(f"{name} must hold samples of the originals' shape, {shapes}.")
    if original.Y is not None and other.Y is not None and other.Y.shape[1] != original.Y.shape[1]:
        widths = f"{original.Y.shape[1]}; got {other.Y.shape[1]}"
        raise ValueError(f"labels of {name} must have the originals' number of classes, {widths}. Give n_classes.")


def check_same_unit(original: Samples, other: Samples, name: str) -> None:
    """Raise ValueError where the values show that samples are not in the originals' unit."""
    check_units(original.X, other.X, ("the originals", name), divided=(original.grey, other.grey))


def in_content_order(samples: Samples, seed: int) -> Samples:
    """Return the samples sorted by a keyed hash of their bytes: shuffled, whatever order they came in."""
    key = str(seed).encode()[:64]
    labels = np.zeros((len(samples), 0)) if samples.Y is None else np.ascontiguousarray(samples.Y)
    digests = [
        hashlib.blake2b(row.data, key=key, digest_size=16).digest() + label.tobytes()
        for row, label in zip(samples.flat, labels)
    ]
    return samples.take(sorted(range(len(digests)), key=digests.__getitem__))


def halves(samples: Samples) -> tuple[Samples, Samples]:
    """Split samples in two halves, every other one of each class."""
    classes = np.zeros(len(samples), dtype=np.int64) if samples.classes is None else samples.classes
    grouped = np.argsort(classes, kind="stable")
    return samples.take(np.sort(grouped[::2])), samples.take(np.sort(grouped[1::2]))
