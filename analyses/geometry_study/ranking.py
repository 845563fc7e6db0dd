"""Does a small model on three measures rank augmentations of a family that it has not seen?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata
from sklearn.linear_model import Ridge

from analyses.geometry_study.statistics import CellData, spearman

MODEL = (("pixels", "dimension-k128"), ("oracle", "oracle-wrong-label"), ("pixels", "original-distance"))
PENALTY = 1.0
PERMUTATIONS = 999


def ranked(values: np.ndarray) -> np.ndarray:
    """Return ranks along the last axis between -1/2 and 1/2; missing values get 0, the middle."""
    finite = np.isfinite(values)
    ranks = rankdata(np.where(finite, values, np.inf), axis=-1)
    count = finite.sum(axis=-1, keepdims=True)
    centred: np.ndarray = np.where(finite, (ranks - (count + 1) / 2) / count, 0.0)
    return centred


def predictions(
    cells: Sequence[CellData], families: np.ndarray, keys: Sequence[tuple[str, str]], gains: Sequence[np.ndarray]
) -> np.ndarray:
    """Return predicted ranks (cells, S), each from a model that was fitted to the other families.

    `families` (S,) holds the family of each setting; `gains` an array (S,) for each cell.
    """
    X = np.stack([np.stack([ranked(cell.measures[key]) for key in keys], axis=1) for cell in cells])
    y = ranked(np.stack(gains))
    predicted = np.empty_like(y)
    for family in np.unique(families):
        left_out = families == family
        model = Ridge(PENALTY, fit_intercept=False)  # ranks are centred
        model.fit(X[:, ~left_out].reshape(-1, len(keys)), y[:, ~left_out].ravel())
        predicted[:, left_out] = model.predict(X[:, left_out].reshape(-1, len(keys))).reshape(len(cells), -1)
    return predicted


def score(predicted: np.ndarray, gains: Sequence[np.ndarray]) -> float:
    """Return the mean over cells of ρ between predictions (cells, S) and gains."""
    return float(np.mean(spearman(predicted, np.stack(gains))))


def chance(
    cells: Sequence[CellData], families: np.ndarray, keys: Sequence[tuple[str, str]], seed: int,
    permutations: int = PERMUTATIONS,
) -> float:  # fmt: skip
    """Return the share of permutations of the gains over settings whose ranking scores at least as high."""
    gains = [cell.gains for cell in cells]
    observed = score(predictions(cells, families, keys, gains), gains)
    rng = np.random.default_rng(seed)
    as_high = 0
    for _ in range(permutations):
        order = rng.permutation(len(families))
        permuted = [each[order] for each in gains]
        as_high += score(predictions(cells, families, keys, permuted), permuted) >= observed - 1e-12
    return (1 + as_high) / (1 + permutations)
