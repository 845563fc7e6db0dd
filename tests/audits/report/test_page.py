"""A page is one file that needs nothing else, says all that it was given, and lets nothing through as markup."""

import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from tests.audits.report.page_cases import NASTY, big, curve, made_up_page, measures, nasty
from tests.audits.report.page_checks import check_page
from zeta_geom.audits.report.html import Page, Picture, Section, Table, png_bytes, render, svg_bytes, write_page
from zeta_geom.audits.report.html import writing as pages
from zeta_geom.audits.report.html.cells import show_column, show_number
from zeta_geom.audits.report.html.pictures import picture_size


@pytest.fixture(scope="module")
def html():
    return render(made_up_page())


@pytest.fixture(scope="module")
def facts(html):
    return check_page(html)


def small(frame, **options):
    return Page(
        "A page", [], [Section("Part", [], [Table("table", "A table", "Caption.", frame, **options)])], "make it"
    )


def test_the_made_up_page_passes_every_check(facts):
    assert facts.title == "What ζ-mixup does to a made-up sample"
    assert facts.pictures == 2
    assert list(facts.tables) == ["verdicts", "nasty", "empty", "nothing", "big", "huge", "versions"]
    assert [len(rows) for rows in facts.shown.values()] == [14, 4, 0, 0, 60, 0, 2]
    assert [text for level, text in facts.headings if level == 2][1:] == [
        "Verdicts",
        f"Nasty {NASTY}",
        "Values",
        "Repeat it",
    ]


def test_the_csv_holds_every_row_in_full(facts):
    pd.testing.assert_frame_equal(facts.tables["verdicts"], measures())
    pd.testing.assert_frame_equal(facts.tables["big"], big())
    assert facts.tables["huge"].shape == (16_000, 61)
    assert list(facts.tables["empty"].columns) == ["a", "b"]


def test_nothing_given_becomes_markup(html, facts):
    assert NASTY not in html
    assert "<img src=x" not in html
    assert "<b>not bold" not in html
    assert "49" not in "".join(text for _, text in facts.headings)
    row = facts.shown["nasty"]
    assert row[0][0] == "γ ≥ 1, “ζ”"
    assert row[2][0] == "</script></table>"
    assert row[3][1] == "\ufffd\ufffd\ufffd"
    assert [cells[5] for cells in row] == ["∞", "−∞", "—not available", "−1.000e−300"]
    assert next(iter(facts.tables["nasty"].columns)) == NASTY


def test_the_page_forbids_what_it_does_not_hold(html):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1]
    assert "default-src &#39;none&#39;" in policy
    assert "unsafe" not in policy


def test_verdicts_have_a_shape_and_their_words(facts):
    found = [
        (node.text, [use.attributes["href"] for use in node.all("use")])
        for node in facts.root.walk()
        if node.attributes.get("class", "").startswith("verdict ")
    ]
    assert found[:4] == [
        ("within", ["#shape-within"]),
        ("outside, above", ["#shape-above"]),
        ("outside, below", ["#shape-below"]),
        ("not measurable", ["#shape-unknown"]),
    ]
    assert "unheard of" in [cells[2] for cells in facts.shown["nasty"]]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (-0.5, "−0.5000"), (99.996, "100.0"), (123456.7, "123457"), (9.9996e-5, "1.000e−4"),
        (1e-4, "0.0001000"), (2.5e6, "2.500e6"), (-np.inf, "−∞"), (0.001234567, "0.001235"),
    ],
)  # fmt: skip
def test_numbers_have_four_digits(value, text):
    assert show_number(value) == text


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (pd.Series([1.0, 20.0, np.nan]), ["1", "20", ""]),
        (pd.Series([0.25, 3.5]), ["0.25", "3.50"]),
        (pd.Series([0.1, 2.75], dtype="float32"), ["0.10", "2.75"]),
        (pd.Series([0.25, 1 / 3]), ["0.2500", "0.3333"]),
        (pd.Series([1, None, -3], dtype="Int64"), ["1", "", "−3"]),
        (pd.Series([1, None, 2.5], dtype=object), ["1", "", "2.5"]),
        (pd.Series([True, False]), ["yes", "no"]),
        (pd.Series([(1, 2), "text", pd.NaT]), ["(1, 2)", "text", ""]),
        (pd.Series(["b", None], dtype="category"), ["b", ""]),
        (pd.Series([], dtype=float), []),
    ],
)
def test_columns_share_decimals_where_that_hides_nothing(values, texts):
    column = show_column(values, "x")
    assert [cell.text for cell in column.cells] == texts
    assert column.numeric == (values.dtype != bool and not any(isinstance(value, (str, tuple)) for value in values))


