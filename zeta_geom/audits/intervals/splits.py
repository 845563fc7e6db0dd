"""Random splits of real data: the differences between sets that differ by chance alone."""

from collections.abc import Iterator, Mapping

import numpy as np

from zeta_geom.audits.measures.fidelity import BETA_K, COVERAGE_K, PRECISION_K
from zeta_geom.fidelity import integrated_score
from zeta_geom.fidelity.quantile_levels import level_grid, quantile_ranks
from zeta_geom.geometry.cpu.counts import pointwise_dimensions

Pair = tuple[float, float]  # the difference of two sets, and its variance if their values were independent

LEVELS = level_grid(101)  # as in `beta_recall`


def halves(
    points: Mapping[int, np.ndarray],
    lists: np.ndarray,
    alpha: float,
    rng: np.random.Generator,
    n_jobs: int | None,
) -> dict[str, Pair]:
    """Return the pairs of the local dimension for one split of points (2n, d) with neighbours `lists` into halves.

    `points` are given for each number of neighbours, ascending.
    """
    largest = max(points)
    first = rng.permutation(len(lists)) < len(lists) // 2
    same = first[lists] == first[:, None]
    place = same.cumsum(axis=1)
    rows = np.flatnonzero(place[:, -1] >= largest)  # nearly all: see `Calibration`
    indices = lists[rows][(same & (place <= largest))[rows]].reshape(-1, largest)
    first = first[rows]
    pairs = {}
    for k, X in points.items():
        (values,) = pointwise_dimensions(X, indices, (k,), alpha, "FO", n_jobs=n_jobs)
        pairs[f"dimension-k{k}"] = _independent(values[first], values[~first])
    return pairs


def triples(
    points: np.ndarray,
    lists: np.ndarray,
    votes: np.ndarray,
    sizes: tuple[int, int],
    classes: np.ndarray | None,
    k: int,
    rng: np.random.Generator,
) -> dict[str, Pair]:
    """Return the pairs of the means over held-out originals for one split of points (2n + h, d).

    Two sets of n points play samples, the other h the held-out originals; `sizes` are n and h. `lists` are neighbours
    for balls, `votes` for the label agreement, which takes classes.
    """
    part = rng.permutation(np.repeat([0, 1, 2], [sizes[0], sizes[0], sizes[1]]))
    parts = part[lists]
    first, second = (dict(_scores(points, lists, part, parts, one)) for one in (0, 1))
    if classes is not None:
        first["label-agreement"], second["label-agreement"] = (
            _agreement(votes, part, one, classes, k) for one in (0, 1)
        )
    pairs = {name: _independent(values, second[name]) for name, values in first.items() if name != "beta-recall"}
    return pairs | {"beta-recall": _independent_curves(first["beta-recall"], second["beta-recall"])}


def _scores(
    points: np.ndarray, lists: np.ndarray, part: np.ndarray, parts: np.ndarray, samples: int
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield recall, coverage and β-recall's ranks of the held-out originals, part 2, for one set of samples."""
    rows, held = np.flatnonzero(part == samples), np.flatnonzero(part == 2)
    within = _balls(parts[rows] == samples, PRECISION_K) & (parts[rows] == 2)
    reached = np.zeros(len(points), dtype=bool)
    reached[lists[rows][within]] = True
    yield "recall", reached[held].astype(np.float64)
    ranks = np.full(len(points), np.inf)
    distances = np.linalg.norm(points[rows] - points[rows].mean(axis=0), axis=1)
    ranks[rows] = quantile_ranks(distances, distances)
    inside = parts[held] == samples
    yield "coverage", (inside & _balls(parts[held] == 2, COVERAGE_K)).any(axis=1).astype(np.float64)
    inside &= _balls(parts[held] == 2, BETA_K)
    yield "beta-recall", np.where(inside, ranks[lists[held]], np.inf).min(axis=1)


def _agreement(lists: np.ndarray, part: np.ndarray, samples: int, classes: np.ndarray, k: int) -> np.ndarray:
    """Return the share of the class of each held-out original among its k nearest of one set of samples."""
    held = np.flatnonzero(part == 2)
    members = part[lists[held]] == samples
    members &= members.cumsum(axis=1) <= k
    agree = members & (classes[lists[held]] == classes[held, None])
    return np.asarray(agree.sum(axis=1) / k, dtype=np.float64)


def _balls(same: np.ndarray, k: int) -> np.ndarray:
    """Return which listed neighbours lie in the ball that reaches to the k-th of the same set, bool (n, K)."""
    return np.asarray(same.cumsum(axis=1) < k)


def _independent(first: np.ndarray, second: np.ndarray) -> Pair:
    variance = first.var(ddof=1) / len(first) + second.var(ddof=1) / len(second)
    return float(first.mean() - second.mean()), float(variance)


def _independent_curves(first: np.ndarray, second: np.ndarray) -> Pair:
    """Return the pair of two scores of `Curve`; the variance is that of its linear part."""
    scores, variance = [], 0.0
    steps = np.diff(LEVELS, prepend=0.0, append=1.0)
    weights = (steps[:-1] + steps[1:]) / 2  # of the trapezoidal rule
    for ranks in (first, second):
        below = (ranks[:, None] <= LEVELS).astype(np.float64)
        curve = below.mean(axis=0)
        scores.append(float(integrated_score(curve, LEVELS)))
        parts = -2 * below @ (weights * np.sign(curve - LEVELS))
        variance += float(parts.var(ddof=1)) / len(ranks)
    return scores[0] - scores[1], variance
