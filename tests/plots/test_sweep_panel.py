"""The bands of a sweep against γ."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from zeta_geom.plots.sweep import sweep_panel


def test_the_band_of_wrong_labels_is_over_seeds():
    row = {"data": "a", "mixer": "zeta", "n_mix": 0, "anchor": "", "measure": "label-error", "k": 8, "mean": 0.5}
    table = pd.DataFrame([row | {"gamma": g, "std": 0.4, "seed_std": 0.1} for g in (1.0, 2.0)])
    (band,) = sweep_panel(Figure().subplots(), table).collections
    heights = band.get_paths()[0].vertices[:, 1]
    np.testing.assert_allclose([heights.min(), heights.max()], [0.4, 0.6])


def test_a_narrow_band_shows_two_standard_errors():
    row = {"data": "a", "n_mix": 0, "anchor": "", "measure": "dimension", "k": 8, "mean": 5.0, "std": 1.0, "sem": 0.1}
    table = pd.DataFrame([row | {"mixer": "zeta", "gamma": g} for g in (1.0, 2.0)])
    _, narrow = sweep_panel(Figure().subplots(), table).collections
    heights = narrow.get_paths()[0].vertices[:, 1]
    np.testing.assert_allclose([heights.min(), heights.max()], [4.8, 5.2])
    ax = sweep_panel(Figure().subplots(), pd.DataFrame([row | {"mixer": "mixup", "gamma": np.nan}]))
    np.testing.assert_allclose([ax.patches[1].get_y(), ax.patches[1].get_height()], [4.8, 0.4])
    for sem in (0.0, np.nan):  # all points used, or one anchor
        assert len(sweep_panel(Figure().subplots(), table.assign(sem=sem)).collections) == 1