def test_a_rounded_cell_keeps_what_it_is_sorted_by():
    cells = show_column(pd.Series([0.12343, 0.12346, 2.0]), "x").cells
    assert [(cell.text, cell.exact) for cell in cells] == [
        ("0.1234", "0.12343"), ("0.1235", "0.12346"), ("2.000", None)
    ]  # fmt: skip


def test_equal_column_names_are_shown_apart():
    frame = pd.DataFrame([[1, 2]], columns=["a", "a"])
    assert check_page(render(small(frame))).shown["table"] == [["1", "2"]]


@pytest.mark.parametrize("name", ["", "../up", "a b", "a.csv", "-x", "γ", "x" * 101])
def test_a_name_must_be_a_file_name(name):
    with pytest.raises(ValueError, match="name must be 1 to 100 letters"):
        Table(name, "", "", pd.DataFrame())


def test_refusals_say_what_came():
    with pytest.raises(ValueError, match=r"shown must be None .* got -1"):
        Table("a", "", "", pd.DataFrame(), shown=-1)
    table = Table("a", "A", "", nasty())
    other = Table("A", "A", "", nasty())
    with pytest.raises(ValueError, match=r"tables must differ in name, not only in case; \['a'\] come twice"):
        render(Page("", [], [Section("", [], [table, other])], ""))
    with pytest.raises(ValueError, match="alt must say in words what picture 'A dot' shows; got ' '"):
        Picture("A dot", "", " ", b"", "svg")
    with pytest.raises(ValueError, match="kind must be 'svg' or 'png'; got 'gif'"):
        render(Page("", [], [Section("", [], [], [Picture("", "", "A dot.", b"", "gif")])], ""))


@pytest.mark.parametrize("form", ["svg", "png"])
def test_content_must_be_of_its_kind(form):
    with pytest.raises(ValueError, match=f"content must be {form.upper()}"):
        picture_size(b"neither", form)


def test_too_large_a_page_says_what_takes_the_room(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "MAX_BYTES", 100_000)
    noise = pd.DataFrame(np.random.default_rng(0).normal(size=(400, 12)))
    path = tmp_path / "report.html"
    path.write_text("the old report")
    with pytest.raises(
        ValueError, match=r"at most 98 KiB .* are the CSV of table 'table': .* KiB.*round its numbers"
    ):
        write_page(small(noise, shown=5), path)
    with pytest.raises(ValueError, match=r"are the 400 rows shown of table 'table'.*show fewer rows"):
        write_page(small(noise > 0), path)
    figures = [Picture("Dots", "", "Many dots.", png_bytes(curve(), 300), "png")]
    with pytest.raises(ValueError, match=r"are picture 'Dots': .* KiB.*lower dpi"):
        write_page(Page("A page", [], [Section("Part", [], [], figures)], ""), path)
    assert path.read_text() == "the old report"


def test_the_limit_is_five_mebibytes():
    assert pages.MAX_BYTES == 5 * 1024**2


def test_a_page_uses_each_route_of_a_download(facts):
    links = [node.attributes["download"] for node in facts.root.all("a") if "download" in node.attributes]
    assert links == ["verdicts.csv", "nasty.csv", "empty.csv", "nothing.csv", "big.csv.gz", "versions.csv"]
    blocks = [node.attributes["id"] for node in facts.root.all("script") if "id" in node.attributes]
    assert blocks == ["data-huge"]


@pytest.mark.slow
def test_the_same_page_gives_the_same_bytes(tmp_path, html):
    path = tmp_path / "report.html"
    assert write_page(made_up_page(), path) == path.stat().st_size
    assert path.read_bytes() == html.encode()


def test_a_failing_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("the old report")

    def fails(self, content):
        raise OSError("no space left on device")

    monkeypatch.setattr(type(path), "write_bytes", fails)
    with pytest.raises(OSError, match="no space"):
        write_page(small(measures()), path)
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]
    assert path.read_text() == "the old report"


def test_svg_has_no_date_and_the_page_turns_it_in_the_dark(html):
    text = svg_bytes(curve()).decode()
    assert text.startswith("<svg")
    assert "<metadata" not in text
    dark = re.search(r"prefers-color-scheme: dark\) \{ figure\.svg img \{ filter: ([^;]*);", html)[1]
    assert dark == "invert(.9) hue-rotate(180deg)"
    assert svg_bytes(curve()) == svg_bytes(curve())


def test_png_is_shown_at_its_size_in_inches():
    content = png_bytes(Figure(figsize=(3, 2)), dpi=192)
    assert picture_size(content, "png") == (288, 192)
    assert content == png_bytes(Figure(figsize=(3, 2)), dpi=192)


def test_package_data_are_where_the_package_is():
    assert {each.name for each in pages.Path(pages.__file__).parent.iterdir()} >= {
        "report.html", "script.js", "style.css"
    }  # fmt: skip
