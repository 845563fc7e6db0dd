"""Counts and brackets without a tridiagonal form: NumPy's eigenvalues judge, and what is not certain says so."""

import numpy as np
import pytest

from tests.geometry.plain_geometry import plain_dimension, with_spectrum
from zeta_geom.geometry.cpu.certified import SMALL, LargeCounter, count_large
from zeta_geom.geometry.cpu.counts import pointwise_dimensions
from zeta_geom.geometry.cpu.inertia import LONGEST, STEPS, bracket_by_lanczos, count_by_inertia

RNG = np.random.default_rng(0)


def gram(eigenvalues, size):
    """Make a positive semidefinite matrix with these eigenvalues, zeros besides."""
    Q = np.linalg.qr(RNG.normal(size=(size, len(eigenvalues))))[0]
    return (Q * np.array(eigenvalues)) @ Q.T


def work_for(size):
    return np.full((size, size), np.nan)  # nothing is read that was not written


def bracket(matrix, width=1e-6):
    trace, size = np.trace(matrix), len(matrix)
    return bracket_by_lanczos(matrix, size, trace, width * trace, np.empty((STEPS + 1, size)))


GRAMS = {
    "decaying": gram(1 / (np.arange(1, 91) + 0.3), 128),
    "flat": gram(np.linspace(1, 0.5, 127), 128),
    "rank one": gram([3.0], 60),
    "largest twice": gram([1.0, 1.0, 0.2, 0.1], 64),
    "largest forty times": gram([1.0] * 40 + [0.01] * 10, 100),
    "identity": np.eye(50),
    "graded": gram(10.0 ** -np.arange(40), 70),
    "tiny": 1e-20 * gram([1.0, 0.5, 0.2], 49),
    "huge": 1e20 * gram([1.0, 0.5, 0.2], 51),
    "two blocks": np.kron(np.diag([1.0, 0.999, 0.5]), np.ones((20, 20))),  # Lanczos' start lies in one of them
    "zero": np.zeros((55, 55)),
}


@pytest.mark.parametrize("name", GRAMS)
def test_the_largest_eigenvalue_lies_in_its_bracket(name):
    A = GRAMS[name]
    low, high, _ = bracket(A)
    largest, rounding = np.linalg.eigvalsh(A)[-1], 1e-15 * len(A) ** 2 * np.trace(A)
    assert low - rounding <= largest <= high + rounding
    if name in ("decaying", "rank one", "graded", "tiny", "huge"):
        assert high - low <= 1e-6 * np.trace(A)


@pytest.mark.parametrize("size", [1, 2, 7, 8, 9, 47, 64, 66, 127, 128, LONGEST])
def test_inertia_counts_as_numpy_does(size):
    B = RNG.normal(size=(size, size + 20)) * np.linspace(1, 0.1, size + 20)
    A = B @ B.T
    eigenvalues = np.linalg.eigvalsh(A)
    for value in (-1.0, *np.quantile(eigenvalues, [0.1, 0.5, 0.9]) + 1e-3, eigenvalues[-1] + 1.0):
        matrix = np.tril(A) + np.triu(np.full(A.shape, np.nan), 1)  # the upper triangle is not read
        count, error = count_by_inertia(matrix, size, value, work_for(size))
        assert (eigenvalues > value + error).sum() <= count <= (eigenvalues > value - error).sum()
        assert error < 1e-6 * eigenvalues[-1]


def test_a_small_pivot_makes_the_stated_error_large_and_a_zero_one_infinite():
    A = np.array([[0.0, 1.0, 0.5], [1.0, 0.0, 1.0], [0.5, 1.0, 0.0]])
    assert count_by_inertia(A, 3, 0.0, work_for(3))[1] == np.inf
    errors = [count_by_inertia(A, 3, -pivot, work_for(3))[1] for pivot in (1e-2, 1e-6, 1e-10)]
    assert errors[0] < errors[1] * 1e-3 < errors[2] * 1e-6


def test_what_is_stated_of_a_small_pivot_is_not_exceeded():
    for _ in range(200):
        size = int(RNG.integers(2, 40))
        A = RNG.normal(size=(size, size))
        A = A + A.T
        value = A[-1, -1] + 10.0 ** RNG.uniform(-14, 0)  # the first pivot
        count, error = count_by_inertia(A, size, value, work_for(size))
        eigenvalues = np.linalg.eigvalsh(A)
        assert (eigenvalues > value + error + 1e-13).sum() <= count <= (eigenvalues > value - error - 1e-13).sum()


