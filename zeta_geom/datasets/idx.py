"""The IDX format of MNIST and its siblings: a magic number, big-endian sizes, bytes."""

from pathlib import Path

import numpy as np

from zeta_geom.checks import host_array

UINT8 = 0x08  # the type code in the third byte of the magic number; the fourth is the number of axes


def read_idx(path: Path | str) -> np.ndarray:
    """Read an uncompressed IDX file of unsigned bytes."""
    content = np.fromfile(path, np.uint8)
    if len(content) < 4 or content[:3].tolist() != [0, 0, UINT8]:
        raise ValueError(
            f"path must be an uncompressed IDX file of unsigned bytes; {path} starts with {content[:4].tolist()}."
        )
    start = 4 + 4 * int(content[3])
    shape = tuple(content[4:start].view(">u4").astype(int)) if len(content) >= start else ()
    if len(content) < start or len(content) - start != np.prod(shape, dtype=int):
        raise ValueError(f"path must be a whole IDX file; the {len(content)} bytes of {path} differ from its header.")
    return content[start:].reshape(shape)


def write_idx(path: Path | str, values: np.ndarray) -> None:
    """Write a uint8 array as an uncompressed IDX file."""
    values = host_array(values, "values")
    if values.dtype != np.uint8:
        raise TypeError(f"values must be uint8; got {values.dtype}. Convert them first.")
    if values.ndim < 1:
        raise ValueError("values must have at least one axis; got a single number.")
    with Path(path).open("wb") as file:
        file.write(bytes([0, 0, UINT8, values.ndim]))
        file.write(np.array(values.shape, ">u4").tobytes())
        file.write(np.ascontiguousarray(values).data)
