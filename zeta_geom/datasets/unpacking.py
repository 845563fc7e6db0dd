"""What comes out of archives: judged by their headers, before anything is unpacked."""

import math
import tarfile
from collections.abc import Iterable, Iterator
from io import BufferedIOBase
from typing import IO, Any

import numpy as np

from zeta_geom.datasets.hidden import is_hidden

__all__ = ["check_npy_header", "check_unpacked", "copy_unpacked", "members_of", "read_members"]

ALWAYS = 256 * 2**20  # bytes that any archive may unpack to
RATIO = 200  # bytes for each packed one, beyond that; images and features come to 20 at most, a trap to 1,000
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def check_unpacked(size: int, packed: int, name: str, remedy: str = "Fetch it again.") -> None:
    """Raise ValueError unless so many packed bytes may unpack to `size`: up to 256 MiB, or 200 times as many.

    Parameters
    ----------
    size, packed : int
        Bytes.
    name : str
        What is unpacked.
    remedy : str
        What to do.

    Examples
    --------
    >>> check_unpacked(2**32, 2**22, "a")
    Traceback (most recent call last):
    ValueError: a must unpack to at most 256 MiB, or 200 times its 4,194,304 bytes; it states 4,294,967,296 bytes. ...
    """
    if size > max(ALWAYS, RATIO * packed):
        raise ValueError(
            f"{name} must unpack to at most {ALWAYS // 2**20} MiB, or {RATIO} times its {packed:,} bytes; it states "
            f"{size:,} bytes. {remedy}"
        )


def copy_unpacked(source: BufferedIOBase, target: IO[bytes], packed: int, name: str) -> None:
    """Copy an unpacked stream, whose length no header states, as far as `check_unpacked` allows.

    Parameters
    ----------
    source, target : binary files
    packed : int
        Bytes of the packed file.
    name : str
        Its name.

    Raises
    ------
    ValueError
        As soon as more comes out.
    """
    done = 0
    while chunk := source.read(2**20):
        done += len(chunk)
        check_unpacked(done, packed, name)
        target.write(chunk)


def members_of(package: tarfile.TarFile, packed: int, name: str) -> Iterator[tarfile.TarInfo]:
    """Yield the members of a tar archive but hidden ones, each before its content is read.

    Parameters
    ----------
    package : TarFile
    packed : int
        Bytes of its file.
    name : str
        The file's.

    Yields
    ------
    TarInfo

    Raises
    ------
    ValueError
        If the members together unpack to more than `check_unpacked` allows.
    """
    total = 0
    for member in package:
        total += member.size
        check_unpacked(total, packed, name)
        if not is_hidden(member.name):
            yield member


def read_members(stored: Any, names: Iterable[str]) -> dict[str, np.ndarray]:
    """Return those of the named arrays that an open .npz file holds; what else it holds is not read.

    Parameters
    ----------
    stored : NpzFile
        Opened with allow_pickle=False.
    names : iterable of str

    Returns
    -------
    dict of str -> ndarray

    Raises
    ------
    ValueError
        If one holds Python objects, has not the bytes that its header states, or would unpack to too many.

    Examples
    --------
    >>> import io
    >>> file = io.BytesIO()
    >>> np.savez(file, X=np.arange(2), other=np.array([{}]))
    >>> _ = file.seek(0)
    >>> read_members(np.load(file), ("X", "y"))
    {'X': array([0, 1])}
    """
    found = {}
    for name in names:
        if name in stored.files:
            members = stored.zip.namelist()
            member = stored.zip.getinfo(name if name in members else f"{name}.npy")
            remedy = "If it is yours, save it uncompressed, by numpy.savez."
            check_unpacked(member.file_size, member.compress_size, f"array {name}", remedy)
            with stored.zip.open(member) as stream:
                check_npy_header(stream, member.file_size, f"array {name}")
            found[name] = stored[name]
    return found


def check_npy_header(stream: IO[bytes], size: int, name: str) -> None:
    """Raise ValueError if the header of a .npy file states Python objects, or more bytes than there are.

    Parameters
    ----------
    stream : binary file
        At its start.
    size : int
        Bytes that it holds.
    name : str
        What it is.

    Examples
    --------
    >>> import io
    >>> file = io.BytesIO()
    >>> np.save(file, np.arange(2))
    >>> check_npy_header(io.BytesIO(file.getvalue()), 64, "array X")
    >>> check_npy_header(io.BytesIO(file.getvalue()), 8, "array X")
    Traceback (most recent call last):
    ValueError: array X must hold the 16 bytes that its header states; there are 8.
    """
    version = np.lib.format.read_magic(stream)
    if version not in HEADERS:  # of structured arrays, which no array of ours is
        return
    shape, _, dtype = HEADERS[version](stream)
    if dtype.hasobject:
        raise ValueError(f"{name} must hold numbers; it holds Python objects, which are read by pickle alone.")
    if (stated := math.prod(shape) * dtype.itemsize) > size:
        raise ValueError(f"{name} must hold the {stated:,} bytes that its header states; there are {size:,}.")
