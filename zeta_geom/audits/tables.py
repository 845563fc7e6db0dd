"""The tables of an audit: a row a measure, a row a sample, a row a pair of methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from sklearn.neighbors import KDTree

from zeta_geom.audits.intervals import Bootstrap, Estimate, difference_interval, further_interval
from zeta_geom.audits.samples import Samples
from zeta_geom.audits.values import HELDOUT, SAMPLES, Found, Frechet, Measure, Missing
from zeta_geom.audits.verdicts import verdict

__all__ = [
    "ALL",
    "HELD",
    "ORIGINAL",
    "Estimator",
    "Measured",
    "class_table",
    "comparison_table",
    "sample_tables",
    "summary_table",
]

ORIGINAL = "original"
ALL = "all"
HELD = "held-out"
NAN = float("nan")

LEAF = 2  # samples in a leaf

Key = tuple[str, str]  # a measure's name, and a class or ALL


@dataclass(frozen=True)
class Measured:
    """One set of samples with all that was found of it.

    Parameters
    ----------
    name : str
    samples : Samples
    found : mapping of a measure's name -> (Measure, Found or Missing)
    key : str
        Whose rows its rows are: sets of one key are compared pair by pair.
    places : int array of shape (n,)
        Where each sample, or the one that it was made from, stands in an order of those that lie together.
    """

    name: str
    samples: Samples
    found: Mapping[str, tuple[Measure, Found | Missing]]
    key: str
    places: np.ndarray


def places_of(samples: Samples) -> np.ndarray:
    """Return where each sample stands along the leaves of a k-d tree.

    Parameters
    ----------
    samples : Samples

    Returns
    -------
    int64 array of shape (n,)
    """
    order = np.asarray(KDTree(samples.flat, leaf_size=LEAF).get_arrays()[1])
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(len(order))
    return places


@dataclass(frozen=True)
class Estimator:
    """Makes estimates of whole sets and of single classes, each once.

    Parameters
    ----------
    held : Samples
        The held-out originals, over which some measures are averaged.
    bootstrap : Bootstrap
    classes : tuple of str
        ALL, and the numbers of classes.
    """

    held: Samples
    bootstrap: Bootstrap
    classes: tuple[str, ...]
    _made: dict[Any, dict[Key, Estimate]] = field(default_factory=dict)

    @cached_property
    def held_places(self) -> np.ndarray:
        """Where each held-out original stands in an order of those that lie together."""
        return places_of(self.held)

    def own(self, measured: Measured) -> dict[Key, Estimate]:
        """Return the estimates of a set, without what could not be measured or has no sample."""
        return self._estimates(measured, None)

    def further(self, measured: Measured, other: Measured) -> dict[Key, Estimate]:
        """Return estimates of a set from resamples as large as another's classes are, drawn apart."""
        owners = other.samples.classes
        sizes = {ALL: len(other.samples)}
        if owners is not None:
            sizes |= {chosen: int((owners == int(chosen)).sum()) for chosen in self.classes[1:]}
        return self._estimates(measured, sizes)

    def _estimates(self, measured: Measured, sizes: Mapping[str, int] | None) -> dict[Key, Estimate]:
        about = (measured.name, None if sizes is None else tuple(sizes.items()))
        if about in self._made:
            return self._made[about]
        made: dict[Key, Estimate] = {}
        for over, key, places in (
            (SAMPLES, measured.key, measured.places),
            (HELDOUT, HELD, self.held_places),
        ):
            owners = self.held.classes if over == HELDOUT else measured.samples.classes
            for chosen in self.classes:
                rows: Any = slice(None) if chosen == ALL else None if owners is None else owners == int(chosen)
                if rows is None or (chosen != ALL and not rows.any()):
                    continue
                parts = dict(self._parts(measured, over, chosen, rows))
                size = None if sizes is None or over == HELDOUT else sizes.get(chosen) or None
                full = f"{key}/{chosen}" if sizes is None else f"further/{key}/{chosen}"
                found = self.bootstrap.estimate(list(parts.values()), full, places[rows], size)
                made |= {(name, chosen): one for name, one in zip(parts, found, strict=True)}
        self._made[about] = made
        return made

    def _parts(self, measured: Measured, over: str, chosen: str, rows: Any) -> Iterator[tuple[str, Found]]:
        """Yield the values of a class; a Fréchet distance is from the held-out originals of that class."""
        for name, (measure, found) in measured.found.items():
            if measure.over != over or isinstance(found, Missing):
                continue
            statistic = found.statistic
            if isinstance(statistic, Frechet) and chosen != ALL:
                same: Any = self.held.classes == int(chosen)
                if same.sum() < 2 or rows.sum() < 2:
                    continue
                statistic = Frechet(statistic.reference[same])
            yield name, Found(found.values[rows], found.reach, statistic)


