"""Which printed numbers can a test set of a known size give at all?

A number printed to four digits stands for an interval. Accuracy is a whole number of images over the size of the test
set. With two classes, the counts of right answers in both classes determine balanced accuracy, F1-micro and F1-macro
together, so that all possible outcomes can be listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

SLACK = 1e-9  # of a fraction: more than binary rounding moves
Interval = tuple[float, float]


def interval(printed: str, unit: str) -> Interval:
    """Return the limits, as fractions, of the values that round to a printed number; a ± part is ignored."""
    match = re.match(r"\+?(\d+)\.(\d+)(?=%| ±|$)", printed)
    if not match or unit not in ("%", "1"):
        raise ValueError(f"printed must be a decimal number, such as '70.44%' or '4.42 ± 0.02'; got {printed!r}.")
    scale = 0.01 if unit == "%" else 1.0
    half = 0.5 * 10.0 ** -len(match[2])
    value = float(f"{match[1]}.{match[2]}")
    return (value - half) * scale - SLACK, (value + half) * scale + SLACK


def counts(limits: Interval, n: int) -> list[int]:
    """Return the whole numbers k with k / n within the limits."""
    low, high = limits
    return list(range(max(0, int(np.ceil(low * n))), min(n, int(np.floor(high * n))) + 1))


def possible_sizes(figures: Sequence[Interval], sizes: Iterable[int]) -> list[int]:
    """Return the sizes of a test set for which every figure is a whole number of images over the size."""
    return [n for n in sizes if all(counts(figure, n) for figure in figures)]


def outcomes(class_sizes: tuple[int, int]) -> dict[str, np.ndarray]:
    """Return every outcome of a test with two classes: the right answers in each, and the three metrics.

    Parameters
    ----------
    class_sizes : (int, int)
        Test images of each class, n0 and n1.

    Returns
    -------
    dict of name -> array, shape (n0 + 1, n1 + 1)
        right_0, right_1, balanced_accuracy, f1_micro, f1_macro. Both classes have images, so that every F1
        is defined.
    """
    n0, n1 = class_sizes
    right_0, right_1 = np.mgrid[0 : n0 + 1, 0 : n1 + 1]
    f1_0 = 2 * right_0 / (n0 + right_0 + n1 - right_1)  # 2 TP / (in the class + predicted)
    f1_1 = 2 * right_1 / (n1 + right_1 + n0 - right_0)
    return {
        "right_0": right_0,
        "right_1": right_1,
        "balanced_accuracy": (right_0 / n0 + right_1 / n1) / 2,
        "f1_micro": (right_0 + right_1) / (n0 + n1),
        "f1_macro": (f1_0 + f1_1) / 2,
    }


def attained(class_sizes: tuple[int, int], figures: dict[str, Interval]) -> list[tuple[int, int]]:
    """Return the right answers in each class, for all outcomes that give these figures (metric -> limits)."""
    every = outcomes(class_sizes)
    fits = np.ones_like(every["f1_micro"], dtype=bool)
    for name, (low, high) in figures.items():
        fits &= (every[name] >= low) & (every[name] <= high)
    return list(zip(every["right_0"][fits].tolist(), every["right_1"][fits].tolist()))


def repairs(class_sizes: tuple[int, int], figures: dict[str, Interval]) -> dict[str, list[float]]:
    """Return, for each figure, the values that it takes in outcomes that give the other figures as printed."""
    every, values = outcomes(class_sizes), {}
    for name in figures:
        kept = attained(class_sizes, {other: limits for other, limits in figures.items() if other != name})
        values[name] = sorted({round(float(every[name][right]), 6) for right in kept})
    return values


def possible_splits(n: int, rows: Sequence[dict[str, Interval]]) -> list[tuple[int, int, int]]:
    """Return (rows attained, n0, n1), best first, for all splits of n test images into two classes, n0 >= n1."""
    tried = [(sum(bool(attained((n - n1, n1), row)) for row in rows), n - n1, n1) for n1 in range(1, n // 2 + 1)]
    return sorted(tried, key=lambda split: (-split[0], split[1]))
