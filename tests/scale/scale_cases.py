"""Clouds, an executor that counts its tasks, and comparisons for the tests of this room."""

import numpy as np

from zeta_geom import datasets, manifolds
from zeta_geom.execution import SerialExecutor
from zeta_geom.scale import Parts

RNG = np.random.default_rng(0)
SERIAL = SerialExecutor(threads=1)


def mnist_sample(n=600):
    return datasets.load("mnist-sample").X_train[:n].reshape(n, -1).astype(np.float32) / 255


CLOUDS = {
    "normal": lambda: RNG.normal(size=(500, 30)),
    "float32": lambda: RNG.normal(size=(700, 90)).astype(np.float32),
    "images": mnist_sample,
    "helix": lambda: manifolds.make_helix(600, random_state=0)[0],
    "curved": lambda: manifolds.make_curved_manifold(600, random_state=0)[0],
    "a grid, most distances tied": lambda: np.indices((22, 23)).reshape(2, -1).T.astype(float),
    "a grid in many dimensions": lambda: np.pad(np.indices((8, 8, 8)).reshape(3, -1).T, ((0, 0), (0, 97))).astype(
        "f4"
    ),
    "duplicates": lambda: np.repeat(RNG.normal(size=(15, 40)), 40, axis=0),
    "more duplicates than a list holds": lambda: np.repeat(RNG.normal(size=(2, 20)), 300, axis=0),
}
CUTS = (Parts(chunk_size=250, block_size=270), Parts(chunk_size=1000, block_size=45))


class Counting:
    """Serial, and counts the tasks; dies before one of them."""

    def __init__(self, dies_before=None):
        self.threads, self.done, self.dies_before = 1, [], dies_before

    def map(self, call, tasks):
        for place, task in enumerate(tasks):
            if len(self.done) == self.dies_before:
                raise KeyboardInterrupt
            self.done.append(task.start)
            yield place, call(task)


def assert_same(neighbors, expected):
    np.testing.assert_array_equal(neighbors.indices, expected.indices)
    np.testing.assert_array_equal(neighbors.distances, expected.distances)


def assert_equal_dimensions(dimensions, expected):
    assert dimensions.keys() == expected.keys()
    for k, values in expected.items():
        assert dimensions[k].dtype == values.dtype
        np.testing.assert_array_equal(dimensions[k], values)
