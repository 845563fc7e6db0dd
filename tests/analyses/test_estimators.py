"""The table of estimators: its data, cells computed again, degenerate rows, and the figure."""

import numpy as np
import pytest

from analyses import estimators
from analyses.context import Context
from analyses.estimators import NAMES, Case, Settings, cases
from figures.estimators import draw, draw_table, number
from zeta_geom import records
from zeta_geom.geometry import local_dimension

SMALL = Settings(n_manifold=150, n_samples=100, n_images=60, n_neighbors=(4, 20), dimensions=(2,), noises=(0.0, 0.05))
SYNTHETIC = cases(SMALL)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    context = Context(results=tmp_path_factory.mktemp("results"), offline=True, progress=False)
    estimators.run(context, SMALL)
    return context.results


@pytest.fixture(scope="module")
def record(results):
    return records.read(results / "records" / "estimators" / "table")


@pytest.fixture
def cell(record):
    table = record.table.set_index(["data", "k", "estimator"])

    def of(data, k, name):
        return table.loc[(data, k, name)]

    return of


def test_every_estimator_of_ours_on_every_set(record):
    assert {"FO", "MLE", "TLE", "GRIDE", "CA-PCA"} <= set(NAMES)
    sizes = record.table.groupby(["data", "k"])["estimator"].agg(list)
    assert len(sizes) == 2 * (len(SYNTHETIC) + 1)
    assert all(names == list(NAMES) for names in sizes)
    assert (record.table["seconds"] > 0).all()
    np.testing.assert_allclose(record.table.loc[record.table["estimator"] == "FO", "to_fo"], 1)


@pytest.mark.parametrize("data", SYNTHETIC)
def test_the_cells_of_synthetic_data(cell, data):
    case = SYNTHETIC[data]
    X = case.make(0)
    values = local_dimension(X, 20, estimator="ESS")[20][: len(X) - case.aside]
    found = cell(data, 20, "ESS")
    assert (found["n"], found["dimension"]) == (len(X), case.dimension)
    assert found["mean"] == pytest.approx(values.mean(), rel=1e-12)
    assert found["bias"] == pytest.approx(values.mean() - case.dimension, rel=1e-9)
    assert found["std"] == pytest.approx(values.std(), rel=1e-9)


def test_the_images_have_no_known_dimension(cell):
    assert np.isnan(cell("mnist", 4, "FO")["bias"])
    assert cell("mnist", 4, "FO")["mean"] > 2


def test_noise_is_relative_to_the_spread():
    exact, noisy = (SYNTHETIC[name].make(0) for name in ("curved-12d", "curved-12d+0.05"))
    spread = np.sqrt(exact.var(axis=0).mean())
    assert (noisy - exact).std() == pytest.approx(0.05 * spread, rel=0.05)


def test_copies_and_the_outlier(cell):
    twice = SYNTHETIC["curved-12d-twice"].make(0)
    assert len(np.unique(twice, axis=0)) == len(twice) / 2
    X = SYNTHETIC["cube-5d-outlier"].make(0)
    distances = np.linalg.norm(X[:-1] - X[-1], axis=1)
    np.testing.assert_allclose(distances, SMALL.far, rtol=0.01)
    assert len(X) == 21  # the last of the 20 neighbours of every other point is the outlier
    assert cell("cube-5d-outlier", 20, "FO")["measured"] == 20  # not at the outlier itself
    assert cell("cube-5d-outlier", 20, "FO")["mean"] == 1
    assert cell("cube-5d-outlier", 20, "MLE")["mean"] < 0.5
    assert cell("cube-5d-outlier", 4, "FO")["mean"] > 2


def test_anchors_are_some_of_the_points():
    rows = estimators.measure(SYNTHETIC["cube-2d"], SMALL.model_copy(update={"n_measured": 30}), NAMES)
    assert {row["measured"] for row in rows} == {30}


def test_a_value_that_is_not_finite_is_counted_without_a_warning(recwarn):
    rows = estimators.measure(Case(None, lambda seed: np.eye(40)), SMALL, ["FO", "MLE"])
    assert [row["without"] for row in rows] == [0, 40, 0, 40]
    assert np.isnan(rows[1]["mean"])
    assert not recwarn.list


def test_the_figure(results, record):
    fig = draw_table(record)
    texts = [text.get_text() for text in fig.axes[0].texts]
    rows = [label.get_text() for label in fig.axes[0].get_yticklabels()]
    assert "1-D helix in R³" in rows
    assert "3-D manifold in R¹², 5% noise" in rows
    assert "5-D cube in R¹⁰, 20 points, 1 far away" in rows
    assert rows[-2:] == ["MNIST sample, unknown", "time, FO = 1"]
    for name in NAMES:
        assert texts.count(name) == 2
    mean = record.table["mean"].iloc[0]
    assert number(mean) in texts
    paths = draw(results)
    assert [path.name for path in paths] == ["estimators-sample.png", "estimators-sample.pdf"]
    assert all(path.stat().st_size > 10_000 for path in paths)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.014, "0.01"), (1.234, "1.2"), (12.3, "12"), (126.0, "126"), (0.0, "0.00"), (np.nan, "none")],
)
def test_numbers_have_two_or_three_digits(value, text):
    assert number(value) == text
