"""`zeta-geom sweep`: what it writes, what it says, what it refuses."""

import sys

import numpy as np
import pandas as pd
import pytest

from tests.cli.command_cases import X, folder, program, run, y
from zeta_geom.cli.options import joined_values
from zeta_geom.cli.sweep import draw
from zeta_geom.plots.sweep import sweep_panel
from zeta_geom.sweeps import Ledger, sweep, sweep_table

__all__ = ["folder", "program"]


def test_the_table_is_that_of_the_library(folder):
    words = ["--gammas", "2:4:2", "--k", "8", "16", "--measure", "dimension", "label-error", "--seeds", "0", "1"]
    result = run("sweep", folder / "data.npz", *words, "--out", folder / "runs", "--csv")
    assert result.output == f"every run is finished; wrote {folder}/runs/results.parquet\n"
    table = pd.read_parquet(folder / "runs" / "results.parquet")
    expected = sweep(
        {"data": (X, y)}, gammas=[2, 4], n_neighbors=(8, 16), measures=("dimension", "label-error"), seeds=(0, 1),
        progress=False,
    )  # fmt: skip
    assert table.drop(columns="seconds").equals(expected.drop(columns="seconds"))
    as_csv = pd.read_csv(folder / "runs" / "results.csv", keep_default_na=False, na_values=[""])
    np.testing.assert_array_equal(as_csv["mean"], table["mean"])
    assert sweep_table(folder / "runs").equals(table)


def test_several_files_are_rows_of_one_table_and_of_one_plot(folder):
    np.save(folder / "other.npy", X[::2])
    run("sweep", folder / "data.npz", folder / "other.npy", "--gammas", "2", "--k", "8", "--out", folder / "runs")
    assert list(sweep_table(folder / "runs")["data"].unique()) == ["data", "other"]
    result = run("sweep", "plot", folder / "runs", "--out", folder / "plot.pdf")
    assert result.output == f"wrote {folder / 'plot.pdf'}\n"
    assert (folder / "plot.pdf").read_bytes().startswith(b"%PDF")


