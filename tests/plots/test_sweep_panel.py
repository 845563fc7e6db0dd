"""The bands of a sweep against γ."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from zeta_geom.plots.sweep import COLUMNS, sweep_panel
from zeta_geom.sweeps import workshop


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


def rows_of(mixer, **columns):
    row = {"data": "a", "mixer": mixer, "n_mix": 0, "anchor": "", "measure": "m", "k": 0, "std": 0.1, "gamma": np.nan}
    return pd.DataFrame(columns).assign(**{name: value for name, value in row.items() if name not in columns})


def test_a_panel_against_a_parameter():
    table = pd.concat([
        rows_of("original", mean=[1.0]), rows_of("zeta", mean=[1.0, 2.0], gamma=[2.0, 3.0]),
        rows_of("cutmix", mean=[3.0, 4.0, 5.0, 6.0], alpha=[1.0, 0.5, 1.0, 0.5], prob=[0.1, 0.1, 0.2, 0.2]),
    ])  # fmt: skip
    ax = sweep_panel(Figure().subplots(), table, x="alpha")
    assert ax.get_legend_handles_labels()[1] == ["original", "CutMix, prob = 0.1", "CutMix, prob = 0.2"]
    assert ax.lines[1].get_xydata().tolist() == [[0.5, 4.0], [1.0, 3.0]]
    assert ax.lines[1].get_linestyle() != ax.lines[2].get_linestyle()
    levels = sweep_panel(Figure().subplots(), table).get_legend_handles_labels()[1]
    assert levels[2:] == [
        f"CutMix, alpha = {a}, prob = {p}" for a, p in (("1", 0.1), ("0.5", 0.1), ("1", 0.2), ("0.5", 0.2))
    ]
    with pytest.raises(ValueError, match="infinite value"):
        sweep_panel(Figure().subplots(), table.assign(alpha=np.inf), x="alpha")


def test_bands_of_shares_and_single_numbers_are_over_seeds():
    for more in ({"unit": "share"}, {"n": 1}):
        table = rows_of("zeta", mean=[0.5, 0.5], gamma=[1.0, 2.0], seed_std=[0.2, 0.2], **more)
        (band,) = sweep_panel(Figure().subplots(), table).collections
        heights = band.get_paths()[0].vertices[:, 1]
        np.testing.assert_allclose([heights.min(), heights.max()], [0.3, 0.7])
    assert not sweep_panel(Figure().subplots(), table.assign(seed_std=np.nan)).collections  # one seed


def test_negative_values_and_nan_are_not_hidden():
    table = rows_of("zeta", mean=[-1.0, np.nan], gamma=[1.0, 2.0])
    ax = sweep_panel(Figure().subplots(), table)
    assert ax.get_ylim()[0] < -1
    assert "NaN: ζ-mixup" in [text.get_text() for text in ax.texts]


def test_columns_are_those_of_a_sweep():
    assert (*workshop.COLUMNS, *workshop.VALUES) == COLUMNS
