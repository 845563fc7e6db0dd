"""The report of an audit: what stands on the page, what its files hold, what it says."""

import json

import numpy as np
import pandas as pd
import pytest

from tests.audits.report.audit_reports import AUDITS, points_audit, spaces_audit
from tests.audits.report.page_checks import Tree, check_addresses, check_page
from zeta_geom.audits.answers import QUESTIONS, rows_in, spaces_of
from zeta_geom.audits.report import sections as report
from zeta_geom.audits.report.figures import drawable
from zeta_geom.audits.result import TABLES

FIRST = ["Answers", "Largest departures", "Measures by question"]
SECTIONS = [
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
TEXTS = [question.text for question in QUESTIONS]


@pytest.fixture(scope="module", params=AUDITS)
def made(request):
    return AUDITS[request.param]()


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    return made.save(tmp_path_factory.mktemp("report"), title="A title").parent


@pytest.fixture(scope="module")
def facts(folder):
    return check_page((folder / "index.html").read_text(encoding="utf-8"))


def test_the_page_is_whole_and_alone(made, facts):
    assert facts.title == "A title"
    spaces = spaces_of(made.summary)
    endings = [f" ({space})" if len(spaces) > 1 else "" for space in spaces]
    expected = [*(title + ending for title in FIRST for ending in endings), *SECTIONS]
    assert [text for level, text in facts.headings if level == 2][1:] == expected  # after the contents
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


def test_the_first_screen_answers_each_question_in_each_space(made, facts):
    spaces = spaces_of(made.summary)
    shown = {name: rows for name, rows in facts.shown.items() if name.startswith("answers")}
    assert len(shown) == len(spaces)
    for space, rows in zip(spaces, shown.values()):
        answers = made.answers[made.answers["space"] == space].set_index(["method", "question"])
        for name, cells in zip(made.methods, rows, strict=True):
            assert cells[0] == name
            for question, cell in zip(QUESTIONS, cells[1:], strict=True):
                assert cell.startswith(answers.loc[(name, question.key), "answer"])
        for question in QUESTIONS:
            assert answers.loc[(made.methods[0], question.key), "sentence"] in facts.root.text
    headings = [text.partition(f" ({made.methods[0]})")[0] for level, text in facts.headings if level == 3]
    assert [text for text in headings if text in TEXTS] == TEXTS * 2 * len(spaces)


def test_colours_of_answers_come_with_a_shape_and_the_word(facts):
    words = ("yes", "mostly", "partly", "no")
    marks = [
        node for node in facts.root.walk() if node.attributes.get("class") in {f"verdict {word}" for word in words}
    ]
    assert marks
    for mark in marks:
        word = mark.attributes["class"].removeprefix("verdict ")
        assert mark.text.lower().startswith(word)
        assert mark.all("use")[0].attributes["href"] == f"#shape-{word}"


def test_a_text_has_the_answers_the_departures_and_the_counts(made, facts):
    said = str(made).split("\n")
    spaces = len(spaces_of(made.summary))
    assert len(said) <= spaces * (1 + 2 * len(made.methods)) + 3
    assert sum("Measures outside the interval" in line for line in said) == 1
    for method in made.methods:
        assert sum(line.startswith(f"{method}, largest departures: ") for line in said) == spaces
    if spaces == 1:
        assert all(line in facts.root.text for line in said[1 + len(made.methods) :])


def test_a_measure_links_to_its_definition_and_says_which_direction_is_better(made, facts):
    ids = {node.attributes["id"]: node for node in facts.root.walk() if "id" in node.attributes}
    for name, rows in facts.tables.items():
        if name.startswith("measures-"):
            (holder,) = [node for node in facts.root.walk() if node.attributes.get("data-table") == name]
            links = [link for link in holder.all("a") if link.attributes.get("href", "").startswith("#measure-")]
            assert [link.text for link in links] == rows["title"].tolist()
            assert all(link.text == ids[link.attributes["href"][1:]].all("td", "th")[0].text for link in links)
            assert rows["better"].isin(["higher", "lower", "closer to real", "neither"]).all()
    listed = pd.concat([rows for name, rows in facts.tables.items() if name.startswith("measures-")])
    own = made.summary.groupby(["measure", "method"]).ngroups
    assert len(listed) >= own


def test_a_notebook_shows_the_first_screen(made):
    html = made._repr_html_()
    tree = Tree()
    tree.feed(html)
    assert tree.stack == [tree.root]
    check_addresses(tree.root)
    assert [question.text in html.replace("&#39;", "'") for question in QUESTIONS] == [True] * 5
    assert len(tree.root.all("img")) <= 5 * len(spaces_of(made.summary))
    assert "<i>mine" not in html
    assert not {"id", "script"} & {key for node in tree.root.walk() for key in (node.tag, *node.attributes)}


def test_no_panel_is_empty(made, facts):
    drawn = [node.attributes["alt"] for node in facts.root.all("img")]
    titles = dict.fromkeys(made.summary["title"])
    for title in titles:
        rows = made.summary[made.summary["title"] == title]
        panels = [alt for alt in drawn if alt.startswith(f"{title}: ")]
        assert bool(panels) == (rows["verdict"] != "not measurable").any(), title


def test_pictures_are_there(made, facts):
    spaces, images = spaces_of(made.summary), made.sources.X.ndim == 3
    answered = made.answers.query("method == @made.methods[0] and decides != ''")
    panels = drawable(made.summary)
    shown = sum(rows_in(panels, space, spaces)["measure"].nunique() for space in spaces)
    mapped = sum(len(made.spaces[space]) - 1 for space in spaces)
    alts = [node.attributes["alt"] for node in facts.root.all("img")]
    vary = [alt for alt in alts if alt.startswith(("Density of", "Legend"))]
    assert len(vary) > 2 * len(spaces)
    assert facts.pictures == len(answered) + shown + mapped + len(vary) + images * len(made.methods)


def test_samples_that_may_have_leaked_are_marked(made, facts):
    warned = "hold originals out before the synthesis" in facts.root.text
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
        first_space = made.samples["space"] == made.samples["space"].iloc[0]
        own = made.samples[first_space & (made.samples["method"] == method)]
        rows = facts.tables["worst"][facts.tables["worst"]["method"] == method]
        assert rows["row"].tolist() == own.nlargest(12, planes)["row"].tolist()


def test_plot_has_a_panel_a_measure(made):
    titles = [ax.get_title().partition("\n")[0].split(" (")[0] for ax in made.plot().axes if ax.get_title()]
    panels = drawable(made.summary).drop_duplicates(["space", "measure"])
    assert titles == [title.split(" (")[0] for title in panels["title"]]


@pytest.mark.parametrize("names", [["10", "9", "0"], ["b", "10", "a", "9"]])
def test_classes_are_in_order(names):
    assert sorted(names, key=report._class_order) == sorted(
        names, key=lambda n: (n.isalpha(), n if n.isalpha() else int(n))
    )


def test_class_names_stand_escaped_in_every_class_table(tmp_path):
    html = spaces_audit().to_html(tmp_path / "a.html").read_text(encoding="utf-8")
    facts = check_page(html)
    assert "<b>café" not in html
    assert list(facts.tables["classes-outside"].columns)[2:] == ["10", "<b>café</b>"]
    assert set(facts.tables["classes"]["class"].astype(str)) == {"10", "<b>café</b>"}


def test_values_that_do_not_fit_are_left_to_the_files(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "FITTING", 10)
    path = points_audit().to_html(tmp_path / "a.html", repeat="make it again")
    facts = check_page(path.read_text(encoding="utf-8"))
    assert "make it again" in facts.root.text
    assert "samples" not in facts.tables
    assert "Audit.save" in facts.root.text