def test_status_names_what_failed_and_the_command_ends_with_an_error(program, folder):
    words = ["sweep", "data.npz", "--gammas", "2", "--k", "8", "--out", "runs"]
    run("sweep", folder / "data.npz", "--gammas", "2", "--k", "8", "--out", folder / "runs")
    ledger = Ledger(folder / "runs")
    broken = ledger.plan()[1]
    ledger.clear(broken)
    ledger.fail(broken, ValueError("by hand"))
    result = run("sweep", "status", folder / "runs")
    assert result.output.splitlines() == [
        "2 finished, 1 failed, 0 running, 0 open",
        "failed   data-zeta-self-gamma2-seed0-dimension: ValueError: by hand",
    ]
    kept = program([*words, "--keep-failed"])
    assert kept.returncode == 1
    assert kept.stdout == "some runs failed; wrote runs/results.parquet\n"
    assert kept.stderr.startswith("zeta-geom: 1 of 3 runs failed; the first, data-zeta-self-gamma2-seed0-dimension: ")
    assert kept.stderr.endswith("ValueError: by hand `zeta-geom sweep status runs` lists them.\n")
    assert not program(words).returncode
    with ledger.claim(broken):
        ledger.clear(broken)
        assert run("sweep", "status", folder / "runs").output.splitlines()[1].startswith("running  data-zeta-self")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--gammas", "0:15"], "start:stop:step"),
        (["--gammas", "3:2:1"], "start:stop:step"),
        (["--gammas", "0:1:1e-12"], "allocate"),
        (["--measure", "dimension", "area"], "measures must be one of 'dimension', 'label-error', 'realism'"),
        (["--measure", "realism"], "realism.* needs MNIST-like images"),
        (["--k", "200"], "k=200"),
        (["--workers", "2", "--dask", "tcp://a:1"], "--dask and --workers exclude each other"),
        (["--mixers", "cutmix"], "images"),
        (["--n-mix", "64"], "n_mix must be at most the 32 points of a batch; got 64"),
        (["--limit", "-1"], "limit"),
        (["--measure", "nowhere:f"], "nowhere"),
        (["--estimator", "HOURGLASS"], "estimator must be one of .*'FO'.*; got 'HOURGLASS'"),
        (["--grid", "zeta.beta=1"], "mixer 'zeta' takes gamma, n_mix, anchor"),
        (["--grid", "zeta.gamma=1,"], "--grid must be MIXER.PARAMETER=VALUES"),
        (["--grid", "zeta.gamma=[1,2]"], "--grid must be MIXER.PARAMETER=VALUES"),
        (["--grid", "zeta.gamma=1 zeta.gamma=2"], "got 'zeta.gamma' twice"),
        (["--grid", "zeta=1"], "--grid must be MIXER.PARAMETER=VALUES"),
        (["--grid", "sepia.alpha=1"], "grid must name mixers of the sweep"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_run(program, folder, words, message):
    result = program(["sweep", "data.npz", "--out", "runs", *words])
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    import re

    assert re.search(message, result.stderr)
    assert not (folder / "runs" / "runs").exists()


def test_status_and_plot_of_nothing(program):
    for words in (["status", "nowhere"], ["plot", "nowhere"]):
        result = program(["sweep", *words])
        assert result.returncode == 1
        assert result.stderr == "zeta-geom: there is no sweep in nowhere; start one there.\n"


@pytest.mark.parametrize("command", [[], ["run"], ["status"], ["plot"]])
def test_help_has_an_example(command):
    text = " ".join(run("sweep", *command, "--help").output.split())
    assert f"Example: zeta-geom sweep {' '.join(command) if command != ['run'] else ''}".strip() in text


@pytest.mark.parametrize(
    ("words", "joined"),
    [
        ("--k 8 128 a.npz", ["--k", "8 128", "a.npz"]),
        ("a.npz --gammas 0:15:0.5 --out b", ["a.npz", "--gammas", "0:15:0.5", "--out", "b"]),
        ("--measure dimension realism --k 8 --csv", ["--measure", "dimension realism", "--k", "8", "--csv"]),
        ("--gammas 1 inf 2.5e1 data", ["--gammas", "1 inf 2.5e1", "data"]),
        ("--out runs 8", ["--out", "runs", "8"]),
        ("--mixers zeta mixup ./zeta", ["--mixers", "zeta mixup", "./zeta"]),
        ("--measure precision mine.own:f data.npz", ["--measure", "precision mine.own:f", "data.npz"]),
        ("--grid zeta.gamma=1,2 a.b=x c.npz", ["--grid", "zeta.gamma=1,2 a.b=x", "c.npz"]),
        ("--estimator FO TLE a.npz", ["--estimator", "FO TLE", "a.npz"]),
    ],
)
def test_values_need_no_quotes(words, joined):
    assert joined_values(words.split()) == joined


def test_a_panel_has_a_curve_or_a_level_for_each_method():
    from matplotlib.figure import Figure

    table = sweep(
        {"data": X}, gammas=[0, 2], mixers={"zeta": ("zeta", {}), "mine": ("mixup", {"alpha": 0.3})}, n_mix=[None, 4],
        anchors=("self", "random"), n_neighbors=8, progress=False,
    )  # fmt: skip
    ax = sweep_panel(Figure().subplots(), table)
    labels = ax.get_legend_handles_labels()[1]
    assert labels == [
        "original",
        "ζ-mixup, anchor “self”",
        "ζ-mixup, anchor “self”, T = 4",
        "ζ-mixup, anchor “random”",
        "ζ-mixup, anchor “random”, T = 4",
        "mine",
    ]
    lines = dict(zip(labels, ax.lines))
    rows = table[(table["anchor"] == "random") & (table["n_mix"] == 4)]
    np.testing.assert_array_equal(lines["ζ-mixup, anchor “random”, T = 4"].get_ydata(), rows["mean"])
    assert len({(line.get_color(), line.get_linestyle(), line.get_marker()) for line in lines.values()}) == 6
    with pytest.raises(ValueError, match="one data set, measure and k"):
        sweep_panel(ax, pd.concat([table, table.assign(k=9)]))


def test_measures_mixers_and_parameters_of_ones_own(folder, monkeypatch):
    (folder / "mine.py").write_text(
        "def width(original, mixed):\n    return mixed.X.std()\ndef near(X, y, by=0.1):\n    return X * (1 - by), y\n"
    )
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))
    words = ["--gammas", "2", "--k", "8", "--measure", "mine:width", "precision", "--estimator", "FO"]
    words += [
        "--mixers",
        "zeta",
        "mine:near",
        "--grid",
        "mixup.alpha=0.2,1.0",
        "mine:near.by=0.1,0.5",
        "--out",
        "runs",
    ]
    result = run("sweep", "data.npz", *words)
    assert result.output == "every run is finished; wrote runs/results.parquet\n"
    table = sweep_table(folder / "runs")
    assert list(table["measure"].unique()) == ["mine:width", "precision", "dimension"]
    assert table["mixer"].value_counts().to_dict() == {"original": 3, "zeta": 3, "mine:near": 6, "mixup": 6}
    widths = table.query("measure == 'mine:width' and mixer == 'mine:near'")
    np.testing.assert_allclose(widths["mean"], X.std() * (1 - widths["by"]))
    figure = draw(table, "alpha")
    assert [ax.get_title() for ax in figure.axes] == [
        "mine:width", "precision (share)\nhigher is better", "local intrinsic dimension, k = 8",
    ]  # fmt: skip
    labels = figure.axes[0].get_legend_handles_labels()[1]
    assert labels == ["original", "ζ-mixup", "mine:near, by = 0.1", "mine:near, by = 0.5", "mixup"]
    assert figure.axes[0].get_xlabel() == "alpha"
    assert run("sweep", "plot", "runs", "--x", "by").output == "wrote runs/sweep.png\n"
    with pytest.raises(ValueError, match=r"--x must be a column of numbers that the sweep varied: .*; got 'mean'"):
        run("sweep", "plot", "runs", "--x", "mean")


def test_a_mean_that_is_infinite_is_named_not_drawn():
    from matplotlib.figure import Figure

    row = {"data": "a", "gamma": np.nan, "n_mix": 0, "anchor": "", "measure": "h_p_y", "k": 0, "std": 0.1}
    rows = [row | {"mixer": "original", "mean": np.inf}, row | {"mixer": "mixup", "mean": 2.0}]
    ax = sweep_panel(Figure().subplots(), pd.DataFrame(rows))
    assert [text.get_text() for text in ax.texts if "infinite" in text.get_text()] == ["infinite: original"]
    assert ax.get_legend_handles_labels()[1] == ["mixup"]
