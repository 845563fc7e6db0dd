"""Samples as floats: integers are grey levels."""

import numpy as np

from zeta_geom.checks.points import host_array
from zeta_geom.checks.types import ArrayLike


def to_floats(X: ArrayLike, name: str = "X") -> np.ndarray:
    """Return X as floats; integers are taken for grey levels 0..255 and divided by 255."""
    X = host_array(X, name)
    if X.dtype.kind == "f":
        return X
    if X.dtype.kind not in "iu" or (X.size and (X.min() < 0 or X.max() > 255)):
        raise ValueError(
            f"{name} must hold floats, or integers 0..255 as grey levels; got other values, of dtype {X.dtype}."
        )
    return X.astype(np.float32) / 255
