"""Names that users give, in every drawing: no letter kills or distorts it; each script gets a font or one warning."""

import io
import warnings

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from typer.testing import CliRunner

from zeta_geom.audits import audit
from zeta_geom.cli.main import app
from zeta_geom.cli.sweep import draw, plot
from zeta_geom.plots import audit as of_audits
from zeta_geom.plots.differences import difference_rows
from zeta_geom.plots.features import class_map, interval_rows, predicted_picture
from zeta_geom.plots.heat_table import heat_table
from zeta_geom.plots.images import image_grid, picture_grid
from zeta_geom.plots.names import ROW, as_label, as_text, lettering
from zeta_geom.plots.paired_dots import paired_dots, paired_dots_key
from zeta_geom.plots.style import name_columns
from zeta_geom.plots.sweep import sweep_panel
from zeta_geom.sweeps import fill_gamma, sweep

NASTY = [
    r"a$\frac$b",
    "$",
    "5 $ and 6 $",
    "_hidden",
    "100 %_of <b>",
    "two\nlines\tand\x07more",
    "x" * 300,
    "",
    "{}^~\\",
]
KANJI = "\u6570\u5b57"  # two letters of "digits"
X = np.random.default_rng(0).normal(size=(60, 3))


def summary_of(name):
    row = {"measure": "density", "title": f"density {name}", "unit": "", "method": name, "value": 0.7, "low": 0.6}
    row |= {"high": 0.8, "real": 1.0, "real_low": 0.9, "real_high": 1.1, "verdict": "outside, below"}
    return pd.DataFrame([row])


def sweep_rows(name):
    row = {"data": "a", "gamma": np.nan, "n_mix": 0, "anchor": "", "measure": "dimension", "k": 8, "std": 0.1}
    return pd.DataFrame([row | {"mixer": name, "mean": 1.0}])


DIFFERENCES = pd.DataFrame({"difference": [-0.5], "low": [-0.9], "high": [-0.1], "p": [0.02]})
PAIRS = pd.DataFrame({"first": [1.0], "first_std": [0.1], "second": [2.0], "second_std": [0.1]})
DRAWINGS = {
    "measure_panel": lambda ax, name: of_audits.measure_panel(ax, summary_of(name)),
    "densities_of": lambda ax, name: of_audits.densities_of(ax, {name: np.arange(9.0)}, {name: "blue"}),
    "worst_images": lambda ax, name: of_audits.worst_images(ax.figure, np.zeros((1, 4, 4)), [name]),
    "points_map": lambda ax, name: of_audits.points_map(ax, np.zeros((2, 2)), ["original", name], name, "blue"),
    "difference_rows": lambda ax, name: difference_rows(ax, DIFFERENCES, [name], [name], (-2, 2)),
    "paired_dots": lambda ax, name: paired_dots(ax, PAIRS, [name]),
    "class_map": lambda ax, name: class_map(ax, X[:, :2], np.zeros(60, dtype=int), [name]),
    "predicted_picture": lambda ax, name: predicted_picture(ax, np.eye(4), name, {"erm": name}),
    "interval_rows": lambda ax, name: interval_rows(ax, [1.0], [0.5], [1.5], [[1.0]], [name]),
    "heat_table": lambda ax, name: heat_table(
        ax, [[name]], [[0.5]], rows=[name], columns=[name], groups=[(name, 1)], small=[[name]]
    ),
    "image_grid": lambda ax, name: image_grid(ax, np.ones((4, 8, 8)), title=name),
    "picture_grid": lambda ax, name: picture_grid(ax, np.zeros((2, 8, 8)), title=name),
    "name_columns": lambda ax, name: name_columns(np.array([[ax]]), [name], "x"),
    "sweep_panel": lambda ax, name: sweep_panel(ax, sweep_rows(name)),
}


def draw_one(drawing, name):
    figure = Figure(layout="constrained")
    ax = figure.subplots()
    DRAWINGS[drawing](ax, name)
    handles, _ = ax.get_legend_handles_labels()
    if handles:
        ax.legend()
    figure.draw_without_rendering()


@pytest.mark.parametrize("drawing", DRAWINGS)
def test_no_name_kills_a_drawing(drawing):
    for name in NASTY:
        if name or drawing != "densities_of":
            draw_one(drawing, name)


def test_a_label_is_one_short_line_that_is_read_as_it_is():
    for name in NASTY:
        text = as_label(name)
        assert "\n" not in text
        assert len(text.replace("\\$", "$")) <= 37
        figure = Figure()
        ax = figure.subplots()
        ax.plot([0, 1], label=text)
        entries = [entry.get_text() for entry in ax.legend().get_texts()] if name else []
        assert entries == ([text] if name else [])
        assert as_label(text) == text  # once, however often
    assert as_label("a" * 40 + "b" * 40).endswith("bbb")
    assert len(as_label("\u6570" * 99)) == 18
    assert as_label("n" * 99, ROW) == "n" * 34 + "\u2026" + "n" * 17
    assert as_text("a\nb $") == "a\nb \\$"
    assert paired_dots_key(("$a$", "b"))[0].get_label() == r"\$a\$"


