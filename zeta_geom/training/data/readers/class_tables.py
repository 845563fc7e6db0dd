"""Helpers of the readers: tables of text, and the top folder of an archive."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from zeta_geom.datasets.pictures import class_folders


def within(folder: Path, holds: str) -> Path:
    """Return `folder`, or else its first visible subfolder, with `holds` in it: archives often have a top folder."""
    inner = class_folders(folder) if folder.is_dir() else []
    for candidate in (folder, *(folder / name for name in inner)):
        if (candidate / holds).exists():
            return candidate
    raise FileNotFoundError(f"there is no {holds} in {folder}.")


def read_table(path: Path, columns: Sequence[str], *, optional: Sequence[str] = (), **options: Any) -> pd.DataFrame:
    """Return these columns of a CSV file, as stripped text; an empty cell is ""; `options` are those of pandas."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no {path}.")
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", **options)
    except ValueError as error:  # pandas' errors derive from it
        raise ValueError(f"{path} must be a CSV file in UTF-8; got {error}.") from error
    if absent := [column for column in columns if column not in table]:
        raise ValueError(f"{path} must have the columns {', '.join(columns)}; it lacks {', '.join(absent)}.")
    kept = [*columns, *(column for column in optional if column in table)]
    stripped: pd.DataFrame = table[kept].apply(lambda column: column.str.strip())
    return stripped
