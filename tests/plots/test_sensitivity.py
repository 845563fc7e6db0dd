"""Curves against γ with levels, and labels that do not touch."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from zeta_geom.plots.sensitivity import gamma_sensitivity, spread_apart
from zeta_geom.plots.style import METHOD_COLORS


@pytest.fixture
def ax():
    return Figure().subplots()


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
