import numpy as np
import pytest
from matplotlib.figure import Figure

from analyses import figure_7
from analyses.context import Context
from figures.figure_7 import draw
from zeta_geom.mixers import ZetaMixup
from zeta_geom.plots.neighborhoods import neighborhood_ellipse, ringed_points, vote_circles, window
from zeta_geom.records import read

SMALL = figure_7.Settings(n_points=128, n_tests=40, gammas=(2.8, 6.0), seeds=2)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    figure_7.run(Context(results=folder, progress=False), SMALL)
    return folder


def test_classes_lie_on_their_side_of_the_boundary():
    X, y = figure_7.make_points(1001, SMALL, np.random.default_rng(0))
    away = (X[:, 1] - SMALL.amplitude * np.sin(np.pi * X[:, 0] / SMALL.half_width)) * np.where(y == 1, 1, -1)
    assert away.min() >= SMALL.gap
    assert away.max() <= SMALL.gap + SMALL.depth
    assert np.bincount(y).tolist() == [500, 501]


def test_the_leader_is_the_point_that_a_large_gamma_returns():
    X, y = figure_7.make_points(100, SMALL, np.random.default_rng(0))
    for anchor in ("self", "random"):
        X_new, _, leaders = figure_7.mix(ZetaMixup(60.0, anchor=anchor, random_state=1), X, y, SMALL)
        np.testing.assert_allclose(X_new, X[leaders], atol=1e-9)


def test_averages_are_consistent(results):
    table = read(results / "records" / "figure_7" / "averages").table
    assert len(table) == 2 * (2 + 2 * 2)
    original = table[table["method"] == "original"]
    assert (original[["lower", "higher"]] == 0).all(axis=None)
    shares = table[["lower", "higher", "correct_8", "correct_16", "right_8", "right_16"]]
    assert ((shares >= 0) & (shares <= 1)).all(axis=None)
    zeta = table[table["method"] == "zeta"].groupby("gamma")["correct_16"].mean()
    assert zeta[6.0] > zeta[2.8]


def test_chosen_points_follow_their_rules(results):
    points = read(results / "records" / "figure_7" / "points")
    leader, output = points["pair"]
    before, spectra, _ = figure_7.dimensions(points["X"], SMALL)
    after, *_ = figure_7.dimensions(points["X_large"], SMALL)
    assert points["pair_dimensions"].tolist() == [before[leader], after[output]]
    assert after[output] < before[leader]
    np.testing.assert_array_equal(points["pair_eigenvalues"][0], spectra[leader])
    for i, name in enumerate(("mixup", "zeta")):
        nearest = np.argsort(np.linalg.norm(points[f"X_{name}"] - points["test"], axis=1))[:16]
        np.testing.assert_array_equal(points["test_neighbors"][i], nearest)
        right = points[f"Y_{name}"][nearest].argmax(axis=1) == points["test_class"]
        assert points["test_correct"][i].tolist() == [right[:8].sum(), right.sum()]


def test_the_figure_is_drawn_from_records_alone(results):
    written = draw(results)
    assert [path.name for path in written] == ["figure_7.png", "figure_7.pdf"]
    assert all(path.stat().st_size > 10_000 for path in written)


def test_ellipse_has_the_eigenvalues_for_half_axes():
    generator = np.random.default_rng(0)
    angle = 0.5
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = generator.normal(size=(4000, 2)) * (3, 1) @ turn.T
    ellipse = neighborhood_ellipse(Figure().subplots(), points).patches[0]
    np.testing.assert_allclose([ellipse.width, ellipse.height], [12, 4], rtol=0.05)
    np.testing.assert_allclose(np.degrees(angle), ellipse.angle % 180, atol=2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda ax: neighborhood_ellipse(ax, np.zeros((3, 3))), "neighbors must have two columns"),
        (lambda ax: neighborhood_ellipse(ax, np.zeros((1, 2))), "neighbors must have at least 2 row"),
        (lambda ax: ringed_points(ax, np.zeros((3, 1))), "points must have two columns"),
        (lambda ax: vote_circles(ax, [0, 0], np.zeros((3, 2)), (2, 4)), "ks must be at most the 3"),
        (lambda ax: vote_circles(ax, [0, 0, 0], np.zeros((3, 2)), (2,)), "test_point must have two columns"),
        (lambda ax: window(np.zeros((3, 3))), "clouds must have two columns"),
        (lambda ax: window(np.zeros((3, 2), np.float32), margin=1e300), "margin must be"),
    ],
)
def test_plots_refuse(call, message):
    with pytest.raises(ValueError, match=message):
        call(Figure().subplots())
