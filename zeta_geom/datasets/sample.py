"""The embedded sample of MNIST: how it is read, and how it was made."""

import json
from pathlib import Path

import numpy as np

from zeta_geom.records import atomic_path, data_fingerprint

__all__ = ["PER_CLASS", "first_per_class", "read_sample", "write_sample"]

PER_CLASS = 100
FOLDER = Path(__file__).parent / "data"
NAMES = ("X_train", "y_train", "X_test", "y_test")


def first_per_class(y: np.ndarray, count: int) -> np.ndarray:
    """Return the indices of the first `count` samples of each class, ascending.

    Shapes: `y` (n,) -> (count * classes,).
    """
    chosen = [np.flatnonzero(y == label)[:count] for label in np.unique(y)]
    if any(len(indices) < count for indices in chosen):
        raise ValueError(f"count must be at most the size of the smallest class; got {count}.")
    return np.sort(np.concatenate(chosen))


def read_sample(folder: Path | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Read the embedded sample of MNIST, whatever `folder` is."""
    with np.load(FOLDER / "mnist-sample.npz", allow_pickle=False) as stored:
        X_train, y_train, X_test, y_test = (stored[name] for name in NAMES)
    return X_train, y_train.astype(np.int64), X_test, y_test.astype(np.int64)


def write_sample(folder: Path | str = FOLDER) -> Path:
    """Make the sample from MNIST and write it, with its manifest, into `folder`."""
    from zeta_geom.datasets import load

    mnist = load("mnist")
    train, test = (first_per_class(y, PER_CLASS) for y in (mnist.y_train, mnist.y_test))
    arrays = (mnist.X_train[train], mnist.y_train[train], mnist.X_test[test], mnist.y_test[test])
    path = Path(folder) / "mnist-sample.npz"
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        packed = [array.astype(np.uint8) for array in arrays]
        np.savez_compressed(file, **dict(zip(NAMES, packed)))
    manifest = {
        "what": f"the first {PER_CLASS} of each class of MNIST's training and of its test images, in their own order",
        "source": mnist.source,
        "licence": "CC BY-SA 3.0, https://creativecommons.org/licenses/by-sa/3.0/",
        "made_by": "zeta_geom.datasets.sample.write_sample()",
        "made_from": mnist.fingerprint,
        "fingerprint": data_fingerprint(*arrays),
    }
    with atomic_path(path.with_suffix(".json")) as temporary:
        temporary.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return path
