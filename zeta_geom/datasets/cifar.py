"""CIFAR's binary version: records of label bytes and three colour planes, in the members of a .tar.gz."""

import gzip
import tarfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from zeta_geom.datasets.unpacking import members_of

__all__ = ["CIFAR_10", "CIFAR_100", "read_cifar"]

SIDE, CHANNELS = 32, 3
PIXELS = SIDE * SIDE * CHANNELS

CIFAR_10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FINE_LABELS = """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can
    castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin
    elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster
    man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck
    pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk
    skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger
    tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm
"""
CIFAR_100 = tuple(FINE_LABELS.split())


def read_cifar(
    folder: Path | str, *, archive: str, train: Sequence[str], test: Sequence[str], label_bytes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Read CIFAR out of its archive; nothing is unpacked to disk.

    Parameters
    ----------
    folder : path
        Where the archive lies.
    archive : str
        The name of the .tar.gz.
    train, test : sequences of str
        The members, without their folder, whose records make the training and the test set, in this order.
    label_bytes : int
        Bytes before the pixels of a record: 1 in CIFAR-10; 2, coarse and fine, in CIFAR-100. The last is the label.

    Returns
    -------
    X_train, y_train, X_test, y_test
        Images, uint8 of shape (n, 32, 32, 3), and labels, int64 of shape (n,).

    Raises
    ------
    ValueError
        If the file is no whole .tar.gz, would unpack to too much, or a member is absent or does not consist of whole
        records; hidden members do not count.

    Examples
    --------
    >>> import io, tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with tarfile.open(folder / "tiny.tar.gz", "w:gz") as package:
    ...     member = tarfile.TarInfo("tiny/all.bin")
    ...     member.size = 2 * (1 + 3072)
    ...     package.addfile(member, io.BytesIO(bytes([7] + 3072 * [0]) * 2))
    >>> X, y, *_ = read_cifar(folder, archive="tiny.tar.gz", train=["all.bin"], test=["all.bin"], label_bytes=1)
    >>> X.shape, y
    ((2, 32, 32, 3), array([7, 7]))

    Notes
    -----
    Source: A. Krizhevsky, the CIFAR-10 and CIFAR-100 datasets, "Binary version": a record is its label bytes, then
    1,024 bytes of red, of green and of blue, each plane row by row.
    """
    contents = _read_members(Path(folder) / archive, {*train, *test})
    arrays: list[np.ndarray] = []
    for names in (train, test):
        images, labels = zip(*(_decode(contents[name], name, label_bytes) for name in names))
        arrays += [np.concatenate(images), np.concatenate(labels)]
    return arrays[0], arrays[1], arrays[2], arrays[3]


def _read_members(path: Path, wanted: set[str]) -> dict[str, bytes]:
    """Return the contents of the wanted members, in one pass: going back in a .gz means unpacking it again."""
    contents = {}
    try:
        with tarfile.open(path, "r:gz") as package:
            for member in members_of(package, path.stat().st_size, path.name):
                name = PurePosixPath(member.name).name
                stream = package.extractfile(member) if name in wanted and member.isfile() else None
                if stream is not None:
                    contents[name] = stream.read()
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"archive must be a whole .tar.gz; {path} is not: {error}. Fetch it again.") from error
    if absent := sorted(wanted - set(contents)):
        raise ValueError(f"archive must hold {', '.join(absent)}; {path} does not. Fetch it again.")
    return contents


def _decode(content: bytes, name: str, label_bytes: int) -> tuple[np.ndarray, np.ndarray]:
    size = label_bytes + PIXELS
    if not content or len(content) % size:
        raise ValueError(f"{name} must consist of records of {size} bytes; got {len(content)} bytes in all.")
    records = np.frombuffer(content, np.uint8).reshape(-1, size)
    planes = records[:, label_bytes:].reshape(-1, CHANNELS, SIDE, SIDE)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), records[:, label_bytes - 1].astype(np.int64)
