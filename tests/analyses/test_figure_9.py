"""Figure 9 from tables made here, in the form of the study's and of finished runs."""

import numpy as np
import pandas as pd
import pytest

from analyses import figure_9
from analyses.context import Context
from figures import figure_9 as drawing
from tests.analyses.run_cases import STUDY, finished, run_of
from zeta_geom import records


@pytest.fixture
def tables(tmp_path):
    rows = [run_of("mnist", "zeta-2.8", seed, value) for seed, value in enumerate((0.04, 0.05, 0.06))]
    rows += [run_of("mnist", "manifold-mixup", seed, value) for seed, value in enumerate((0.08, 0.08))]
    rows += [
        run_of("fashion-mnist", method, 0, 0.2) for method in ("zeta-2.8", "manifold-mixup", "mixup", "zeta-4.0")
    ]
    rows += [run_of("fashion-mnist", "zeta-2.8", 0, 0.1, n_train=5000), run_of("digits", "zeta-2.8", 0, 0.1)]
    folder = tmp_path / "tables"
    folder.mkdir()
    pd.DataFrame(rows, columns=STUDY).to_csv(folder / "runs.csv", index=False)
    return folder


@pytest.fixture
def results(tmp_path, tables):
    figure_9.run(Context(results=tmp_path), figure_9.Settings(tables=tables))
    return tmp_path


@pytest.fixture
def runs(tmp_path):
    folder = tmp_path / "runs"
    finished(folder, "table-4/cifar-10/resnet18/zeta-2.8", (0.04, 0.05))
    finished(folder, "figure-9/cifar-10/resnet18/manifold-mixup", (0.05, 0.06), epochs=2000)
    finished(folder, "figure-10/cifar-10/resnet18/zeta-2.8", (0.9,))  # of another figure: not to be taken
    for metric, value in (("auc", 0.9), ("accuracy", 0.8)):
        finished(folder, "table-7/breastmnist/resnet18/zeta-2.8", (value,), n_train=546, metric=metric)
        finished(folder, "figure-9/breastmnist/resnet18/manifold-mixup", (value - 0.1,), n_train=546, metric=metric)
    finished(folder, "table-6/msk/resnet50/zeta-2.8", (0.5,), metric="f1_micro")
    return folder


def test_pairs_are_means_over_seeds_of_one_minus_the_error(results):
    table = records.read(results / "records" / "figure_9" / "pairs").table
    assert table["data"].tolist() == ["fashion-mnist", "mnist"]
    assert set(table["metric"]) == {"accuracy"}
    fashion, mnist = table.to_dict("records")
    assert (mnist["zeta_mean"], mnist["zeta_std"], mnist["zeta_n"]) == (pytest.approx(0.95), pytest.approx(0.01), 3)
    assert (mnist["manifold_mean"], mnist["manifold_n"]) == (pytest.approx(0.92), 2)
    assert fashion["n_train"] == 1000
    assert np.isnan(fashion["zeta_std"])


def test_what_has_no_partner_is_left_out_and_said_so(results):
    made = records.read(results / "records" / "figure_9" / "pairs")
    assert made.settings["unpaired"] == ["digits/lenet"]
    assert "absent: digits/lenet" in drawing.caption(made).replace("\n", " ")


def test_the_figure_shows_per_cent_and_names_the_study(results):
    made = records.read(results / "records" / "figure_9" / "pairs")
    (ax,) = drawing.draw_pairs(made).axes
    filled = [line for line in ax.lines if line.get_marker() == "o" and line.get_ydata()[0] > 0.5]
    assert filled[0].get_xdata()[0] == pytest.approx(95)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["Fashion-MNIST", "MNIST"]
    assert drawing.title(made) == "The study on two cores: 1,000 images, LeNet-5; not the paper's data and networks"
    assert "Accuracy is 1 − error rate" in drawing.caption(made)
    assert [path.name for path in drawing.draw(results)] == ["figure_9_cpu-study.png", "figure_9_cpu-study.pdf"]


def test_the_record_is_made_again_when_the_table_changes(results, tables):
    text = (tables / "runs.csv").read_text().replace("0.08", "0.07")
    (tables / "runs.csv").write_text(text)
    figure_9.run(Context(results=results), figure_9.Settings(tables=tables))
    table = records.read(results / "records" / "figure_9" / "pairs").table
    assert table.set_index("data").loc["mnist", "manifold_mean"] == pytest.approx(0.93)


def test_finished_runs_of_the_paper_s_recipes(tmp_path, runs):
    figure_9.run(Context(results=tmp_path), figure_9.Settings(from_runs=True, runs=runs))
    made = records.read(tmp_path / "records" / "figure_9" / "pairs")
    values = made.table.set_index(["data", "metric"])
    assert values.loc[("cifar-10", "accuracy"), "zeta_mean"] == pytest.approx(0.955)
    assert values.loc[("breastmnist", "auc"), "manifold_mean"] == pytest.approx(0.8)
    assert len(values) == 3
    assert made.settings["unpaired"] == ["msk/resnet50"]
    assert drawing.row_names(made.table) == ["BreastMNIST, accuracy", "BreastMNIST, AUC", "CIFAR-10, accuracy"]
    assert "1 to 10 times as many epochs" in drawing.caption(made)
    assert [path.name for path in drawing.draw(tmp_path)] == ["figure_9.png", "figure_9.pdf"]


def test_fewer_images_are_no_pair(tmp_path):
    finished(tmp_path, "table-4/cifar-10/resnet18/zeta-2.8", (0.04,))
    finished(tmp_path, "figure-9/cifar-10/resnet18/manifold-mixup", (0.05,), n_train=1000)
    with pytest.raises(FileNotFoundError, match="no finished runs of both"):
        figure_9.run(Context(results=tmp_path), figure_9.Settings(from_runs=True, runs=tmp_path))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tables": "absent"}, r"there is no absent/runs\.csv; python -m analyses\.study\.train makes it"),
        ({"from_runs": True, "runs": "absent"}, r"run recipes such as figure-9/.*table-4/.*zeta-2\.8"),
    ],
)
def test_nothing_there_says_what_to_run(tmp_path, settings, message):
    with pytest.raises(FileNotFoundError, match=message):
        figure_9.run(Context(results=tmp_path), figure_9.Settings(**settings))


def test_a_study_without_a_pair_is_no_data(tmp_path):
    pd.DataFrame([run_of("mnist", "zeta-2.8", 0, 0.1)], columns=STUDY).to_csv(tmp_path / "runs.csv", index=False)
    with pytest.raises(FileNotFoundError, match="no data on which both"):
        figure_9.run(Context(results=tmp_path), figure_9.Settings(tables=tmp_path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="metric"), "lacking: metric"),
        (lambda table: table.assign(value=95.0), "value in .* must be fractions"),
        (lambda table: table.assign(value="x"), "value in .* must be fractions"),
    ],
)
def test_another_table_is_refused(tmp_path, tables, change, message):
    change(pd.read_csv(tables / "runs.csv")).to_csv(tables / "runs.csv", index=False)
    with pytest.raises(ValueError, match=message):
        figure_9.run(Context(results=tmp_path), figure_9.Settings(tables=tables))
