"""The transcribed tables against literals, the search for outcomes against scikit-learn, and the checks."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score

from analyses.context import Context
from analyses.paper import consistency as paper_tables
from analyses.paper import error_rates, slips
from analyses.paper.feasibility import attained, counts, interval, outcomes, possible_sizes, possible_splits, repairs
from analyses.paper.partitions import PARTITIONS
from analyses.paper.reading import COLUMNS, TABLES, read_table
from zeta_geom import records

SIZES = {4: 30, 5: 16, 6: 300, 7: 60, 8: 4, 9: 28}
METRICS = ["balanced_accuracy", "f1_micro", "f1_macro"]
ROWS_6 = {  # lines of the paper's text: two data sets, two networks, three metrics each
    (
        "isic-2016",
        "isic-2017",
        "mixup",
    ): """71.77%	0.7968	0.7017	72.08%	0.8179	0.7175	71.60%	0.7333	0.6756
        71.51%	0.7433	0.6979""",
    (
        "isic-2018",
        "msk",
        "zeta-4.0",
    ): """83.63%	0.8808	0.8062	89.18%	0.9223	0.8718	62.39%	0.6930	0.6006
        65.33%	0.7817	0.6587""",
    (
        "uda",
        "dermofit",
        "erm",
    ): """67.46%	0.7000	0.6666	66.85%	0.6917	0.6593	80.43%	0.8269	0.8120
        83.24%	0.8500	0.8316""",
    (
        "derm7point-clinical",
        "derm7point-dermoscopic",
        "zeta-2.4",
    ): """47.82%	0.6782	0.4833	46.63%	0.6436	0.4239
        55.88%	0.7525	0.5914	64.59%	0.7376	0.6406""",
    (
        "ph2",
        "med-node",
        "zeta-2.8",
    ): """96.88%	0.9500	0.9283	87.50%	0.9500	0.9134	82.86%	0.8235	0.8211
        81.79%	0.8235	0.8179""",
}
ROWS_4 = {  # in the order of the paper's columns
    "erm": "5.48 ± 0.03	23.33 ± 0.09	6.11 ± 0.02	25.74 ± 0.17	16.08 ± 0.15	30.92 ± 0.02",
    "mixup": "4.68 ± 0.09	21.85 ± 0.07	6.04 ± 0.20	25.31 ± 0.33	16.20 ± 0.03	30.80 ± 0.04",
    "zeta-2.4": "4.42 ± 0.02	21.50 ± 0.04	6.04 ± 0.04	24.14 ± 0.10	15.16 ± 0.07	30.72 ± 0.02",
}


@pytest.fixture(scope="module")
def checks():
    return paper_tables.checks(paper_tables.Settings())


def printed(number, **where):
    table = read_table(number)
    for name, value in where.items():
        table = table[table[name] == value]
    return table


@pytest.mark.parametrize("number", TABLES)
def test_a_table_has_all_its_cells(number):
    table = read_table(number)
    assert len(table) == SIZES[number]
    assert set(table) == COLUMNS[number]
    axes = [table[name].nunique() for name in ("data", "network", "method", "metric") if number != 9]
    assert number in (5, 9) or np.prod(axes) == len(table)
    data = set(table["data"]) - {"tensor"}
    assert data <= set(PARTITIONS)


@pytest.mark.parametrize(("names", "line"), ROWS_6.items())
def test_rows_of_table_6(names, line):
    *data, method = names
    figures = iter(line.split())
    for name in data:
        for network in ("resnet18", "resnet50"):
            cells = printed(6, data=name, network=network, method=method).set_index("metric")
            for metric in METRICS:
                text = next(figures)
                assert cells.loc[metric, "printed"] == text
                assert cells.loc[metric, "value"] == pytest.approx(
                    float(text.rstrip("%")) / (100 if "%" in text else 1)
                )


@pytest.mark.parametrize(("method", "line"), ROWS_4.items())
def test_rows_of_table_4(method, line):
    cells = printed(4, method=method)
    assert cells["printed"].tolist() == line.split("\t")
    np.testing.assert_allclose(cells["value"], [float(text.split(" ± ")[0]) / 100 for text in line.split("\t")])
    np.testing.assert_allclose(cells["std"], [float(text.split(" ± ")[1]) / 100 for text in line.split("\t")])


def test_spots_of_tables_5_7_8_and_9():
    row = printed(5, data="cifar-10", network="resnet50", method="cutmix-zeta").iloc[0]
    assert (row["printed"], row["printed_improvement"]) == ("3.61 ± 0.06", "+11.52%")
    assert printed(7, method="zeta-2.8", metric="auc")["printed"].tolist() == (
        ["0.969", "0.911", "0.918", "0.951", "0.997", "0.918", "0.928", "0.996", "0.991", "0.969"]
    )
    assert printed(7, method="mixup", metric="accuracy")["printed"].tolist() == (
        ["77.5%", "72.2%", "70.5%", "75.4%", "94.4%", "63.2%", "76.2%", "93.1%", "89.9%", "72.7%"]
    )
    assert printed(8, method="dirichlet")["printed"].item() == "94.69 ± 0.08"
    assert printed(9, method="zeta", data="imagenette")["value"].item() == 45 * 60 + 34


def test_times_are_what_is_printed():
    table = read_table(9)
    given = table[table["value"].notna()]
    assert len(given) == 15
    np.testing.assert_allclose(given.apply(slips.seconds, axis=1), given["value"])
    assert table.loc[table["value"].isna(), "not_given"].str[0].tolist() == [
        mark[0] for mark in table.loc[table["value"].isna(), "printed"]
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="metric"), "lacking .*metric"),
        (lambda table: table.assign(extra=1), "unknown .*extra"),
        (lambda table: table.assign(value="high"), "must hold numbers"),
        (lambda table: table.assign(table=5), "must hold 4"),
        (lambda table: table.iloc[:0], "there must be a row"),
        (lambda table: pd.concat([table, table.iloc[:1]]), "may occur once"),
        (lambda table: table.assign(unit="m"), "unit must be one of"),
        (lambda table: table.assign(value=0.5), "is not '5.48"),
        (lambda table: table.assign(printed="five"), "must be a decimal number"),
    ],
)
def test_a_malformed_table_is_refused(tmp_path, change, message):
    change(read_table(4)).to_csv(tmp_path / "table_4.csv", index=False)
    with pytest.raises(ValueError, match=message):
        read_table(4, tmp_path)


def test_an_unknown_table_is_refused():
    with pytest.raises(ValueError, match="one of 4, 5, 6, 7, 8, 9; got 3"):
        read_table(3)


def test_an_interval_holds_what_rounds_to_the_figure():
    for text, unit, inside, outside in [
        ("70.44%", "%", (0.704351, 0.704449), (0.70434, 0.70446)),
        ("4.42 ± 0.02", "%", (0.044151,), (0.04414, 0.04426)),
        ("0.7836", "1", (0.78356, 0.78364), (0.7835, 0.7837)),
    ]:
        low, high = interval(text, unit)
        assert all(low <= value <= high for value in inside)
        assert not any(low <= value <= high for value in outside)


def test_counts_are_all_and_only_those_that_round_to_the_figure():
    rng = np.random.default_rng(0)
    for _ in range(200):
        n, text = int(rng.integers(5, 400)), f"{rng.random():.3f}"
        expected = [k for k in range(n + 1) if abs(k / n - float(text)) <= 0.0005 + 1e-9]
        assert counts(interval(text, "1"), n) == expected


def test_outcomes_are_scikit_learns():
    rng = np.random.default_rng(0)
    for _ in range(50):
        n0, n1 = rng.integers(1, 30, 2)
        right_0, right_1 = rng.integers(0, n0 + 1), rng.integers(0, n1 + 1)
        truth = np.repeat([0, 1], [n0, n1])
        guess = np.repeat([0, 1, 1, 0], [right_0, n0 - right_0, right_1, n1 - right_1])
        ours = outcomes((n0, n1))
        expected = [balanced_accuracy_score(truth, guess)]
        expected += [f1_score(truth, guess, average=average, zero_division=0) for average in ("micro", "macro")]
        np.testing.assert_allclose([ours[name][right_0, right_1] for name in METRICS], expected)
        figures = {name: interval(f"{value:.4f}", "1") for name, value in zip(METRICS, expected)}
        assert (right_0, right_1) in attained((n0, n1), figures)


def test_a_figure_off_by_a_digit_is_found_and_mended():
    right = {name: outcomes((32, 8))[name][30, 6] for name in METRICS}
    figures = {name: interval(f"{value:.4f}", "1") for name, value in right.items()}
    wrong = figures | {"f1_micro": interval("0.8000", "1")}
    assert attained((32, 8), figures) == [(30, 6)]
    assert attained((32, 8), wrong) == []
    assert repairs((32, 8), wrong) == {"balanced_accuracy": [], "f1_micro": [0.9], "f1_macro": []}


def test_the_size_and_the_split_come_back_from_figures():
    rng = np.random.default_rng(1)
    every = outcomes((61, 23))
    rows = [(int(rng.integers(30, 62)), int(rng.integers(8, 24))) for _ in range(8)]
    models = [{name: interval(f"{every[name][row]:.4f}", "1") for name in METRICS} for row in rows]
    assert possible_sizes([model["f1_micro"] for model in models], range(10, 160)) == [84]
    best, second, *_ = possible_splits(84, models)
    assert best == (8, 61, 23)
    assert second[0] < 8


def found(checks, what, where=""):
    return checks[(checks["what"] == what) & checks["where"].str.startswith(where)]


def test_the_improvement_that_no_rounding_explains(checks):
    rows = found(checks, "relative improvement over cutmix")
    assert rows.loc[~rows["agrees"], "where"].tolist() == ["cifar-100, efficientnet_b0, cutmix-zeta"]
    assert found(checks, "relative improvement over mixup")["agrees"].all()
    assert len(rows) == 8


def test_an_improvement_within_rounding_agrees():
    tables = {4: read_table(4), 5: read_table(5)}
    last = tables[5].index[tables[5]["printed_improvement"] == "+2.29%"]
    tables[5].loc[last, "printed_improvement"] = "+2.63%"
    assert all(check.agrees for check in error_rates.improvements(tables))
    tables[5].loc[last, "printed_improvement"] = "+2.64%"
    assert not all(check.agrees for check in error_rates.improvements(tables))


def test_models_without_an_outcome(checks):
    rows = found(checks, "some outcome gives the three figures")
    assert len(rows) == 40
    assert rows.loc[~rows["agrees"], "where"].tolist() == [
        "isic-2016, resnet18, zeta-2.4",
        "isic-2016, resnet50, zeta-4.0",
        "ph2, resnet18, erm",
        "med-node, resnet18, zeta-2.4",
    ]
    assert rows.set_index("where").loc["ph2, resnet18, erm", "derived"].endswith("f1_micro 0.9000")


def test_sentences_are_counted(checks):
    assert found(checks, "models better than ERM and mixup")["derived"].item().startswith("17 of 18")
    rows = found(checks, "some γ above both")
    assert len(rows) == 20
    assert rows.loc[~rows["agrees"], "where"].tolist() == ["derm7point-dermoscopic, resnet50", "med-node, resnet50"]
    assert found(checks, "both metrics above ERM and mixup")["agrees"].item()
    assert found(checks, "the other two")["derived"].item() == "octmnist: accuracy; organamnist: auc"
    assert (
        found(checks, "size of the test set from F1-micro", "isic-2018")["derived"]
        .item()
        .startswith("possible: 193,")
    )


def test_a_changed_figure_changes_the_verdict():
    table = read_table(4)
    table.loc[(table["data"] == "fashion-mnist") & (table["method"] == "zeta-2.4"), "value"] = 0.0605
    better, _ = error_rates.table_4(table)
    assert not better.agrees


def test_the_record_is_the_table(tmp_path, checks):
    paper_tables.run(Context(results=tmp_path))
    stored = records.read(tmp_path / "records" / "paper_tables" / "checks").table
    pd.testing.assert_frame_equal(stored, checks, check_dtype=False)
    assert stored["agrees"].isna().sum() == checks["agrees"].isna().sum() > 0
