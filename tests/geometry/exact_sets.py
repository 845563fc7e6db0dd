"""The sets of points on which every integer of `local_dimension` is judged."""

import numpy as np
import pytest

from zeta_geom import datasets, manifolds


def cached(name, n):
    try:
        dataset = datasets.load(name, download=False)
    except FileNotFoundError:
        pytest.skip(f"{name} is not in the cache")
    return dataset.X_train[:n].reshape(n, -1).astype(np.float32) / 255


def noise(n):
    return np.random.default_rng(0).normal(size=(n, 300)).astype(np.float32)


def collinear(n):
    rng = np.random.default_rng(0)
    return np.outer(rng.random(n), rng.normal(size=200)) + 7


def duplicates(n):
    return np.repeat(np.random.default_rng(0).normal(size=(n // 10, 200)), 10, axis=0)


DATA = {
    "helix in R^3": lambda n: manifolds.make_helix(n, random_state=0)[0],
    "helix in R^12": lambda n: manifolds.make_helix(n, n_features=12, random_state=0)[0],
    "manifold in R^12": lambda n: manifolds.make_curved_manifold(n, random_state=0)[0],
    "crescents": lambda n: manifolds.make_crescents(n, random_state=0)[0],
    "spirals": lambda n: manifolds.make_spirals(n, random_state=0)[0],
    "MNIST": lambda n: cached("mnist", n),
    "Fashion-MNIST": lambda n: cached("fashion-mnist", n),
    "noise": noise,
    "duplicates": duplicates,
    "collinear": collinear,
    "scale 1e-6": lambda n: 1e-6 * manifolds.make_curved_manifold(n, random_state=1)[0],
    "scale 1e6": lambda n: 1e6 * manifolds.make_curved_manifold(n, random_state=1)[0],
    "offset 1e4": lambda n: 1e4 + manifolds.make_curved_manifold(n, random_state=1)[0],
}
