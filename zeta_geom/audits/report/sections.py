"""The sections of a report: their sentences, tables and pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from tqdm import tqdm

from zeta_geom.audits.answers import QUESTIONS, accuracy_line, accuracy_note, spaces_of
from zeta_geom.audits.report.figures import densities, worst_of, worst_pictures
from zeta_geom.audits.report.first_screen import DIRECTIONS, HEADINGS, FirstScreen, anchor
from zeta_geom.audits.report.html import Page, Panels, Section, Table
from zeta_geom.audits.report.maps import maps
from zeta_geom.audits.result import AuditResult

DIGITS = 6  # significant digits of the values of single samples
SHOWN = 60  # rows of a long table that the page shows
FITTING = 1_100_000  # numbers of six digits that fit into a page of 5 MiB

HEADINGS = HEADINGS | {
    "measure": "key",
    "accuracy": "correlation with accuracy",
    "infinite": "share infinite",
    "seconds": "seconds a batch",
    "copy_seconds": "seconds a copy",
    "copies": "batch ÷ copy",
    "batch": "samples in a batch",
}


def make_page(audit: AuditResult, title: str, repeat: str | None, progress: bool = False) -> Page:
    """Return the page of a report, with a progress bar of its sections on a terminal."""
    screen = FirstScreen(audit)
    steps: list[Callable[[], Section]] = []
    for make in (screen.answered, screen.summed_up, screen.measured):
        steps += [partial(make, space) for space in screen.spaces]
    steps += [partial(_comparisons, audit), partial(_classes, audit), partial(_densities, audit)]
    steps += [partial(_worst, audit), partial(maps, audit), partial(_cost, audit), partial(_every, audit)]
    steps += [partial(_definitions, audit), partial(_settings, audit)]
    bar = tqdm(steps, desc="report", unit="section", leave=False, disable=None if progress else True)
    sections = [step() for step in bar]
    lead = [
        f"The effect of {_listed(audit.methods)} on {audit.settings['originals']:,} originals, beside "
        f"{audit.settings['held out']:,} originals that no method saw ({audit.settings['held out by']})."
    ]
    return Page(title, lead, sections, repeat or _call(audit))


def _comparisons(audit: AuditResult) -> Section:
    text = [
        "Differences between sets, first minus second, with bootstrap intervals. They are paired if both sets were "
        "made from the same originals row by row, or if both means are over the same held-out originals. The "
        "intervals are not corrected for multiple comparisons."
    ]
    over_all = audit.comparisons["class"] == "all"
    caption = "The real samples are the set “original” and, for novelty, the set “held-out”."
    columns = ["title", "first", "second", "verdict", "difference", "low", "high", "paired"]
    several = audit.comparisons["space"].nunique() > 1
    pairs = audit.comparisons[over_all][["space", *columns] if several else columns]
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
    several = len(spaces_of(audit.summary)) > 1
    rows_of = ["space", "method"] if several else ["method"]
    count = outside.groupby([*rows_of, "class"], sort=False).size().unstack(fill_value=0)
    count = count[sorted(count.columns, key=_class_order)].astype(int)
    rows = audit.classes.drop(columns="meaning")
    counted = count.reset_index() if len(count) else pd.DataFrame({"method": audit.methods})
    tables = [
        Table("classes-outside", "Measures outside, by class", "Their number in each class.", counted),
        Table("classes", "Every measure, by class", "As in the first table.", rows, 0, HEADINGS),
    ]
    return Section("Classes", text, tables)


def _class_order(name: object) -> tuple[bool, int, str]:
    """Return a key that sorts classes: numbers by size, then names by letters."""
    text = str(name)
    return (False, int(text), "") if text.isdecimal() else (True, 0, text)


def _densities(audit: AuditResult) -> Section:
    text = "The single values behind the means, for synthetic samples and for real samples (black)."
    caption = (
        "Kernel density estimates, each scaled to the same height; the largest 0.5 % of the values in each panel are "
        "left out."
    )
    spaces = spaces_of(audit.summary)
    figures = []
    for space in spaces:
        title = "Densities of the values of single samples" + (f" ({space})" if len(spaces) > 1 else "")
        if panels := list(densities(audit, space)):
            figures.append(Panels(title, caption, panels))
    return Section("Densities", [text], pictures=figures)


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
    whole = "One row for each space, method and measure."
    summary = Table("summary", "Every measure", whole, audit.summary.drop(columns="meaning"), 0, HEADINGS)
    count = audit.samples.size + audit.heldout.size
    if count > FITTING:
        text.append(
            f"The {count:,} numbers do not fit into a page of 5 MiB; they are in samples.csv and heldout.csv, which "
            "`Audit.save` and the command line write beside the page."
        )
        return Section("Every value", text, [summary])
    caption = "One row for each sample and set."
    tables = [
        summary,
        Table("samples", "Every sample", caption, _rounded(audit.samples), 0, HEADINGS),
        Table("held-out", "Every held-out original", caption, _rounded(audit.heldout), 0, HEADINGS),
    ]
    return Section("Every value", text, tables)


def _definitions(audit: AuditResult) -> Section:
    frame = audit.summary.drop_duplicates("measure")
    frame = frame.assign(accuracy=frame["measure"].map(accuracy_line))
    columns = ["title", "question", "better", "unit", "meaning", "accuracy", "group", "measure"]
    questions = {"": "none"} | {question.key: question.short for question in QUESTIONS}
    text = [
        "Novelty is measured against the augmented originals, and its real samples are the held-out originals. All "
        "other measures are against the held-out originals, and their real samples are the augmented originals. "
        "Intervals are bootstraps of the values; for dimension, tangent planes, precision, recall, density and "
        "coverage, blocks of neighbouring samples are resampled.",
        accuracy_note(),
    ]
    table = Table(
        "measures",
        "Measures",
        "Definitions, the question that each measure belongs to, the direction that is better, and the correlation "
        "with accuracy in a study.",
        frame[columns].replace({"question": questions, "better": DIRECTIONS}),
        columns=HEADINGS,
        anchors=[anchor(name) for name in frame["measure"]],
    )
    return Section("What each number is", text, [table])


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
