"""The binary version of CIFAR: records of label bytes and three colour planes, in a .tar.gz."""

import gzip
import tarfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from zeta_geom.datasets.unpacking import members_of

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
    """Read CIFAR from its archive, in memory."""
    contents = _read_members(Path(folder) / archive, {*train, *test})
    arrays: list[np.ndarray] = []
    for names in (train, test):
        images, labels = zip(*(_decode(contents[name], name, label_bytes) for name in names))
        arrays += [np.concatenate(images), np.concatenate(labels)]
    return arrays[0], arrays[1], arrays[2], arrays[3]


def _read_members(path: Path, wanted: set[str]) -> dict[str, bytes]:
    """Return the contents of the wanted members, in one pass, because a .gz cannot be read backwards."""
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
