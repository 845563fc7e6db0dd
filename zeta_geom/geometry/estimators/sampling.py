"""How much the mean of an estimator varies from one sample of points to the next: random halves of the points.

Estimates at close points share neighbours, so they depend on each other; in many dimensions nearly all of them do,
because a few points are neighbours of most others. Blocks of close points show the first dependence but not the
second. The means of two random halves differ by both.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from scipy import stats

from zeta_geom.geometry.estimators.different_points import search_rows

Evaluate = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]  # points, indices, distances -> values

AVERAGES = ("arithmetic", "harmonic")
MOST, PER_NEIGHBOR = 1000, 8  # points that are halved, at least 8 k: of a larger sample, as many random ones
LEAST = 4  # times k: fewer points are not halved, because the neighbours would be half of a half
AXES = 128  # principal axes that stand for more features


@dataclass(frozen=True)
class Summary:
    """The mean of an estimator over points."""

    mean: float
    std: float  # over points
    sem: float  # of the mean, as an estimate of its expectation
    n: int  # points with a dimension
    low: float = float("nan")
    high: float = float("nan")


def summarize(
    values: np.ndarray, average: str, ratio: float, n: int, copies: np.ndarray, quantile: float = 0.0
) -> Summary:
    """Return the mean of m values among n points, with mean ± quantile · sem as interval.

    `ratio` is that of `split_ratio`; `copies` (m,) tells the place of each value, the same for copies of a point.
    """
    averaged, usable = averaged_values(values, average)
    kept, m = averaged[usable], int(usable.sum())
    with np.errstate(divide="ignore"):
        mean = float(_back(kept.mean(), average)) if m else float("nan")
    if not np.isfinite(mean):
        return Summary(float("nan"), float("nan"), float("nan"), 0)
    counts = np.unique(copies[usable], return_counts=True)[1]
    effective = m**2 / float((counts.astype(np.float64) ** 2).sum())
    share = len(values) / n  # below 1 for anchors, whose choice is a second source of error
    variance = spread(kept) / effective * (max(1 - share, 0.0) + ratio * share) if m > 1 else float("nan")
    error = sqrt(variance) if variance >= 0 else float("nan")
    ends = np.clip(kept.mean() + quantile * error * np.array([-1, 1]), 0, np.inf)
    with np.errstate(divide="ignore"):
        low, high = sorted(float(_back(end, average)) for end in ends)
    finite = values[np.isfinite(values)]
    return Summary(
        mean, float(finite.std()) if len(finite) else float("nan"), error * _slope(mean, average), m, low, high
    )


def spread(values: np.ndarray) -> float:
    """Return the variance of at least two values; of counts, with one more point a dimension lower and one higher.

    Counts are often equal at all points, although another sample would have exceptions. With two exceptions among n
    independent points the interval reaches about 3 / n to both sides, as far as the exact one for an event that was
    not seen (the rule of three, Hanley and Lippman-Hand 1983).
    """
    exceptions = 2.0 if (values == np.rint(values)).all() else 0.0
    return float(values.var(ddof=1)) + exceptions / len(values)


def averaged_values(values: np.ndarray, average: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the values whose arithmetic mean is taken, the inverses for "harmonic", and which of them are finite."""
    with np.errstate(divide="ignore"):
        averaged = 1 / values if average == "harmonic" else values
    return averaged, np.isfinite(averaged)


def _back(mean: float, average: str) -> float:
    """Return the average of the values from the mean of the averaged ones."""
    return 1 / np.float64(mean) if average == "harmonic" else mean


def _slope(mean: float, average: str) -> float:
    """Return how much the average moves with the mean of the averaged values."""
    return mean**2 if average == "harmonic" else 1.0


def split_ratio(
    evaluate: Evaluate,
    points: np.ndarray,
    k: int,
    *,
    average: str,
    n_splits: int,
    rng: np.random.Generator,
    n_jobs: int | None,
) -> float:
    """Return the variance of the mean of dependent values relative to that of independent ones; NaN for few points.

    The points are split into random halves `n_splits` times, copies of a point into the same half, for their values
    are the same. In each half the k nearest points of the same half are the neighbours. The ratio is
    Σ (m_1 - m_2)² / Σ (s_1² / n_1 + s_2² / n_2), with mean, standard deviation and size of the halves. Source:
    Politis, Romano and Wolf 1999, "Subsampling", chapter 2, for the differences of halves.
    """
    n = min(len(points), max(MOST, PER_NEIGHBOR * k))
    if n < LEAST * k:
        return float("nan")
    points = points if n == len(points) else points[np.sort(rng.permutation(len(points))[:n])]
    points = _on_few_axes(points)
    most = min(n - 1, ceil(2 * (k + 6 * sqrt(k / 2))))  # six standard deviations above k of the same half
    indices, distances = search_rows(points, None, most, n_jobs, False)
    rows = np.arange(n)
    copies = np.minimum(np.where(distances == 0, indices, rows[:, None]).min(axis=1), rows)
    squares = variances = 0.0
    for _ in range(n_splits):
        first = (rng.permutation(n) < n // 2)[copies]
        same = first[indices] == first[:, None]
        place = same.cumsum(axis=1)
        chosen = same & (place <= k)
        lacking = place[:, -1] < k  # nearly none; an estimator gets any neighbours there
        chosen[lacking] = np.arange(most) < k
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # the values of all points have shown them
            values = evaluate(points, *(part[chosen].reshape(-1, k) for part in (indices, distances)))
        averaged, usable = averaged_values(values, average)
        one, two = (averaged[usable & ~lacking & side] for side in (first, ~first))
        if min(len(one), len(two)) > 1:
            squares += float(one.mean() - two.mean()) ** 2
            variances += float(one.var(ddof=1) / len(one) + two.var(ddof=1) / len(two))
    return squares / variances if variances > 0 else 1.0


def _on_few_axes(points: np.ndarray) -> np.ndarray:
    """Return points (n, d) on their largest principal axes, if there are many features."""
    if points.shape[1] <= AXES:
        return points
    centred = points - points.mean(axis=0, dtype=np.float64)
    variances, axes = np.linalg.eigh(centred @ centred.T)
    return np.ascontiguousarray(axes[:, -AXES:] * np.sqrt(np.maximum(variances[-AXES:], 0)))


def student_quantile(confidence: float, n_splits: int) -> float:
    """Return Student's quantile for an interval whose standard error is from `n_splits` differences."""
    return float(stats.t.ppf((1 + confidence) / 2, n_splits))
