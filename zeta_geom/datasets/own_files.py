"""A user's samples from `.npy`, `.npz` and `.csv` files and folders of pictures: the reader of all commands."""

import struct
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zeta_geom.checks import check_labels
from zeta_geom.datasets.pictures import load_folder
from zeta_geom.datasets.unpacking import check_npy_header, read_members

__all__ = ["labels_of", "names_of", "read_arrays", "read_several"]

SUFFIXES = (".npy", ".npz", ".csv")
LABELS = ("y", "Y", "class_names")  # the arrays that are read beside the points
LIKE_LABELS = {"label", "labels", "class", "target"}  # names that columns of coordinates seldom have
ABSENT = ["", "NA", "N/A", "NaN", "nan", "null"]  # cells that hold no number
DAMAGE = (  # the errors on reading a damaged file, of NumPy, pandas and the standard library
    *(ValueError, EOFError, MemoryError, OverflowError, RuntimeError, SyntaxError, pd.errors.ParserWarning),
    *(struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error),
)


def read_arrays(
    path: Path,
    points: str = "X",
    *,
    label_column: str | None = None,
    labels: bool = True,
    mapped: bool = False,
    size: int | None = None,
) -> dict[str, np.ndarray]:
    """Read samples and labels from a `.npy`, `.npz` or `.csv` file, never through pickle, or a folder of pictures."""
    if path.suffix not in SUFFIXES and not path.is_dir():
        raise ValueError(f"{path} must be a .npy, .npz or .csv file, or a folder of pictures.")
    if label_column is not None and path.suffix != ".csv":
        raise ValueError(f"label_column is for .csv files; got {path}, whose labels are its array y.")
    names = (points, *LABELS) if labels else (points,)
    if path.is_dir():
        return {name: array for name, array in _of_folder(path, points, size).items() if name in names}
    try:
        if path.suffix == ".csv":
            arrays = _of_table(_read_table(path, label_column), points, label_column)
        else:
            arrays = _load(path, names, mapped)
    except DAMAGE as error:
        raise ValueError(f"{path} cannot be read as {path.suffix}: {error}") from error
    if points not in arrays:
        raise ValueError(f"{path} must hold an array {points}; it holds {_names_in(path) or 'nothing'}.")
    if arrays[points].ndim < 1 or len(arrays[points]) == 0:
        raise ValueError(f"{path} must hold at least one sample in {points}; its shape is {arrays[points].shape}.")
    return {name: arrays[name] for name in names if name in arrays}


