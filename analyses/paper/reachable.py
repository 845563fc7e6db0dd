"""The numbers of Tables 6 and 7 that no test set of the known size can give."""

from __future__ import annotations

import pandas as pd

from analyses.paper.check import Check
from analyses.paper.feasibility import Interval, attained, counts, interval, possible_sizes, possible_splits, repairs
from analyses.paper.partitions import PARTITIONS

METRICS = ["balanced_accuracy", "f1_micro", "f1_macro"]


def test_sizes(table: pd.DataFrame, largest: int, n_runs: int) -> list[Check]:
    """Find the sizes of a test set, up to the largest, for which all F1-micro are a whole number of images."""
    checks, whole = [], 0
    micro = table[table["metric"] == "f1_micro"]
    for data, group in micro.groupby("data", sort=False):
        figures = [interval(row.printed, row.unit) for row in group.itertuples()]
        possible, known = possible_sizes(figures, range(10, largest + 1)), PARTITIONS[data]
        listed = ", ".join(map(str, possible[:3])) or "none"
        derived = f"possible: {listed}{' ...' if len(possible) > 3 else ''}"
        printed, agrees = f"{known.test}: {known.source}", known.test in possible
        checks.append(Check("Table 6", "size of the test set from F1-micro", data, printed, derived, agrees))
        whole += sum(bool(counts(figure, possible[0] if possible else known.test)) for figure in figures)
    sentence = f"the metrics, those of Tables 4, 6 and 7, are the mean values of {n_runs} runs"
    derived = f"{whole} of {len(micro)} F1-micro of Table 6 are a whole number of images of one run"
    what = "number of runs behind Table 6"
    return [*checks, Check("Fig. 9", what, "caption of Fig. 9", sentence, derived, whole < len(micro))]


def triples(table: pd.DataFrame) -> list[Check]:
    """Find an outcome behind each triple of numbers on two classes, and the split that allows most triples."""
    checks = []
    for data, group in table[table["n_classes"] == 2].groupby("data", sort=False):
        models = {
            (network, method): {row.metric: interval(row.printed, row.unit) for row in rows.itertuples()}
            for (network, method), rows in group.groupby(["network", "method"], sort=False)
        }
        known = PARTITIONS[data]
        best, *others = possible_splits(known.test, list(models.values()))
        tried = known.classes or best[1:]
        derived = (
            f"{best[1]} + {best[2]} allows {best[0]} of {len(models)} models, the next best split {others[0][0]}"
        )
        printed = f"{known.classes[0]} + {known.classes[1]}; {known.source}" if known.classes else ""
        agrees = best[1:] == known.classes if known.classes else None
        checks.append(Check("Table 6", "sizes of the two classes", data, printed, derived, agrees))
        for (network, method), figures in models.items():
            rows = group[(group["network"] == network) & (group["method"] == method)].set_index("metric")
            printed = ", ".join(rows.loc[METRICS, "printed"])
            checks.append(triple(f"{data}, {network}, {method}", printed, tried, figures))
    return checks


def triple(where: str, printed: str, classes: tuple[int, int], figures: dict[str, Interval]) -> Check:
    """Return the check of one model's three figures."""
    right = attained(classes, figures)
    if right:
        derived = "; ".join(f"right: {a} of {classes[0]} and {b} of {classes[1]}" for a, b in right)
    else:
        mended = [f"{name} {value:.4f}" for name, values in repairs(classes, figures).items() for value in values]
        derived = f"no outcome on {classes[0]} + {classes[1]}; with the other two: {' or '.join(mended) or 'nothing'}"
    return Check("Table 6", "some outcome gives the three figures", where, printed, derived, bool(right))


def accuracies(table: pd.DataFrame, n_runs: int) -> list[Check]:
    """Check that accuracy is a whole number of images, for test sets small enough that 0.1 % can fail."""
    checks = []
    for row in table[table["metric"] == "accuracy"].itertuples():
        n = PARTITIONS[row.data].test
        if n >= 1000:
            continue
        limits = interval(row.printed, row.unit)
        single, mean = counts(limits, n), counts(limits, n_runs * n)
        nearest = round(row.value * n)
        derived = f"one run of {n} images: {single or 'none'}; mean of {n_runs}: {mean or 'none'}"
        shares = ", ".join(f"{k}/{n} = {k / n:.2%}" for k in (nearest - 1, nearest, nearest + 1))
        beside = "" if single else f"; nearest {shares}"
        where = f"{row.data}, {row.method}"
        agrees = bool(single or mean)
        checks.append(
            Check("Table 7", "accuracy is a whole number of images", where, row.printed, derived + beside, agrees)
        )
    return checks