def test_a_sweep_of_any_name_is_drawn_and_no_slot_is_empty(tmp_path):
    names = [r"a$\frac$b", "_b"]
    y = np.arange(60) % 2
    for name in names:
        np.savez(tmp_path / f"{name}.npz", X=X, y=y)
    files = [str(tmp_path / f"{name}.npz") for name in names]
    words = ["sweep", *files, "--gammas", "2", "4", "--k", "4", "8", "--measure", "dimension", "label-error"]
    for command in ([*words, "--out", str(tmp_path / "runs")], ["sweep", "plot", str(tmp_path / "runs")]):
        result = CliRunner().invoke(app, command)
        assert result.exception is None, result.output
    figure = draw(pd.read_parquet(tmp_path / "runs" / "results.parquet"))
    titles = [ax.get_title() for ax in figure.axes]
    assert len(titles) == len(set(titles)) == 8
    assert titles[0] == r"a\$\frac\$b" + "\nlocal intrinsic dimension, k = 4"
    figure.savefig(io.BytesIO(), dpi=40)
    for row in (figure.axes[:2], figure.axes[2:4]):  # four panels in rows of two, each row as wide as the figure
        assert row[0].get_position().x0 < 0.2
        assert row[1].get_position().x1 > 0.9
    assert all(ax.get_visible() for ax in figure.axes)


def test_rows_without_gamma_are_filled_for_a_plot():
    table = sweep({"a": X, "b": X + 1}, gammas=[4, 2], n_neighbors=4, progress=False)
    filled = fill_gamma(table)
    curves = filled.pivot(index=["data", "gamma"], columns="mixer", values="mean")
    assert curves.shape == (4, 3)
    assert curves.notna().all(axis=None)
    assert (curves["mixup"].groupby("data").nunique() == 1).all()
    assert list(filled.columns) == list(table.columns)
    assert fill_gamma(table[table["gamma"].isna()]).equals(table[table["gamma"].isna()])
    pd.testing.assert_frame_equal(filled[filled["mixer"] == "zeta"].reset_index(drop=True),
                                  table[table["mixer"] == "zeta"].reset_index(drop=True))  # fmt: skip
    with pytest.raises(ValueError, match="gamma"):
        fill_gamma(table.drop(columns="gamma"))


@pytest.fixture
def bundled(monkeypatch):
    """Matplotlib's own fonts alone, which have no letter of Chinese."""
    kept = [entry for entry in fontManager.ttflist if "mpl-data" in entry.fname]
    monkeypatch.setattr(fontManager, "ttflist", kept)


@pytest.mark.parametrize("drawing", sorted(DRAWINGS.keys() - {"densities_of", "sweep_panel"}))
def test_letters_that_no_font_has_are_warned_of_once(drawing, bundled):
    figure = Figure()
    with pytest.warns(
        UserWarning, match=f"no font here has .*{KANJI[0]}.*Install one, such as Noto Sans CJK"
    ) as caught:
        DRAWINGS[drawing](figure.subplots(), KANJI)
    assert len(caught) == 1


def test_an_audit_warns_once(bundled, tmp_path):
    few = X[:24, :2]
    report = audit(few, synthetic={KANJI: few + 0.1}, n_neighbors=4, n_bootstrap=20, random_state=0, progress=False)
    with pytest.warns(UserWarning, match="no font here has") as caught:
        report.to_html(tmp_path / "index.html")
    assert len(caught) == 1
    assert KANJI in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_a_sweep_warns_once(bundled, tmp_path):
    data, mixers = {KANJI: X[:40], "b": X[:40]}, {"\ud55c": ("zeta", {})}
    sweep(data, gammas=[2, 4], mixers=mixers, n_neighbors=4, progress=False, folder=tmp_path)
    with pytest.warns(UserWarning, match="no font here has \u5b57\u6570\ud55c") as caught:
        plot(tmp_path)
    assert len(caught) == 1


def test_a_font_that_has_a_letter_is_found_by_its_letters(bundled):
    families = {entry.name for entry in fontManager.ttflist if "Last Resort" not in entry.name} - {"DejaVu Sans"}
    paths = [findfont(FontProperties(family=[family])) for family in ("DejaVu Sans", *families)]
    first, *others = (set(get_font(path).get_charmap()) for path in paths)
    letter = next(chr(code) for code in sorted(set().union(*others) - first) if chr(code).isprintable())
    figure = Figure()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ax = sweep_panel(figure.subplots(), sweep_rows(letter))
        ax.set_title(letter)
        with lettering(figure):
            figure.savefig(io.BytesIO(), dpi=40)
    assert len(ax.title.get_fontfamily()) > 1
