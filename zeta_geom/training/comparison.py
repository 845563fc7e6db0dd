"""Compare methods over the same seeds: means, paired t intervals, Holm's correction."""

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from zeta_geom.checks import LARGEST, check_real, check_table


class PairedInterval(NamedTuple):
    """Mean of paired differences, the limits of its t interval, and the p-value of the paired t test."""

    mean: float
    low: float
    high: float
    p: float


def compare(
    runs: pd.DataFrame,
    *,
    by: Sequence[str] = ("data", "network", "metric"),
    against: str = "mixup",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare each method with a reference method on their common seeds.

    Parameters
    ----------
    runs : DataFrame
        One row for each run and metric: method, seed, value, and the columns that `by` names.
    by : sequence of str
        Columns; each combination of their values is compared by itself.
    against, confidence : str, float
        The reference method; the level of each interval, which Holm's correction does not widen.

    Returns
    -------
    DataFrame
        One row for each combination and method: mean, std (over n seeds, with n - 1 in its denominator), n; the mean
        difference from `against`, `low` and `high` of its paired t interval (over n_pairs seeds), p of the paired t
        test, and p_holm, corrected over the methods of the combination. NaN if fewer than two seeds are common. If
        all differences are equal, the interval has length 0, and p is 0 (NaN if the differences are 0).

    Raises
    ------
    TypeError, ValueError
        If a column is missing, a value infinite or not a number, a run repeated, or `confidence` not in (0, 1).

    Examples
    --------
    >>> runs = pd.DataFrame({"data": "toy", "method": 3 * ["mixup"] + 3 * ["zeta"], "seed": 2 * [0, 1, 2],
    ...                      "value": [0.2, 0.3, 0.25, 0.18, 0.27, 0.22]})
    >>> compare(runs, by=["data"])[["method", "n", "difference", "p_holm"]].round(4)
      method  n  difference  p_holm
    0  mixup  3         NaN     NaN
    1   zeta  3     -0.0267  0.0153
    """
    check_real(confidence, "confidence", low=0, high=1, strict=True)
    columns = [*by, "method", "seed"]
    check_table(runs, ["value"], "runs", texts=columns)
    if (np.abs(runs["value"].to_numpy(dtype=np.float64)) > LARGEST).any():
        raise ValueError(f"runs must hold numbers within ±{LARGEST:g} or NaN in column value; leave failed runs out.")
    if not isinstance(against, str):
        raise TypeError(f"against must be the name of a method; got {against!r}.")
    runs = runs.astype({"value": np.float64})
    if runs.duplicated(columns).any():
        raise ValueError(f"runs must hold each run once; some rows have equal {', '.join(columns)}.")
    comparisons = []
    for key, part in runs.groupby(list(by), sort=False):
        wide = part.pivot(index="seed", columns="method", values="value")
        rows = [_row(wide, method, against, confidence) for method in part["method"].unique()]
        adjusted = holm([row["p"] for row in rows])
        comparisons += [dict(zip(by, key)) | row | {"p_holm": p} for row, p in zip(rows, adjusted)]
    return pd.DataFrame(comparisons)


def paired_interval(differences: Sequence[float] | np.ndarray, confidence: float = 0.95) -> PairedInterval:
    """Return the t interval of the mean of paired differences (n,); limits and p are NaN for fewer than two."""
    values = np.asarray(differences, dtype=np.float64)
    if len(values) < 2:
        return PairedInterval(float(values.mean()), np.nan, np.nan, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Precision loss", RuntimeWarning)  # differences that are all equal
        test = stats.ttest_1samp(values, 0)
    limits = test.confidence_interval(confidence)
    return PairedInterval(float(values.mean()), float(limits.low), float(limits.high), float(test.pvalue))


def holm(p: Sequence[float]) -> np.ndarray:
    """Correct p-values (n,) for multiple tests by Holm's step-down rule (1979); NaN stay and do not count."""
    values = np.asarray(p, dtype=np.float64)
    adjusted = values.copy()
    order = np.argsort(values)[: np.isfinite(values).sum()]  # NaN come last
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(values[order] * factors), 1)
    return adjusted


def _row(wide: pd.DataFrame, method: str, against: str, confidence: float) -> dict[str, Any]:
    values = wide[method].dropna()
    row: dict[str, Any] = {"method": method, "mean": values.mean(), "std": values.std(), "n": len(values)}
    row |= dict.fromkeys(("difference", "low", "high", "p"), np.nan) | {"n_pairs": 0}
    if method == against or against not in wide:
        return row
    pairs = wide[[method, against]].dropna()
    row["n_pairs"] = len(pairs)
    if len(pairs) < 2:
        return row
    interval = paired_interval((pairs[method] - pairs[against]).to_numpy(), confidence)
    return row | {"difference": interval.mean, "low": interval.low, "high": interval.high, "p": interval.p}
