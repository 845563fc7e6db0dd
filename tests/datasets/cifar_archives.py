"""Tiny archives of CIFAR in the real on-disk format."""

import io
import tarfile

import numpy as np

from zeta_geom.datasets import DATASETS

RNG = np.random.default_rng(0)
BATCHES = [f"data_batch_{number}.bin" for number in range(1, 6)]
LAYOUTS = {  # name -> folder in the archive, training members, test member
    "cifar-10": ("cifar-10-batches-bin", BATCHES, "test_batch.bin"),
    "cifar-100": ("cifar-100-binary", ["train.bin"], "test.bin"),
}


def to_records(name, images, labels):
    """Write as the page of the data sets says: label bytes, then the red, the green and the blue plane by rows."""
    content = b""
    for image, label in zip(images, labels):
        coarse = [19 - label % 20] if name == "cifar-100" else []
        content += bytes([*coarse, label]) + b"".join(image[:, :, channel].tobytes() for channel in range(3))
    return content


def pack(members):
    """Return a .tar.gz of (name, content) pairs; where the content is None, a link that leads outside."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as package:
        for name, content in members:
            member = tarfile.TarInfo(name)
            if content is None:
                member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            member.size = len(content or b"")
            package.addfile(member, io.BytesIO(content or b""))
    return buffer.getvalue()


def make_archive(name):
    """Return a tiny archive, its members not in their order, and the four arrays that it holds."""
    folder, train, test = LAYOUTS[name]
    n_classes = len(DATASETS[name].class_names)
    parts, members = {}, [(f"{folder}/readme.html", b"<html>"), ("../batches.meta.txt", b"outside")]
    for member in [test, *reversed(train)]:
        images = RNG.integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
        labels = RNG.integers(0, n_classes, 4)
        parts[member] = images, labels
        members.append((f"{folder}/{member}", to_records(name, images, labels)))
    X_train, y_train = (np.concatenate(each) for each in zip(*(parts[member] for member in train)))
    return pack(members), (X_train, y_train, *parts[test])
