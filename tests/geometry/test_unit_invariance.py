"""The unit of the data: what has none does not depend on it, whatever power of two all values are times."""

import numpy as np
import pytest
import skdim
import torch

from zeta_geom import fidelity, manifolds
from zeta_geom.audits.scores import Frechet
from zeta_geom.checks.scaling import tensor_scale
from zeta_geom.geometry import LocalPCA, knn, local_dimension, tangent_residual
from zeta_geom.geometry.cuda.counts import count_large_eigenvalues
from zeta_geom.geometry.cuda.search import directions, search_tensor
from zeta_geom.geometry.knn import prepare_points
from zeta_geom.mixers import MIXERS, make_mixer
from zeta_geom.neighborhoods import embed, label_agreement

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(160, 6)) * np.linspace(1, 0.3, 6), RNG.normal(size=(90, 6)) * np.linspace(1, 0.3, 6) + 0.1
LABELS, FAKE_LABELS = np.arange(160) % 3, np.arange(90) % 3


def share(result):
    return np.concatenate([np.ravel(value) for value in vars(result).values()])


ENTRIES = {
    "precision and recall": lambda X, Y: share(fidelity.improved_precision_recall(X, Y)),
    "density and coverage": lambda X, Y: share(fidelity.density_coverage(X, Y)),
    "alpha-precision": lambda X, Y: share(fidelity.alpha_precision(X, Y)),
    "beta-recall": lambda X, Y: share(fidelity.beta_recall(X, Y)),
    "authenticity": lambda X, Y: share(fidelity.authenticity(X, Y)),
    "label agreement": lambda X, Y: label_agreement(X, LABELS, Y, FAKE_LABELS, k=9, metric="euclidean").indices,
    "label agreement, cosine": lambda X, Y: label_agreement(X, LABELS, Y, FAKE_LABELS, k=9).indices,
    "a map": lambda X, Y: np.concatenate(embed(X, Y, random_state=0, perplexity=9, n_iter=20)),
    "a map, cosine": lambda X, Y: np.concatenate(
        embed(X, Y, random_state=0, perplexity=9, n_iter=20, metric="cosine")
    ),
    "MLE": lambda X, Y: local_dimension(X, 12, estimator=skdim.id.MLE())[12],
    "TwoNN": lambda X, Y: local_dimension(X[:60], 30, estimator=skdim.id.TwoNN())[30],
}


@pytest.mark.parametrize("name", ENTRIES)
def test_what_has_no_unit_does_not_depend_on_it(name):
    entry = ENTRIES[name]
    for dtype, exponents in ((np.float32, (60, -100)), (np.float64, (490, -600))):
        A, B = X.astype(dtype), Y.astype(dtype)
        expected = entry(A, B)
        assert np.isfinite(expected).any()
        for exponent in exponents:
            result = entry(np.ldexp(A, exponent), np.ldexp(B, exponent))
            np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-9)


def test_geometry_does_not_depend_on_the_unit():
    for dtype, exponents in ((np.float32, (60, -100, 120)), (np.float64, (490, -400))):
        A, B = X.astype(dtype), Y.astype(dtype)
        expected, dimension, residual = knn(A, 12), LocalPCA(12).fit(A).dimension_pw_, tangent_residual(A, B, 12)
        for exponent in exponents:
            large, queries = np.ldexp(A, exponent), np.ldexp(B, exponent)
            neighbors = knn(large, 12)
            np.testing.assert_array_equal(neighbors.indices, expected.indices)
            np.testing.assert_allclose(neighbors.distances, np.ldexp(expected.distances, exponent), rtol=1e-12)
            np.testing.assert_array_equal(LocalPCA(12).fit(large).dimension_pw_, dimension)
            residuals = tangent_residual(large, queries, 12)[12]
            np.testing.assert_allclose(residuals, np.ldexp(residual[12], exponent), rtol=1e-6)
            points = torch.from_numpy(large)
            indices, _ = search_tensor(points, None, None, 12)
            np.testing.assert_array_equal(indices, expected.indices)
            np.testing.assert_array_equal(count_large_eigenvalues(points, indices, (12,), 0.05)[0], dimension)


