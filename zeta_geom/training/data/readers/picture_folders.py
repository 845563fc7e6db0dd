"""A user's pictures: one folder for each class, or a table of files."""

import hashlib
from pathlib import Path, PurePath

import numpy as np
import pandas as pd

from zeta_geom.datasets.pictures import ENDINGS, Framing, class_folders, pictures_below
from zeta_geom.training.data.contents import PictureContents, file_hashes
from zeta_geom.training.data.file_images import FileImages
from zeta_geom.training.data.readers.class_tables import read_table


def read_folder(folder: Path) -> PictureContents:
    """Read folder/<class>/*, or folder/train/<class>/* with test/ or val/ or both."""
    if not folder.is_dir() or not class_folders(folder):
        raise FileNotFoundError(f"there is no folder {folder} that contains a folder for each class.")
    source = f"the folder {folder.name}"
    if (folder / "train").is_dir():
        return split_folders(folder, source)
    return PictureContents(_rows(folder, ""), tuple(class_folders(folder)), folder, source)


def load_pictures(folder: Path, framing: Framing, *, progress: bool = True) -> tuple[FileImages, str]:
    """Return the pictures in a folder and below it, without labels, and their fingerprint."""
    root = folder / "train" if (folder / "train").is_dir() else folder
    paths = list(pictures_below(root)) if root.is_dir() else []
    if not paths:
        raise FileNotFoundError(
            f"there is no picture in the folder {root} or below it; choose one with {', '.join(ENDINGS)} files."
        )
    names = [path.relative_to(root).as_posix() for path in paths]
    content = repr((framing, framing.background, names, file_hashes(paths, progress=progress)))
    return FileImages(paths, np.zeros(len(paths), np.int64), framing), hashlib.sha256(content.encode()).hexdigest()


def split_folders(root: Path, source: str) -> PictureContents:
    """Read train/<class>/*, test/ and val/ or validation/; without test/, the latter is the test part."""
    held_out = [name for name in ("val", "validation", "test") if (root / name).is_dir()]
    if not (root / "train").is_dir() or not held_out:
        raise FileNotFoundError(f"{root} must hold train/, and test/ or val/, each with a folder for each class.")
    parts = {"train": "train", held_out[-1]: "test"} | dict.fromkeys(held_out[:-1], "validation")
    rows = pd.concat([_rows(root, name).assign(split=part) for name, part in parts.items()], ignore_index=True)
    return PictureContents(rows, tuple(class_folders(root / "train")), root, source)


def read_csv(path: Path) -> PictureContents:
    """Read a table with the columns file (within the table's folder), class and optionally split."""
    rows = read_table(path, ("file", "class"), optional=("split",))
    if (empty := (rows == "").any(axis=1)).any():
        raise ValueError(f"{path} must have no empty cell; row {int(empty.to_numpy().argmax()) + 1} has one.")
    rows["file"] = [PurePath(file).as_posix() for file in rows["file"]]
    return PictureContents(rows, tuple(sorted(set(rows["class"]))), path.parent, f"the table {path.name}")


def _rows(root: Path, part: str) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (picture.relative_to(root).as_posix(), name)
            for name in class_folders(root / part)
            for picture in pictures_below(root / part / name)
        ],
        columns=["file", "class"],
    )