def labels_of(arrays: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """Return the labels among the arrays of a file."""
    return arrays.get("Y", arrays.get("y"))


def names_of(arrays: Mapping[str, np.ndarray]) -> list[str] | None:
    """Return the names of the classes, by number; None if the labels have none, or names that do not fit."""
    names, y = _class_names(arrays), arrays.get("y")
    if "Y" in arrays or y is None or y.ndim != 1 or y.dtype.kind not in "iu" or len(set(names)) < len(names):
        return None
    return names if len(y) and y.min() >= 0 and y.max() < len(names) else None


def read_several(
    paths: Sequence[Path], label_column: str | None = None, *, size: int | None = None
) -> list[dict[str, np.ndarray]]:
    """Read several files as `read_arrays` does; the first file numbers the classes."""
    if size is not None and not any(path.is_dir() for path in paths):
        raise ValueError(f"size is for folders of pictures; got {', '.join(map(str, paths))}.")
    if label_column is not None and all(path.suffix != ".csv" for path in paths):
        raise ValueError(f"label_column is for .csv files; got {', '.join(map(str, paths))}.")
    sets = [
        read_arrays(path, label_column=label_column if path.suffix == ".csv" else None, size=size) for path in paths
    ]
    labelled = [(path, arrays) for path, arrays in zip(paths, sets) if labels_of(arrays) is not None]
    for path, arrays in labelled[1:]:
        names, known = _class_names(arrays), _class_names(labelled[0][1])
        if names == known:
            continue
        if "Y" in arrays or not names or not known or not set(names) <= set(known):
            raise ValueError(
                f"{path} must have the class names of {labelled[0][0]} ({', '.join(known) or 'none'}); it has "
                f"{', '.join(names) or 'none'}. Give both files class names (class_names in a .npz), or neither file."
            )
        y = check_labels(arrays["y"], f"y of {path}", n_classes=len(names))
        arrays |= {"y": np.array([known.index(name) for name in names])[y], "class_names": np.array(known)}
    return sets


def _class_names(arrays: Mapping[str, np.ndarray]) -> list[str]:
    return [str(name) for name in arrays.get("class_names", ())]


def _of_folder(folder: Path, points: str, size: int | None) -> dict[str, np.ndarray]:
    """Return the pictures in a folder as points, and their classes as y and class_names."""
    X, y = load_folder(folder, size=size)
    if y is None:
        return {points: X}
    names, numbers = np.unique(y, return_inverse=True)
    return {points: X, "y": numbers, "class_names": names}


def _load(path: Path, names: Sequence[str], mapped: bool) -> dict[str, np.ndarray]:
    """Return the arrays with these names of a .npz, or the array of a .npy under the first name."""
    if mapped and path.suffix == ".npy":
        return {names[0]: np.lib.format.open_memmap(path, mode="r")}
    with path.open("rb") as file:
        if file.read(len(np.lib.format.MAGIC_PREFIX)) == np.lib.format.MAGIC_PREFIX:
            file.seek(0)
            check_npy_header(file, path.stat().st_size, f"array {names[0]}")
        file.seek(0)
        loaded = np.load(file, allow_pickle=False)
        if isinstance(loaded, np.ndarray) == (path.suffix == ".npz"):
            raise ValueError("its content has the format of the other suffix, .npy or .npz; rename the file.")
        if isinstance(loaded, np.ndarray):
            return {names[0]: loaded}
        arrays = read_members(loaded, [name for name in names if name != "class_names"])
        with suppress(ValueError):  # a foreign array of this name must not prevent reading the samples
            arrays |= read_members(loaded, [name for name in names if name == "class_names"])
        return arrays


def _names_in(path: Path) -> str:
    with np.load(path, allow_pickle=False) as stored:
        return ", ".join(stored.files)


def _read_table(path: Path, label_column: str | None) -> pd.DataFrame:
    """Return a table of numbers, except that the column of labels holds strings."""
    how: dict[str, Any] = {"encoding": "utf-8-sig", "keep_default_na": False, "skipinitialspace": True}
    names = _column_names(pd.read_csv(path, header=None, nrows=1, dtype=str, **how).iloc[0].str.strip().tolist())
    if label_column is not None and label_column not in names:
        raise ValueError(f"label_column must be one of {', '.join(names)}; got {label_column!r}.")
    values = [name for name in names if name != label_column]
    texts = {} if label_column is None else {label_column: str}
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # for lines with more cells than names
        how |= {"index_col": False, "low_memory": False, "na_values": dict.fromkeys(values, ABSENT)}
        table: pd.DataFrame = pd.read_csv(path, header=0, names=names, dtype=texts, **how)
    if len(table) == 0:
        raise ValueError("it must hold at least one sample; it has no line below the column names.")
    if other := [name for name in values if table[name].dtype.kind not in "iuf"]:
        raise ValueError(
            f"columns must hold numbers separated by commas; {', '.join(other)} does not. Drop it, or name it by "
            "label_column (--label-column) if it holds the labels."
        )
    empty = table[values].isna().sum()
    if empty.any():
        raise ValueError(
            f"cells must not be empty; column {empty.idxmax()} has {empty.max()} empty cells. Fill or drop them."
        )
    if label_column is None and (like := [name for name in names if name.lower() in LIKE_LABELS]):
        warnings.warn(
            f"{path}: column {like[0]} is read as a coordinate; name it by label_column (--label-column) if it "
            "holds the labels.",
            stacklevel=3,
        )
    return table


def _column_names(names: list[str]) -> list[str]:
    """Return the names in the first line of a table, or raise ValueError if it holds no names."""
    numbers = pd.to_numeric(pd.Series(names), errors="coerce")
    counted = [list(range(first, first + len(names))) for first in (0, 1)]  # the default names of pandas and R
    if numbers.notna().all() and numbers.tolist() not in counted:
        raise ValueError(f"its first line must name the columns; it holds the numbers {', '.join(names[:3])}, …")
    if "" in names:
        raise ValueError(
            f"every column must have a name; column {names.index('') + 1} has none. It may be an index of rows: "
            "write the table without it."
        )
    if doubled := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"columns must have different names; {doubled[0]} occurs more than once.")
    return names


def _of_table(table: pd.DataFrame, points: str, label_column: str | None) -> dict[str, np.ndarray]:
    """Return the columns as points and the labels as y, with class_names if the labels are names."""
    if label_column is None:
        return {points: table.to_numpy(np.float64)}
    texts = table[label_column].fillna("").str.strip()
    if len(table.columns) == 1:
        raise ValueError(f"the table must have a column of points beside {label_column}.")
    if (texts == "").any():
        raise ValueError(f"each row must have a label; column {label_column} lacks {int((texts == '').sum())}.")
    arrays = {points: table.drop(columns=label_column).to_numpy(np.float64)}
    numbers = pd.to_numeric(texts, errors="coerce").to_numpy(np.float64)
    if not np.isfinite(numbers).all():
        names, y = np.unique(texts.to_numpy(str), return_inverse=True)
        return arrays | {"y": y, "class_names": names}
    if len(
        broken := numbers[(numbers != np.rint(numbers)) | (np.abs(numbers) > 2**53)]
    ):  # larger integers are rounded
        raise ValueError(f"column {label_column} must hold integers or names as labels; it holds {broken[0]:g}.")
    return arrays | {"y": numbers.astype(np.int64)}
