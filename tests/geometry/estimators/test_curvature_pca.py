"""CA-PCA: tdhook, a plain loop of the formula, balls, cylinders and caps in closed form, and degenerate points."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peers.ca_pca import spectra
from zeta_geom.geometry import fukunaga_olsen, knn
from zeta_geom.geometry.estimators.curvature_pca import ball_misfits, estimate_curvature_pca

JUDGED = json.loads((Path(__file__).parent / "ca_pca_tdhook.json").read_text())["values"]
RNG = np.random.default_rng(0)


def sphere(n, d, n_features, seed=0):
    normal = np.random.default_rng(seed).normal(size=(n, d + 1))
    return np.pad(normal / np.linalg.norm(normal, axis=1, keepdims=True), ((0, 0), (0, n_features - d - 1)))


SETS = {
    "cube": RNG.random((150, 3)) @ RNG.normal(size=(3, 5)),
    "sphere": sphere(200, 3, 6),
    "more features than neighbours": RNG.normal(size=(60, 40)),
    "one feature that varies": np.pad(RNG.random((50, 1)), ((0, 0), (0, 2))),
    "float32": RNG.normal(size=(80, 4)).astype(np.float32),
}


def estimate(X, k, n_jobs=1):
    neighbors = knn(X, k)
    return estimate_curvature_pca(X, neighbors.indices, neighbors.distances, n_jobs=n_jobs)


def plain_curvature_pca(X, k):
    """Follow the paper step by step, on k - 1 neighbours and the next one."""
    dimensions = []
    for x in X.astype(np.float64):
        order = np.argsort(np.linalg.norm(X - x, axis=1), kind="stable")[1 : k + 1]
        inside, outside = X[order[-2]], X[order[-1]]
        radius = (np.linalg.norm(inside - x) + np.linalg.norm(outside - x)) / 2
        covariance = np.cov(X[order[:-1]].astype(np.float64), rowvar=False) / radius**2
        observed = np.sort(np.linalg.eigvalsh(np.atleast_2d(covariance)))[::-1]
        best, least = 0, np.inf
        for d in range(1, min(X.shape[1], k - 2) + 1):
            tail = sum(observed[d:])
            expected = [1 / (d + 2) - (3 * d + 4) / (d * (d + 4)) * tail] * d
            misfit = np.linalg.norm(np.array(expected) - observed[:d]) + 2 * tail
            if misfit < least - 1e-12:
                best, least = d, misfit
        dimensions.append(best)
    return dimensions


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("k", [3, 8, 30])
def test_as_the_plain_loop(name, k):
    np.testing.assert_array_equal(estimate(SETS[name], k), plain_curvature_pca(SETS[name], k))


@pytest.mark.parametrize("name", JUDGED)
def test_spectra_as_tdhook(name):
    eigenvalues = spectra()[name]
    misfits = ball_misfits(eigenvalues, eigenvalues.shape[1])
    np.testing.assert_array_equal(misfits.argmin(axis=1) + 1, JUDGED[name])


@pytest.mark.parametrize("d", [1, 2, 5, 10, 20, 50])
def test_the_expected_spectrum_of_a_ball_fits_its_dimension_exactly(d):
    misfits = ball_misfits(np.repeat([1 / (d + 2), 0.0], [d, 100 - d])[None], 100)[0]
    assert misfits.argmin() == d - 1
    assert misfits[d - 1] < 1e-15


def cylinder_spectrum(a):
    """Integrate over the piece of z = a x² (x, y in the plane) within a ball of radius 1, with its area."""
    x, weights = np.polynomial.legendre.leggauss(80)
    end = np.sqrt((np.sqrt(1 + 4 * a**2) - 1) / (2 * a**2))  # x² + a² x⁴ = 1
    x, half = end * np.sin(np.pi / 2 * x), np.pi / 2 * weights * end * np.cos(np.pi / 2 * x)
    width = np.sqrt(np.maximum(1 - x**2 - a**2 * x**4, 0))
    area = half * np.sqrt(1 + 4 * a**2 * x**2) * 2 * width

    def mean(values):
        return (values * area).sum() / area.sum()

    return mean(x**2), mean(width**2 / 3), mean(a**2 * x**4) - mean(a * x**2) ** 2


def test_the_correction_is_that_of_a_parabolic_cylinder():
    """The factor c_2 of a surface that bends in one direction: what is left of the mean is of the fourth order."""
    left = []
    for a in (0.1, 0.2):
        first, second, tail = cylinder_spectrum(a)
        assert abs((first + second) / 2 - 1 / 4) > 0.1 * a**2 / 12  # without the correction: of the second order
        left.append(abs((first + second) / 2 + (3 * 2 + 4) / (2 * (2 + 4)) * tail - 1 / 4))
    assert left[1] < 1e-3
    assert 12 < left[1] / left[0] < 20  # 2⁴


@pytest.mark.parametrize("radius", [0.1, 0.8, 1.0, np.sqrt(2), 2.0])
def test_a_cap_of_a_sphere(radius):
    """By Archimedes the height is uniform: two eigenvalues 1 / 4 - r² / 24, one r² / 48 (the sphere has radius 1)."""
    spectrum = np.array([[1 / 4 - radius**2 / 24, 1 / 4 - radius**2 / 24, radius**2 / 48]])
    heights = 1 - np.linspace(0, radius**2 / 2, 100_001)
    np.testing.assert_allclose(spectrum[0, 2] * radius**2, heights.var(), rtol=1e-4)
    np.testing.assert_allclose(spectrum[0, 0] * radius**2, (1 - heights**2).mean() / 2, rtol=1e-4)
    whole = radius == 2.0
    assert ball_misfits(spectrum, 3).argmin() + 1 == (3 if whole else 2)
    if radius == np.sqrt(2):
        assert fukunaga_olsen(spectrum, 0.05)[0] == 3  # a hemisphere is three-dimensional for the usual rule


def test_the_trace_of_flat_balls():
    """The sample covariance is unbiased; the paper's radius, mostly smaller than r_k, adds about 1 / (d k)."""
    d, k, n = 3, 12, 4000
    radii = np.sort(np.random.default_rng(1).random((n, k)) ** (1 / d), axis=1)
    points = sphere(n * k, d - 1, d).reshape(n, k, d) * radii[:, :, None]
    variances = points[:, :-1].var(axis=1, ddof=1).sum(axis=1)
    middle = (radii[:, -2] + radii[:, -1]) / 2
    assert (variances / radii[:, -1] ** 2).mean() == pytest.approx(d / (d + 2), rel=0.01)  # 4 standard errors
    assert (variances / middle**2).mean() == pytest.approx(d / (d + 2) * (1 + 1 / (d * k)), rel=0.01)


