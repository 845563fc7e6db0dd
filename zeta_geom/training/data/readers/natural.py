"""Natural images: what `zeta_geom.datasets` has, STL-10, Imagenette and Imagewoof."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from zeta_geom.training.data.contents import Arrays, Pictures
from zeta_geom.training.data.readers.class_tables import within
from zeta_geom.training.data.readers.own_files import split_folders

__all__ = ["IMAGENETTE", "IMAGEWOOF", "STL_10", "fetch_small", "read_small", "read_stl_10", "read_synsets"]

STL_10 = ("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck")
STL_10_SIDE = 96
IMAGENETTE = {
    "n01440764": "tench",
    "n02102040": "English springer",
    "n02979186": "cassette player",
    "n03000684": "chain saw",
    "n03028079": "church",
    "n03394916": "French horn",
    "n03417042": "garbage truck",
    "n03425413": "gas pump",
    "n03445777": "golf ball",
    "n03888257": "parachute",
}
IMAGEWOOF = {
    "n02086240": "Shih-Tzu",
    "n02087394": "Rhodesian ridgeback",
    "n02088364": "Beagle",
    "n02089973": "English foxhound",
    "n02093754": "Border terrier",
    "n02096294": "Australian terrier",
    "n02099601": "Golden retriever",
    "n02105641": "Old English sheepdog",
    "n02111889": "Samoyed",
    "n02115641": "Dingo",
}


def read_small(folder: Path) -> Arrays:
    """Read a data set of `zeta_geom.datasets` from where that room keeps it."""
    from zeta_geom import datasets

    data = datasets.load(folder.name, data_home=folder.parent, download=False)
    parts = {"train": (data.X_train, data.y_train), "test": (data.X_test, data.y_test)}
    return Arrays(parts, data.class_names, data.source)


def fetch_small(folder: Path, *, progress: bool = True) -> None:
    """Fetch a data set of `zeta_geom.datasets`."""
    from zeta_geom import datasets

    datasets.fetch(folder.name, data_home=folder.parent, progress=progress)


def read_stl_10(folder: Path) -> Arrays:
    """Read STL-10's labelled images from its binary files; the 100,000 without a label are not needed."""
    root = within(folder, "train_X.bin")
    parts = {}
    for part in ("train", "test"):
        pixels, labels = (np.fromfile(root / f"{part}_{what}.bin", np.uint8) for what in "Xy")
        if len(pixels) != len(labels) * 3 * STL_10_SIDE**2 or not len(labels) or labels.min() < 1:
            raise ValueError(
                f"{root}/{part}_X.bin and {part}_y.bin must hold as many images of {3 * STL_10_SIDE**2} bytes as "
                f"labels 1..10; got {len(pixels)} bytes and {len(labels)} labels. Fetch them again."
            )
        X = pixels.reshape(-1, 3, STL_10_SIDE, STL_10_SIDE).transpose(0, 3, 2, 1)
        parts[part] = np.ascontiguousarray(X), labels.astype(np.int64) - 1
    return Arrays(parts, STL_10, "A. Coates, H. Lee, A. Y. Ng, STL-10, AISTATS 2011")


def read_synsets(folder: Path, synsets: Mapping[str, str], source: str) -> Pictures:
    """Read Imagenette or Imagewoof, in any of their sizes: train/<synset>/*.JPEG and val/<synset>/*.JPEG."""
    root = within(folder, "train")
    pictures = split_folders(root, source)
    found = [*pictures.class_names]
    if found != sorted(synsets):
        raise ValueError(
            f"{root} must hold the synsets {', '.join(sorted(synsets))}; it holds {', '.join(found) or 'none'}. "
            "It is another archive."
        )
    rows = pictures.rows.assign(**{"class": pictures.rows["class"].map(dict(synsets))})
    return Pictures(rows, tuple(synsets[each] for each in found), root, source)
