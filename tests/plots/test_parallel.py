"""Parallel coordinates of trained models."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from zeta_geom.mixers import gamma_min
from zeta_geom.plots.parallel import BELOW, accuracy_colors, parallel_models


@pytest.fixture
def ax():
    return Figure().subplots()


def curves(ax):
    """Return the lines that pass through all three columns."""
    return [line for line in ax.lines if len(line.get_xdata()) > 2]


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
