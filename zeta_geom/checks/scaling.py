"""What keeps results free of the unit and the origin of the data: powers of two, and references of columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

__all__ = ["column_references", "common_unit", "power_of_two_scale", "squares_scale", "tensor_scale"]

FAR = 2.0**20  # times its range: a column this far from 0 loses digits to the rounding of its mean
SAFE, SAFE_NARROW = 2.0**100, 2.0**40  # sums of fourth powers of such values are finite, and of float32 squares


def power_of_two_scale(largest: float) -> float:
    """Return the power of two that brings a number to between a half and 1; 1 for zero, and never above 2^511.

    Parameters
    ----------
    largest : float
        The largest coordinate's size.

    Returns
    -------
    float

    Examples
    --------
    >>> power_of_two_scale(5.0)
    0.125
    """
    return 2.0 ** min(-int(np.frexp(largest)[1]), 511) if largest > 0 else 1.0  # its square is finite too


def squares_scale(*arrays: np.ndarray, narrow: bool = False) -> float:
    """Return 1 if the squares of all values neither overflow nor vanish; else the power of two that brings them to 1.

    Parameters
    ----------
    *arrays : float arrays of any shape
        Finite values.
    narrow : bool
        The squares are taken in float32, as those of float32 arrays may be.

    Returns
    -------
    float

    Examples
    --------
    >>> squares_scale(np.array([3.0])), squares_scale(np.array([3.0]) * 2.0**-600) == 2.0**511
    (1.0, True)
    """
    largest = max((max(float(A.max()), -float(A.min())) for A in arrays if A.size), default=0.0)
    narrow = narrow or any(A.dtype == np.float32 for A in arrays)
    limit = SAFE_NARROW if narrow else SAFE
    if 1 / limit <= largest <= limit:
        return 1.0
    return min(power_of_two_scale(largest), 2.0**120 if narrow else np.inf)  # which float32 holds


def common_unit(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the arrays in a unit whose squares neither overflow nor vanish: mostly the arrays themselves.

    Parameters
    ----------
    *arrays : float32 or float64 arrays of any shape
        Finite values.

    Returns
    -------
    tuple of arrays
        All of them times the same power of two.

    Examples
    --------
    >>> common_unit(np.array([3.0]) * 2.0**-400)
    (array([0.75]),)
    """
    scale = squares_scale(*arrays)
    return arrays if scale == 1 else tuple((A * scale).astype(A.dtype, copy=False) for A in arrays)


def column_references(*samples: np.ndarray) -> np.ndarray:
    """Return for each column what to subtract, so that its mean loses no digit of its differences: mostly 0.

    Parameters
    ----------
    *samples : float arrays of shape (..., n, d)
        Finite points, n along the last axis but one.

    Returns
    -------
    float array of shape (..., 1, d)
        The first point's value in columns that lie 2^20 times as far from 0 as they are wide, constant ones among
        them; 0 in the others.

    Examples
    --------
    >>> column_references(np.array([[1e6, 1.0], [1e6, 2.0]]))
    array([[1000000.,       0.]])
    """
    high = np.maximum.reduce([A.max(axis=-2, keepdims=True) for A in samples])
    low = np.minimum.reduce([A.min(axis=-2, keepdims=True) for A in samples])
    return np.where(np.maximum(high, -low) > FAR * (high - low), samples[0][..., :1, :], 0.0)


def tensor_scale(largest: torch.Tensor) -> torch.Tensor:
    """Return the power of two that brings numbers to between a half and 1, without a wait for the host.

    Parameters
    ----------
    largest : float tensor of any shape

    Returns
    -------
    tensor of the same shape and dtype
        1 where the number is 0 or not finite; at most the root of the dtype's largest number.

    Examples
    --------
    >>> import torch
    >>> tensor_scale(torch.tensor([5.0, 0.0])).tolist()
    [0.125, 1.0]
    """
    import torch

    most = 2.0**511 if largest.dtype == torch.float64 else 2.0**63
    scale = (torch.frexp(largest).mantissa / largest).clamp(torch.finfo(largest.dtype).tiny, most)
    return torch.where((largest > 0) & largest.isfinite(), scale, 1.0)
