"""Samples as floats, and results written as `.npz`, `.csv` or `.parquet`; `datasets.own_files` reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zeta_geom.checks import host_array
from zeta_geom.records import atomic_path

__all__ = ["to_floats", "write_result"]


def to_floats(X: Any, name: str = "X") -> np.ndarray:
    """Return X as floats; integers, taken for grey levels 0..255, are divided by 255."""
    X = host_array(X, name)
    if X.dtype.kind == "f":
        return X
    if X.dtype.kind not in "iu" or (X.size and (X.min() < 0 or X.max() > 255)):
        raise ValueError(
            f"{name} must hold floats, or integers 0..255 as grey levels; got others, of dtype {X.dtype}."
        )
    return X.astype(np.float32) / 255


def write_result(path: Path, values: Mapping[str, np.ndarray] | pd.DataFrame) -> None:
    """Write by the file's ending: arrays as `.npz`, or one row a sample as `.csv` or `.parquet`."""
    with atomic_path(path) as temporary:
        if path.suffix == ".npz":
            with temporary.open("wb") as file:
                np.savez_compressed(file, **values)
        elif path.suffix == ".csv":
            pd.DataFrame(values).to_csv(temporary, index=False)
        else:
            pd.DataFrame(values).to_parquet(temporary, index=False)
