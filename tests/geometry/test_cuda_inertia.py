"""Counts by LDLᵀ on tensors: right where they decide, undecided at the threshold, and few operations."""

import numpy as np
import pytest
import torch

from benchmarks.shared.launches import launches_of
from tests.geometry.plain_geometry import with_spectrum
from zeta_geom.geometry.cuda import counts, inertia

RNG = np.random.default_rng(0)


def matrices(spectrum, n=3):
    """Return n symmetric matrices with these eigenvalues."""
    rotations = np.linalg.qr(RNG.normal(size=(n, len(spectrum), len(spectrum))))[0]
    return torch.from_numpy(rotations * np.asarray(spectrum) @ rotations.transpose(0, 2, 1))


@pytest.mark.parametrize("size", [1, 5, 16, 17, 60])
def test_counts_are_those_of_the_eigenvalues(size):
    A = matrices(RNG.normal(size=size))
    values = torch.tensor([[-0.5, 0.0, 0.7]]).double().expand(3, 3)
    numbers, errors = inertia.count_above(A, values)
    expected = (torch.linalg.eigvalsh(A)[:, None] > values[:, :, None]).sum(dim=2)
    assert numbers.tolist() == expected.tolist()
    assert (errors < 1e-6).all()


def plain_growth(A):
    """Return the sum of |d| |l|² over pivots d and columns l of A = LDLᵀ, one pivot after the other."""
    A, growth = A.copy(), 0.0
    while len(A):
        column = A[:, 0] / A[0, 0]
        growth += abs(A[0, 0]) * (column**2).sum()
        A = (A - A[0, 0] * np.outer(column, column))[1:, 1:]
    return growth


def test_the_error_is_that_of_a_plain_factorisation():
    A = matrices(RNG.normal(size=40), n=2)
    values = torch.tensor([[0.3], [-0.2]]).double()
    expected = [plain_growth(matrix - value * np.eye(40)) for matrix, value in zip(A.numpy(), values.numpy())]
    factor = 1.01 * 44 * 1.2e-16
    np.testing.assert_allclose(inertia.count_above(A, values)[1][:, 0], factor * np.array(expected), rtol=1e-6)


def test_a_pivot_of_zero_certifies_nothing():
    swap = torch.tensor([[[0.0, 1.0], [1.0, 0.0]]]).double()
    assert not (inertia.count_above(swap, torch.zeros(1, 1).double())[1] < 1).any()


@pytest.mark.parametrize(
    "spectrum",
    [np.ones(60), np.linspace(0, 1, 60), 0.5 ** np.arange(60), [1.0, 0.98, *[0.1] * 58], [1.0, *[0.0] * 59]],
)
def test_the_largest_eigenvalue_is_bracketed(spectrum):
    A = matrices(spectrum)
    trace = A.diagonal(dim1=1, dim2=2).sum(dim=1)
    error = 1e-5 * trace
    low, guess = inertia.propose_largest(A, trace, error)
    assert (low <= 1 + 1e-12).all()
    assert (guess >= 1).all()
    assert (guess - low < 2e-4 + 2 * error).all()


def count(X, dtype=torch.float32):
    rows = torch.arange(len(X))[None]
    number, undecided = counts.count_chunk(torch.from_numpy(X), rows, torch.tensor(1.0).double(), 0.05, dtype)
    return int(number), bool(undecided)


@pytest.mark.parametrize(("k", "d"), [(60, 100), (60, 784), (300, 70)])
def test_an_eigenvalue_at_the_threshold_is_left_open(k, d):
    for sign, expected in ((1, 3), (-1, 2)):
        for offset, undecided in ((0.2, False), (1e-6, True)):
            X = with_spectrum(RNG, [1.0, 0.5, 0.05 * (1 + sign * offset), 0.01], k, d)
            assert count(X) == (expected, undecided) or (undecided and count(X)[1])
            assert count(X, torch.float64) == (expected, False)


def test_a_proposal_that_is_too_low_decides_nothing(monkeypatch):
    X = with_spectrum(RNG, [1.0, 0.9, 0.2, 0.01], 60, 100)
    propose = inertia.propose_largest
    assert count(X) == (3, False)
    monkeypatch.setattr(inertia, "propose_largest", lambda *args: tuple(0.95 * value for value in propose(*args)))
    assert count(X)[1]


def test_operations_are_few():
    X, unit = torch.rand(200, 300), torch.tensor(1.0).double()
    for k, most in ((8, 160), (128, 500)):  # the tridiagonal form takes 840 and 11,800
        rows = torch.arange(k)[None]
        assert len(launches_of(lambda rows=rows: counts.count_chunk(X, rows, unit, 0.05, torch.float32))) <= most
