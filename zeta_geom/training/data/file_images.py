"""Images in files; each file is opened when its image is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from zeta_geom.datasets.pictures import Framing, read_pixels


class FileImages:
    """Pictures in n files and their classes, int64 (n,); the framing's `size` is set, so that all have one shape."""

    def __init__(self, paths: Sequence[Path], labels: np.ndarray, framing: Framing) -> None:
        self.paths = list(paths)
        self.labels = labels
        self.framing = framing

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """Return one image, uint8 (C, size, size), and its label; errors are those of `read_picture`."""
        return read_picture(self.paths[index], self.framing), int(self.labels[index])

    def take(self, indices: np.ndarray) -> FileImages:
        """Return a selection of the images; `indices` (b,)."""
        return FileImages([self.paths[i] for i in indices], self.labels[indices], self.framing)


def read_picture(path: Path | str, framing: Framing) -> Tensor:
    """Return a picture as `read_pixels` does, uint8 (C, H, W)."""
    pixels = read_pixels(path, framing)
    return torch.from_numpy(pixels[None] if framing.grey else np.ascontiguousarray(pixels.transpose(2, 0, 1)))
