"""Pairs of dots and their key."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from zeta_geom.plots.paired_dots import WINNER_COLORS, paired_dots, paired_dots_key
from zeta_geom.plots.style import OKABE_ITO


@pytest.fixture
def ax():
    return Figure().subplots()


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
        (lambda table: table, "ab", "names must have one name per row"),
        (lambda table: table[:0], "", "names must have one name per row"),
        (lambda table: table.assign(first=np.nan), "abc", "finite"),
    ],
)
def test_pairs_are_refused(ax, pairs, change, names, message):
    with pytest.raises(ValueError, match=message):
        paired_dots(ax, change(pairs), names)
