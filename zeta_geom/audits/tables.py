"""The tables of an audit: one row for each measure, each sample, each pair of sets, and each cost."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from zeta_geom.audits.answers.questions import effect_of, place_of
from zeta_geom.audits.intervals.bootstrap import Bootstrap, Estimate, Ratio, difference_interval, further_interval
from zeta_geom.audits.intervals.estimates import ALL, Estimator
from zeta_geom.audits.measured_sets import MeasuredSet, Measurer
from zeta_geom.audits.methods.augmenting import cost_of
from zeta_geom.audits.methods.calls import Method
from zeta_geom.audits.reference import FLOOR, Reference
from zeta_geom.audits.samples import Samples
from zeta_geom.audits.scores import HELDOUT, SAMPLES, Definition, Frechet, Missing, Scores
from zeta_geom.audits.verdicts import qualified, verdict

Tables = dict[str, pd.DataFrame]

NAN = float("nan")
COMPARISON = [
    "space",
    "measure",
    "title",
    "class",
    "first",
    "second",
    "difference",
    "low",
    "high",
    "paired",
    "verdict",
]


def measure_tables(sets: list[MeasuredSet], measurer: Measurer, estimator: Estimator) -> Tables:
    """Return all tables of one space by name, with the real samples that the sets are compared with."""
    held = measurer.heldout()
    summaries = []
    for measured in sets:
        originals = measurer.originals(len(measured.samples))
        real = {name: held if name in held.scores else originals for name in measured.scores}
        summaries.append(_summary(measured, real, estimator, measurer))
    all_sets = [*sets, *measurer.real.values()]
    rows = pd.concat(summaries, ignore_index=True)
    over_all = rows["class"] == ALL
    tables = {"summary": rows[over_all].drop(columns="class").reset_index(drop=True)}
    tables |= {
        "classes": rows[~over_all].reset_index(drop=True),
        "comparisons": _comparisons(all_sets, estimator, measurer),
    }
    tables["samples"] = _concatenated(
        _value_table(measured, measured.samples, SAMPLES, measurer.space) for measured in all_sets
    )
    tables["heldout"] = _concatenated(
        _value_table(measured, estimator.held, HELDOUT, measurer.space) for measured in all_sets
    )
    measurer.advance("intervals")
    return tables


def joined_tables(parts: Sequence[Tables], class_names: Sequence[str] | None) -> Tables:
    """Join the tables of all spaces; names of classes, if there are any, replace their numbers."""
    tables = {name: _concatenated(part[name] for part in parts) for name in parts[0]}
    if class_names is not None:
        for name, table in tables.items():
            if "class" in table:
                tables[name] = table.assign(
                    **{"class": [_class_name(label, class_names) for label in table["class"]]}
                )
    return tables


def _class_name(label: Any, names: Sequence[str]) -> str:
    return names[int(label)] if str(label).isdecimal() else str(label)


def _summary(
    measured: MeasuredSet, real: Mapping[str, MeasuredSet], estimator: Estimator, measurer: Measurer
) -> pd.DataFrame:
    """Return one row for each measure and class: value, interval, interval of real samples, and verdict."""
    estimates, ratios = estimator.estimate(measured), measurer.ratios(len(measured.samples))
    rows = []
    for name, (definition, scores) in measured.scores.items():
        real_estimates, ratio = estimator.estimate(real[name]), ratios.get(name, Ratio())
        scale = _scale(definition, scores, measurer.reference, measured.samples)
        for label in estimator.classes:
            key = (name, label)
            row: dict[str, Any] = {"space": definition.space or measurer.space, "method": measured.name}
            row |= {"group": definition.group, "measure": name, "class": label}
            row |= {"title": definition.title, "unit": definition.unit}
            row |= _row(estimator.bootstrap, definition, estimates.get(key), real_estimates.get(key), ratio, scale)
            row["reason"] = _reason(row, measured, real[name], name, label)
            row["verdict"] = qualified(row["verdict"], measured.apart or definition.alone)
            question, better = place_of(name)
            row |= {"question": question, "better": better}
            rows.append(row | {"effect": effect_of(row), "meaning": definition.meaning})
    return pd.DataFrame(rows)


def _comparisons(sets: Sequence[MeasuredSet], estimator: Estimator, measurer: Measurer) -> pd.DataFrame:
    """Return one row for each measure, class and pair of sets, with their difference and its interval."""
    rows = []
    for first, second in combinations(sets, 2):
        estimates, others = estimator.estimate(first), estimator.estimate(second)
        for key in estimates:
            if key not in others:
                continue
            name, label = key
            definition, scores = first.scores[name]
            scale = _scale(definition, scores, measurer.reference, first.samples, second.samples)
            values = estimates[key].value, others[key].value
            difference = values[0] - values[1] if np.isfinite(values).all() else NAN
            low, high = difference_interval(estimator.bootstrap, estimates[key], others[key])
            word = verdict(0.0, low, high, max(scale, *map(abs, values)))
            word = {"within": "no difference seen", "not measurable": "not measurable"}.get(word, "differ")
            word = qualified(word, (first.apart and second.apart) or definition.alone)
            paired = _paired(first, second, definition, label)
            row = (definition.space or measurer.space, name, definition.title, label, first.name, second.name)
            rows.append((*row, difference, low, high, paired, word))
    return pd.DataFrame(rows, columns=COMPARISON)


def _paired(first: MeasuredSet, second: MeasuredSet, definition: Definition, label: str) -> bool:
    """Return whether two sets correspond row by row, in one class too, or share the held-out originals."""
    if definition.over == HELDOUT:
        return True
    classes = first.samples.classes, second.samples.classes
    same_class = label == ALL or np.array_equal(*classes)  # type: ignore[arg-type]
    return first.rows_of == second.rows_of and bool(same_class)


def cost_table(
    methods: Sequence[Method], synthetic: Iterable[str], sources: Samples, inner: Samples, batch_size: int
) -> pd.DataFrame:
    """Return one row for each method with its measured cost, and for each synthetic set with NaN.

    Methods that mix inside a network are timed on `inner`, the output of a layer.
    """
    rows: list[dict[str, Any]] = []
    for method in methods:
        cost = cost_of(method, inner if method.inside else sources, batch_size)
        row = {"method": method.name, "batch": cost.batch, "seconds": cost.seconds, "copy_seconds": cost.copy}
        rows.append(row | {"copies": cost.seconds / cost.copy, "calls": cost.calls, "reason": ""})
    for name in synthetic:
        row = {"method": name, "batch": 0, "seconds": NAN, "copy_seconds": NAN, "copies": NAN, "calls": 0}
        rows.append(row | {"reason": "not measurable: these are arrays, without the method that made them"})
    return pd.DataFrame(rows)


def _row(
    bootstrap: Bootstrap,
    definition: Definition,
    estimate: Estimate | None,
    real: Estimate | None,
    ratio: Ratio,
    scale: float,
) -> dict[str, Any]:
    estimate = estimate or Estimate(NAN, None, 0, NAN, NAN, NAN)  # a set without samples in the class
    low, high = bootstrap.interval(estimate.draws, estimate.value, definition.limits)
    real_low, real_high = (NAN, NAN)
    if estimate.n and real is not None:
        real_low, real_high = further_interval(bootstrap, definition, real, estimate.n, ratio)
    real_value = NAN if real is None else real.value
    difference = estimate.value - real_value if np.isfinite([estimate.value, real_value]).all() else NAN
    row = {"value": estimate.value, "low": low, "high": high, "median": estimate.median, "std": estimate.std}
    row |= {"n": estimate.n, "infinite": estimate.infinite, "real": real_value}
    row |= {"real_low": real_low, "real_high": real_high, "difference": difference}
    return row | {"verdict": verdict(estimate.value, real_low, real_high, scale)}


def _scale(definition: Definition, scores: Scores | Missing, reference: Reference, *sets: Samples) -> float:
    """Return the scale of a measure, of which a share FLOOR is rounding.

    If samples and originals are one point, rounding alone decides who lies in whose ball: the scale is infinite.
    """
    if definition.group in ("geometry", "fidelity", "novelty") and reference.is_one_point(*sets):
        return float("inf")
    if isinstance(scores, Scores) and isinstance(scores.statistic, Frechet):
        return float(np.abs(scores.statistic.reference).max()) ** 2
    return reference.rounding / FLOOR if definition.length else 1.0


def _reason(row: Mapping[str, Any], measured: MeasuredSet, real: MeasuredSet, name: str, label: str) -> str:
    """Return the reason why a row is not measurable; empty if it is measurable."""
    if row["verdict"] != "not measurable":
        return ""
    for prefix, candidate in (("", measured), ("not measurable of real samples: ", real)):
        scores = candidate.scores[name][1]
        if isinstance(scores, Missing):
            return prefix + scores.reason
    if row["infinite"] > 0:
        return f"infinite for {row['infinite']:.1%} of the samples"
    if np.isinf(row["real"]):
        return "infinite for real samples"
    if label != ALL and measured.scores[name][0].over == SAMPLES:
        for prefix, candidate in (("", measured), ("real ", real)):
            if candidate.samples.classes is None:
                return f"the {prefix}samples have no labels"
            if not (candidate.samples.classes == int(label)).any():
                return f"no {prefix}sample of class {label}"
    return "too few samples for an interval"


def _concatenated(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return the tables as one, leaving out tables without a measure."""
    full = [table for table in tables if set(table.columns) - {"space", "method", "row", "class"}]
    return pd.concat(full, ignore_index=True) if full else pd.DataFrame({"space": [], "method": [], "row": []})


def _value_table(measured: MeasuredSet, samples: Samples, over: str, space: str) -> pd.DataFrame:
    columns: dict[str, Any] = {"space": space, "method": measured.name, "row": samples.rows}
    if samples.classes is not None:
        columns["class"] = samples.classes
    for name, (definition, scores) in measured.scores.items():
        if definition.over == over and isinstance(scores, Scores) and scores.values.ndim == 1:
            columns[name] = scores.values
    return pd.DataFrame(columns)
