"""Intervals: of a value and of a difference by the bootstrap, and of the value of another sample of real data."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from zeta_geom.audits.scores import Curve, Definition, Mean, Scores

BLOCK = 4 * 2**20  # numbers that are drawn at once: 32 MiB of int64


@dataclass(frozen=True)
class Estimate:
    """A statistic of one group of samples, with its bootstrap draws."""

    value: float  # infinite if a value is
    draws: np.ndarray | None  # float (b,), minus their mean; None if there is one value, or an infinite one
    n: int  # number of values
    median: float  # of the values; NaN if they are features
    std: float
    infinite: float  # share of infinite values
    error: float = float("nan")  # standard error of the value, if the values are independent


@dataclass(frozen=True)
class Ratio:
    """The variance of the difference of two real samples, relative to that of independent values."""

    value: float = 1.0
    splits: int | None = None  # the number of random splits that it was estimated from; None: exact
    top: float | None = None  # the largest possible mean, if there is one


@dataclass(frozen=True)
class Bootstrap:
    """Draws resamples. The same key gives the same resamples, so that sets with one key are compared in pairs."""

    n_draws: int
    confidence: float
    seed: int

    def estimate(self, measures: Sequence[Scores], key: str, places: np.ndarray) -> list[Estimate]:
        """Return the estimates of measures of the same n samples, at places (n,)."""
        draws: dict[int, np.ndarray | None] = {}
        for reach in sorted({scores.reach for scores in measures}):
            same = [index for index, scores in enumerate(measures) if scores.reach == reach]
            draws |= dict(zip(same, self._draw([measures[index] for index in same], key, places), strict=True))
        return [self._estimate(scores, draws[index]) for index, scores in enumerate(measures)]

    def _draw(self, measures: Sequence[Scores], key: str, places: np.ndarray) -> list[np.ndarray | None]:
        """Return the centred draws of measures of one reach, None for measures without draws.

        Values with common neighbours depend on each other: they are drawn in blocks of `reach` close samples (Künsch
        1989). Few blocks underestimate the spread; the factor b / (b - 1) and Student's quantile correct that.
        """
        n, reach = len(places), measures[0].reach
        if n < 2:
            return [None] * len(measures)
        blocks = _blocks(n, reach)
        block = np.empty(n, dtype=np.int64)
        block[np.argsort(places, kind="stable")] = np.arange(n) * blocks // n
        rng = np.random.default_rng([self.seed, zlib.crc32(key.encode()), n, n, reach])
        parts: list[list[np.ndarray]] = [[] for _ in measures]
        done = 0
        while done < self.n_draws:
            rows = min(max(1, BLOCK // n), self.n_draws - done)
            counts = _counts(rng, rows, blocks, blocks)[:, block]
            for part, scores in zip(parts, measures):
                most = scores.statistic.most
                if _has_draws(scores) and done < most:
                    part.append(scores.statistic.resampled(scores.values, counts[: most - done]))
            done += rows
        wider = self._widening(blocks)
        draws = [np.concatenate(part) if part else None for part in parts]
        return [None if values is None else (values - values.mean()) * wider for values in draws]

    def interval(
        self, draws: np.ndarray | None, value: float, limits: tuple[float, float] = (-np.inf, np.inf)
    ) -> tuple[float, float]:
        """Return the interval of a value from its centred draws, clipped to limits; NaN without draws."""
        if draws is None:
            return float("nan"), float("nan")
        low, high = np.clip(value + np.quantile(draws, self.tails), *limits)
        return float(low), float(high)

    def _widening(self, blocks: int) -> float:
        """Return the factor that makes up for few blocks."""
        tail = (1 - self.confidence) / 2
        return float(stats.t.ppf(tail, blocks - 1) / stats.norm.ppf(tail) * np.sqrt(blocks / (blocks - 1)))

    def _estimate(self, scores: Scores, draws: np.ndarray | None) -> Estimate:
        values, scalar = scores.values, scores.values.ndim == 1
        usable, n = _has_draws(scores), len(scores.values)
        finite = scalar and bool(np.isfinite(values).all())
        error = float("nan")
        if draws is not None and isinstance(scores.statistic, Mean):
            error = float(values.std(ddof=1)) / np.sqrt(n)
        elif draws is not None:
            error = float(draws.std()) / self._widening(_blocks(n, scores.reach))
        return Estimate(
            value=scores.statistic(values) if usable else float("inf"),
            draws=draws,
            n=n,
            median=float(np.median(values)) if scalar else float("nan"),
            std=float(values.std()) if finite else float("nan"),
            infinite=0.0 if usable else float(np.isinf(values).mean()),
            error=error,
        )

    @property
    def tails(self) -> tuple[float, float]:
        """The quantiles at the two ends of an interval."""
        return (1 - self.confidence) / 2, (1 + self.confidence) / 2


def further_interval(
    bootstrap: Bootstrap, definition: Definition, real: Estimate, size: int, ratio: Ratio
) -> tuple[float, float]:
    """Return the interval of the value of another sample of `size` real samples, by Student's quantile.

    Its variance is that of two independent samples, times the ratio. If the mean has a largest value, its variance is
    proportional to μ (top - μ), μ the mean of both samples, as in Wilson's interval: otherwise a sample close to the
    limit would get too small a variance. A share of 0 or 1 gets the predictive interval under Jeffreys' prior.
    Lengths vary in proportion to their mean, as in Fieller's interval of a ratio: few far samples carry mean and
    variance alike, and a sample without them would get too small a variance.
    """
    if real.draws is None or size < 1:
        return float("nan"), float("nan")
    low, high = definition.limits
    top = 1.0 if definition.unit == "share" else ratio.top
    if definition.unit == "share" and real.value in (0.0, 1.0):
        n = real.n / max(ratio.value, 1.0)  # dependent values count for fewer independent ones
        hits = real.value * n
        low, high = stats.betabinom.ppf(bootstrap.tails, size, hits + 0.5, n - hits + 0.5) / size
        return float(low), float(high)
    splits = np.inf if ratio.splits is None else ratio.splits
    quantile = stats.t.ppf(bootstrap.tails[1], min(real.n - 1, splits))
    square = float(quantile * real.error) ** 2 * ratio.value * (1 + real.n / size)
    below = above = np.sqrt(square)
    if top is not None and 0 < real.value < top:
        weight = size / (real.n + size)  # of the other sample in the mean of both
        spread = square / (real.value * (top - real.value))
        middle, leading = spread * weight * (top - 2 * real.value) / 2, 1 + spread * weight**2
        root = np.sqrt(middle**2 + leading * square)
        below, above = (root - middle) / leading, (root + middle) / leading
    if definition.length and real.value > 0:
        first, second = square / real.value**2 * np.array([size, real.n]) / (size + real.n)  # of real, of the other
        if second < 1:  # else the other sample is too small for its mean to have an upper limit
            root = np.sqrt(1 - (1 - first) * (1 - second))
            below, above = real.value * (1 - (1 + np.array([-root, root])) / (1 - second)) * [1, -1]
    low, high = np.clip([real.value - below, real.value + above], low, high)
    return float(low), float(high)


def difference_interval(bootstrap: Bootstrap, first: Estimate, second: Estimate) -> tuple[float, float]:
    """Return the interval of first - second, paired if both have draws with the same key."""
    if first.draws is None or second.draws is None:
        return float("nan"), float("nan")
    return bootstrap.interval(first.draws - second.draws, first.value - second.value)


def _counts(rng: np.random.Generator, rows: int, n: int, size: int) -> np.ndarray:
    """Draw `size` of n blocks `rows` times, and return the count of each block, float64 (rows, n)."""
    places = rng.integers(0, n, size=(rows, size)) + n * np.arange(rows)[:, None]
    return np.bincount(places.ravel(), minlength=rows * n).reshape(rows, n).astype(np.float64)


def _has_draws(scores: Scores) -> bool:
    """Return whether the statistic is finite; a curve also takes infinite ranks, which are beyond its last level."""
    return isinstance(scores.statistic, Curve) or bool(np.isfinite(scores.values).all())


def _blocks(n: int, reach: int) -> int:
    """Return the number of blocks of n values that depend on `reach` neighbours."""
    return max(2, round(n / reach))
