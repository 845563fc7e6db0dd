"""Images in memory, in one array."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional

from zeta_geom.datasets.pictures import UNFRAMED, Framing


class ArrayImages:
    """Images uint8 (n, H, W[, 3]) in memory and their classes, int64 (n,); a whole batch is read at once."""

    def __init__(self, X: np.ndarray, labels: np.ndarray, framing: Framing = UNFRAMED) -> None:
        self.X = X
        self.labels = labels
        self.framing = framing

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """Return one image, uint8 (C, H, W), and its label."""
        return self._framed(self.X[[index]])[0], int(self.labels[index])

    def __getitems__(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Return a batch: images, uint8 (b, C, H, W), and labels, int64 (b,)."""
        rows = np.asarray(indices)
        return self._framed(self.X[rows]), torch.from_numpy(self.labels[rows])

    def take(self, indices: np.ndarray) -> ArrayImages:
        """Return a selection of the images; `indices` (b,)."""
        return ArrayImages(self.X[indices], self.labels[indices], self.framing)

    def _framed(self, X: np.ndarray) -> Tensor:
        """Return images as a tensor (n, C, H, W), cropped, coloured and resized."""
        if square := self.framing.square(*X.shape[1:3]):
            top, left, edge = square
            X = X[:, top : top + edge, left : left + edge]
        X = X[:, None] if X.ndim == 3 else X.transpose(0, 3, 1, 2)  # (b, C, H, W)
        batch = torch.from_numpy(np.ascontiguousarray(X))
        if self.framing.grey and batch.shape[1] == 3:
            batch = functional.rgb_to_grayscale(batch)
        if self.framing.size is not None:
            batch = functional.resize(batch, [self.framing.size, self.framing.size], antialias=True)
        return batch
