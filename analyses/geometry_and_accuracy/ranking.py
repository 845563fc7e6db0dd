"""Does a small model on three measures rank augmentations of a family that it has not seen?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analyses.geometry_and_accuracy.statistics import CellData, centred_ranks, spearman

MODEL = (("pixels", "dimension-k128"), ("oracle", "oracle-wrong-label"), ("pixels", "original-distance"))
PENALTY = 1.0
PERMUTATIONS = 999


def scaled_ranks(values: np.ndarray) -> np.ndarray:
    """Return ranks along the last axis between -1/2 and 1/2; missing values get 0, the middle."""
    finite = np.isfinite(values)
    scaled: np.ndarray = centred_ranks(values, finite) / finite.sum(axis=-1, keepdims=True)
    return scaled


def predictions(
    cells: Sequence[CellData], families: np.ndarray, keys: Sequence[tuple[str, str]], gains: np.ndarray
) -> np.ndarray:
    """Return predicted ranks (..., cells, S), each from a ridge regression that was fitted to the other families.

    `families` (S,) holds the family of each setting; `gains` has shape (..., cells, S).
    """
    X = np.stack([np.stack([scaled_ranks(cell.measures[key]) for key in keys], axis=1) for cell in cells])
    predicted = np.empty(gains.shape)
    for family in np.unique(families):
        left_out = families == family
        known, targets = X[:, ~left_out], scaled_ranks(gains[..., ~left_out])  # nothing of the left-out family
        known = known - known.mean(axis=1, keepdims=True)
        normal = np.einsum("csk,csl->kl", known, known) + PENALTY * np.eye(len(keys))
        moments = np.einsum("csk,...cs->...k", known, targets)
        weights = np.linalg.solve(normal, moments[..., None])[..., 0]  # without an intercept: both are centred
        predicted[..., left_out] = np.einsum("csk,...k->...cs", X[:, left_out], weights)
    return predicted


def score(predicted: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """Return the mean over cells of ρ between predictions and gains, both (..., cells, S)."""
    means: np.ndarray = spearman(predicted, gains).mean(axis=-1)
    return means


def chance(
    cells: Sequence[CellData], families: np.ndarray, keys: Sequence[tuple[str, str]], seed: int,
    permutations: int = PERMUTATIONS,
) -> float:  # fmt: skip
    """Return the share of permutations of the gains over settings whose ranking scores at least as high."""
    gains = np.stack([cell.gains for cell in cells])
    observed = score(predictions(cells, families, keys, gains), gains)
    orders = np.random.default_rng(seed).permuted(np.tile(np.arange(len(families)), (permutations, 1)), axis=1)
    permuted = np.moveaxis(gains[:, orders], 1, 0)  # (permutations, cells, S)
    scores = score(predictions(cells, families, keys, permuted), permuted)
    return float((1 + (scores >= observed - 1e-12).sum()) / (1 + permutations))
