"""Spheres, tori and cubes: equations, uniformity by moments, noise, seeds, and what is refused."""

import numpy as np
import pytest

from zeta_geom.manifolds import make_cube, make_sphere, make_torus

LEAST = {make_sphere: lambda d: d + 1, make_torus: lambda d: 2 * d, make_cube: lambda d: d}
SHAPES = pytest.mark.parametrize("shape", list(LEAST))


@SHAPES
@pytest.mark.parametrize("d", [1, 2, 7])
def test_shape_and_zeros(shape, d):
    least = LEAST[shape](d)
    assert shape(5, intrinsic_dim=d, random_state=0)[0].shape == (5, least)
    X, parameters = shape(5, intrinsic_dim=d, n_features=least + 3, random_state=0)
    assert X.dtype == parameters.dtype == np.float64
    assert len(parameters) == 5
    assert (X[:, least:] == 0).all()
    assert (X[:, :least] != 0).all()


def test_equations():
    X, u = make_sphere(50, intrinsic_dim=4, random_state=0)
    np.testing.assert_allclose((X**2).sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_array_equal(X, u)
    X, t = make_torus(50, intrinsic_dim=4, random_state=0)
    np.testing.assert_allclose(X[:, 0::2], np.cos(t), rtol=1e-12)
    np.testing.assert_allclose(X[:, 1::2], np.sin(t), rtol=1e-12)
    X, p = make_cube(50, intrinsic_dim=4, random_state=0)
    np.testing.assert_array_equal(X, p)


def test_uniform_by_moments():
    n = 40_000
    sphere, torus, cube = (make(n, intrinsic_dim=3, random_state=0)[0] for make in LEAST)
    np.testing.assert_allclose(sphere.T @ sphere / n, np.eye(4) / 4, atol=0.01)
    np.testing.assert_allclose(torus.T @ torus / n, np.eye(6) / 2, atol=0.01)
    np.testing.assert_allclose(np.cov(cube.T), np.eye(3) / 12, atol=0.002)
    np.testing.assert_allclose(cube.mean(axis=0), 0.5, atol=0.01)


@SHAPES
def test_noise_is_in_every_coordinate(shape):
    exact, _ = shape(4000, n_features=6, random_state=1)
    noisy, _ = shape(4000, n_features=6, noise=0.2, random_state=1)
    np.testing.assert_allclose((noisy - exact).std(axis=0), 0.2, rtol=0.05)


@SHAPES
def test_seeds(shape):
    np.testing.assert_array_equal(shape(9, random_state=1)[0], shape(9, random_state=1)[0])
    assert (shape(9, random_state=1)[0] != shape(9, random_state=2)[0]).any()


@SHAPES
def test_what_is_refused(shape):
    with pytest.raises(ValueError, match="n_features"):
        shape(5, intrinsic_dim=4, n_features=LEAST[shape](4) - 1)
    with pytest.raises(ValueError, match="noise"):
        shape(5, noise=-0.1)
    with pytest.raises(ValueError, match="intrinsic_dim"):
        shape(5, intrinsic_dim=0)
    with pytest.raises(ValueError, match="n_samples"):
        shape(0)
