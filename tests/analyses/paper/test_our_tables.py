"""Tables 4 to 8 filled from made-up runs."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from analyses.paper import our_tables as tables
from analyses.paper.runs import COLUMNS, load_runs
from zeta_geom import records

CELL = "table-4/cifar-10/resnet18/zeta-2.8"


def rows(recipe=CELL, seed=0, n_train=50_000, epochs=200, seconds=1.0, **metrics):
    _, data, network, method = recipe.split("/")
    made = {"recipe": recipe, "data": data, "network": network, "method": method, "seed": seed, "n_train": n_train}
    made |= {"n_test": 10_000, "epochs": epochs, "seconds": seconds}
    return pd.DataFrame([made | {"metric": metric, "value": value} for metric, value in metrics.items()])


def keep(folder, table):
    path = folder / table["recipe"].iat[0] / f"seed-{table['seed'].iat[0]}"
    records.record(path.name, lambda: table, settings={}, data="none", folder=path.parent)
    return path


def cell(number, runs, **where):
    table = tables.fill(number, runs)
    for name, value in where.items():
        table = table[table[name] == value]
    return table.squeeze(axis=0)


def test_a_cell_is_the_mean_over_seeds_beside_the_papers(tmp_path):
    for seed, value in enumerate([0.05, 0.052, 0.057]):
        keep(tmp_path, rows(seed=seed, error=value, loss=2.5))
    table = tables.fill(4, load_runs(tmp_path))
    assert table["status"].value_counts().to_dict() == {"missing": 29, "measured": 1}
    row = table[table["status"] == "measured"].iloc[0]
    assert (row["data"], row["method"], row["ours_n"]) == ("cifar-10", "zeta-2.8", 3)
    assert row["ours_mean"] == pytest.approx(0.053)
    assert row["ours_std"] == pytest.approx(np.std([0.05, 0.052, 0.057], ddof=1))
    assert row["difference"] == pytest.approx(0.053 - 0.0467)
    assert tables.written(row) == ("5.30 ± 0.36 (3)", "+0.63")


@pytest.mark.parametrize("changed", [{"n_train": 49_999}, {"epochs": 20}])
def test_a_run_of_another_size_is_not_the_papers_cell(changed):
    runs = pd.concat([rows(error=0.05), rows(seed=1, error=0.5, **changed)])
    row = cell(4, runs, data="cifar-10", method="zeta-2.8")
    assert (row["ours_n"], row["ours_mean"], row["left_out"]) == (1, 0.05, 1)
    assert tables.written(row)[0] == "5.00 (1)"
    alone = cell(4, rows(error=0.5, **changed), data="cifar-10", method="zeta-2.8")
    assert np.isnan(alone["ours_mean"])
    assert tables.written(alone) == ("missing (1 left out)", "")


def test_another_recipe_is_not_the_papers_cell():
    for recipe in ("small/cifar-10/resnet18/zeta-2.8", "table-40/cifar-10/resnet18/zeta-2.8"):
        assert (tables.fill(4, rows(recipe=recipe, error=0.05))["status"] == "missing").all()


def test_an_error_rate_comes_from_accuracy_where_it_was_not_recorded():
    assert cell(4, rows(accuracy=0.95), data="cifar-10", method="zeta-2.8")["ours_mean"] == pytest.approx(0.05)
    both = rows(accuracy=0.9, error=0.05)
    assert cell(4, both, data="cifar-10", method="zeta-2.8")["ours_mean"] == pytest.approx(0.05)


def test_table_8_takes_what_table_4_has_unless_it_has_its_own():
    four = rows("table-4/cifar-100/resnet18/mixup", error=0.2)
    assert cell(8, four, method="mixup")["ours_mean"] == pytest.approx(0.2)
    assert cell(8, four, method="dirichlet")["status"] == "missing"
    own = pd.concat([four, rows("table-8/cifar-100/resnet18/mixup", error=0.3)])
    assert cell(8, own, method="mixup")["ours_mean"] == pytest.approx(0.3)


def test_three_metrics_of_a_run_fill_three_cells():
    run = rows("table-6/ph2/resnet50/erm", n_train=140, epochs=50, balanced_accuracy=0.8, f1_micro=0.9, f1_macro=0.7)
    measured = tables.fill(6, run).query("status == 'measured'").set_index("metric")
    assert measured["ours_mean"].to_dict() == {"balanced_accuracy": 0.8, "f1_micro": 0.9, "f1_macro": 0.7}
    assert tables.written(measured.loc["f1_micro"])[0] == "0.9000 (1)"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (rows(error=0.1).drop(columns="epochs"), r"lacking: \['epochs'\]"),
        (rows(error=0.1).assign(value="low"), r"columns \['value'\] must hold a number"),
        (rows(error=np.nan), r"columns \['value'\] must hold a number"),
        (rows(error=5.3), "value must be a fraction"),
        (pd.concat([rows(error=0.1), rows(error=0.2)]), "the same run occurs twice"),
    ],
)
def test_malformed_runs_are_refused_by_file(tmp_path, table, message):
    keep(tmp_path, table)
    with pytest.raises(ValueError, match=message) as error:
        load_runs(tmp_path)
    assert "seed-0.parquet" in str(error.value)


def test_the_same_run_in_two_folders_is_refused_unless_one_is_hidden(tmp_path):
    keep(tmp_path / "a", rows(error=0.1))
    keep(tmp_path / ".old" / "a", rows(error=0.3))
    assert load_runs(tmp_path)["value"].tolist() == [0.1]
    keep(tmp_path / "b", rows(error=0.2))
    with pytest.raises(ValueError, match="the same run occurs twice"):
        load_runs(tmp_path)


def test_a_run_cut_off_is_passed_over_and_a_changed_one_refused(tmp_path, caplog):
    cut, changed = keep(tmp_path, rows(error=0.1)), keep(tmp_path, rows(seed=1, error=0.2))
    cut.with_name("seed-0.json").unlink()
    assert load_runs(tmp_path)["seed"].tolist() == [1]
    assert "skipped, because" in caplog.text
    rows(seed=1, error=0.3).to_parquet(changed.with_name("seed-1.parquet"))
    with pytest.raises(ValueError, match="does not match its checksum"):
        load_runs(tmp_path)


def test_no_folder_leaves_every_cell_missing(tmp_path):
    import typer

    app = typer.Typer()
    app.command()(tables.main)
    shown = CliRunner().invoke(app, ["--runs", str(tmp_path / "none"), "--results", str(tmp_path)])
    assert shown.exit_code == 0
    assert "Table 6: all 300 cells missing" in shown.output
    assert "every cell is missing" in shown.output
    written = [pd.read_csv(tmp_path / "tables" / f"table_{number}.csv") for number in tables.NUMBERS]
    assert all((table["status"] == "missing").all() for table in written)
    assert load_runs(tmp_path / "none").columns.tolist() == COLUMNS


def test_a_table_with_a_run_is_printed_whole(tmp_path):
    import typer

    keep(tmp_path, rows(error=0.05))
    app = typer.Typer()
    app.command()(tables.main)
    shown = CliRunner().invoke(app, ["--runs", str(tmp_path), "--results", str(tmp_path / "out")]).output
    assert "5.00 (1)" in shown
    assert "4.67 ± 0.05" in shown
    assert "+0.33" in shown
    assert shown.count("missing") == 29 + 4
