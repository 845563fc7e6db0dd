"""The tables of an audit: a row a measure, a row a sample, a row a pair of methods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from zeta_geom.audits.bootstrap import Bootstrap, Estimate, difference_interval, further_interval
from zeta_geom.audits.estimates import ALL, Estimator, Measured
from zeta_geom.audits.samples import Samples
from zeta_geom.audits.values import HELDOUT, SAMPLES, Found, Measure, Missing
from zeta_geom.audits.verdicts import verdict

__all__ = ["class_table", "comparison_table", "sample_tables", "summary_table"]

NAN = float("nan")


def summary_table(measured: Measured, real: Mapping[str, Measured], estimator: Estimator) -> pd.DataFrame:
    """Return a row a measure and class: the value, its interval, real data's interval, and where it stands."""
    own = estimator.own(measured)
    rows = []
    for name, (measure, _) in measured.found.items():
        base, further = estimator.own(real[name]), estimator.further(real[name], measured)
        for chosen in estimator.classes:
            place = (name, chosen)
            row = {"method": measured.name, "group": measure.group, "measure": name, "class": chosen}
            row |= {"title": measure.title, "unit": measure.unit}
            row |= _row(estimator.bootstrap, measure, own.get(place), base.get(place), further.get(place))
            row["reason"] = _reason(row, measured, real[name], name, chosen)
            rows.append(row | {"meaning": measure.meaning})
    return pd.DataFrame(rows)


def comparison_table(sets: Sequence[Measured], estimator: Estimator) -> pd.DataFrame:
    """Return a row a measure, class and pair of sets: their difference and its interval."""
    rows = []
    for one, other in combinations(sets, 2):
        own, others = estimator.own(one), estimator.own(other)
        for place in own:
            if place not in others:
                continue
            name, chosen = place
            measure = one.found[name][0]
            values = own[place].value, others[place].value
            difference = values[0] - values[1] if np.isfinite(values).all() else NAN
            low, high = difference_interval(estimator.bootstrap, own[place], others[place])
            about = {
                "measure": name,
                "title": measure.title,
                "class": chosen,
                "first": one.name,
                "second": other.name,
            }
            stands = verdict(0.0, low, high, max(map(abs, values)))
            said = {"within": "no difference seen", "not measurable": "not measurable"}.get(stands, "differ")
            rows.append(
                about
                | {
                    "difference": difference,
                    "low": low,
                    "high": high,
                    "paired": _paired(one, other, measure, chosen),
                    "verdict": said,
                }
            )
    columns = ["measure", "title", "class", "first", "second", "difference", "low", "high", "paired", "verdict"]
    return pd.DataFrame(rows, columns=columns)


def _paired(one: Measured, other: Measured, measure: Measure, chosen: str) -> bool:
    """Say whether two sets are averaged over the same held-out originals, or over rows that belong together."""
    if measure.over == HELDOUT:
        return True
    same_class = chosen == ALL or np.array_equal(one.samples.classes, other.samples.classes)  # type: ignore[arg-type]
    return one.rows_of == other.rows_of and bool(same_class)


def sample_tables(sets: list[Measured], held: Samples) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a row a sample, and a row a held-out original and set, with the values that their means are made of."""
    return (
        _joined(_values(one, one.samples, SAMPLES) for one in sets),
        _joined(_values(one, held, HELDOUT) for one in sets),
    )


def class_table(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows over all samples, without the column class, and those of single classes."""
    over_all = rows["class"] == ALL
    return rows[over_all].drop(columns="class").reset_index(drop=True), rows[~over_all].reset_index(drop=True)


def _row(
    bootstrap: Bootstrap, measure: Measure, own: Estimate | None, real: Estimate | None, further: Estimate | None
) -> dict[str, Any]:
    value = NAN if own is None else own.value
    low, high = (NAN, NAN) if own is None else bootstrap.interval(own.draws, value, measure.limits)
    real_low, real_high = (NAN, NAN)
    if own is not None and real is not None and further is not None:
        real_low, real_high = further_interval(bootstrap, measure, real, further, own.n)
    real_value = NAN if real is None else real.value
    return {
        "value": value,
        "low": low,
        "high": high,
        "median": NAN if own is None else own.median,
        "std": NAN if own is None else own.std,
        "n": 0 if own is None else own.n,
        "infinite": NAN if own is None else own.infinite,
        "real": real_value,
        "real_low": real_low,
        "real_high": real_high,
        "difference": value - real_value if np.isfinite([value, real_value]).all() else NAN,
        "verdict": verdict(value, real_low, real_high),
    }


def _reason(row: Mapping[str, Any], own: Measured, real: Measured, name: str, chosen: str) -> str:
    """Say why a row is not measurable; empty where it is."""
    if row["verdict"] != "not measurable":
        return ""
    for whose, one in (("", own), ("not so of real samples: ", real)):
        found = one.found[name][1]
        if isinstance(found, Missing):
            return whose + found.reason
    if row["infinite"] > 0:
        return f"infinite for {row['infinite']:.1%} of the samples"
    if np.isinf(row["real"]):
        return "infinite for real samples"
    if chosen != ALL and own.found[name][0].over == SAMPLES:
        for whose, one in (("", own), ("real ", real)):
            if one.samples.classes is None:
                return f"the {whose}samples have no labels"
            if not (one.samples.classes == int(chosen)).any():
                return f"no {whose}sample of class {chosen}"
    return "too few samples for an interval"


def _joined(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return the tables as one, without those that hold no measure."""
    held = [table for table in tables if set(table.columns) - {"method", "row", "class"}]
    return pd.concat(held, ignore_index=True) if held else pd.DataFrame({"method": [], "row": []})


def _values(measured: Measured, rows: Samples, over: str) -> pd.DataFrame:
    columns: dict[str, Any] = {"method": measured.name, "row": rows.rows}
    if rows.classes is not None:
        columns["class"] = rows.classes
    for name, (measure, found) in measured.found.items():
        if measure.over == over and isinstance(found, Found) and found.values.ndim == 1:
            columns[name] = found.values
    return pd.DataFrame(columns)
