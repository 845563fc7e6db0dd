"""An audit's report: what is said, which tables and pictures stand where."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zeta_geom.audits.report.figures import densities, small_multiples, worst_of, worst_pictures
from zeta_geom.audits.report.html import Page, Picture, Section, Table
from zeta_geom.audits.report.maps import maps
from zeta_geom.audits.verdicts import sentences

if TYPE_CHECKING:
    from zeta_geom.audits.result import Audit

__all__ = ["make_page"]

DIGITS = 6  # of the values of single samples, on the page
SHOWN = 60  # rows of a long table
FITTING = 1_100_000  # numbers of six digits that a page has room for

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


def make_page(audit: Audit, title: str, repeat: str | None) -> Page:
    """Return the report of an audit."""
    confidence = audit.settings["confidence"]
    said = [line for name in audit.methods for line in sentences(audit.summary, name, confidence)]
    sections = [
        Section("Where each measure stands", said, [_summary(audit)], [_main(audit)]),
        _comparisons(audit),
        _classes(audit),
        Section(
            "Densities",
            ["The values that the means are made of, for the synthetic samples and for real ones by the same rule."],
            pictures=list(densities(audit)),
        ),
        _worst(audit),
        maps(audit),
        _cost(audit),
        _every(audit),
        _definitions(audit),
        _settings(audit),
    ]
    lead = [
        f"What {_listed(audit.methods)} did to {audit.settings['originals']:,} originals, judged by "
        f"{audit.settings['held out']:,} that no method saw ({audit.settings['held out by']}).",
        "Each measure is taken of the synthetic samples and, by the same rule, of real ones. A value stands within if"
        f" it lies where, with {confidence:.0%} confidence, another sample of real data would lie.",
    ]
    if audit.settings["held out by"] == "a half of the originals" and "arrays" in audit.settings["methods"].values():
        lead.append(
            "Synthetic samples that came as arrays may have been made from held-out originals too; then they look "
            "nearer to these than they should. Originals that were held out before, given as holdout, avoid it."
        )
    return Page(title, lead, sections, repeat or _call(audit))


def _summary(audit: Audit) -> Table:
    caption = (
        "The value with its bootstrap interval; what the real samples give, and where another sample of real data "
        "would lie; where the value stands."
    )
    shown = audit.summary[[*MAIN, "median", "std", "n", "infinite", "group", "measure"]]
    return Table("summary", "Every measure", caption, shown, columns=HEADINGS)


def _main(audit: Audit) -> Picture:
    from zeta_geom.audits.report.html import svg_bytes

    confidence = audit.settings["confidence"]
    counts = " ".join(sentences(audit.summary, method, confidence)[0] for method in audit.methods)
    alt = f"A panel for each measure, with the numbers of the table below. {counts}"
    caption = (
        "A row a method: the value and its interval. Grey: where another sample of real data would lie, with the "
        "real samples' own value as a line. A filled mark lies within, an open one outside; a "
        "cross has no finite interval to stand against."
    )
    return Picture(
        "Every measure against real samples", caption, alt, svg_bytes(small_multiples(audit.summary)), "svg"
    )


def _comparisons(audit: Audit) -> Section:
    text = [
        "Differences between the sets, first less second, with bootstrap intervals: paired where both were made from "
        "the same originals row by row, or are averaged over the same held-out originals. The intervals are not "
        "corrected for their number."
    ]
    over_all = audit.comparisons["class"] == "all"
    caption = "Real samples are the sets “original” and, for novelty, “held-out”."
    pairs = audit.comparisons[over_all][
        ["title", "first", "second", "verdict", "difference", "low", "high", "paired"]
    ]
    by_class = audit.comparisons[~over_all]
    tables = [Table("comparisons", "Pairs of sets", caption, pairs, SHOWN, HEADINGS)]
    if len(by_class):
        tables.append(Table("comparisons-by-class", "Pairs of sets, by class", caption, by_class, 0, HEADINGS))
    return Section("Comparisons", text, tables)


def _classes(audit: Audit) -> Section:
    if len(audit.classes) == 0:
        return Section("Classes", ["There are no labels, hence no classes."])
    text = [
        "Each measure for the samples whose label has its largest share in one class. Neighbours and balls are among "
        "the held-out originals of all classes; a Fréchet distance is from those of the class."
    ]
    outside = audit.classes[audit.classes["verdict"].str.startswith("outside")]
    count = outside.groupby(["method", "class"], sort=False).size().unstack(fill_value=0)
    count = count[sorted(count.columns, key=lambda name: int(str(name)))]
    counted = count.reset_index() if len(count) else pd.DataFrame({"method": audit.methods})
    return Section(
        "Classes",
        text,
        [
            Table("classes-outside", "Measures outside, by class", "How many, in each class.", counted),
            Table(
                "classes", "Every measure, by class", "As above.", audit.classes.drop(columns="meaning"), 0, HEADINGS
            ),
        ],
    )


def _worst(audit: Audit) -> Section:
    measure, tables = worst_of(audit)
    text = [f"The twelve samples of each method with the largest “{measure}”, worst first."]
    rows = pd.concat(tables.values(), ignore_index=True)
    table = Table("worst", "The worst twelve", "With all that was measured of each.", rows, columns=HEADINGS)
    return Section("The worst samples", text, [table], list(worst_pictures(audit, measure, tables)))


def _cost(audit: Audit) -> Section:
    text = ["Medians of calls on one batch, each after a copy of the batch, on the machine that made this report."]
    return Section("Cost", text, [Table("cost", "Time", "Seconds.", audit.cost, columns=HEADINGS)])


def _every(audit: Audit) -> Section:
    text = [
        f"The values that the means are made of, to {DIGITS} significant digits. “row” is the row of the array that "
        "was given: of the originals for methods, of the synthetic array for that."
    ]
    count = audit.samples.size + audit.heldout.size
    if count > FITTING:
        text.append(
            f"They are {count:,} numbers, too many for a page of 5 MiB: samples.csv and heldout.csv, which "
            "`Audit.save` and the command line write beside the page, hold them."
        )
        return Section("Every value", text)
    tables = [
        Table("samples", "Every sample", "A row a sample and set.", _rounded(audit.samples), 0, HEADINGS),
        Table(
            "held-out", "Every held-out original", "A row an original and set.", _rounded(audit.heldout), 0, HEADINGS
        ),
    ]
    return Section("Every value", text, tables)


def _definitions(audit: Audit) -> Section:
    frame = audit.summary.drop_duplicates("measure")[["measure", "group", "title", "unit", "meaning"]]
    text = [
        "A novelty measure is taken against the originals that were augmented; real samples there are the held-out "
        "ones. All others are taken against the held-out originals, and real samples are those that were augmented. "
        "Intervals are bootstraps of the values; those of dimension, tangent planes, precision, recall, density and "
        "coverage in blocks of samples that lie together."
    ]
    return Section(
        "What each number is", text, [Table("measures", "Measures", "Definitions.", frame, columns=HEADINGS)]
    )


def _settings(audit: Audit) -> Section:
    rows = []
    for name, value in audit.settings.items():
        parts = value.items() if isinstance(value, dict) else [("", value)]
        for part, one in parts:
            shown = one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)
            rows.append({"setting": f"{name}: {part}" if part else name, "value": shown})
    table = Table("settings", "Settings and versions", "All that the numbers depend on.", pd.DataFrame(rows))
    return Section("Settings", [], [table])


def _rounded(frame: pd.DataFrame) -> pd.DataFrame:
    def significant(values: Any) -> Any:
        numbers = values.to_numpy(dtype=np.float64)
        with np.errstate(all="ignore"):
            scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(np.abs(numbers))))
            rounded = np.round(numbers * scale) / scale
        return np.where(np.isfinite(rounded), rounded, numbers)

    floats = {name: significant(frame[name]) for name in frame.columns if frame[name].dtype.kind == "f"}
    return frame.assign(**floats)


def _call(audit: Audit) -> str:
    """Return the call in Python as far as the settings know it."""
    known = audit.settings
    lines = [f"# methods: {json.dumps(known['methods'], ensure_ascii=False)}"]
    names = ("oracle", "manifold", "n_neighbors", "alpha", "batch_size", "n_bootstrap", "confidence", "random_state")
    given = ", ".join(f"{name}={known[name]!r}" for name in names if known[name] is not None)
    lines.append("# with the same X, y, augment or synthetic, against, holdout, and callables:")
    return "\n".join([*lines, f"zeta_geom.audit(X, y, augment=..., against=[...], {given})"])


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
