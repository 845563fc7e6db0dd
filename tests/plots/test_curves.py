"""Curves of the dimension against scale."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from zeta_geom.plots import dimension_curves

ROWS = {"k": [16, 8, 32], "radius": [0.4, 0.2, 0.9], "dimension": [2.0, 1.0, np.nan], "sem": [0.1, np.nan, 0.1]}
TABLE = pd.concat([pd.DataFrame(ROWS).assign(estimator=name) for name in ("FO", "a $b")])


@pytest.mark.parametrize(("against", "x"), [("k", [8, 16]), ("radius", [0.2, 0.4])])
def test_a_curve_ascends_along_scale_and_its_band_is_two_standard_errors(against, x):
    ax = dimension_curves(Figure().subplots(), TABLE, against=against)
    assert len(ax.lines) == len(ax.collections) == 2
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), x)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [1, 2])
    heights = ax.collections[0].get_paths()[0].vertices
    np.testing.assert_allclose(np.ptp(heights[heights[:, 0] == x[1], 1]), 0.4)
    assert ax.get_xscale() == "log"
    assert ax.lines[0].get_color() != ax.lines[1].get_color()


def test_an_estimator_without_a_dimension_is_named():
    lacking = TABLE.assign(dimension=TABLE["dimension"].where(TABLE["estimator"] == "FO"))
    ax = dimension_curves(Figure().subplots(), lacking)
    assert len(ax.lines) == 1
    assert ax.texts[0].get_text().startswith("no dimension: a ")
