"""Arguments that exclude each other, and the keywords that moved here from geometry."""

import numpy as np
import pytest
import torch

from tests.scale.scale_cases import CLOUDS, SERIAL
from zeta_geom import geometry
from zeta_geom.scale import Parts, knn, local_dimension


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"parts": "somewhere", "executor": None}, "parts needs executor"),
        ({"n_jobs": 2}, "n_jobs must be left out"),
        ({"executor": 3}, "executor must be an executor"),
        ({"method": "approximate"}, "method must be 'exact'"),
        ({"k": 500}, "k must be at most 499"),
        ({"queries": np.ones((3, 4))}, "as many columns as X, 30"),
    ],
)
def test_what_does_not_go_together_is_refused(arguments, text):
    with pytest.raises((ValueError, TypeError), match=text):
        knn(CLOUDS["normal"](), **{"k": 3, "executor": SERIAL, **arguments})


def test_dimensions_refuse_what_needs_one_machine(tmp_path):
    X = CLOUDS["normal"]()
    for name, value in (("estimator", object()), ("neighbors", knn(X, 9))):
        with pytest.raises(ValueError, match=f"{name} must be left out with executor"):
            local_dimension(X, 9, executor=SERIAL, **{name: value})
    with pytest.raises(ValueError, match="at least 2 samples and 2 features"):
        local_dimension(X[:, :1], 9, executor=SERIAL)
    with pytest.raises(ValueError, match="below the number of samples"):
        local_dimension(X, 500, executor=SERIAL)
    for name in ("chunk_size", "block_size", "memory"):
        with pytest.raises(ValueError, match=f"{name} must be an integer"):
            Parts(tmp_path, **{name: 0})


def test_tensors_on_a_device_are_refused():
    X = torch.empty((9, 3), device="meta")
    for call in (lambda: knn(X, 3, executor=SERIAL), lambda: local_dimension(X, 3, executor=SERIAL)):
        with pytest.raises(ValueError, match=r"Save it by numpy\.save"):
            call()


@pytest.mark.parametrize("call", [geometry.knn, geometry.local_dimension])
@pytest.mark.parametrize("name", ["executor", "parts"])
def test_geometry_says_where_its_old_keywords_are(call, name):
    with pytest.raises(TypeError, match=rf"does not take {name}\. Call zeta_geom\.scale\.{call.__name__}\."):
        call(np.eye(9), 3, **{name: None})
    with pytest.raises(TypeError, match="unexpected keyword argument 'part'"):
        call(np.eye(9), 3, part=None)


@pytest.mark.parametrize("call", [knn, local_dimension])
def test_a_path_needs_an_executor(call, tmp_path):
    for path in (tmp_path / "points.npy", str(tmp_path / "points.npy")):
        with pytest.raises(TypeError, match=r"X must be an array without executor=; got the path '.*points\.npy'"):
            call(path, 3)
