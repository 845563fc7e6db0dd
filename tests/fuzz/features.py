"""How the entries of feature spaces are called."""

import numpy as np
from hypothesis import strategies as st

from tests.fuzz.entries import case, resolve
from tests.fuzz.values import FLAVOURS, FLOATS, INTEGERS, SCALARS, arrays
from zeta_geom.features import FeatureSpace, space

SPACES = {"pixels": space("pixels"), "lenet": space("lenet"), "means": space(lambda X: X.mean(axis=2), name="means")}


def check_features(F, arguments):
    assert F.ndim == 2
    assert len(F) == len(arguments["X"])
    assert F.dtype in (np.float32, np.float64)
    assert np.isfinite(F).all()


def extract(name, X, progress):
    return SPACES[name].extract(X, progress)


def keep(name, X, progress):
    return resolve("features.kept")(SPACES[name], X, None, progress)


CALLS = {"features.FeatureSpace.extract": extract, "features.kept": keep}


@case(*CALLS, calls=CALLS, check=check_features, kept=("name", "progress"), ignored="overflow|Mean of empty")
def _(draw):
    shape = draw(st.sampled_from(((2, 28, 28), (1, 1, 28, 28), (3, 4, 2), (2, 5))))
    X = draw(arrays(shape, (*FLOATS, *INTEGERS), FLAVOURS))
    return {"name": draw(st.sampled_from(sorted(SPACES))), "X": X, "progress": False}


def check_spaces(spaces, arguments):
    assert all(isinstance(each, FeatureSpace) and name == each.name for name, each in spaces.items())


@case("features.to_spaces", check=check_spaces)
def _(draw):
    names = st.one_of(st.sampled_from(("pixels", "lenet")), st.sampled_from(SCALARS))
    features = draw(st.one_of(names, st.lists(names, max_size=3), st.tuples(names, names)))
    return {"features": features, "channels": draw(st.sampled_from((None, "first", "last")))}


def check_space(made, arguments):
    assert isinstance(made, FeatureSpace)


@case("features.space", check=check_space, errors=(OSError,))
def _(draw):
    text = st.sampled_from((None, "conv1", "w.pth"))
    features = st.sampled_from(("pixels", "lenet", np.mean, ":", "timm:", "numpy:mean", "numpy:nothing"))
    return {"features": draw(features), "layer": draw(text), "weights": draw(text), "name": draw(text)}
