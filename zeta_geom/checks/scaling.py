"""Powers of two and shifts of columns that make results independent of the unit and origin of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

FAR = 2.0**20  # times its range: a column farther from 0 loses digits in its mean
SAFE, SAFE_NARROW = 2.0**100, 2.0**40  # sums of fourth powers of such values are finite, and of float32 squares


def power_of_two_scale(largest: float) -> float:
    """Return the power of two, at most 2^511, that scales a number into [1/2, 1); 1 for zero."""
    return 2.0 ** min(-int(np.frexp(largest)[1]), 511) if largest > 0 else 1.0  # its square is finite too


def squares_scale(*arrays: np.ndarray, narrow: bool = False) -> float:
    """Return 1 if no square overflows or underflows; otherwise the power of two that scales the values to 1."""
    largest = max((max(float(A.max()), -float(A.min())) for A in arrays if A.size), default=0.0)
    narrow = narrow or any(A.dtype == np.float32 for A in arrays)
    limit = SAFE_NARROW if narrow else SAFE
    if 1 / limit <= largest <= limit:
        return 1.0
    return min(power_of_two_scale(largest), 2.0**120 if narrow else np.inf)  # float32 holds up to 2^127


def common_unit(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the arrays in a unit whose squares neither overflow nor underflow: mostly the arrays themselves."""
    scale = squares_scale(*arrays)
    return arrays if scale == 1 else tuple((A * scale).astype(A.dtype, copy=False) for A in arrays)


def column_references(*samples: np.ndarray) -> np.ndarray:
    """Return a shift (..., 1, d), mostly 0, so that the rounding of a column's mean is below its differences."""
    high = np.maximum.reduce([A.max(axis=-2, keepdims=True) for A in samples])
    low = np.minimum.reduce([A.min(axis=-2, keepdims=True) for A in samples])
    return np.where(np.maximum(high, -low) > FAR * (high - low), samples[0][..., :1, :], 0.0)


def tensor_scale(largest: torch.Tensor) -> torch.Tensor:
    """Return the power of two that scales a number into [1/2, 1), without waiting for the host."""
    import torch

    most = 2.0**511 if largest.dtype == torch.float64 else 2.0**63
    scale = (torch.frexp(largest).mantissa / largest).clamp(torch.finfo(largest.dtype).tiny, most)
    return torch.where((largest > 0) & largest.isfinite(), scale, 1.0)
