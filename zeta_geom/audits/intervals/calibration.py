"""How much a measure varies from one real sample to the next: the real data of an audit are split against themselves.

Values of one set depend on each other through common neighbours, and a mean over the held-out originals depends on
the samples around them. Resamples of the values with fixed neighbours show neither; random splits show both.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import ceil, sqrt

import numpy as np
from sklearn.decomposition import PCA

from zeta_geom.audits.intervals.bootstrap import Ratio
from zeta_geom.audits.intervals.splits import Pair, halves, triples
from zeta_geom.audits.measures.fidelity import COVERAGE_K
from zeta_geom.audits.reference import Reference
from zeta_geom.checks.scaling import power_of_two_scale
from zeta_geom.geometry import knn

HALVINGS, TRIPLES = 24, 40  # splits: they give the standard deviation to 1 / √(2 · splits), 14 % and 11 %
MOST = 2000  # real samples that are split; of a larger audit, an evenly spaced part: a few seconds at most
AXES = 256  # principal axes that stand for more features
# Larger neighbourhoods are counted on fewer axes, k² · axes products each: 128 axes for k = 32, and at least 64, on
# which 128 neighbours are counted 10 times faster than in MNIST's 784 pixels.
PRODUCTS, FEWEST = 2**17, 64


@dataclass(frozen=True)
class Calibration:
    """Estimates the ratios of measures from random splits of the real data of an audit."""

    reference: Reference
    seed: int
    _cache: dict[int, dict[str, Ratio]] = field(default_factory=dict)

    def ratios(self, n: int) -> dict[str, Ratio]:
        """Return the ratios for sets of n samples, by measure; the values of all other measures are independent."""
        if n not in self._cache:
            self._cache[n] = self._dimensions(n) | self._heldout(n)
        return self._cache[n]

    def _dimensions(self, n: int) -> dict[str, Ratio]:
        """Return the ratios of the local dimension: differences between two halves of the real data."""
        n = min(n, len(self._points) // 2)
        ks = self.reference.usable(n)
        if not ks or self._points.shape[1] < 2:
            return {}
        rows = self._rows(2 * n)
        axes = {k: max(FEWEST, PRODUCTS // k**2) for k in ks}
        points = {k: np.ascontiguousarray(self._points[rows, : axes[k]]) for k in ks}
        lists = self._neighbors(rows, ks[-1], 1 / 2)
        alpha, n_jobs, rng = self.reference.alpha, self.reference.n_jobs, np.random.default_rng([self.seed, n, 2])
        ratios = _ratios(lambda: halves(points, lists, alpha, rng, n_jobs), HALVINGS)
        most = self.reference.sources.flat.shape[1]
        return {name: replace(ratio, top=min(k - 1, most)) for k, (name, ratio) in zip(ks, ratios.items())}

    def _heldout(self, n: int) -> dict[str, Ratio]:
        """Return the ratios of means over held-out originals: two sets of real samples around a third."""
        h = len(self.reference.heldout)
        share = min(1.0, len(self._points) / (2 * n + h))
        n, h = int(share * n), int(share * h)  # both variances fall with the sizes alike
        if min(n, h) <= COVERAGE_K:
            return {}
        rows, k = self._rows(2 * n + h), self.reference.n_neighbors[-1]
        classes = None if self._classes is None or k >= n else self._classes[rows]
        points, lists = self._points[rows], self._neighbors(rows, COVERAGE_K, min(n, h) / len(rows))
        votes = lists if classes is None else self._neighbors(rows, k, n / len(rows))
        rng = np.random.default_rng([self.seed, n, 3])
        return _ratios(lambda: triples(points, lists, votes, (n, h), classes, k, rng), TRIPLES)

    @cached_property
    def _points(self) -> np.ndarray:
        """The real data that are split, float64 (N, d), on their principal axes if they have many features."""
        real = [self.reference.sources.flat, self.reference.heldout.flat]
        rows = self._kept
        points: np.ndarray = np.concatenate(real)[rows].astype(np.float64, copy=False)
        points = points - points[0]
        points = points * power_of_two_scale(float(np.abs(points).max()))  # keeps squares from overflow
        if min(points.shape) <= AXES:
            kept: np.ndarray = points
            return kept
        solver = "covariance_eigh" if points.shape[1] <= 1000 else "randomized"  # the faster one
        pca = PCA(AXES, svd_solver=solver, random_state=0)
        return np.ascontiguousarray(pca.fit_transform(points))

    @cached_property
    def _kept(self) -> np.ndarray:
        n = len(self.reference.sources) + len(self.reference.heldout)
        most = max(MOST, 8 * self.reference.n_neighbors[-1])  # neighbourhoods stay below a quarter of a half
        return _evenly(n, min(n, most))

    @cached_property
    def _classes(self) -> np.ndarray | None:
        first, second = self.reference.sources.classes, self.reference.heldout.classes
        return None if first is None or second is None else np.concatenate([first, second])[self._kept]

    def _rows(self, n: int) -> np.ndarray:
        return _evenly(len(self._points), n)

    def _neighbors(self, rows: np.ndarray, k: int, share: float) -> np.ndarray:
        """Return neighbours of each point: enough that k belong to a random share of the points, nearly always."""
        wanted = ceil((k + 6 * sqrt(k * (1 - share))) / share)  # six standard deviations above the mean
        neighbors = knn(self._points[rows], min(len(rows) - 1, wanted), n_jobs=self.reference.n_jobs)
        return np.asarray(neighbors.indices)


def _evenly(n: int, m: int) -> np.ndarray:
    """Return m of n rows, evenly spaced."""
    return np.arange(m) * n // m


def _ratios(split: Callable[[], dict[str, Pair]], n: int) -> dict[str, Ratio]:
    """Return the ratios from n splits; measures that vary not at all have ratio 1."""
    totals: dict[str, tuple[float, float]] = {}
    for _ in range(n):
        for name, (difference, variance) in split().items():
            squares, variances = totals.get(name, (0.0, 0.0))
            totals[name] = squares + difference**2, variances + variance
    return {
        name: Ratio(squares / variances, n) if squares > 0 and variances > 0 else Ratio()
        for name, (squares, variances) in totals.items()
    }