def test_directions_of_tensors_are_those_of_arrays():
    rows = np.ldexp(X[:6], np.array([[-600], [-40], [0], [40], [480], [3]]))
    np.testing.assert_allclose(directions(torch.from_numpy(rows)), prepare_points(rows, "X", "cosine"), rtol=1e-15)


def test_queries_in_a_far_larger_range_than_the_points():
    far = np.concatenate([X, 1e45 * (X[:5] + 2)])
    indices, squared = search_tensor(torch.from_numpy(X), torch.from_numpy(far), None, 4)
    neighbors = knn(X, 4, queries=far)
    np.testing.assert_array_equal(indices, neighbors.indices)
    np.testing.assert_allclose(squared.sqrt(), neighbors.distances, rtol=1e-12)


def test_the_frechet_distance_has_the_squared_unit():
    once = np.ones((1, len(Y)))
    distance, drawn = fidelity.frechet_distance(X, Y), Frechet(X).resampled(Y, once)[0]
    assert drawn == pytest.approx(distance, rel=1e-9)
    for exponent in (60, 490, -60, -400):
        A, B = np.ldexp(X, exponent), np.ldexp(Y, exponent)
        assert fidelity.frechet_distance(A, B) == pytest.approx(np.ldexp(distance, 2 * exponent), rel=1e-9)
        assert Frechet(A).resampled(B, once)[0] == pytest.approx(np.ldexp(distance, 2 * exponent), rel=1e-9)


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_mixers_do_not_depend_on_the_unit(backend):
    images, labels = RNG.random((8, 3, 6, 6)).astype(np.float32), np.arange(8) % 4
    for name in MIXERS.keys() - {"supermix", "co-mixup"}:  # whose models have units of their own
        for exponent in (60, 120, -100):
            batches = []
            for batch in (images, np.ldexp(images, exponent)):
                batch = torch.from_numpy(batch) if backend == "torch" else batch
                batches.append(np.asarray(make_mixer(name, random_state=0)(batch, labels)[0]))
            np.testing.assert_allclose(batches[1], np.ldexp(batches[0], exponent), rtol=1e-5, err_msg=name)


def test_distances_from_the_curved_manifold_of_points_far_away():
    Z = RNG.normal(size=(6, 12))
    for exponent in (50, 130, 480):
        far = np.ldexp(Z, exponent)
        copies = far.reshape(6, 2, 6).mean(axis=1)
        apart = np.linalg.norm((far.reshape(6, 2, 6) - copies[:, None]).reshape(6, 12) / 2.0**exponent, axis=1)
        # so far away the manifold is a point
        expected = np.hypot(apart, np.linalg.norm(copies / 2.0**exponent, axis=1) * 2**0.5)
        np.testing.assert_allclose(manifolds.curved_distance(far)[:, 0] / 2.0**exponent, expected, rtol=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_tensors_scale_is_the_power_of_two_that_it_needs(dtype):
    numbers = torch.tensor([5.0, 0.0, 1e-38, 3e38, torch.inf, torch.nan], dtype=dtype)
    scales = tensor_scale(numbers)
    assert (torch.frexp(scales).mantissa == 0.5).all()
    assert scales[[0, 1, 4, 5]].tolist() == [0.125, 1, 1, 1]
    scaled = (numbers * scales)[[2, 3]]
    assert ((scaled > 1e-20) & (scaled <= 4)).all()


def test_a_map_takes_a_point_however_far():
    far = np.vstack([Y[:8], 1e140 * np.eye(6)[:1]])
    _, placed = embed(X, far, random_state=0, perplexity=9, n_iter=5)
    assert np.isfinite(placed).all()
