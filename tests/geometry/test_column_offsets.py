"""Columns far from 0, each by its own offset: they hide nothing of what the other columns do."""

import numpy as np
import pytest
import torch

from tests.geometry.plain_geometry import plain_dimension, plain_neighbours, plain_one_point
from zeta_geom import fidelity, scale
from zeta_geom.audits.values import Frechet
from zeta_geom.geometry import LocalPCA, knn, local_spectra, tangent_residual
from zeta_geom.geometry.cpu.one_point import one_points
from zeta_geom.geometry.cuda.counts import count_large_eigenvalues
from zeta_geom.geometry.cuda.search import search_tensor
from zeta_geom.neighborhoods import embed, label_agreement
from zeta_geom.sweeps import SerialExecutor

RNG = np.random.default_rng(0)
SMALL = 0.1 * RNG.normal(size=(400, 5))


def with_columns(*columns):
    return np.column_stack([SMALL, *(np.broadcast_to(column, len(SMALL)) for column in columns)])


DATA = {
    "a constant 1e6": with_columns(1e6).astype(np.float32),
    "constants of several sizes": with_columns(1e3, -7.7e9, 1e18, 0.0).astype(np.float32),
    "a constant that float64 hardly holds": with_columns(1.7e18),
    "two values far apart": with_columns(1e18 * (np.arange(400) % 2)).astype(np.float32),
    "GPS": np.column_stack([48 + SMALL[:, 0] / 10, 11 + SMALL[:, 1] / 10, 500 + SMALL[:, 2] * 0]).astype(np.float32),
    "time stamps of one day": with_columns(1.7e9 + 128 * RNG.integers(0, 675, 400)).astype(np.float32),
    "time stamps of one day, in ns": with_columns(1.7e18 + 1e9 * RNG.integers(0, 86_400, 400)),
    "wide, an offset for each column": (RNG.normal(size=(400, 150)) * np.linspace(1, 0.1, 150)
                                        + 2.0 ** RNG.integers(-10, 20, 150)).astype(np.float32),
}  # fmt: skip


@pytest.mark.parametrize("name", DATA)
def test_neighbours_and_dimensions_are_the_plain_ones(name):
    X, k = DATA[name], 20
    neighbors = knn(X, k)
    np.testing.assert_array_equal(neighbors.indices, plain_neighbours(X, k)[0])
    expected, close = plain_dimension(X, neighbors.indices)
    dimension = LocalPCA(k).fit(X)
    np.testing.assert_array_equal(dimension.dimension_pw_[~close], expected[~close])
    points = torch.from_numpy(X)
    indices, _ = search_tensor(points, None, None, k)
    np.testing.assert_array_equal(indices, neighbors.indices)
    np.testing.assert_array_equal(count_large_eigenvalues(points, indices, (k,), 0.05)[0], dimension.dimension_pw_)
    assert not close.all()
    assert dimension.dimension_ > 0.99


def test_a_constant_column_changes_no_spectrum():
    plain, offset = SMALL.astype(np.float32), DATA["a constant 1e6"]
    for rule in ("FO", "participation_ratio"):  # others look at the eigenvalues that are 0 too
        dimensions, expected = (LocalPCA((8, 20), rule=rule).fit(X).dimension_pw_ for X in (offset, plain))
        np.testing.assert_allclose(dimensions, expected, rtol=1e-9)
    assert LocalPCA(20).fit(offset).dimension_ == pytest.approx(4.99, abs=0.02)
    spectra = local_spectra(np.stack([with_columns(1.7e18)]))
    np.testing.assert_allclose(spectra[0, 1:], local_spectra(SMALL[None])[0], rtol=1e-12)
    assert spectra[0, 0] == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_point_is_decided_in_each_column(dtype):
    eps = np.finfo(dtype).eps
    rows, ks = np.array([[0, 1, 2, 3, 4]] * 200), (2, 3, 5)
    sizes = 10.0 ** np.array([-30, 0, 6, 6, 20])
    steps = RNG.integers(-5, 6, (200, 5, 5)) * RNG.integers(0, 2, (200, 1, 1))
    for moved in steps:
        X = (sizes * (1 + moved * eps)).astype(dtype)
        expected = [plain_one_point(X, rows[:1, :k])[0] for k in ks]
        np.testing.assert_array_equal(one_points(X, rows[:1], ks)[:, 0], expected)
    X = np.ones((9, 3), dtype=dtype) * np.array([1, 1e6, 0], dtype=dtype)
    X[3:, 1] *= 1 + 8 * eps
    assert (LocalPCA(5).fit(X).dimension_pw_ == 0).all()
    X[3:, 1] = 1e6 * (1 + 9 * eps)
    assert (LocalPCA(5).fit(X).dimension_pw_ == 1).any()


@pytest.mark.parametrize("X", [DATA["a constant 1e6"], with_columns(1.7e18)], ids=["float32", "float64"])
def test_residuals_are_those_without_the_constant(X):
    plain = X[:, :5].copy()
    result, expected = (tangent_residual(P[:300], P[300:], (4, 20)) for P in (X, plain))
    for k in (4, 20):
        np.testing.assert_allclose(result[k], expected[k], rtol=1e-9, atol=1e-8)
    assert result[20].max() < 0.1


@pytest.mark.parametrize("constant", [np.float32(1e6), 1.7e18])
def test_measures_of_two_samples_are_those_without_the_constant(constant):
    X, Y = SMALL[:200], SMALL[200:] + 0.02
    real, fake = (
        np.column_stack([part.astype(np.asarray(constant).dtype), np.full(len(part), constant)]) for part in (X, Y)
    )
    X, Y = real[:, :5], fake[:, :5]
    for measure, name in (
        (fidelity.improved_precision_recall, "precision"),
        (fidelity.density_coverage, "density"),
        (fidelity.alpha_precision, "score"),
        (fidelity.beta_recall, "score"),
        (fidelity.authenticity, "score"),
    ):
        result, expected = getattr(measure(real, fake), name), getattr(measure(X, Y), name)
        assert result == pytest.approx(expected, abs=1e-6)
    distance = fidelity.frechet_distance(X, Y[:150])
    assert fidelity.frechet_distance(real, fake[:150]) == pytest.approx(distance, rel=1e-9)
    once = np.ones((1, 150))
    assert Frechet(real).resampled(fake[:150], once)[0] == pytest.approx(distance, rel=1e-6)
    labels = np.arange(200) % 3
    result = label_agreement(real, labels, fake, labels, k=9, metric="euclidean")
    np.testing.assert_array_equal(result.indices, plain_neighbours(X, 9, Y)[0])


def test_a_map_is_that_without_the_constant():
    X = np.concatenate([SMALL[:60], SMALL[60:120] + 2])
    far = np.column_stack([X, np.full(120, 1.7e18)])
    xy, expected = (embed(points, random_state=0, perplexity=10, n_iter=50)[0] for points in (far, X))
    np.testing.assert_allclose(xy, expected, atol=0.01)


def test_parts_give_the_same(tmp_path):
    X = DATA["constants of several sizes"]
    result = scale.local_dimension(X, 20, executor=SerialExecutor(), parts=tmp_path)[20]
    np.testing.assert_array_equal(result, LocalPCA(20).fit(X).dimension_pw_)
