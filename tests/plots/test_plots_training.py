"""Drawing of pictures in grids, paired dots, curves with levels, and parallel coordinates."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from zeta_geom.mixers import gamma_min
from zeta_geom.plots.images import picture_grid
from zeta_geom.plots.paired_dots import WINNER_COLORS, paired_dots, paired_dots_key
from zeta_geom.plots.parallel import BELOW, accuracy_colors, parallel_models
from zeta_geom.plots.sensitivity import gamma_sensitivity, spread_apart
from zeta_geom.plots.style import METHOD_COLORS, OKABE_ITO


@pytest.fixture
def ax():
    return Figure().subplots()


def curves(ax):
    """Return the lines that pass through all three columns."""
    return [line for line in ax.lines if len(line.get_xdata()) > 2]


@pytest.mark.parametrize("shape", [(5, 4, 6), (5, 4, 6, 3)])
def test_pictures_lie_in_their_places_on_one_scale(ax, shape):
    images = np.random.default_rng(0).uniform(0, 0.4, shape)  # no white in it: nothing is stretched
    assert picture_grid(ax, images, columns=3, gap=0.1) is ax
    assert len(ax.images) == 5
    left, right, bottom, top = ax.images[4].get_extent()
    np.testing.assert_allclose((left, right), (1, 1.9))
    np.testing.assert_allclose((top, bottom), (4 / 6, 2 * 4 / 6 - 0.1))
    for drawn, image in zip(ax.images, images):
        np.testing.assert_allclose(np.asarray(drawn.get_array()), image)
        if image.ndim == 2:
            assert (drawn.get_cmap().name, drawn.get_clim()) == ("gray", (0, 1))


def test_eight_bits_and_fractions_are_drawn_alike(ax):
    levels = np.arange(48, dtype=np.uint8).reshape(1, 4, 4, 3) * 5
    drawn = [np.asarray(picture_grid(ax, each).images[-1].get_array()) for each in (levels, levels / 255)]
    np.testing.assert_allclose(*drawn, atol=1e-6)


@pytest.mark.parametrize(
    ("images", "change", "error", "message"),
    [
        (np.zeros((4, 4)), {}, ValueError, "images must have shape"),
        (np.zeros((2, 4, 4, 2)), {}, ValueError, "images must have shape"),
        (np.zeros((0, 4, 4)), {}, ValueError, "images must have shape"),
        (np.zeros((1, 4, 4), int), {}, TypeError, "uint8 0..255 or floating"),
        (np.full((1, 4, 4), 255.0), {}, ValueError, r"must lie in \[0, 1\]; got 255"),
        (np.full((1, 4, 4), np.nan), {}, ValueError, r"must lie in \[0, 1\]"),
        (np.zeros((1, 4, 4)), {"columns": 0}, ValueError, "columns must be"),
    ],
)
def test_pictures_are_refused(ax, images, change, error, message):
    with pytest.raises(error, match=message):
        picture_grid(ax, images, **change)


@pytest.fixture
def pairs():
    rows = [(90.0, 1.0, 88.0, 0.5), (70.0, np.nan, 71.5, np.nan), (60.0, 0.1, 60.0, 0.1)]
    return pd.DataFrame(rows, columns=["first", "first_std", "second", "second_std"])


def test_dots_lie_at_their_values_and_show_the_higher_twice(ax, pairs):
    paired_dots(ax, pairs, ["a", "b", "c"])
    for row, (first, _, second, _) in enumerate(pairs.to_numpy()):
        dots = [line for line in ax.lines if line.get_marker() in "oD" and abs(line.get_ydata()[0] - row) < 0.4]
        assert {line.get_marker(): line.get_xdata()[0] for line in dots} == {"o": first, "D": second}
        filled = {line.get_marker() for line in dots if line.get_markerfacecolor() != "white"}
        assert filled == (set() if first == second else {"o"} if first > second else {"D"})
        color = WINNER_COLORS[0 if first > second else 1 if first < second else 2]
        assert {line.get_color() for line in dots} == {color}
        (joined,) = [
            line for line in ax.lines if line.get_ls() == ":" and abs(np.mean(line.get_ydata()) - row) < 0.01
        ]
        assert (list(joined.get_xdata()), joined.get_color()) == ([first, second], color)
    assert [text.get_text() for text in ax.texts] == ["+2.0", "−1.5", "+0.0"]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b", "c"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first on top


def test_bars_are_one_standard_deviation_where_there_is_one(ax, pairs):
    paired_dots(ax, pairs, "abc")
    bars = [line.get_xdata() for line in ax.lines if line.get_ls() == "-" and len(line.get_xdata()) == 2]
    np.testing.assert_allclose(bars, [(89, 91), (87.5, 88.5), (59.9, 60.1), (59.9, 60.1)])


def test_outcomes_have_colours_of_the_palette_and_shapes_in_the_key():
    assert set(WINNER_COLORS) <= set(OKABE_ITO.values())
    key = paired_dots_key(("a", "b"))
    assert [handle.get_marker() for handle in key] == ["o", "D", "o", "D"]


@pytest.mark.parametrize(
    ("change", "names", "message"),
    [
        (lambda table: table.drop(columns="second_std"), "abc", "lacking: second_std"),
        (lambda table: table, "ab", "names must be as many"),
        (lambda table: table[:0], "", "names must be as many"),
        (lambda table: table.assign(first=np.nan), "abc", "finite"),
    ],
)
def test_pairs_are_refused(ax, pairs, change, names, message):
    with pytest.raises(ValueError, match=message):
        paired_dots(ax, change(pairs), names)


@pytest.fixture
def swept():
    return pd.DataFrame({"gamma": [3.0, 2.0, 4.0], "mean": [6.0, 5.0, 7.0], "std": [0.5, 0.25, np.nan]})


def test_curve_bands_and_levels(ax, swept):
    gamma_sensitivity(ax, swept, {"erm": (9.0, 0.1), "mixup": (8.0, None)})
    drawn = {line.get_color(): line for line in ax.lines}
    curve = drawn[METHOD_COLORS["zeta"]]
    assert curve.get_xydata().tolist() == [[2, 5], [3, 6], [4, 7]]
    assert [set(drawn[METHOD_COLORS[name]].get_ydata()) for name in ("erm", "mixup")] == [{9.0}, {8.0}]
    (band,) = ax.patches
    assert (band.get_y(), band.get_height()) == (8.9, pytest.approx(0.2))
    corners = ax.collections[0].get_paths()[0].vertices.tolist()
    assert {(2.0, 4.75), (2.0, 5.25), (3.0, 5.5), (3.0, 6.5), (4.0, 7.0)} <= set(map(tuple, corners))
    assert len({line.get_ls() for line in ax.lines}) == 3  # not by the colour alone


def test_names_stand_at_their_lines_and_not_on_each_other(ax, swept):
    gamma_sensitivity(ax, swept, {"erm": (9.0, 0.1), "mixup": (7.01, 0.1)})
    names = {text.get_text(): text for text in ax.texts}
    assert list(names) == ["ERM", "mixup", "ζ-mixup"]
    assert names["ERM"].get_position()[1] == 9
    low, high = ax.get_ylim()
    apart = names["mixup"].get_position()[1] - names["ζ-mixup"].get_position()[1]
    assert apart == pytest.approx(0.075 * (high - low))
    assert all(text.get_color() == METHOD_COLORS[key] for text, key in zip(ax.texts, ("erm", "mixup", "zeta")))


@pytest.mark.parametrize("seed", range(5))
def test_spread_apart_keeps_order_and_sum(seed):
    places = np.random.default_rng(seed).uniform(0, 4, 6)
    apart = spread_apart(places, 0.5)
    assert (np.diff(np.sort(apart)) > 0.5 - 1e-12).all()
    assert np.argsort(apart).tolist() == np.argsort(places).tolist()
    assert apart.sum() == pytest.approx(places.sum())
    far = 10.0 * np.arange(6)
    np.testing.assert_allclose(spread_apart(far, 0.5), far)


@pytest.mark.parametrize(
    ("change", "levels", "message"),
    [
        (lambda table: table.drop(columns="std"), {}, "lacking: std"),
        (lambda table: table[:0], {}, "a row for each value"),
        (lambda table: table, {"cutout": (1.0, None)}, "got cutout"),
    ],
)
def test_sensitivity_refuses(ax, swept, change, levels, message):
    with pytest.raises(ValueError, match=message):
        gamma_sensitivity(ax, change(swept), levels)


def test_models_pass_through_their_values(ax):
    gamma, decay, accuracy = [1.0, 2.0, 5.0, 3.0], [1e-4, 1e-3, 1e-5, 1e-4], [80.0, 90.0, 82.0, 84.0]
    parallel_models(ax, gamma, decay, accuracy)
    heights = {tuple(line.get_ydata()[[0, 59, -1]].round(9)): line for line in curves(ax)}
    assert set(heights) == {(0, 0.5, 0), (0.25, 1, 1), (1, 0, 0), (0.5, 0.5, 0.25)}
    for (left, _, right), line in heights.items():
        assert line.get_xdata()[[0, 59, -1]].tolist() == [0, 1, 2]
        expected = BELOW if left == 0 else to_hex(accuracy_colors()(right))
        assert to_hex(line.get_color()) == expected.lower()


def test_grey_models_do_not_stretch_the_accuracy_axis(ax):
    parallel_models(ax, [1.0, 2.0, 3.0], [1e-4, 5e-4, 1e-3], [20.0, 80.0, 90.0])
    ends = {line.get_color() == BELOW: line.get_ydata()[-1] for line in ax.lines[:3]}
    assert ends[True] == 0
    assert sorted(line.get_ydata()[-1] for line in ax.lines[:3]) == [0, 0, 1]


def test_models_below_gamma_min_are_grey_and_the_best_is_on_top(ax):
    generator = np.random.default_rng(0)
    gamma, accuracy = generator.uniform(1, 6, 60), generator.uniform(70, 90, 60)
    parallel_models(ax, gamma, 10 ** generator.uniform(-5, -3, 60), accuracy)
    lines = curves(ax)
    grey = [line for line in lines if line.get_color() == BELOW]
    assert len(grey) == (gamma < gamma_min()).sum() > 0
    assert all(line.get_zorder() < other.get_zorder() for line in grey for other in lines if other not in grey)
    coloured = [line.get_ydata()[-1] for line in lines if line not in grey]
    assert coloured == sorted(coloured)
    assert any("gamma" in text.get_text() for text in ax.texts)


def test_another_gamma_min_is_taken(ax):
    parallel_models(ax, [2.0, 3.0], [1e-4, 1e-3], [80.0, 90.0], gamma_min=2.5)
    assert [line.get_color() == BELOW for line in curves(ax)] == [True, False]


def test_ticks_lie_at_their_values(ax):
    parallel_models(ax, [1.0, 6.0], [5e-5, 1e-3], [75.0, 95.0])
    at = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert at["4"] == pytest.approx(0.6)
    assert at[r"$2 \cdot 10^{-4}$"] == pytest.approx(np.log(4) / np.log(20))
    assert at["80"] == pytest.approx(0.25)


def test_models_all_alike_are_drawn(ax):
    parallel_models(ax, [2.0], [1e-3], [90.0])
    assert np.isfinite(curves(ax)[0].get_xydata()).all()


def test_accuracy_colours_get_lighter_and_are_seen_on_white():
    rgb = accuracy_colors()(np.linspace(0, 1, 50))[:, :3]
    luminance = np.where(rgb <= 0.03928, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance) > 0).all()
    assert luminance.max() < 0.6


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (([2.0], [1e-3, 1e-4], [90.0]), "must have the same shape"),
        (([], [], []), "n at least 1"),
        (([2.0], [0.0], [90.0]), "weight decays above 0"),
        (([np.nan], [1e-3], [90.0]), "must be finite"),
    ],
)
def test_models_are_refused(ax, arrays, message):
    with pytest.raises(ValueError, match=message):
        parallel_models(ax, *arrays)
