"""ESS: the dimension whose expected simplex skewness a neighbourhood has."""

from functools import cache

import numpy as np

from zeta_geom.execution.compiling import njit
from zeta_geom.geometry.cpu.decisions import LOOSE
from zeta_geom.geometry.estimators.from_pairs import map_neighborhoods

MOST = 2**20  # dimensions of the table: k nearest points in general position reach about k²


def estimate_ess(
    X: np.ndarray,
    indices: np.ndarray,
    distances: np.ndarray,
    *,
    rounding: np.ndarray | None = None,
    n_jobs: int | None,
) -> np.ndarray:
    """Return the dimension in which uniform points of a ball have the skewness of the neighbourhood.

    The skewness is Σ_{i<j} area(a_i, a_j) / Σ_{i<j} |a_i| |a_j| over all pairs of the points less their mean. In m
    dimensions its expectation is s(m) = Γ(m/2)² / (Γ((m+1)/2) Γ((m-1)/2)); between integers m it is interpolated.
    Source: Johnsson, Soneson and Fontes 2015, "Low bias local intrinsic dimension estimation from expected simplex
    skewness", version a with d = 1.
    """
    skewness = map_neighborhoods(_skewness, X, indices, distances, n_jobs=n_jobs)
    expected = _expected_skewness()
    dimensions = np.interp(skewness, expected, np.arange(1.0, MOST + 1))
    return np.where(skewness < expected[-1], dimensions, skewness + np.inf)  # NaN stays NaN


@cache
def _expected_skewness() -> np.ndarray:
    """Return s(1) … s(MOST): s(1) = 0, s(2) = 2/π, s(3) = π/4, s(m + 2) = s(m) · m² / (m² - 1)."""
    expected = np.zeros(MOST)
    for first, start in ((2, 2 / np.pi), (3, np.pi / 4)):
        squares = np.arange(first, MOST - 1, 2, dtype=np.float64) ** 2
        expected[first - 1 :: 2] = start * np.cumprod(np.concatenate([[1.0], squares / (squares - 1)]))
    return expected


@njit(nogil=True, fastmath=LOOSE, error_model="numpy")
def _skewness(neighborhoods: np.ndarray, distances: np.ndarray, skewness: np.ndarray) -> None:
    """Fill `skewness` (q,); the neighbourhoods (q, k, d) are centred in place."""
    k, d = neighborhoods.shape[1:]
    lengths = np.empty(k)
    for query in range(len(neighborhoods)):
        points = neighborhoods[query]
        for c in range(d):
            mean = 0.0
            for i in range(k):
                mean += points[i, c]
            mean /= k
            for i in range(k):
                points[i, c] -= mean
        areas, products = 0.0, 0.0
        for i in range(k):
            total = 0.0
            for c in range(d):
                total += points[i, c] * points[i, c]
            lengths[i] = np.sqrt(total)
            for j in range(i):
                product = 0.0
                for c in range(d):
                    product += points[i, c] * points[j, c]
                longest = lengths[i] * lengths[j]
                areas += np.sqrt(max((longest - product) * (longest + product), 0.0))
                products += longest
        skewness[query] = areas / products
