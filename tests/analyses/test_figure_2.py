"""Figure 2, run small: what the records say, that they are reused, and that the drawing is a projection."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from analyses import figure_2 as analysis
from analyses.context import Context
from figures import figure_2 as figure
from zeta_geom.plots.points import axis_names, cloud, project, soft_scatter, two_class_colors, view_row
from zeta_geom.plots.style import name_columns, spread
from zeta_geom.records import read

SMALL = analysis.Settings(
    n_plane=129,
    n_helix=300,
    plane_gammas=(2.0, 6.0),
    grid_sizes=(2, 8),
    grid_gammas=(2.0, 6.0),
    plane_seeds=2,
    helix_seeds=2,
)


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    made = Context(results=tmp_path_factory.mktemp("results"), progress=False)
    analysis.run(made, SMALL)
    return made


def table_of(context, name):
    return read(context.results / "records" / "figure_2" / name).table


def test_label_errors_of_every_mixer_and_seed(context):
    table = table_of(context, "label_error")
    assert list(table.columns) == ["data", "method", "gamma", "seed", "label_error", "distance"]
    assert len(table) == 2 * 2 * (2 + 2)  # data sets, seeds, original and mixup and two γ
    assert table["label_error"].between(0, 1).all()
    mean = table.groupby(["data", "method", table["gamma"].fillna(0)])[["label_error", "distance"]].mean()
    for data in ("crescents", "spirals"):
        original, mixup = mean.loc[data, "original", 0], mean.loc[data, "mixup", 0]
        assert original["label_error"] < 0.03
        assert original["distance"] == pytest.approx(0.6745 * 0.1, rel=0.2)  # the median of |N(0, σ)|
        assert mixup["label_error"] > 0.1
        assert (mean.loc[data, "zeta", 6.0] < mixup).all()
        assert mean.loc[data, "zeta", 2.0]["label_error"] > mean.loc[data, "zeta", 6.0]["label_error"]


def test_helix_distances(context):
    table = table_of(context, "helix_distance")
    assert list(table.columns) == ["data", "method", "gamma", "seed", "distance"]
    assert table[table["method"] == "original"]["distance"].max() < 1e-9
    zeta = table[table["method"] == "zeta"].groupby("gamma")["distance"].mean()
    assert zeta.is_monotonic_decreasing
    assert 1 < zeta[6.0] < 2.5


def test_grid_has_every_size_and_exponent(context):
    table = table_of(context, "grid")
    zeta = table[table["method"] == "zeta"]
    assert zeta.groupby(["T", "gamma"]).size().to_dict() == {(T, g): 2 for T in (2, 8) for g in (2.0, 6.0)}
    means = zeta.groupby(["T", "gamma"])["distance"].mean()
    assert means[2, 2.0] < means[8, 2.0]
    assert (means[:, 6.0] < means[:, 2.0]).all()


def test_drawn_points_are_those_of_the_drawn_seed(context):
    points = read(context.results / "records" / "figure_2" / "spirals")
    assert points["X"].shape == (4, 129, 2)
    assert points["curves"].shape == (2, 400, 2)
    np.testing.assert_allclose(points["Y"].sum(axis=2), 1, rtol=1e-6)
    assert set(np.unique(points["Y"][0])) == {0, 1}
    X, _ = analysis.MANIFOLDS["spirals"].make(129, noise=0.1, random_state=0)
    np.testing.assert_allclose(points["X"][0], X, atol=1e-6)


def test_records_are_reused(context, monkeypatch):
    monkeypatch.setattr(analysis, "make_helix", None)
    monkeypatch.setattr(analysis, "wrong_labels", None)
    analysis.run(context, SMALL)


def test_every_picture_is_drawn(context, monkeypatch):
    monkeypatch.setitem(figure.PARAMETERS, "savefig.dpi", 50)
    files = figure.draw(context.results)
    assert [file.name for file in files] == [f"figure_2{part}.{kind}" for part in "abc" for kind in ("png", "pdf")]
    assert all(file.stat().st_size > 10_000 for file in files)


def test_presets_have_the_papers_sizes():
    for preset in analysis.PRESETS.values():
        assert (preset.n_plane, preset.noise, preset.n_helix, preset.batch_size) == (512, 0.1, 8192, 32)


def test_panels_carry_the_numbers_of_their_own_row(context):
    table = table_of(context, "label_error")
    rows = table[(table["data"] == "spirals") & (table["method"] == "mixup")]
    with_figure = figure.draw_plane(context.results / "records" / "figure_2")
    title = with_figure.axes[len(figure.LIMITS) * 2 + 1].get_title()  # second row, second column
    assert title.startswith(f"wrong {100 * rows['label_error'].mean():.1f} ± ")
    assert f"dist. {rows['distance'].mean():.3f} ± " in title


@pytest.mark.parametrize(("elevation", "azimuth"), [(0, 0), (70, 0), (90, 0), (0, 90), (33, -120)])
def test_projection_is_matplotlibs_orthographic_one(elevation, azimuth):
    ax = Figure(figsize=(4, 4)).add_subplot(projection="3d", proj_type="ortho")
    ax.set(xlim=(-1, 1), ylim=(-1, 1), zlim=(-1, 1))
    ax.set_box_aspect((1, 1, 1))
    ax.view_init(elev=elevation, azim=azimuth)
    X = np.random.default_rng(0).uniform(-1, 1, (50, 3))
    judge = (np.c_[X, np.ones(50)] @ ax.get_proj().T)[:, :2]
    ours = project(X, elevation, azimuth)
    judge, ours = judge - judge.mean(axis=0), ours - ours.mean(axis=0)
    scale = (judge * ours).sum() / (ours**2).sum()
    assert scale > 0
    np.testing.assert_allclose(judge, scale * ours, atol=1e-9)


def test_axis_names_say_what_the_projection_does():
    assert axis_names(0, 0, stretch=(1, 1, 4)) == ("y", "4 z")
    assert axis_names(90, 0) == ("y", "−x")
    assert axis_names(0, 90) == ("−x", "z")
    assert project([[1, 2, 3]], 0, 0, stretch=(1, 1, 4)).tolist() == [[2, 12]]


def test_colors_follow_the_label():
    ax = soft_scatter(Figure().subplots(), np.eye(3)[:, :2], [0, 0.5, 1], curves=np.zeros((2, 5, 2)))
    points = ax.collections[0]
    np.testing.assert_allclose(points.to_rgba(points.get_array()), two_class_colors()([0, 0.5, 1.0]))
    assert len(ax.lines) == 2
    assert ax.get_aspect() == 1


def test_originals_lie_under_what_was_mixed():
    ax = cloud(Figure().subplots(), np.ones((2, 2)), color="#0072B2", behind=np.zeros((3, 2)))
    under, over = ax.collections
    assert (len(under.get_offsets()), len(over.get_offsets())) == (3, 2)
    assert tuple(over.get_facecolor()[0]) == to_rgba("#0072B2")


def test_spread_takes_the_named_rows_alone():
    table = pd.DataFrame({"gamma": [np.nan, 2.0, 2.0], "error": [9.0, 1.0, 3.0]})
    assert spread(table, "error", {"gamma": 2.0}, ".2f") == "2.00 ± 1.41"
    assert spread(table, "error", {"gamma": np.nan}, ".1f") == "9.0 ± 0.0"


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda ax: soft_scatter(ax, np.zeros((3, 3)), [0, 0, 0]), "X must have 2 columns"),
        (lambda ax: soft_scatter(ax, np.zeros((3, 2)), [0, 0]), "share must have one value for each of the 3 points"),
        (
            lambda ax: soft_scatter(ax, np.zeros((2, 2)), [0, 2]),
            r"share must lie in \[0, 1\]; got values from 0.0 to 2.0",
        ),
        (lambda ax: cloud(ax, np.zeros((3, 3)), color="k"), "XY must have 2 columns.* project them first"),
        (lambda ax: cloud(ax, np.zeros((3, 2)), color="k", behind=np.zeros(3)), "behind must have shape"),
        (
            lambda ax: view_row([ax], np.zeros((2, 3, 3)), ["k"], originals=np.zeros((3, 3)), view=(0, 0)),
            "clouds and colors must have one entry per panel, 1; got 2 and 1",
        ),
        (lambda ax: project(np.zeros((3, 2)), 0, 0), "X must have 3 columns"),
        (lambda ax: project(np.zeros((3, 3)), np.nan, 0), "elevation must be finite"),
        (lambda ax: axis_names(0, np.inf), "azimuth must be finite"),
        (lambda ax: name_columns(np.array([[ax]]), ["a", "b"], "x"), "names must hold one name for each of the 1"),
        (
            lambda ax: spread(pd.DataFrame({"a": [1]}), "a", {"a": 2}, ".1f"),
            "conditions must match at least one row of table",
        ),
    ],
)
def test_bad_input_is_answered_with_the_rule(call, text):
    with pytest.raises(ValueError, match=text):
        call(Figure().subplots())