def test_curvature_does_not_inflate_it_where_it_inflates_the_usual_rule():
    from zeta_geom.geometry import local_dimension

    X = sphere(800, 5, 12)
    assert local_dimension(X, 100)[100].mean() > 5.9
    assert estimate(X, 100).mean() == pytest.approx(5, abs=0.1)


def test_threads_and_subsets_give_the_same():
    X, rows = SETS["sphere"], np.array([0, 7, 199])
    neighbors = knn(X, 20)
    subset = estimate_curvature_pca(X, neighbors.indices[rows], neighbors.distances[rows], n_jobs=1)
    np.testing.assert_array_equal(subset, estimate(X, 20, n_jobs=2)[rows])


@pytest.mark.parametrize(("scale", "shift"), [(2.0**-40, 0.0), (2.0**40, 0.0), (1.0, 2.0**30)])
def test_unit_and_origin_do_not_matter(scale, shift):
    X = np.round(SETS["sphere"] * 2**16) / 2**16  # exact in the moved origin
    np.testing.assert_array_equal(estimate(X * scale + shift, 20), estimate(X, 20))


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_extreme_units(scale):
    X, neighbors = SETS["cube"], knn(SETS["cube"], 20)
    scaled = estimate_curvature_pca(X * scale, neighbors.indices, neighbors.distances * scale, n_jobs=1)
    np.testing.assert_array_equal(scaled, estimate(X, 20))


def test_two_neighbours_leave_one_point():
    assert np.isnan(estimate(SETS["cube"], 2)).all()


def test_three_neighbours_are_a_line():
    assert (estimate(SETS["cube"], 3) == 1).all()


def test_fewer_neighbours_than_features():
    assert estimate(SETS["more features than neighbours"], 8).max() <= 6


def test_neighbours_that_are_one_point_up_to_rounding():
    far = np.zeros((6, 3))
    far[1:, 0] = 1 + np.arange(5) * np.finfo(np.float64).eps
    neighbors = knn(far, 5)
    dimensions = estimate_curvature_pca(far, neighbors.indices, neighbors.distances, n_jobs=1)
    assert dimensions[0] == 0
    assert not np.isnan(dimensions).any()


def test_equal_distances():
    """The corners of a simplex: the neighbours of each are a simplex of one dimension less."""
    assert set(estimate(np.eye(8), 7)) <= {4.0, 5.0}
