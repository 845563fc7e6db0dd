"""A folder of pictures with a class table, such as ISIC 2017 or derm7point as their archives come."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from zeta_geom.checks import check_int
from zeta_geom.datasets.loading import Dataset
from zeta_geom.records import data_fingerprint

__all__ = ["load_image_folder"]

TABLES = ("train.csv", "test.csv")
COLUMNS = ("file", "class")


def load_image_folder(folder: Path | str, *, name: str | None = None, size: int = 28, grey: bool = True) -> Dataset:
    """Read the pictures that `train.csv` and `test.csv` list, each brought to the same size.

    Parameters
    ----------
    folder : path
        It holds the two tables, each with the columns "file" (a path within the folder) and "class" (a name).
    name : str, optional
        The data set's name; the folder's by default.
    size : int
        Height and width of the images that are returned, in pixels.
    grey : bool
        Return grey levels; else red, green and blue.

    Returns
    -------
    Dataset
        Images uint8 of shape (n, size, size), or (n, size, size, 3) in colour; classes in alphabetical order.

    Raises
    ------
    FileNotFoundError
        If a table or a picture is absent: with what to do.
    ValueError
        If a table lacks a column or a row, a class is only in `test.csv`, or a file is no picture.

    Notes
    -----
    A picture is turned as its EXIF tag says, cut to its central square, and resized by Pillow's Lanczos filter.

    Examples
    --------
    >>> load_image_folder("nowhere")
    Traceback (most recent call last):
    FileNotFoundError: there is no nowhere/train.csv: ...
    """
    folder, size = Path(folder), check_int(size, "size", low=1)
    (train_files, train_names), (test_files, test_names) = (_read_table(folder / table) for table in TABLES)
    classes = sorted(set(train_names))
    if unknown := sorted(set(test_names) - set(classes)):
        raise ValueError(f"{folder / TABLES[1]} must hold classes of {TABLES[0]} only; got {', '.join(unknown)}.")
    X_train, X_test = (
        np.stack([_read_picture(folder / file, size, grey) for file in files]) for files in (train_files, test_files)
    )
    y_train, y_test = (
        np.array([classes.index(each) for each in names], dtype=np.int64) for names in (train_names, test_names)
    )
    return Dataset(
        name=name or folder.name,
        X_train=X_train,
        y_train=y_train,
        X_test=X_test,
        y_test=y_test,
        class_names=tuple(classes),
        fingerprint=data_fingerprint(X_train, y_train, X_test, y_test),
        source=f"the folder {folder.name}",
    )


def _read_table(path: Path) -> tuple[list[str], list[str]]:
    if not path.exists():
        raise FileNotFoundError(
            f"there is no {path}: put the pictures into {path.parent}, with the tables {' and '.join(TABLES)} beside "
            f"them, each with the columns {' and '.join(COLUMNS)} and a row a picture."
        )
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    if not rows or not set(COLUMNS) <= set(reader.fieldnames or ()):
        raise ValueError(
            f"{path} must have the columns {' and '.join(COLUMNS)} and at least one row; "
            f"got columns {', '.join(reader.fieldnames or ())} and {len(rows)} rows."
        )
    return [row["file"] for row in rows], [row["class"] for row in rows]


def _read_picture(path: Path, size: int, grey: bool) -> np.ndarray:
    from PIL import Image, ImageOps, UnidentifiedImageError  # Pillow comes with matplotlib

    try:
        with Image.open(path) as picture:
            upright = ImageOps.exif_transpose(picture).convert("L" if grey else "RGB")
            side = min(upright.size)
            left, top = ((length - side) // 2 for length in upright.size)
            square = upright.crop((left, top, left + side, top + side))
            return np.asarray(square.resize((size, size), Image.Resampling.LANCZOS))
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no {path}, which a table names; put it there or remove its row.") from None
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError(f"{path} must be a whole picture that Pillow can read; got {error}.") from error
