"""The report of an audit: what stands on the page, what its files hold, what it says."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from tests.audits.audit_reports import AUDITS, points_audit
from tests.audits.page_checks import check_page
from zeta_geom.audits.report import sections as report
from zeta_geom.audits.result import TABLES
from zeta_geom.audits.verdicts import sentences

SECTIONS = [
    "Where each measure stands",
    "Comparisons",
    "Classes",
    "Densities",
    "The worst samples",
    "Map",
    "Cost",
    "Every value",
    "What each number is",
    "Settings",
    "Repeat it",
]


@pytest.fixture(scope="module", params=AUDITS)
def made(request):
    return AUDITS[request.param]()


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    return made.save(tmp_path_factory.mktemp("report"), title="A title").parent


@pytest.fixture(scope="module")
def facts(folder):
    return check_page((folder / "index.html").read_text(encoding="utf-8"))


def test_the_page_is_whole_and_alone(facts):
    assert facts.title == "A title"
    assert [text for level, text in facts.headings if level == 2][1:] == SECTIONS  # after the contents
    assert facts.bytes < 5 * 2**20
    assert "random_state=0" in facts.root.text  # the call that repeats it


def test_every_number_is_on_the_page(made, facts):
    for name, table in (("summary", made.summary), ("cost", made.cost), ("settings", None), ("measures", None)):
        assert name in facts.tables
        if table is not None:
            assert len(facts.tables[name]) == len(table)
    np.testing.assert_array_equal(facts.tables["summary"]["value"], made.summary["value"])
    assert len(facts.tables["comparisons"]) == (made.comparisons["class"] == "all").sum()
    for name, table in (("samples", made.samples), ("held-out", made.heldout)):
        for column in table.select_dtypes(float):
            np.testing.assert_allclose(facts.tables[name][column], table[column], rtol=1e-5, equal_nan=True)


def test_words_say_where_each_measure_stands(made, facts):
    for method in made.methods:
        rows = made.summary[made.summary["method"] == method]
        said = sentences(made.summary, method, 0.95)
        numbers = [int(number) for number in re.findall(r"\d+", said[0].removeprefix(method))]
        outside = rows["verdict"].str.startswith("outside").sum()
        assert numbers == [len(rows), (rows["verdict"] == "within").sum(), outside, numbers[3]]
        assert sum(numbers[1:]) == len(rows)
        for title in rows["title"]:
            assert title in " ".join(said)
        assert all(line in facts.root.text for line in said)


def test_pictures_are_there(made, facts):
    images = made.sources.X.ndim == 3
    assert facts.pictures == 3 + images * len(made.methods)


def test_arrays_may_stem_from_held_out_ones(made, facts):
    warned = "may have been made from held-out originals" in facts.root.text
    assert warned == ("arrays" in made.settings["methods"].values())


def test_folder_holds_the_tables_in_full(made, folder):
    for name in TABLES:
        stored, table = (
            pd.read_csv(folder / f"{name}.csv", keep_default_na=False, na_values=[""]),
            getattr(made, name),
        )
        assert list(stored.columns) == list(table.columns)
        for column in table.select_dtypes(float):
            np.testing.assert_array_equal(stored[column], table[column])
    assert json.loads((folder / "settings.json").read_text())["random_state"] == 0


def test_worst_samples_are_the_worst(made, facts):
    planes = "true-distance" if "true-distance" in made.samples else "tangent-residual-k16"
    for method in made.methods:
        own = made.samples[made.samples["method"] == method]
        rows = facts.tables["worst"][facts.tables["worst"]["method"] == method]
        assert rows["row"].tolist() == own.nlargest(12, planes)["row"].tolist()


def test_plot_has_a_panel_a_measure(made):
    titles = [ax.get_title().split(" (")[0] for ax in made.plot().axes if ax.get_title()]
    assert titles == [title.split(" (")[0] for title in dict.fromkeys(made.summary["title"])]


def test_values_that_do_not_fit_are_left_to_the_files(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "FITTING", 10)
    path = points_audit().to_html(tmp_path / "a.html", repeat="make it again")
    facts = check_page(path.read_text(encoding="utf-8"))
    assert "make it again" in facts.root.text
    assert "samples" not in facts.tables
    assert "Audit.save" in facts.root.text