def count(matrix, error, alpha=0.05):
    size, trace = len(matrix), np.trace(matrix)
    return count_large(matrix.copy(), size, alpha, trace, error * trace, work_for(size), np.empty((STEPS + 1, size)))


@pytest.mark.parametrize("name", GRAMS)
@pytest.mark.parametrize("error", [1e-10, 1e-6, 1e-3])
def test_a_count_that_is_decided_is_that_of_every_matrix_within_the_error(name, error):
    A = GRAMS[name]
    trace = np.trace(A)
    counted, low, undecided = count(A, error)
    for sign in (-0.9, 0.0, 0.9):
        noise = RNG.normal(size=A.shape)
        noise = (noise + noise.T) / np.abs(np.linalg.eigvalsh(noise + noise.T)).max()
        eigenvalues = np.linalg.eigvalsh(A + sign * error * trace * noise)
        assert low <= eigenvalues[-1] + error * trace * 1.01
        assert undecided or counted == (eigenvalues > 0.05 * eigenvalues[-1]).sum()
    if name in ("decaying", "rank one", "largest twice", "flat", "huge", "tiny") and error < 1e-3:
        assert not undecided


@pytest.mark.parametrize("size", [SMALL, 64, 128, 300])
def test_an_eigenvalue_a_millionth_from_the_threshold(size):
    for offset in (1e-6, -1e-6):
        A = gram([1.0, 0.5, 0.05 * (1 + offset), 0.01], size)
        assert not count(A, 1e-9)[2]
        assert count(A, 1e-9)[0] == (3 if offset > 0 else 2)
        assert count(A, 1e-6)[2]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("k", "d"), [(64, 300), (128, 784), (100, 60), (131, 200)])
def test_neighbourhoods_of_every_kind_are_counted_as_numpy_does(k, d, dtype):
    kinds = {
        "many eigenvalues": with_spectrum(RNG, np.geomspace(1, 1e-3, 40), k, d),
        "one": with_spectrum(RNG, [1.0], k, d),
        "the largest five times": with_spectrum(RNG, [1.0] * 5 + [0.06, 0.04], k, d),
        "duplicates": np.repeat(RNG.normal(size=(k // 8 + 1, d)), 8, axis=0)[:k],
        "columns of unlike size": RNG.normal(size=(k, d)) * np.geomspace(1, 1e-8, d),
        "columns that hardly vary": RNG.normal(size=(k, d)) * np.geomspace(1, 1e-140, d),
        "noise": RNG.normal(size=(k, d)),
        "far from the origin": 1e3 + with_spectrum(RNG, [1.0, 0.3, 0.1, 0.03], k, d),
    }
    for name, points in kinds.items():
        X = points.astype(dtype)
        expected, close = plain_dimension(X, np.arange(k)[None])
        for exponent in (0, -50, 50):
            scaled = (X * dtype(2.0**exponent)).astype(dtype)
            dimension = pointwise_dimensions(scaled, np.arange(k)[None], (k,), 0.05, "FO")[0, 0]
            assert close[0] or dimension == expected[0], name


@pytest.mark.parametrize("k", [16, 61, 128])
def test_columns_are_written_whatever_the_number_of_neighbours(k):
    X = RNG.normal(size=(200, 150)).astype(np.float32)
    indices = np.stack([RNG.permutation(200)[:k] for _ in range(20)])
    counts, undecided = LargeCounter(X, (k,), 0.05, 0.25, np.float32)(indices)
    assert (undecided[0] | (counts[0] == plain_dimension(X, indices)[0])).all()
    assert undecided.mean() < 0.3


def test_points_so_small_that_float32_does_not_hold_their_scale():
    X = (with_spectrum(RNG, np.geomspace(1, 1e-2, 20), 64, 100) * 1e-42).astype(np.float32)  # of few bits each
    indices = np.arange(64)[None]
    expected, close = plain_dimension(X.astype(np.float64) * 2.0**140, indices)
    assert close[0] or pointwise_dimensions(X, indices, (64,), 0.05, "FO")[0, 0] == expected[0]
