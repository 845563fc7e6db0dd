"""The figure of the study on two cores, from made-up runs in the form of its tables."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from scipy import stats

from analyses import study
from analyses.context import Context
from analyses.study import train as cpu_study
from figures import study as drawing
from zeta_geom import records
from zeta_geom.plots.differences import HIGHER, LOWER, difference_key, difference_rows

MIXUP = (0.18, 0.19, 0.17, 0.185, 0.175)
SHIFTS = {"mixup": 0, "dirichlet": 0.3, "zeta-2.8": -0.01, "zeta-1.8": 0.02, "erm": 0.0}  # not in the figure's order
WIGGLE = {"zeta-2.8": 1e-3, "erm": 2e-2, "dirichlet": 5e-2, "zeta-1.8": 1e-3}


def errors_of(method, seeds):
    wiggle = WIGGLE.get(method, 0) * np.array([1, -1, 0.5, -0.5, 0.3])
    return (np.array(MIXUP) + SHIFTS[method] + wiggle)[:seeds]


def made_up(data, n_train, network, methods, seeds):
    folder = f"cpu-study/{data}-{n_train}/{network}"
    return [
        {"recipe": f"{folder}/{method}", "data": data, "network": network, "n_train": n_train, "method": method,
         "seed": seed, "metric": "error", "value": value, "seconds": 9.0}
        for method in methods for seed, value in enumerate(errors_of(method, seeds))
    ]  # fmt: skip


@pytest.fixture
def tables(tmp_path):
    rows = made_up("fashion-mnist", 1000, "lenet", SHIFTS, 5) + made_up("mnist", 1000, "lenet", ("mixup", "erm"), 3)
    rows += made_up("fashion-mnist", 1000, "resnet10-narrow", ("mixup", "zeta-2.8"), 3)
    table = pd.DataFrame(rows)
    table.loc[(table["data"] == "mnist") & (table["method"] == "erm") & (table["seed"] == 2), "value"] = 0.9
    cpu_study.keep(cpu_study.labelled(table), tmp_path / "tables")
    return tmp_path / "tables"


@pytest.fixture
def results(tmp_path, tables):
    study.run(Context(results=tmp_path), study.Settings(tables=tables))
    return tmp_path


@pytest.fixture
def made(results):
    return records.read(results / "records" / "study" / "intervals")


def row(ax, place):
    """Return the markers of a row, the one of the difference last."""
    return [line for line in ax.lines if line.get_marker() in ("o", "<", ">") and line.get_ydata()[0] == place]


def test_the_record_is_the_paired_t_test(made):
    table = made.table
    panel = table[table["study"] == "fashion-mnist-1000/lenet"].set_index("method")
    assert panel.index.tolist() == ["erm", "mixup", "zeta-2.8", "dirichlet"]
    for method in ("erm", "zeta-2.8", "dirichlet"):
        test = stats.ttest_rel(errors_of(method, 5), errors_of("mixup", 5))
        found = panel.loc[method, ["low", "high", "p"]].astype(float)
        np.testing.assert_allclose(found, [*test.confidence_interval(), test.pvalue], rtol=1e-4)
    assert panel.loc["mixup", ["difference", "p_holm"]].isna().all()
    assert made.settings["left_out"] == ["zeta-1.8"]
    ordered = panel["p"].sort_values()  # the swept γ counts in Holm's correction: four comparisons, not three
    swept = stats.ttest_rel(errors_of("zeta-1.8", 5), errors_of("mixup", 5)).pvalue
    assert swept < ordered.iloc[0]
    assert panel.loc[ordered.index[0], "p_holm"] == pytest.approx(3 * ordered.iloc[0], rel=1e-4)


def test_runs_that_guess_are_counted(made):
    table = made.table.set_index(["study", "method"])["guessing"]
    assert table.loc[("mnist-1000/lenet", "erm")] == 1
    assert table.sum() == 1
    assert "*: a run" in drawing.caption(made)
    text = drawing.errors(made.table[(made.table["data"] == "mnist") & (made.table["method"] == "erm")])
    assert text[0].endswith("*")


def test_the_figure_has_a_panel_a_part(results, made):
    fig = drawing.draw_study(made)
    panels = {ax.get_title(): ax for ax in fig.axes if ax.get_title()}
    assert list(panels) == [
        "Fashion-MNIST, 1,000 images\nLeNet-5, 5 seeds",
        "MNIST, 1,000 images\nLeNet-5, 3 seeds",
        "Fashion-MNIST, 1,000 images\nnarrow ResNet-10, 3 seeds",
    ]
    ax = panels["Fashion-MNIST, 1,000 images\nLeNet-5, 5 seeds"]
    assert [each.get_text() for each in ax.get_yticklabels()] == ["ERM", "mixup", "ζ-mixup, γ = 2.8", "Dirichlet"]
    assert not row(ax, 1)  # mixup, which the line stands for
    (zeta,) = row(ax, 2)
    panel = made.table.set_index(["study", "method"]).loc["fashion-mnist-1000/lenet"]
    assert zeta.get_xdata()[0] == pytest.approx(100 * panel.loc["zeta-2.8", "difference"])
    assert to_hex(zeta.get_markerfacecolor()) == LOWER.lower()
    dirichlet = row(ax, 3)[-1]
    assert (dirichlet.get_marker(), dirichlet.get_xdata()[0]) == (">", ax.get_xlim()[1])
    assert f"+{100 * panel.loc['dirichlet', 'difference']:.1f}" in [text.get_text() for text in ax.texts]
    assert ax.get_xlim()[1] < drawing.FARTHEST * 1.1
    assert [path.name for path in drawing.draw(results)] == ["study.png", "study.pdf"]


def test_filled_where_significant_and_open_else():
    table = pd.DataFrame({"difference": [-1.0, 1.0, 1.0, 0.5], "p": [0.049, 0.01, 0.05, np.nan]})
    table = table.assign(low=table["difference"] - 0.5, high=table["difference"] + 5)
    table.loc[3, ["low", "high"]] = np.nan  # one pair of seeds
    ax = difference_rows(Figure().subplots(), table, "abcd", "wxyz", (-2, 4.5))
    faces = [to_hex(row(ax, place)[-1].get_markerfacecolor()) for place in range(4)]
    assert faces == [LOWER.lower(), HIGHER.lower(), "#ffffff", "#ffffff"]
    assert [len(row(ax, place)) for place in range(4)] == [1, 2, 2, 1]  # the ends at 6 are cut off, with arrows
    assert len(difference_key()) == 4


def test_far_below_is_clipped_at_the_left():
    table = pd.DataFrame({"difference": [-20.0], "low": [-50.0], "high": [10.0], "p": [0.4]})
    ax = difference_rows(Figure().subplots(), table, ["a"], ["b"], (-3, 3))
    assert [(line.get_marker(), line.get_xdata()[0]) for line in row(ax, 0)] == [("<", -3), (">", 3), ("<", -3)]
    assert ax.texts[0].get_text() == "−20.0"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"p": None}, "lacking: p"),
        ({"names": ["a", "b"]}, "names and texts must have one entry per row, 1"),
        ({"limits": (1, 2)}, "limits must have 0 between"),
        ({"low": [1.5]}, "low <= difference <= high must hold"),
    ],
)
def test_another_drawing_is_refused(change, message):
    columns = {"difference": [1.0], "low": [0.5], "high": [2.0], "p": [0.1]} | change
    table = pd.DataFrame({name: columns[name] for name in ("difference", "low", "high", "p") if columns[name]})
    with pytest.raises(ValueError, match=message):
        difference_rows(Figure().subplots(), table, change.get("names", ["a"]), ["b"], change.get("limits", (-1, 1)))


@pytest.mark.parametrize("name", ["runs", "intervals"])
def test_absent_tables_say_what_makes_them(tmp_path, tables, name):
    (tables / f"{name}.csv").unlink()
    with pytest.raises(FileNotFoundError, match=rf"{name}\.csv; python -m analyses\.study\.train makes it"):
        study.run(Context(results=tmp_path), study.Settings(tables=tables))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="p_holm"), "lacking: .*p_holm"),
        (lambda table: table.assign(mean=0.5), r"must belong to the runs in runs\.csv; they differ for fashion"),
        (lambda table: table.iloc[1:], "differ for fashion-mnist-1000/lenet mixup"),
    ],
)
def test_another_table_is_refused(tmp_path, tables, change, message):
    change(pd.read_csv(tables / "intervals.csv")).to_csv(tables / "intervals.csv", index=False)
    with pytest.raises(ValueError, match=message):
        study.run(Context(results=tmp_path), study.Settings(tables=tables))


def test_a_study_without_mixup_is_no_data(tmp_path):
    cpu_study.keep(cpu_study.labelled(pd.DataFrame(made_up("mnist", 1000, "lenet", ("erm",), 2))), tmp_path)
    with pytest.raises(FileNotFoundError, match="no errors of mixup"):
        study.run(Context(results=tmp_path), study.Settings(tables=tmp_path))
