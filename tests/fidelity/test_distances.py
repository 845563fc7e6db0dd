"""Kernel distance, Vendi score, realism and rarity: other libraries and plain loops as judges, degenerate cases."""

import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from torchmetrics.image.kid import poly_mmd

from zeta_geom.fidelity import (
    improved_precision_recall,
    kernel_distance,
    rarity_scores,
    realism_scores,
    vendi_score,
)
from zeta_geom.fidelity.kernel_distance import resampled_kernel_distances
from zeta_geom.fidelity.vendi import effective_number, unit_rows


@pytest.fixture(scope="module")
def sets():
    rng = np.random.default_rng(0)
    return rng.normal(size=(300, 12)) + 0.5, rng.gamma(1.0, size=(240, 12))


def plain_mmd(a, b):
    def mean(X, Y, same):
        values = [(x @ y / len(x) + 1) ** 3 for i, x in enumerate(X) for j, y in enumerate(Y) if not same or i != j]
        return np.mean(values)

    return mean(a, a, True) + mean(b, b, True) - 2 * mean(a, b, False)


def test_kernel_distance_is_that_of_torchmetrics_and_of_a_loop(sets, monkeypatch):
    a, b = sets
    theirs = poly_mmd(torch.from_numpy(a[:240]), torch.from_numpy(b)).item()
    assert kernel_distance(a[:240], b).score == pytest.approx(theirs, rel=1e-9)
    monkeypatch.setattr(sys.modules["zeta_geom.fidelity.kernel_distance"], "ROWS", 7)
    assert kernel_distance(a[:40], b[:25]).score == pytest.approx(plain_mmd(a[:40], b[:25]), rel=1e-10)
    assert kernel_distance(b[:25], a[:40]).score == pytest.approx(plain_mmd(a[:40], b[:25]), rel=1e-10)


def test_kernel_distance_of_subsets(sets):
    a, b = sets
    result = kernel_distance(a, b, subset_size=100, n_subsets=60, random_state=1)
    assert result.subsets.shape == (60,)
    assert (result.score, result.std) == (result.subsets.mean(), result.subsets.std())
    whole = kernel_distance(a, b)
    assert abs(result.score - whole.score) < 3 * result.std / np.sqrt(10)  # without bias
    assert (whole.std, len(whole.subsets)) == (0, 1)
    assert kernel_distance(a, b, subset_size=240, n_subsets=1).score != whole.score  # 240 of 300 rows
    assert kernel_distance(b, b[::-1], subset_size=240, n_subsets=1).score == pytest.approx(
        kernel_distance(b, b).score
    )


def test_a_new_sample_has_no_kernel_distance_on_average():
    rng = np.random.default_rng(3)
    values = [kernel_distance(*rng.normal(size=(2, 30, 4))).score for _ in range(200)]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(200)
    assert min(values) < 0


def test_weights_of_the_kernel_distance_are_copies_that_make_no_pairs(sets):
    a, b = (X[:20] for X in sets)
    counts = np.random.default_rng(0).integers(0, 3, size=(4, 20)).astype(float)
    for weights, value in zip(counts, resampled_kernel_distances(a, counts, b)):
        rows = np.repeat(np.arange(20), weights.astype(int))
        kernel = (a[rows] @ a[rows].T / 12 + 1) ** 3
        different = rows[:, None] != rows
        within_b = ((b @ b.T / 12 + 1) ** 3)[~np.eye(20, dtype=bool)]
        expected = kernel[different].mean() + within_b.mean() - 2 * ((a[rows] @ b.T / 12 + 1) ** 3).mean()
        assert value == pytest.approx(expected, rel=1e-10)
    lonely = np.zeros((1, 20))
    lonely[0, 3] = 20
    assert np.isfinite(resampled_kernel_distances(a, lonely, b)).all()
    same = np.full((5, 2), 0.3)
    assert kernel_distance(same, same[:3]).score == pytest.approx(0, abs=1e-15)


def test_vendi_score_has_its_closed_forms(sets):
    assert vendi_score(np.eye(6)) == pytest.approx(6)
    assert vendi_score(np.full((9, 3), 0.2)) == pytest.approx(1)
    assert vendi_score(np.zeros((4, 3))) == pytest.approx(1)
    assert vendi_score(np.repeat(np.eye(3), 4, axis=0) * np.arange(1, 13)[:, None]) == pytest.approx(3)
    assert vendi_score([[0.0, 0.0], [1.0, 0.0]]) == pytest.approx(2)  # no direction, and one
    cosine = 0.6  # eigenvalues (1 ± 0.6) / 2
    shares = np.array([1 + cosine, 1 - cosine]) / 2
    pair = [[1.0, 0.0], [cosine, 0.8]]
    assert vendi_score(pair) == pytest.approx(np.exp(-(shares * np.log(shares)).sum()))
    assert vendi_score(1e-200 * np.array(pair)) == pytest.approx(vendi_score(pair))
    assert vendi_score([[0.0], [1.0]], kernel="gaussian") == pytest.approx(
        np.exp(-sum(s * np.log(s) for s in ((1 + np.exp(-0.5)) / 2, (1 - np.exp(-0.5)) / 2)))
    )
    assert vendi_score(np.zeros((4, 3)), kernel="gaussian") == pytest.approx(1)


