"""The points that the benchmarks measure on."""

from __future__ import annotations

import numpy as np
import torch

from zeta_geom import datasets


def fashion(n: int = 60_000) -> np.ndarray:
    """Return Fashion-MNIST's training images as points in [0, 1], float32 of shape (n, 784)."""
    return datasets.load("fashion-mnist").X_train[:n].reshape(n, -1).astype(np.float32) / 255


def crops(n: int = 50_000, seed: int = 0) -> np.ndarray:
    """Return random crops of Fashion-MNIST, up-sampled to 32 × 32 and coloured, float32 of shape (n, 3072).

    A crop keeps 60 to 100 % of the side; foreground and background have each a colour of their own.
    """
    rng = np.random.default_rng(seed)
    images = datasets.load("fashion-mnist").X_train[rng.permutation(60_000)[:n], None]
    result = np.empty((n, 3, 32, 32), dtype=np.float32)
    for start in range(0, n, 1000):
        part = torch.from_numpy(images[start : start + 1000].astype(np.float32) / 255)
        m = len(part)
        side = torch.from_numpy(rng.uniform(0.6, 1.0, m).astype(np.float32))
        centre = torch.from_numpy(rng.uniform(-1, 1, (m, 2)).astype(np.float32)) * (1 - side[:, None])
        affine = torch.zeros(m, 2, 3)
        affine[:, 0, 0] = affine[:, 1, 1] = side
        affine[:, :, 2] = centre
        grid = torch.nn.functional.affine_grid(affine, [m, 1, 32, 32], align_corners=False)
        grey = torch.nn.functional.grid_sample(part, grid, padding_mode="border", align_corners=False)
        front = torch.from_numpy(rng.uniform(0.3, 1.0, (m, 3, 1, 1)).astype(np.float32))
        back = torch.from_numpy(rng.uniform(0.0, 0.4, (m, 3, 1, 1)).astype(np.float32))
        result[start : start + m] = back + (front - back) * grey
    return result.reshape(n, -1)


def noise(n: int = 50_000, d: int = 3072, seed: int = 0) -> np.ndarray:
    """Return white noise, float32 of shape (n, d)."""
    return np.random.default_rng(seed).standard_normal((n, d), dtype=np.float32)


def axes_for(X: np.ndarray, shares: tuple[float, ...] = (0.9, 0.99)) -> list[int]:
    """Return how many principal axes explain these shares of the variance."""
    sample = X[:: max(1, len(X) // 10_000)].astype(np.float64)
    variances = np.linalg.eigvalsh(np.cov(sample, rowvar=False))[::-1]
    explained = np.cumsum(variances) / variances.sum()
    return [int(np.searchsorted(explained, share)) + 1 for share in shares]


POINTS = {"fashion-mnist": fashion, "crops": crops, "noise": noise}
