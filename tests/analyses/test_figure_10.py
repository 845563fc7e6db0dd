"""Figure 10 from tables made here: the sweep, the search, and what is said of parts that are not there."""

import numpy as np
import pandas as pd
import pytest

from analyses import figure_10
from analyses.context import Context
from analyses.study.tables import as_accuracy, as_error
from figures import figure_10 as drawing
from tests.analyses.run_cases import STUDY, finished, run_of
from zeta_geom.plots.parallel import BELOW
from zeta_geom.plots.style import METHOD_COLORS
from zeta_geom.records import read

GAMMAS = (1.8, 2.8, 4.0)


@pytest.fixture
def tables(tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    methods = {"erm": 0.3, "mixup": 0.25} | {f"zeta-{gamma}": gamma / 10 for gamma in GAMMAS}
    methods |= {"cutmix-zeta": 0.9, "manifold-mixup": 0.9}
    rows = [run_of("fashion-mnist", name, s, error + s / 100) for name, error in methods.items() for s in (0, 1)]
    rows += [run_of("mnist", "erm", 0, 0.01), run_of("fashion-mnist", "erm", 0, 0.01, n_train=5000)]
    pd.DataFrame(rows, columns=STUDY).to_csv(folder / "runs.csv", index=False)
    search = {"number": [0, 1, 2], "gamma": [1.2, 2.0, 5.0], "weight_decay": [1e-4, 1e-3, 5e-4]}
    pd.DataFrame(search | {"metric": "error", "value": [0.2, 0.1, 0.3]}).to_csv(folder / "search.csv", index=False)
    return folder


def run(folder, **settings):
    figure_10.run(Context(results=folder), figure_10.Settings(**settings))
    return [read(folder / "records" / "figure_10" / name) for name in ("sensitivity", "search")]


def draw(curves, models):
    fig = drawing.draw_panels(curves.table, models.table, curves.settings)
    return {ax.get_title(loc="left"): ax for ax in fig.axes}


def test_the_sweep_is_means_and_deviations_of_the_error(tmp_path, tables):
    table = run(tmp_path, tables=tables)[0].table.set_index("method")
    assert set(table.index) == {"erm", "mixup", *(f"zeta-{gamma}" for gamma in GAMMAS)}
    assert table.loc["zeta-2.8", ["gamma", "mean", "n"]].tolist() == pytest.approx([2.8, 0.285, 2])
    assert table.loc["erm", "std"] == pytest.approx(np.std([0.3, 0.31], ddof=1))
    assert np.isnan(table.loc["erm", "gamma"])


def test_the_search_becomes_accuracies(tmp_path, tables):
    table = run(tmp_path, tables=tables)[1].table
    assert table["accuracy"].tolist() == pytest.approx([0.8, 0.9, 0.7])
    assert table["gamma"].tolist() == [1.2, 2.0, 5.0]


def test_panels_show_them_in_per_cent(tmp_path, tables):
    panels = draw(*run(tmp_path, tables=tables))
    assert list(panels) == ["a", "c"]
    lines = {line.get_color(): line for line in panels["a"].lines}
    drawn = lines[METHOD_COLORS["zeta"]].get_xydata()
    np.testing.assert_allclose(drawn, [(1.8, 18.5), (2.8, 28.5), (4.0, 40.5)])
    assert set(lines[METHOD_COLORS["mixup"]].get_ydata()) == {25.5}
    assert panels["a"].get_ylabel() == "test error / %"
    models = [line for line in panels["c"].lines if len(line.get_xdata()) > 2]
    assert [line.get_color() == BELOW for line in models] == [True, False, False]
    assert models[-1].get_ydata()[-1] == 1  # the best one is drawn last


def test_the_study_is_named_in_title_record_and_file(tmp_path, tables):
    curves, models = run(tmp_path, tables=tables)
    assert curves.settings["data_name"] == "cpu-study"
    title = drawing.title(curves.table, curves.settings)
    assert "Fashion-MNIST, 1,000 images, LeNet-5" in title
    assert "standing in for the paper's CIFAR-10" in title
    assert "the 1 with γ below" in drawing.caption(curves.table, models.table, curves.settings, 500)
    assert [path.name for path in drawing.draw(tmp_path)] == ["figure_10_cpu-study.png", "figure_10_cpu-study.pdf"]


def test_an_absent_search_is_said_and_not_drawn_from_an_old_record(tmp_path, tables):
    run(tmp_path, tables=tables)
    (tables / "search.csv").unlink()
    curves, models = run(tmp_path, tables=tables)
    assert models.table.empty
    assert list(draw(curves, models)) == ["a"]
    assert "Not drawn: c: there is no" in drawing.caption(curves.table, models.table, curves.settings, 500)
    assert drawing.draw(tmp_path)


def test_an_absent_sweep_leaves_the_search(tmp_path, tables):
    table = pd.read_csv(tables / "runs.csv")
    table[table["method"].isin(["erm", "zeta-2.8"])].to_csv(tables / "runs.csv", index=False)
    curves, models = run(tmp_path, tables=tables)
    assert curves.table.empty
    assert "a: no runs of ζ-mixup at several values of γ" in curves.settings["missing"][0]
    assert list(draw(curves, models)) == ["c"]
    assert drawing.draw(tmp_path)


def test_finished_runs_of_two_sets_of_which_one_lacks_the_search(tmp_path):
    runs = tmp_path / "runs"
    for data, level in (("cifar-10", 0.05), ("cifar-100", 0.25)):
        for method in ("erm", "mixup", "zeta-1.8", "zeta-2.0"):
            finished(runs, f"figure-10/{data}/resnet18/{method}", (level, level + 0.02))
    finished(runs, "table-4/cifar-10/resnet18/zeta-2.2", (0.9,))  # of a table: not to be taken
    found = {"number": [0, 1], "gamma": [2.0, 3.0], "weight_decay": [1e-4, 1e-3], "metric": "accuracy"}
    pd.DataFrame(found | {"value": [0.7, 0.8]}).to_csv(runs / "figure-10-search-cifar-100.csv", index=False)
    curves, models = run(tmp_path, from_runs=True, runs=runs, data=("cifar-10", "cifar-100"))
    assert curves.table.groupby("data")["gamma"].max().to_dict() == {"cifar-10": 2.0, "cifar-100": 2.0}
    assert models.table["accuracy"].tolist() == [0.7, 0.8]
    panels = draw(curves, models)
    assert list(panels) == list("abcd")
    assert panels["c"].texts[0].get_text() == "CIFAR-10: no data (see below)"
    assert [path.name for path in drawing.draw(tmp_path)] == ["figure_10.png", "figure_10.pdf"]


@pytest.mark.parametrize("from_runs", [False, True])
def test_nothing_there_says_what_lacks(tmp_path, from_runs):
    data = ("cifar-10", "cifar-100") if from_runs else ("fashion-mnist",)
    with pytest.raises(FileNotFoundError, match=r"Figure 10 has no data\. a: (.|\n)*c: there is no"):
        run(tmp_path, from_runs=from_runs, tables=tmp_path, runs=tmp_path, data=data)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.assign(weight_decay=0.0), "weight decays above 0"),
        (lambda table: table.assign(metric="auc"), "must hold error or accuracy"),
        (lambda table: table.drop(columns="number"), "lacking: number"),
        (lambda table: table.assign(value=np.nan), "must be fractions"),
    ],
)
def test_another_search_is_refused(tmp_path, tables, change, message):
    change(pd.read_csv(tables / "search.csv")).to_csv(tables / "search.csv", index=False)
    with pytest.raises(ValueError, match=message):
        run(tmp_path, tables=tables)


def test_runs_on_different_numbers_of_images_are_refused(tmp_path):
    for n_train, method in ((100, "zeta-1.8"), (200, "zeta-2.0")):
        finished(tmp_path, f"figure-10/cifar-10/resnet18/{method}", (0.1,), n_train=n_train)
    with pytest.raises(ValueError, match="must have the same number of images"):
        run(tmp_path, from_runs=True, runs=tmp_path, data=("cifar-10",))


def test_metrics_turn_once():
    table = pd.DataFrame({"seed": [0, 0, 1, 1], "metric": ["error", "accuracy", "error", "loss"]})
    table["value"] = [0.2, 0.8, 0.4, 1.0]
    assert as_accuracy(table).set_index("seed")["value"].to_dict() == {0: 0.8, 1: 0.6}
    assert as_error(table).set_index("seed")["value"].to_dict() == {0: 0.2, 1: 0.4}