def test_vendi_score_is_the_entropy_of_the_whole_matrix(sets):
    for X in (sets[0], sets[0][:8]):  # more rows than features, and fewer
        unit = X / np.linalg.norm(X, axis=1, keepdims=True)
        spectrum = np.linalg.eigvalsh(unit @ unit.T / len(X))
        spectrum = spectrum[spectrum > 1e-15]
        assert vendi_score(X) == pytest.approx(np.exp(-(spectrum * np.log(spectrum)).sum()), rel=1e-9)
        counts = np.random.default_rng(0).integers(0, 3, size=(2, len(X)))
        scores = effective_number(unit_rows(X), counts.astype(float))
        for draw, score in zip(counts, scores):
            assert score == pytest.approx(vendi_score(np.repeat(X, draw, axis=0)), rel=1e-9)
    assert vendi_score(sets[0], max_samples=50) == vendi_score(sets[0], max_samples=50) <= 12
    assert vendi_score(sets[0], max_samples=5) <= 5


def plain_radii(X, k):
    within = cdist(X, X)
    np.fill_diagonal(within, np.inf)
    return np.sort(within, axis=1)[:, k - 1]


@st.composite
def pairs(draw):
    """Two samples, on a grid where ties and copies abound, or far from the origin."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, m, d = draw(st.integers(4, 30)), draw(st.integers(1, 30)), draw(st.integers(1, 5))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    if draw(st.booleans()):
        return tuple(rng.integers(-2, 3, size=(size, d)).astype(dtype) for size in (n, m))
    return tuple((1e3 + rng.normal(size=(size, d))).astype(dtype) for size in (n, m))


@settings(max_examples=40, deadline=None)
@given(pairs(), st.integers(1, 3))
def test_realism_and_rarity_agree_with_the_whole_distance_matrix(drawn, k):
    X, Y = drawn
    A, B = (points.astype(np.float64) for points in drawn)
    radii, between = plain_radii(A, k), cdist(B, A)
    kept = radii <= np.median(radii)
    for pruned, balls in ((False, slice(None)), (True, kept)):
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = radii[balls] / between[:, balls]
        ratios[between[:, balls] == 0] = np.inf
        scores = realism_scores(X, Y, k=k, pruned=pruned, n_jobs=1)
        np.testing.assert_allclose(scores, ratios.max(axis=1), rtol=1e-12)
    rare = rarity_scores(X, Y, k=k, n_jobs=1)
    within = cdist(A, A, "sqeuclidean")
    np.fill_diagonal(within, np.inf)
    squared = np.sort(within, axis=1)[:, k - 1]
    holds = cdist(B, A, "sqeuclidean") <= squared
    least = np.where(holds, np.sqrt(squared), np.inf).min(axis=1)
    np.testing.assert_allclose(rare.rarity, np.where(np.isfinite(least), least, np.nan), rtol=1e-12)
    if len(Y) > k:
        inside = improved_precision_recall(X, Y, k=k, n_jobs=1).precision_pw
        np.testing.assert_array_equal(rare.inside, inside)
        np.testing.assert_array_equal(realism_scores(X, Y, k=k, pruned=False, n_jobs=1) >= 1, inside)


def test_degenerate_realism_and_rarity_are_defined():
    X, far = np.repeat(np.arange(4.0)[:, None], 5, axis=0), np.array([[9.0]])
    assert realism_scores(X, np.array([[1.0], [1.5]])).tolist() == [np.inf, 0]  # all radii are 0
    copied = rarity_scores(X, np.array([[1.0], [1.5]]))
    assert copied.inside.tolist() == [True, False]
    assert (copied.rarity[0], copied.score) == (0, 0)
    assert rarity_scores(X, far).score == 0
    spread = np.random.default_rng(0).normal(size=(50, 3))
    for scale in (1e-180, 1e140):  # whose squares underflow or overflow
        rare = rarity_scores(spread * scale, spread[::-1] * scale)
        np.testing.assert_allclose(rare.rarity / scale, rarity_scores(spread, spread[::-1]).rarity, rtol=1e-9)


@pytest.mark.parametrize("measure", [realism_scores, rarity_scores, kernel_distance])
def test_wrong_sets_are_refused_by_name(measure):
    first, second = ("a", "b") if measure is kernel_distance else ("real", "fake")
    good = np.random.default_rng(0).normal(size=(20, 3))
    with pytest.raises(ValueError, match=f"{second} must have as many columns as {first}, 3; got 2"):
        measure(good, good[:, :2])
    with pytest.raises(ValueError, match=f"{second} must be finite"):
        measure(good, np.where(good == good[1, 1], np.nan, good))
    if measure is kernel_distance:
        with pytest.raises(ValueError, match="subset_size must be at most 20"):
            measure(good, good, subset_size=21)
        with pytest.raises(ValueError, match="b must lie within ±1e"):
            measure(good, np.where(good == good[1, 1], 1e60, good))
        with pytest.raises(ValueError, match="b must have at least 2 row"):
            measure(good, good[:1])
    else:
        with pytest.raises(ValueError, match="k must be at most 19"):
            measure(good, good, k=20)


def test_vendi_score_refuses():
    with pytest.raises(ValueError, match="kernel must be one of 'cosine', 'gaussian'; got 'rbf'"):
        vendi_score([[1.0]], kernel="rbf")
    with pytest.raises(ValueError, match="X must be finite"):
        vendi_score([[np.nan]])
    with pytest.raises(ValueError, match="max_samples must be an integer in"):
        vendi_score([[1.0]], max_samples=0)