def summary_table(measured: Measured, real: Mapping[str, Measured], estimator: Estimator) -> pd.DataFrame:
    """Return a row a measure and class: the value, its interval, real data's interval, and where it stands.

    Parameters
    ----------
    measured : Measured
    real : mapping of a measure's name -> Measured
        The real samples that the measure is compared with.
    estimator : Estimator

    Returns
    -------
    DataFrame
        Columns method, group, measure, class, title, unit, value, low, high, median, std, n, infinite, real,
        real_low, real_high, difference, verdict, reason, meaning.
    """
    own = estimator.own(measured)
    rows = []
    for name, (measure, found) in measured.found.items():
        base, further = estimator.own(real[name]), estimator.further(real[name], measured)
        for chosen in estimator.classes:
            place = (name, chosen)
            row = {"method": measured.name, "group": measure.group, "measure": name, "class": chosen}
            row |= {"title": measure.title, "unit": measure.unit}
            row |= _row(estimator.bootstrap, measure, own.get(place), base.get(place), further.get(place))
            row["reason"] = _reason(row, found, real[name].found[name][1], chosen)
            rows.append(row | {"meaning": measure.meaning})
    return pd.DataFrame(rows)


def comparison_table(sets: Sequence[Measured], estimator: Estimator) -> pd.DataFrame:
    """Return a row a measure, class and pair of sets: their difference and its interval.

    Parameters
    ----------
    sets : sequence of Measured
    estimator : Estimator

    Returns
    -------
    DataFrame
        Columns measure, title, class, first, second, difference, low, high, paired, verdict. "paired" says whether
        both were made from the same originals, row by row, or are averaged over the same held-out ones.
    """
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
            paired = measure.over == HELDOUT or one.key == other.key
            stands = verdict(0.0, low, high)
            said = {"within": "no difference seen", "not measurable": "not measurable"}.get(stands, "differ")
            rows.append(
                about | {"difference": difference, "low": low, "high": high, "paired": paired, "verdict": said}
            )
    columns = ["measure", "title", "class", "first", "second", "difference", "low", "high", "paired", "verdict"]
    return pd.DataFrame(rows, columns=columns)


def sample_tables(sets: list[Measured], held: Samples) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a row a sample, and a row a held-out original and set, with the values that their means are made of.

    Parameters
    ----------
    sets : list of Measured
    held : Samples

    Returns
    -------
    samples, heldout : DataFrame
        Columns method, row, class (where there are labels), and a column a measure.
    """
    return (
        pd.concat([_values(one, one.samples, "samples") for one in sets], ignore_index=True),
        pd.concat([_values(one, held, HELDOUT) for one in sets], ignore_index=True),
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


def _reason(row: Mapping[str, Any], found: Found | Missing, real: Found | Missing, chosen: str) -> str:
    """Say why a row is not measurable; empty where it is."""
    if row["verdict"] != "not measurable":
        return ""
    if isinstance(found, Missing):
        return found.reason
    if isinstance(real, Missing):
        return f"not so of real samples: {real.reason}"
    if row["n"] == 0:
        return f"no sample of class {chosen}"
    if row["infinite"] > 0:
        return f"infinite for {row['infinite']:.1%} of the samples"
    if np.isinf(row["real"]):
        return "infinite for real samples"
    return "too few samples for an interval"


def _values(measured: Measured, rows: Samples, over: str) -> pd.DataFrame:
    columns: dict[str, Any] = {"method": measured.name, "row": rows.rows}
    if rows.classes is not None:
        columns["class"] = rows.classes
    for name, (measure, found) in measured.found.items():
        if measure.over == over and isinstance(found, Found) and found.values.ndim == 1:
            columns[name] = found.values
    return pd.DataFrame(columns)
