"""Mean and standard deviation of each channel, exact over the images that are read."""

import math
from typing import TypeAlias

import numpy as np
import torch
from tqdm import tqdm

from zeta_geom.training.data.image_data import Images

Moments: TypeAlias = tuple[tuple[float, ...], tuple[float, ...]]  # mean and standard deviation of each channel
CHUNK = 128  # images read at once: 25 MB at 256 x 256 pixels
LEVELS = 256


def channel_moments(images: Images, *, limit: int | None = None, progress: bool = True) -> Moments:
    """Return the moments in grey levels 0..1, over at most `limit` evenly spaced images."""
    count = len(images) if limit is None else min(limit, len(images))
    indices = np.arange(count) * len(images) // count
    chunks = np.array_split(indices, -(-count // CHUNK))
    bar = tqdm(chunks, desc="mean, std", leave=False, delay=2, disable=None if progress else True)
    histograms = np.sum([_histograms(images, chunk) for chunk in bar], axis=0)  # (C, 256)
    moments = [_moments(histogram.tolist()) for histogram in histograms]
    return tuple(mean for mean, _ in moments), tuple(std for _, std in moments)


def _histograms(images: Images, indices: np.ndarray) -> list[np.ndarray]:
    if hasattr(images, "__getitems__"):
        batch = images.__getitems__(indices)[0]
    else:
        batch = torch.stack([images[int(i)][0] for i in indices])
    return [np.bincount(channel.ravel(), minlength=LEVELS) for channel in batch.numpy().swapaxes(0, 1)]


def _moments(histogram: list[int]) -> tuple[float, float]:
    count = sum(histogram)
    total = sum(level * n for level, n in enumerate(histogram))
    squares = sum(level**2 * n for level, n in enumerate(histogram))
    variance = (count * squares - total**2) / count**2  # of integers: only this division rounds
    return total / count / 255, math.sqrt(variance) / 255 or 1.0
