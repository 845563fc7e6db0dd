"""The embedded sample of MNIST, as `make_sample` wrote it."""

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "data"
NAMES = ("X_train", "y_train", "X_test", "y_test")


def read_sample(folder: Path | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Read the embedded sample of MNIST; `folder` is not used."""
    with np.load(FOLDER / "mnist-sample.npz", allow_pickle=False) as stored:
        X_train, y_train, X_test, y_test = (stored[name] for name in NAMES)
    return X_train, y_train.astype(np.int64), X_test, y_test.astype(np.int64)
