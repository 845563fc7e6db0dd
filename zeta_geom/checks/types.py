"""Types of arguments: arrays, tensors, and values that can become arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias, TypeVar, Union

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    import torch

Array: TypeAlias = Union[np.ndarray, "torch.Tensor"]  # of one call all are of the same kind
SomeArray = TypeVar("SomeArray", np.ndarray, "torch.Tensor")  # NumPy in, NumPy out; a tensor in, a tensor out
Shape: TypeAlias = tuple[int, ...]
ArrayLike: TypeAlias = Union[np.ndarray, "torch.Tensor", "pd.DataFrame", "pd.Series", Sequence[object]]  # at the door
