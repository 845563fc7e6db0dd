"""The sections of a report: their sentences, tables and pictures."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from zeta_geom.audits.report.figures import densities, small_multiples, worst_of, worst_pictures
from zeta_geom.audits.report.html import Page, Picture, Section, Table, svg_bytes
from zeta_geom.audits.report.maps import maps
from zeta_geom.audits.result import AuditResult
from zeta_geom.audits.verdicts import sentences

DIGITS = 6  # significant digits of the values of single samples
SHOWN = 60  # rows of a long table that the page shows
FITTING = 1_100_000  # numbers of six digits that fit into a page of 5 MiB

HEADINGS = {
    "title": "measure",
    "measure": "key",
    "low": "interval from",
    "high": "to",
    "real": "real samples",
    "real_low": "others from",
    "real_high": "others to",
    "infinite": "share infinite",
    "seconds": "seconds a batch",
    "copy_seconds": "seconds a copy",
    "copies": "batch ÷ copy",
    "batch": "samples in a batch",
}
MAIN = ["method", "title", "verdict", "value", "low", "high", "real", "real_low", "real_high", "unit", "reason"]


def make_page(audit: AuditResult, title: str, repeat: str | None) -> Page:
    """Return the page of a report."""
    confidence = audit.settings["confidence"]
    verdicts = [line for name in audit.methods for line in sentences(audit.summary, name, confidence)]
    values = "The single values behind the means, for synthetic samples and for real samples."
    sections = [
        Section("Where each measure stands", verdicts, [_summary(audit)], [_main(audit)]),
        _comparisons(audit),
        _classes(audit),
        Section("Densities", [values], pictures=list(densities(audit))),
        _worst(audit),
        maps(audit),
        _cost(audit),
        _every(audit),
        _definitions(audit),
        _settings(audit),
    ]
    lead = [
        f"The effect of {_listed(audit.methods)} on {audit.settings['originals']:,} originals, measured against "
        f"{audit.settings['held out']:,} originals that no method saw ({audit.settings['held out by']}).",
        "Each measure is computed for the synthetic samples and, by the same rule, for real samples. A value is "
        f"within if it lies in the {confidence:.0%} interval of another sample of real data.",
    ]
    return Page(title, lead, sections, repeat or _call(audit))


def _summary(audit: AuditResult) -> Table:
    caption = (
        "The value with its bootstrap interval, the value of real samples with the interval of another real sample, "
        "and the verdict."
    )
    shown = audit.summary[[*MAIN, "median", "std", "n", "infinite", "group", "measure"]]
    return Table("summary", "Every measure", caption, shown, columns=HEADINGS)


def _main(audit: AuditResult) -> Picture:
    confidence = audit.settings["confidence"]
    counts = " ".join(sentences(audit.summary, method, confidence)[0] for method in audit.methods)
    alt = f"One panel for each measure, with the numbers of the table below. {counts}"
    caption = (
        "One row for each method: the value and its interval. Grey: the interval of another sample of real data, "
        "with the value of the real samples as a line. A filled marker is within, an open marker outside; a cross "
        "has no finite interval of real samples."
    )
    return Picture(
        "Every measure against real samples", caption, alt, svg_bytes(small_multiples(audit.summary)), "svg"
    )


def _comparisons(audit: AuditResult) -> Section:
    text = [
        "Differences between sets, first minus second, with bootstrap intervals. They are paired if both sets were "
        "made from the same originals row by row, or if both means are over the same held-out originals. The "
        "intervals are not corrected for multiple comparisons."
    ]
    over_all = audit.comparisons["class"] == "all"
    caption = "The real samples are the set “original” and, for novelty, the set “held-out”."
    pairs = audit.comparisons[over_all][
        ["title", "first", "second", "verdict", "difference", "low", "high", "paired"]
    ]
    by_class = audit.comparisons[~over_all]
    tables = [Table("comparisons", "Pairs of sets", caption, pairs, SHOWN, HEADINGS)]
    if len(by_class):
        tables.append(Table("comparisons-by-class", "Pairs of sets, by class", caption, by_class, 0, HEADINGS))
    return Section("Comparisons", text, tables)


def _classes(audit: AuditResult) -> Section:
    if len(audit.classes) == 0:
        return Section("Classes", ["There are no labels, so there are no classes."])
    text = [
        "Each measure for the samples of one class, the top class of their labels. Neighbours and balls are of "
        "held-out originals of all classes; a Fréchet distance is from the held-out originals of the class."
    ]
    outside = audit.classes[audit.classes["verdict"].str.startswith("outside")]
    count = outside.groupby(["method", "class"], sort=False).size().unstack(fill_value=0)
    count = count[sorted(count.columns, key=lambda name: int(str(name)))]
    rows = audit.classes.drop(columns="meaning")
    counted = count.reset_index() if len(count) else pd.DataFrame({"method": audit.methods})
    tables = [
        Table("classes-outside", "Measures outside, by class", "Their number in each class.", counted),
        Table("classes", "Every measure, by class", "As in the first table.", rows, 0, HEADINGS),
    ]
    return Section("Classes", text, tables)


def _worst(audit: AuditResult) -> Section:
    measure, tables = worst_of(audit)
    text = [f"The twelve samples of each method with the largest “{measure}”, the worst first."]
    rows = pd.concat(tables.values(), ignore_index=True)
    table = Table("worst", "The twelve worst samples", "All values of each sample.", rows, columns=HEADINGS)
    return Section("The worst samples", text, [table], list(worst_pictures(audit, measure, tables)))


def _cost(audit: AuditResult) -> Section:
    text = ["Median times of a call on one batch and of a copy of the batch, on the machine that made this report."]
    return Section("Cost", text, [Table("cost", "Time", "Times in seconds.", audit.cost, columns=HEADINGS)])


def _every(audit: AuditResult) -> Section:
    text = [
        f"The single values behind the means, with {DIGITS} significant digits. “row” is the row in your array: of "
        "the originals for methods, of the synthetic samples for arrays."
    ]
    count = audit.samples.size + audit.heldout.size
    if count > FITTING:
        text.append(
            f"The {count:,} numbers do not fit into a page of 5 MiB; they are in samples.csv and heldout.csv, which "
            "`Audit.save` and the command line write beside the page."
        )
        return Section("Every value", text)
    caption = "One row for each sample and set."
    tables = [
        Table("samples", "Every sample", caption, _rounded(audit.samples), 0, HEADINGS),
        Table("held-out", "Every held-out original", caption, _rounded(audit.heldout), 0, HEADINGS),
    ]
    return Section("Every value", text, tables)


def _definitions(audit: AuditResult) -> Section:
    frame = audit.summary.drop_duplicates("measure")[["measure", "group", "title", "unit", "meaning"]]
    text = [
        "Novelty is measured against the augmented originals, and its real samples are the held-out originals. All "
        "other measures are against the held-out originals, and their real samples are the augmented originals. "
        "Intervals are bootstraps of the values; for dimension, tangent planes, precision, recall, density and "
        "coverage, blocks of neighbouring samples are resampled."
    ]
    return Section(
        "What each number is", text, [Table("measures", "Measures", "Definitions.", frame, columns=HEADINGS)]
    )


def _settings(audit: AuditResult) -> Section:
    rows = []
    for name, value in audit.settings.items():
        parts = value.items() if isinstance(value, dict) else [("", value)]
        for part, entry in parts:
            shown = entry if isinstance(entry, str) else json.dumps(entry, ensure_ascii=False)
            rows.append({"setting": f"{name}: {part}" if part else name, "value": shown})
    table = Table(
        "settings", "Settings and versions", "With the data, they determine the numbers.", pd.DataFrame(rows)
    )
    return Section("Settings", [], [table])


def _rounded(frame: pd.DataFrame) -> pd.DataFrame:
    def significant(values: pd.Series[float]) -> np.ndarray:
        numbers = values.to_numpy(dtype=np.float64)
        with np.errstate(all="ignore"):
            scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(np.abs(numbers))))
            rounded = np.round(numbers * scale) / scale
        return np.where(np.isfinite(rounded), rounded, numbers)

    floats = {name: significant(frame[name]) for name in frame.columns if frame[name].dtype.kind == "f"}
    return frame.assign(**floats)


def _call(audit: AuditResult) -> str:
    """Return the call in Python, with the settings that are known."""
    settings = audit.settings
    lines = [f"# methods: {json.dumps(settings['methods'], ensure_ascii=False)}"]
    names = ("oracle", "manifold", "n_neighbors", "alpha", "batch_size", "n_bootstrap", "confidence", "random_state")
    arguments = ", ".join(f"{name}={settings[name]!r}" for name in names if settings[name] is not None)
    lines.append("# with the same X, y, augment or synthetic, against, holdout, and callables:")
    return "\n".join([*lines, f"zeta_geom.audit(X, y, augment=..., against=[...], {arguments})"])


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
