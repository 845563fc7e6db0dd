"""Limits on the unpacked sizes of archives, checked by their headers before unpacking."""

import math
import tarfile
from collections.abc import Iterable, Iterator
from io import BufferedIOBase
from typing import IO, Any

import numpy as np

from zeta_geom.datasets.hidden import is_hidden

ALWAYS = 256 * 2**20  # bytes to which any archive may unpack
RATIO = 200  # bytes per packed byte, beyond that; images and features reach 20 at most, a zip bomb 1,000
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def check_unpacked(size: int, packed: int, name: str, remedy: str = "Fetch it again.") -> None:
    """Raise ValueError if `size` exceeds 256 MiB and 200 times the packed bytes."""
    if size > max(ALWAYS, RATIO * packed):
        raise ValueError(
            f"{name} must unpack to at most {ALWAYS // 2**20} MiB, or {RATIO} times its {packed:,} bytes; it states "
            f"{size:,} bytes. {remedy}"
        )


def copy_unpacked(source: BufferedIOBase, target: IO[bytes], packed: int, name: str) -> None:
    """Copy a stream of unstated length, or raise ValueError beyond the limit of `check_unpacked`."""
    done = 0
    while chunk := source.read(2**20):
        done += len(chunk)
        check_unpacked(done, packed, name)
        target.write(chunk)


def members_of(package: tarfile.TarFile, packed: int, name: str) -> Iterator[tarfile.TarInfo]:
    """Yield the members of a tar archive that are not hidden, each before its content is read."""
    total = 0
    for member in package:
        total += member.size
        check_unpacked(total, packed, name)
        if not is_hidden(member.name):
            yield member


def read_members(stored: Any, names: Iterable[str]) -> dict[str, np.ndarray]:
    """Return the arrays with these names from an open .npz file; absent ones are skipped, others are not read."""
    arrays = {}
    for name in names:
        if name in stored.files:
            members = stored.zip.namelist()
            member = stored.zip.getinfo(name if name in members else f"{name}.npy")
            remedy = "If it is yours, save it uncompressed, by numpy.savez."
            check_unpacked(member.file_size, member.compress_size, f"array {name}", remedy)
            with stored.zip.open(member) as stream:
                check_npy_header(stream, member.file_size, f"array {name}")
            arrays[name] = stored[name]
    return arrays


def check_npy_header(stream: IO[bytes], size: int, name: str) -> None:
    """Raise ValueError if the header of a .npy file states Python objects, or more bytes than the file has."""
    version = np.lib.format.read_magic(stream)
    if version not in HEADERS:  # of structured arrays, which nothing here writes
        return
    shape, _, dtype = HEADERS[version](stream)
    if dtype.hasobject:
        raise ValueError(f"{name} must hold numbers; it holds Python objects, which only pickle reads.")
    if (stated := math.prod(shape) * dtype.itemsize) > size:
        raise ValueError(f"{name} must hold the {stated:,} bytes that its header states; it has {size:,}.")
