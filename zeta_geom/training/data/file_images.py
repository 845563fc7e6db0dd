"""Images in files; each file is opened when its image is read, once if all of them fit in memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from zeta_geom.datasets.pictures import Framing, read_pixels

KEPT = 2**28  # bytes: 87,000 images of 32 x 32, or 1,700 of 224 x 224, in each process that reads them


class FileImages:
    """Pictures in n files and their classes, int64 (n,); the framing's `size` is set, so that all have one shape.

    Small sets are decoded once: their images are kept in memory.
    """

    def __init__(self, paths: Sequence[Path], labels: np.ndarray, framing: Framing) -> None:
        self.paths = list(paths)
        self.labels = labels
        self.framing = framing
        size = framing.size or 0
        self._kept: dict[int, Tensor] | None = {} if 3 * size**2 * len(labels) <= KEPT else None

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """Return one image, uint8 (C, size, size), and its label; errors are those of `read_picture`."""
        if self._kept is None:
            return read_picture(self.paths[index], self.framing), int(self.labels[index])
        if index not in self._kept:
            self._kept[index] = read_picture(self.paths[index], self.framing)
        return self._kept[index].clone(), int(self.labels[index])

    def take(self, indices: np.ndarray) -> FileImages:
        """Return a selection of the images; `indices` (b,)."""
        return FileImages([self.paths[i] for i in indices], self.labels[indices], self.framing)


def read_picture(path: Path | str, framing: Framing) -> Tensor:
    """Return a picture as `read_pixels` does, uint8 (C, H, W)."""
    pixels = read_pixels(path, framing)
    return torch.from_numpy(pixels[None] if framing.grey else np.ascontiguousarray(pixels.transpose(2, 0, 1)))
