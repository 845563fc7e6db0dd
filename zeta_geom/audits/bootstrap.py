"""Bootstrap intervals: of a value, of what another sample of real data would give, and of a difference."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from zeta_geom.audits.values import Curve, Found, Measure

__all__ = ["Bootstrap", "Estimate", "difference_interval", "further_interval"]

BLOCK = 4 * 2**20  # numbers that are drawn at once


@dataclass(frozen=True)
class Estimate:
    """A statistic of one group of samples, with its bootstrap draws.

    Parameters
    ----------
    value : float
        Infinite where a value is.
    draws : float array of shape (b,), or None
        Less their own mean; None where there are fewer than two values or an infinite one.
    n : int
        Values that it is made of.
    median, std : float
        Over the values; NaN where they are features.
    infinite : float
        Share of infinite values.
    """

    value: float
    draws: np.ndarray | None
    n: int
    median: float
    std: float
    infinite: float


@dataclass(frozen=True)
class Bootstrap:
    """Draws resamples: the same for the same key, so that differences within a key are paired.

    Parameters
    ----------
    n_draws : int
    confidence : float
    seed : int
    """

    n_draws: int
    confidence: float
    seed: int

    def estimate(
        self, found: Sequence[Found], key: str, places: np.ndarray, size: int | None = None
    ) -> list[Estimate]:
        """Return the estimates of measures of the same samples.

        Shapes: `places` (n,).
        """
        drawn: dict[int, np.ndarray | None] = {}
        for reach in sorted({one.reach for one in found}):
            same = [place for place, one in enumerate(found) if one.reach == reach]
            drawn |= dict(zip(same, self._draws([found[place] for place in same], key, places, size), strict=True))
        return [_estimate(one, drawn[place]) for place, one in enumerate(found)]

    def _draws(
        self, found: Sequence[Found], key: str, places: np.ndarray, size: int | None
    ) -> list[np.ndarray | None]:
        """Return the draws of measures of one reach, None where there can be none."""
        n, reach = len(places), found[0].reach
        if n < 2:
            return [None] * len(found)
        blocks = max(2, round(n / reach))
        block = np.empty(n, dtype=np.int64)
        block[np.argsort(places, kind="stable")] = np.arange(n) * blocks // n
        wanted = max(2, round((size or n) / reach))
        rng = np.random.default_rng([self.seed, zlib.crc32(key.encode()), n, size or n, reach])
        parts: list[list[np.ndarray]] = [[] for _ in found]
        done = 0
        while done < self.n_draws:
            rows = min(max(1, BLOCK // max(n, wanted)), self.n_draws - done)
            counts = _counts(rng, rows, blocks, wanted)[:, block]
            for part, one in zip(parts, found):
                if _drawable(one) and done < one.statistic.most:
                    part.append(one.statistic.resampled(one.values, counts[: one.statistic.most - done]))
            done += rows
        tail = (1 - self.confidence) / 2
        wider = stats.t.ppf(tail, blocks - 1) / stats.norm.ppf(tail) * np.sqrt(blocks / (blocks - 1))
        joined = [np.concatenate(part) if part else None for part in parts]
        return [None if one is None else (one - one.mean()) * wider for one in joined]

    def interval(
        self, draws: np.ndarray | None, value: float, limits: tuple[float, float] = (-np.inf, np.inf)
    ) -> tuple[float, float]:
        """Return the interval of a value from its centred draws, within limits; NaN, NaN without draws."""
        if draws is None:
            return float("nan"), float("nan")
        low, high = np.clip(value + np.quantile(draws, self.tails), *limits)
        return float(low), float(high)

    @property
    def tails(self) -> tuple[float, float]:
        """The quantiles of the interval's ends."""
        return (1 - self.confidence) / 2, (1 + self.confidence) / 2


def further_interval(
    bootstrap: Bootstrap, measure: Measure, real: Estimate, further: Estimate, size: int
) -> tuple[float, float]:
    """Return where the value of another sample of real data would lie."""
    if real.draws is None or further.draws is None:
        return float("nan"), float("nan")
    if measure.unit == "share" and real.value in (0.0, 1.0):
        hits = real.value * real.n
        low, high = stats.betabinom.ppf(bootstrap.tails, size, hits + 0.5, real.n - hits + 0.5) / size
        return float(low), float(high)
    return bootstrap.interval(further.draws - real.draws, real.value, measure.limits)


def difference_interval(bootstrap: Bootstrap, first: Estimate, second: Estimate) -> tuple[float, float]:
    """Return the interval of first - second: paired where their draws are of one key."""
    if first.draws is None or second.draws is None:
        return float("nan"), float("nan")
    return bootstrap.interval(first.draws - second.draws, first.value - second.value)


def _counts(rng: np.random.Generator, rows: int, n: int, size: int) -> np.ndarray:
    """Return how often each of n blocks is in each of `rows` resamples, float64 (rows, n)."""
    places = rng.integers(0, n, size=(rows, size)) + n * np.arange(rows)[:, None]
    return np.bincount(places.ravel(), minlength=rows * n).reshape(rows, n).astype(np.float64)


def _drawable(found: Found) -> bool:
    """Say whether a mean would be finite; a curve takes infinite ranks, which lie beyond its last level."""
    return isinstance(found.statistic, Curve) or bool(np.isfinite(found.values).all())


def _estimate(found: Found, draws: np.ndarray | None) -> Estimate:
    values, scalar = found.values, found.values.ndim == 1
    usable = _drawable(found)
    finite = scalar and bool(np.isfinite(values).all())
    return Estimate(
        value=found.statistic(values) if usable else float("inf"),
        draws=draws,
        n=len(values),
        median=float(np.median(values)) if scalar else float("nan"),
        std=float(values.std()) if finite else float("nan"),
        infinite=0.0 if usable else float(np.isinf(values).mean()),
    )
