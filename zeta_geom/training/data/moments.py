"""Mean and standard deviation of each channel, exact over the images that are read."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from zeta_geom.training.data.image_data import Images

__all__ = ["channel_moments"]

CHUNK = 128  # images that are read at once


def channel_moments(
    images: Images, *, limit: int | None = None, progress: bool = True
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of each channel, in grey levels 0..1.

    Parameters
    ----------
    images : Images
        At least one, all of one shape.
    limit : int, optional
        At most so many, evenly spaced, are read; all by default.
    progress : bool
        Show a bar, on a terminal.

    Returns
    -------
    mean, std : tuples of float, one a channel
        A channel that is the same everywhere has std 1, so that dividing by it is harmless.

    Examples
    --------
    >>> from zeta_geom.training.data.array_images import ArrayImages
    >>> channel_moments(ArrayImages(np.array([[[0, 255]]], np.uint8), np.zeros(1, np.int64)))
    ((0.5,), (0.5,))
    """
    count = len(images) if limit is None else min(limit, len(images))
    indices = np.arange(count) * len(images) // count
    chunks = np.array_split(indices, -(-count // CHUNK))
    total, squares, pixels = torch.tensor(0), torch.tensor(0), 0
    for chunk in tqdm(chunks, desc="mean, std", leave=False, delay=2, disable=None if progress else True):
        batch = _read(images, chunk).to(torch.int64)  # integers: nothing is rounded
        total = total + batch.sum(dim=(0, 2, 3))
        squares = squares + batch.square().sum(dim=(0, 2, 3))
        pixels += batch[:, 0].numel()
    moments = [_moments(s, q, pixels) for s, q in zip(total.tolist(), squares.tolist())]
    return tuple(mean for mean, _ in moments), tuple(std for _, std in moments)


def _read(images: Any, indices: np.ndarray) -> Tensor:
    if hasattr(images, "__getitems__"):
        return images.__getitems__(indices)[0]
    return torch.stack([images[int(i)][0] for i in indices])


def _moments(total: int, squares: int, pixels: int) -> tuple[float, float]:
    variance = (pixels * squares - total * total) / pixels**2
    return total / pixels / 255, math.sqrt(variance) / 255 or 1.0
