"""Rank correlations of measures with gains, their intervals, permutations and the correction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.stats import rankdata

from zeta_geom.audits.answers.expected_rank import centred_ranks

DRAWS, PERMUTATIONS, LEVEL = 2000, 299_999, 0.05
LEAST = 20  # settings at which a measure must be finite


@dataclass(frozen=True)
class CellData:
    """One cell: accuracies float (S, R) of S settings and R seeds, those of ERM (R,), and measures by key, (S,)."""

    accuracies: np.ndarray
    erm: np.ndarray
    measures: Mapping[tuple[str, str], np.ndarray]

    @property
    def gains(self) -> np.ndarray:
        """The mean gain over ERM of each setting, (S,)."""
        means: np.ndarray = (self.accuracies - self.erm).mean(axis=1)
        return means

    def drawn_gains(self, rng: np.random.Generator, draws: int = DRAWS) -> np.ndarray:
        """Return the mean gains over seeds drawn with replacement, (draws, S)."""
        seeds = rng.integers(len(self.erm), size=(draws, len(self.erm)))
        means: np.ndarray = (self.accuracies - self.erm)[:, seeds].mean(axis=2).T
        return means


def spearman(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return Spearman's ρ along the last axis, without pairs that are not finite; NaN if one side is constant."""
    both = np.isfinite(x) if np.isfinite(y).all() else np.isfinite(x) & np.isfinite(y)
    a, b = centred_ranks(x, both), centred_ranks(y, both)
    scale = np.sqrt((a**2).sum(axis=-1) * (b**2).sum(axis=-1))
    rho: np.ndarray = np.divide((a * b).sum(axis=-1), scale, out=np.full(scale.shape, np.nan), where=scale > 1e-9)
    return rho


def partial_spearman(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Return the rank correlation of x and y given z, along the last axis; NaN where z determines one of them."""
    missing = ~np.isfinite(x + y + z)
    x, y, z = (np.where(missing, np.nan, each) for each in (x, y, z))
    xy, xz, yz = spearman(x, y), spearman(x, z), spearman(y, z)
    rest = (1 - xz**2) * (1 - yz**2)
    rho: np.ndarray = np.divide(xy - xz * yz, np.sqrt(rest), out=np.full_like(rest, np.nan), where=rest > 1e-9)
    return rho


def drawn_settings(n: int, seed: int, draws: int = DRAWS) -> np.ndarray:
    """Return settings drawn with replacement, int (draws, n)."""
    return np.random.default_rng(seed).integers(n, size=(draws, n))


def interval(values: np.ndarray) -> tuple[float, float]:
    """Return the 2.5 % and 97.5 % quantiles of finite values; NaN if there are none."""
    finite = values[np.isfinite(values)]
    if len(finite) == 0:
        return np.nan, np.nan
    low, high = np.quantile(finite, [LEVEL / 2, 1 - LEVEL / 2])
    return float(low), float(high)


def permutation_p(
    values: Sequence[np.ndarray], gains: Sequence[np.ndarray], seed: int, permutations: int = PERMUTATIONS
) -> float:
    """Return the two-sided p-value of the mean ρ over cells; settings are permuted in all cells at once.

    `values` and `gains` hold an array (S,) for each cell.
    """
    observed = np.mean([spearman(x, y) for x, y in zip(values, gains, strict=True)])
    permuted = np.zeros(permutations)
    for x, y in zip(values, gains):
        used = np.isfinite(x)
        a = centred_ranks(x, used)[used]
        permuted += permuted_ranks(tuple(y), tuple(used), seed, permutations) @ (a / np.linalg.norm(a)) / len(gains)
    return float((1 + (np.abs(permuted) >= abs(observed) - 1e-12).sum()) / (1 + permutations))


@lru_cache(maxsize=4)  # most measures share which settings are missing
def permuted_ranks(y: tuple[float, ...], used: tuple[bool, ...], seed: int, permutations: int) -> np.ndarray:
    """Return centred ranks, of length 1, of the used places of random permutations of y, (permutations, used).

    The permutations depend on the seed and the length of y alone.
    """
    orders = np.random.default_rng(seed).permuted(np.tile(np.arange(len(y)), (permutations, 1)), axis=1)
    ranks, kept = rankdata(y)[orders], np.array(used)
    left_out = ranks[:, ~kept].T[:, :, None]
    ranks = ranks[:, kept]
    # a rank falls by 1 for each smaller value that is left out, and by 1/2 for each equal one
    ranks = ranks - sum((each < ranks) + 0.5 * (each == ranks) for each in left_out) - (kept.sum() + 1) / 2
    scaled: np.ndarray = ranks / np.linalg.norm(ranks, axis=1, keepdims=True)
    return scaled
