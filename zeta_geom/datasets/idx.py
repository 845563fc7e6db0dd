"""The IDX format of MNIST and its siblings: a magic number, big-endian sizes, then bytes."""

from pathlib import Path

import numpy as np

from zeta_geom.checks import host_array

__all__ = ["read_idx", "write_idx"]

UINT8 = 0x08  # the type code in the third byte of the magic number; the fourth is the number of axes


def read_idx(path: Path | str) -> np.ndarray:
    """Read an uncompressed IDX file of unsigned bytes.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    uint8 array of the shape that the header gives

    Raises
    ------
    ValueError
        If the file is no IDX file of unsigned bytes, or its length is not what its header says.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "labels-idx1-ubyte"
    >>> write_idx(file, np.array([3, 1], np.uint8))
    >>> read_idx(file)
    array([3, 1], dtype=uint8)

    Notes
    -----
    Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", file formats.
    """
    content = np.fromfile(path, np.uint8)
    if len(content) < 4 or content[:3].tolist() != [0, 0, UINT8]:
        raise ValueError(
            f"path must be an uncompressed IDX file of unsigned bytes; {path} starts with {content[:4].tolist()}."
        )
    start = 4 + 4 * int(content[3])
    shape = tuple(content[4:start].view(">u4").astype(int)) if len(content) >= start else ()
    if len(content) < start or len(content) - start != np.prod(shape, dtype=int):
        raise ValueError(f"path must be a whole IDX file; {path} has {len(content)} bytes, not what its header says.")
    return content[start:].reshape(shape)


def write_idx(path: Path | str, values: np.ndarray) -> None:
    """Write a uint8 array as an uncompressed IDX file.

    Parameters
    ----------
    path : path
        The file.
    values : uint8 array of any shape with at least one axis
        What to write.

    Raises
    ------
    TypeError, ValueError
        If `values` is not uint8, or has no axis.

    Examples
    --------
    See `read_idx`.
    """
    values = host_array(values, "values")
    if values.dtype != np.uint8:
        raise TypeError(f"values must be uint8; got {values.dtype}. Convert them by a stated rule first.")
    if values.ndim < 1:
        raise ValueError("values must have at least one axis; got a single number.")
    with Path(path).open("wb") as file:
        file.write(bytes([0, 0, UINT8, values.ndim]))
        file.write(np.array(values.shape, ">u4").tobytes())
        file.write(np.ascontiguousarray(values).data)
