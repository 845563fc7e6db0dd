"""Natural images: the data sets of `zeta_geom.datasets`, STL-10, Imagenette and Imagewoof."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from zeta_geom.training.data.contents import ArrayContents, PictureContents
from zeta_geom.training.data.readers.class_tables import within
from zeta_geom.training.data.readers.picture_folders import split_folders

STL_10 = ("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck")
STL_10_SIDE = 96
IMAGENETTE = {
    "n01440764": "tench", "n02102040": "English springer", "n02979186": "cassette player",
    "n03000684": "chain saw", "n03028079": "church", "n03394916": "French horn",
    "n03417042": "garbage truck", "n03425413": "gas pump", "n03445777": "golf ball",
    "n03888257": "parachute",
}  # fmt: skip
IMAGEWOOF = {
    "n02086240": "Shih-Tzu", "n02087394": "Rhodesian ridgeback", "n02088364": "Beagle",
    "n02089973": "English foxhound", "n02093754": "Border terrier", "n02096294": "Australian terrier",
    "n02099601": "Golden retriever", "n02105641": "Old English sheepdog", "n02111889": "Samoyed",
    "n02115641": "Dingo",
}  # fmt: skip


def read_small(folder: Path) -> ArrayContents:
    """Read a data set of `zeta_geom.datasets` from its cache."""
    from zeta_geom import datasets

    data = datasets.load(folder.name, data_home=folder.parent, download=False)
    parts = {"train": (data.X_train, data.y_train), "test": (data.X_test, data.y_test)}
    return ArrayContents(parts, data.class_names, data.source)


def fetch_small(folder: Path, *, progress: bool = True) -> None:
    """Fetch a data set of `zeta_geom.datasets`."""
    from zeta_geom import datasets

    datasets.fetch(folder.name, data_home=folder.parent, progress=progress)


def read_stl_10(folder: Path) -> ArrayContents:
    """Read STL-10's labelled images from its binary files, without the 100,000 that have no label."""
    root = within(folder, "train_X.bin")
    parts = {}
    for part in ("train", "test"):
        pixels, labels = (np.fromfile(root / f"{part}_{name}.bin", np.uint8) for name in "Xy")
        if len(pixels) != len(labels) * 3 * STL_10_SIDE**2 or not len(labels) or labels.min() < 1:
            raise ValueError(
                f"{root}/{part}_X.bin and {part}_y.bin must hold equal numbers of images ({3 * STL_10_SIDE**2} bytes "
                f"each) and of labels 1..10; got {len(pixels)} bytes and {len(labels)} labels. Fetch them again."
            )
        X = pixels.reshape(-1, 3, STL_10_SIDE, STL_10_SIDE).transpose(0, 3, 2, 1)
        parts[part] = np.ascontiguousarray(X), labels.astype(np.int64) - 1
    return ArrayContents(parts, STL_10, "A. Coates, H. Lee, A. Y. Ng, STL-10, AISTATS 2011")


def read_synsets(folder: Path, synsets: Mapping[str, str], source: str) -> PictureContents:
    """Read Imagenette or Imagewoof, in any size: train/<synset>/*.JPEG and val/<synset>/*.JPEG."""
    root = within(folder, "train")
    pictures = split_folders(root, source)
    names = [*pictures.class_names]
    if names != sorted(synsets):
        raise ValueError(
            f"{root} must hold the synsets {', '.join(sorted(synsets))}; it holds {', '.join(names) or 'none'}. "
            "Check that this is the right archive."
        )
    rows = pictures.rows.assign(**{"class": pictures.rows["class"].map(dict(synsets))})
    return PictureContents(rows, tuple(synsets[name] for name in names), root, source)
