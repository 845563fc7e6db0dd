"""Does a small model on three measures rank augmentations of a family that it has not seen?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from analyses.geometry_and_accuracy.statistics import CellData, spearman
from zeta_geom.audits.answers.expected_rank import Model, scaled_ranks

MODEL = (("pixels", "dimension-k128"), ("oracle", "oracle-wrong-label"), ("pixels", "original-distance"))
PENALTY = 1.0
PERMUTATIONS = 999


def predictions(
    cells: Sequence[CellData], families: np.ndarray, keys: Sequence[tuple[str, str]], gains: np.ndarray
) -> np.ndarray:
    """Return predicted ranks (..., cells, S), each from a ridge regression that was fitted to the other families.

    `families` (S,) holds the family of each setting; `gains` has shape (..., cells, S).
    """
    X = features(cells, keys)
    predicted = np.empty(gains.shape)
    for family in np.unique(families):
        left_out = families == family
        weights = fit(X[:, ~left_out], gains[..., ~left_out])  # nothing of the left-out family
        predicted[..., left_out] = np.einsum("csk,...k->...cs", X[:, left_out], weights)
    return predicted


def features(cells: Sequence[CellData], keys: Sequence[tuple[str, str]]) -> np.ndarray:
    """Return the scaled ranks of measures, (cells, S, measures)."""
    return np.stack([np.stack([scaled_ranks(cell.measures[key]) for key in keys], axis=1) for cell in cells])


def fit(X: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """Return the weights (..., measures) of a ridge regression of the scaled ranks of gains (..., cells, S) on X."""
    centred = X - X.mean(axis=1, keepdims=True)
    normal = np.einsum("csk,csl->kl", centred, centred) + PENALTY * np.eye(X.shape[2])
    moments = np.einsum("csk,...cs->...k", centred, scaled_ranks(gains))
    weights: np.ndarray = np.linalg.solve(normal, moments[..., None])[..., 0]  # without an intercept: centred
    return weights


def shipped(cells: Sequence[CellData], families: np.ndarray, row: Mapping[str, float], names: str) -> Model:
    """Return the model for audits, fitted to all cells and families; `row` holds its score and p."""
    gains = np.stack([cell.gains for cell in cells])
    residuals = scaled_ranks(gains) - predictions(cells, families, MODEL, gains)
    weights = fit(features(cells, MODEL), gains)
    numbers = {name: round(float(row[name]), 4) for name in ("p", "score", "low", "high")}
    rounded = {"weights": weights.round(4).tolist(), "residuals": residuals.ravel().round(4).tolist()}
    return Model(cells=names, measures=[*MODEL], **numbers, **rounded)  # type: ignore[typeddict-item]


def score(predicted: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """Return the mean over cells of ρ between predictions and gains, both (..., cells, S)."""
    means: np.ndarray = spearman(predicted, gains).mean(axis=-1)
    return means


def pairs_in_order(predicted: np.ndarray, gains: np.ndarray) -> float:
    """Return the share of pairs of settings, within cells, that predictions put in the order of gains; ties half."""
    first, second = np.triu_indices(gains.shape[-1], 1)
    agree = np.sign(predicted[..., first] - predicted[..., second]) * np.sign(gains[..., first] - gains[..., second])
    return float((1 + agree.mean()) / 2)


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
