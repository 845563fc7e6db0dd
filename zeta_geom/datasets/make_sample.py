"""Make the embedded sample from MNIST."""

import json
from pathlib import Path

import numpy as np

from zeta_geom.datasets.loading import load
from zeta_geom.datasets.sample import FOLDER, NAMES
from zeta_geom.records import atomic_path, data_fingerprint

PER_CLASS = 100


def first_per_class(y: np.ndarray, count: int) -> np.ndarray:
    """Return the indices of the first `count` samples of each class, ascending."""
    chosen = [np.flatnonzero(y == label)[:count] for label in np.unique(y)]
    if any(len(indices) < count for indices in chosen):
        raise ValueError(f"count must be at most the size of the smallest class; got {count}.")
    return np.sort(np.concatenate(chosen))


def write_sample(folder: Path | str = FOLDER) -> Path:
    """Make the sample from MNIST, and write it with its manifest into `folder`."""
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
        "made_by": "zeta_geom.datasets.make_sample.write_sample()",
        "made_from": mnist.fingerprint,
        "fingerprint": data_fingerprint(*arrays),
    }
    with atomic_path(path.with_suffix(".json")) as temporary:
        temporary.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return path
