"""Rank correlations, permutations and rankings of the study against SciPy and known cases."""

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import Ridge

from analyses.geometry_and_accuracy import ranking
from analyses.geometry_and_accuracy.statistics import (
    CellData,
    drawn_settings,
    interval,
    partial_spearman,
    permutation_p,
    permuted_ranks,
    spearman,
)
from zeta_geom.audits.answers.expected_rank import centred_ranks


def test_spearman_is_scipys_also_with_ties_and_missing_values():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 6, (50, 28)).astype(float), rng.normal(size=(50, 28))
    x[rng.random(x.shape) < 0.2] = np.nan
    expected = [stats.spearmanr(a, b, nan_policy="omit").statistic for a, b in zip(x, y)]
    np.testing.assert_allclose(spearman(x, y), expected, atol=1e-12)
    assert np.isnan(spearman(np.ones(28), y[0]))


def test_partial_correlation_is_that_of_the_residuals_of_ranks():
    rng = np.random.default_rng(1)
    z = rng.normal(size=28)
    x, y = z + rng.normal(size=28), -z + rng.normal(size=28)
    a, b, c = (stats.rankdata(each) for each in (x, y, z))
    residuals = [each - np.polyval(np.polyfit(c, each, 1), c) for each in (a, b)]
    np.testing.assert_allclose(partial_spearman(x, y, z), np.corrcoef(*residuals)[0, 1], atol=1e-12)
    assert np.isnan(partial_spearman(z, y, z))


def test_permutations_agree_with_the_t_distribution_in_one_cell():
    rng = np.random.default_rng(2)
    x = rng.normal(size=28)
    y = x + 2 * rng.normal(size=28)
    assert permutation_p([x], [y], seed=0) == pytest.approx(stats.spearmanr(x, y).pvalue, abs=0.01)


def test_two_cells_with_the_same_gains_are_not_two_observations():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(2, 28))
    assert permutation_p([x, x], [y, y], seed=0) == permutation_p([x], [y], seed=0)


def test_drawn_gains_hold_the_noise_of_the_seeds():
    rng = np.random.default_rng(4)
    gains, noise = rng.normal(size=(28, 1)), rng.normal(size=(28, 5))
    same = CellData(np.tile(gains, 5), np.zeros(5), {})
    np.testing.assert_allclose(same.drawn_gains(rng, 10), np.tile(gains[:, 0], (10, 1)))
    drawn = CellData(gains + noise, np.zeros(5), {}).drawn_gains(rng, 4000)
    np.testing.assert_allclose(drawn.std(axis=0), noise.std(axis=1) / 5**0.5, rtol=0.05)
    assert drawn_settings(28, 0).shape == (2000, 28)
    assert interval(np.arange(1001.0)) == (25.0, 975.0)


def cells_of(signal, rng):
    keys = ranking.MODEL
    cells = []
    for _ in range(2):
        measures = {key: rng.normal(size=28) for key in keys}
        gains = signal * measures[keys[0]] + 0.1 * rng.normal(size=28)
        cells.append(CellData(np.tile(gains[:, None], 5), np.zeros(5), measures))
    return cells


def test_a_ranking_finds_a_signal_in_families_that_it_has_not_seen():
    families, rng = np.repeat(list("abcdef"), [6, 9, 6, 1, 2, 4]), np.random.default_rng(5)
    cells = cells_of(1.0, rng)
    gains = np.stack([cell.gains for cell in cells])
    assert ranking.score(ranking.predictions(cells, families, ranking.MODEL, gains), gains) > 0.8
    assert ranking.chance(cells, families, ranking.MODEL, seed=0, permutations=99) == 0.01


def test_a_ranking_of_noise_does_not_beat_chance():
    families, rng = np.repeat(list("abcdef"), [6, 9, 6, 1, 2, 4]), np.random.default_rng(6)
    assert ranking.chance(cells_of(0.0, rng), families, ranking.MODEL, seed=0, permutations=99) > 0.05


def test_the_left_out_family_does_not_enter_its_own_prediction():
    families, rng = np.repeat(list("abcdef"), [6, 9, 6, 1, 2, 4]), np.random.default_rng(7)
    cells = cells_of(1.0, rng)
    gains = np.stack([cell.gains for cell in cells])
    before = ranking.predictions(cells, families, ranking.MODEL, gains)
    for family in "abcdef":
        left_out = families == family
        after = ranking.predictions(cells, families, ranking.MODEL, gains + 10 * left_out)
        np.testing.assert_array_equal(before[:, left_out], after[:, left_out])
        assert (before[:, ~left_out] != after[:, ~left_out]).any()


def test_predictions_are_ridge_regressions_of_scikit_learn():
    families, rng = np.repeat(list("abcdef"), [6, 9, 6, 1, 2, 4]), np.random.default_rng(8)
    cells = cells_of(0.5, rng)
    cells[1].measures[ranking.MODEL[0]][3] = np.nan
    gains = np.stack([cell.gains for cell in cells])
    predicted = ranking.predictions(cells, families, ranking.MODEL, gains)
    ranks = [[ranking.scaled_ranks(cell.measures[key]) for key in ranking.MODEL] for cell in cells]
    X = np.moveaxis(np.array(ranks), 1, 2)
    for family in "abcdef":
        known = families != family
        targets = [(stats.rankdata(each[known]) - (known.sum() + 1) / 2) / known.sum() for each in gains]
        inputs = [each[known] - each[known].mean(axis=0) for each in X]
        model = Ridge(ranking.PENALTY, fit_intercept=False).fit(np.concatenate(inputs), np.concatenate(targets))
        expected = model.predict(X[:, ~known].reshape(-1, 3)).reshape(2, -1)
        np.testing.assert_allclose(predicted[:, ~known], expected, atol=1e-12)


def test_pairs_in_order():
    gains = np.array([[1.0, 2.0, 3.0], [3.0, 1.0, 2.0]])
    assert ranking.pairs_in_order(gains, gains) == 1
    assert ranking.pairs_in_order(-gains, gains) == 0
    assert ranking.pairs_in_order(np.zeros((2, 3)), gains) == 0.5
    assert ranking.pairs_in_order(np.array([[1.0, 3.0, 2.0]]), gains[:1]) == pytest.approx(2 / 3)


@pytest.mark.parametrize("missing", [(), (3,), (0, 5)])
def test_ranks_of_permuted_gains_need_no_sorting(missing):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=12), rng.integers(0, 6, 12).astype(float)  # with ties
    x[[*missing]] = np.nan
    orders = np.random.default_rng(1).permuted(np.tile(np.arange(12), (50, 1)), axis=1)
    used = np.isfinite(x)
    a = centred_ranks(x, used)[used]
    ranks = permuted_ranks(tuple(y), tuple(used), 1, 50)
    np.testing.assert_allclose(ranks @ a / np.linalg.norm(a), spearman(x, y[orders]), atol=1e-12)
