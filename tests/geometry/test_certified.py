"""Certified counts: never wrong where they decide, and decided where float32 can tell."""

import numpy as np
import pytest
import skdim
from scipy.linalg import eigvalsh_tridiagonal

from tests.geometry.plain_geometry import plain_dimension, with_spectrum
from zeta_geom.geometry import RULES, LocalPCA, knn
from zeta_geom.geometry.cpu.certified import LargeCounter
from zeta_geom.geometry.cpu.counts import pointwise_dimensions
from zeta_geom.geometry.cpu.sturm import bracket_largest, count_above, tridiagonalise

RNG = np.random.default_rng(0)


def tridiagonal(matrix):
    size = len(matrix)
    diagonal, beside = np.empty(size), np.empty(size)
    tridiagonalise(np.array(matrix), size, diagonal, beside, np.empty((4, size)))
    return diagonal, beside


def symmetric(size):
    A = RNG.normal(size=(size, size))
    return A + A.T


MATRICES = {
    "random": symmetric(40),
    "of rank 3": (lambda A: A @ A.T)(RNG.normal(size=(50, 3))),
    "diagonal": np.diag(np.arange(12.0)),
    "zero": np.zeros((9, 9)),
    "identity": np.eye(16),
    "two by two": symmetric(2),
    "one by one": np.array([[3.0]]),
    "rows whose squares underflow": (lambda D: D[:, None] * symmetric(20) * D)(10.0 ** -np.linspace(0, 100, 20)),
    "graded": np.diag(10.0 ** -np.arange(20)) + 1e-9 * symmetric(20),
}


@pytest.mark.parametrize("name", MATRICES)
def test_tridiagonal_form_has_the_same_eigenvalues(name):
    A = MATRICES[name]
    diagonal, beside = tridiagonal(A)
    expected = np.linalg.eigvalsh(A)
    scale = max(np.abs(expected).max(), 1e-300)
    np.testing.assert_allclose(eigvalsh_tridiagonal(diagonal, beside[:-1]) / scale, expected / scale, atol=1e-14)
    for value in (-1.0, 0.3 * scale, expected.mean() + 0.1234):
        assert count_above(diagonal, beside, len(A), value) == (expected > value).sum()
    low, high = bracket_largest(diagonal, beside, len(A), 1e-12 * scale)
    assert low - 1e-12 * scale <= expected[-1] <= high + 1e-12 * scale


@pytest.mark.parametrize(("k", "d"), [(40, 100), (40, 784), (64, 20), (200, 150), (300, 700)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_counts_are_right_and_an_eigenvalue_at_the_threshold_is_left_open(k, d, dtype):
    all_points = np.arange(k)[None]
    for offset, open_in in ((0.2, ()), (1e-6, (np.float32,)), (1e-15, (np.float32, np.float64))):
        for sign in (1, -1):
            X = with_spectrum(RNG, [1.0, 0.5, 0.05 * (1 + sign * offset), 0.01], k, d)
            counter = LargeCounter(X, (k,), 0.05, 1.0, dtype)
            counts, undecided = counter(all_points)
            assert undecided[0, 0] == (dtype in open_in)
            assert undecided[0, 0] or counts[0, 0] == (3 if sign > 0 else 2)
            if offset > 1e-12:
                assert pointwise_dimensions(X, all_points, (k,), 0.05, "FO")[0, 0] == (3 if sign > 0 else 2)


def test_features_that_hardly_vary_leave_the_count_alone():
    X = with_spectrum(RNG, [1.0, 0.5, 0.2, 0.01], 80, 6)
    # scatter matrices whose last columns are far smaller than the first: their squares underflow on the way
    X = np.hstack([X, RNG.normal(size=(80, 24)) * 10.0 ** -np.linspace(20, 140, 24)])
    all_points = np.arange(80)[None]
    counts, undecided = LargeCounter(X, (80,), 0.05, 1.0, np.float64)(all_points)
    assert counts[0, 0] == 3
    assert not undecided[0, 0]


def test_many_random_spectra_near_the_threshold_are_decided_as_in_float64():
    for _ in range(60):
        k, d = int(RNG.integers(4, 90)), int(RNG.integers(2, 200))
        r = min(k - 1, d, int(RNG.integers(1, 12)))
        eigenvalues = [1.0, *(0.05 * (1 + RNG.choice([-1, 1]) * 10.0 ** RNG.uniform(-9, 0)) for _ in range(r - 1))]
        X = 10.0 ** RNG.uniform(-9, 9) * (with_spectrum(RNG, eigenvalues, k, d) + RNG.normal())
        all_points = np.arange(k)[None]
        expected, close = plain_dimension(X, all_points)
        if not close[0]:
            assert pointwise_dimensions(X, all_points, (k,), 0.05, "FO")[0, 0] == expected[0]


def test_alpha_of_zero_is_decided_by_the_spectrum():
    X = RNG.normal(size=(60, 4)) @ RNG.normal(size=(4, 4))
    assert (LocalPCA(20, alpha=0.0).fit(X).dimension_pw_ == 4).all()


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("k", "d"), [(30, 6), (12, 40)])
def test_rules_are_those_of_scikit_dimension(rule, k, d):
    X = RNG.normal(size=(200, d)) * np.linspace(1, 0.1, d)
    ours = LocalPCA(k, rule=rule).fit(X)
    indices = knn(X, k).indices
    judge = skdim.id.lPCA(ver=rule).fit_pw(X, precomputed_knn=indices, n_neighbors=k)
    assert ours.dimension_pw_.dtype == (np.float64 if rule == "participation_ratio" else np.int64)
    np.testing.assert_allclose(ours.dimension_pw_, judge.dimension_pw_, rtol=1e-9)


@pytest.mark.parametrize("rule", RULES)
def test_one_point_has_dimension_zero_by_every_rule(rule):
    with np.errstate(all="raise"):
        assert (LocalPCA(5, rule=rule).fit(np.ones((20, 3))).dimension_pw_ == 0).all()
