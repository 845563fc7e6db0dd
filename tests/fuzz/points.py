"""How the entries of checks, geometry and manifolds are called.

A case draws arguments that are right or nearly so; test_fuzz.py puts others in their place.
"""

import numpy as np
import pandas as pd
import skdim
import torch
from hypothesis import strategies as st

from tests.fuzz.entries import case, finite, not_negative
from tests.fuzz.values import (
    COUNT,
    KS,
    RANDOM,
    SCALARS,
    SEEDS,
    WIDE,
    WIDTH,
    any_array,
    arrays,
    distributions,
    labels,
    points,
)
from zeta_geom import geometry, manifolds


@case("checks.check_points", check=finite)
def _(draw):
    return {"X": draw(points(draw(COUNT), draw(WIDTH)))}


@case("checks.host_array", check=lambda result, arguments: isinstance(result, np.ndarray) or 1 / 0)
def _(draw):
    return {"values": draw(any_array())}


@case("checks.check_finite")
def _(draw):
    return {"X": draw(any_array())}


@case("checks.real_array", check=lambda result, arguments: result.dtype.kind in "fiub" or 1 / 0)
def _(draw):
    return {"values": draw(any_array())}


@case("checks.check_table", kept=("columns", "texts"))
def _(draw):
    values = draw(arrays((3,), layouts=("C",)))
    return {"table": pd.DataFrame({"a": values, "b": ["x"] * 3}), "columns": ["a"], "texts": ["b"]}


@case("checks.check_labels", kept=("n", "n_classes"))
def _(draw):
    n = draw(COUNT)
    return {
        "y": draw(labels(n)),
        "n": draw(st.sampled_from((None, n))),
        "n_classes": draw(st.sampled_from((None, 3))),
    }


@case("checks.check_probabilities")
def _(draw):
    return {"p": draw(distributions(draw(COUNT), draw(WIDTH)))}


@case("checks.check_int", "checks.check_real", check=finite, kept=("name", "low", "high"))
def _(draw):
    return {"value": draw(st.sampled_from(SCALARS)), "name": "k", "low": 0, "high": draw(st.sampled_from((None, 3)))}


@case("checks.check_jobs", check=lambda result, arguments: result is None or result != 0 or 1 / 0)
def _(draw):
    return {"value": draw(st.one_of(st.none(), st.integers(-2, 3)))}


@case(
    "checks.image_axes",
    kept=("shape", "name"),
    check=lambda result, arguments: result in ((-2, -1), (-3, -2)) or 1 / 0,
)
def _(draw):
    shape = draw(st.sampled_from(((5, 8, 8), (5, 3, 8, 8), (5, 8, 8, 3))))
    return {"shape": shape, "channels": draw(st.sampled_from((None, "first", "last")))}


@case("checks.check_channels")
def _(draw):
    return {"channels": draw(st.sampled_from((None, "first", "last")))}


@case("checks.check_choice", check=lambda result, arguments: {"a": 1, "self": 1}[result], kept=("name", "choices"))
def _(draw):
    return {"value": draw(st.sampled_from(("a", "self"))), "name": "how", "choices": ("a", "self")}


# geometry


def check_knn(found, arguments):
    finite(found.distances, arguments)
    assert (np.asarray(found.distances) >= 0).all()
    assert found.indices.shape == found.distances.shape == (len(found.indices), arguments["k"])


@case("scale.knn", check=check_knn, share=0.3)
@case("geometry.knn", check=check_knn)
def _(draw):
    n, d = draw(COUNT), draw(WIDTH)
    given = {"X": draw(points(n, d)), "k": draw(KS), "metric": draw(st.sampled_from(("euclidean", "cosine")))}
    return given | {"queries": draw(points(draw(st.integers(1, 4)), d)) if draw(st.booleans()) else None}


def check_dimensions(by_k, arguments):
    for k, dimension in by_k.items():
        assert ((np.asarray(dimension) >= 0) & (np.asarray(dimension) <= min(k, 5))).all()


@case("scale.local_dimension", check=check_dimensions, share=0.3)
@case("geometry.local_dimension", check=check_dimensions)
def _(draw):
    n = draw(COUNT)
    X = draw(points(n, draw(WIDE)))
    given = {"X": X, "n_neighbors": draw(st.one_of(KS, st.tuples(KS, KS))), "alpha": draw(st.floats(0, 1))}
    neighbors = geometry.knn(np.random.default_rng(0).normal(size=(n, 2)), 3) if draw(st.booleans()) else None
    return given | {"neighbors": neighbors, "n_anchors": draw(st.sampled_from((None, 1, n))), "random_state": 0}


OURS = [name for name, entry in geometry.ESTIMATORS.items() if not entry.scikit]
LACKING = ".* gives no finite dimension"


def check_estimates(by_k, arguments):
    if arguments["estimator"] not in (None, "FO"):
        assert all(dimension.dtype in (np.float64, torch.float64) for dimension in by_k.values())


def estimated(X, n_neighbors, estimator):
    return geometry.local_dimension(X, n_neighbors, estimator=estimator)


@case("geometry.local_dimension(estimator)", calls={"geometry.local_dimension(estimator)": estimated},
      check=check_estimates, ignored="", foreign=True)  # fmt: skip
def _(draw):
    X = draw(points(draw(COUNT), draw(st.integers(2, 5))))
    estimators = (skdim.id.MLE(), skdim.id.TwoNN(), skdim.id.lPCA(), skdim.id.MOM(), *OURS)
    return {"X": X, "n_neighbors": draw(KS), "estimator": draw(st.sampled_from(estimators))}


def check_scale(table, arguments):
    assert ((table["dimension"] >= 0) | table["dimension"].isna()).all()
    assert (table["n"] <= len(arguments["X"])).all()


@case("geometry.dimension_scale", check=check_scale, share=0.3, ignored=LACKING)
def _(draw):
    n = draw(COUNT)
    given = {"X": draw(points(n, draw(st.integers(2, 5)))), "ks": draw(st.one_of(KS, st.tuples(KS, KS)))}
    given |= {"estimators": draw(st.lists(st.sampled_from(OURS), min_size=1, max_size=2)), "random_state": 0}
    average = draw(st.sampled_from((None, "arithmetic", "harmonic")))
    return given | {"n_anchors": draw(st.sampled_from((None, 1, n))), "n_splits": 2, "average": average}


@case(
    "geometry.dimension_interval",
    check=lambda found, arguments: found.low <= found.dimension <= found.high or 1 / 0,
    share=0.3,
    ignored=LACKING,
)
def _(draw):
    X = draw(points(draw(st.integers(12, 20)), draw(st.integers(2, 5))))
    how = {"n_splits": 2, "random_state": 0, "confidence": draw(st.floats(0.5, 0.99))}
    return {"X": X, "k": 2, "estimator": draw(st.sampled_from(OURS))} | how


def fit(X, **params):
    return geometry.LocalPCA(**params).fit(X)


def fit_pw(X, precomputed_knn, **params):
    return geometry.LocalPCA(**params).fit_pw(X, precomputed_knn)


def check_fitted(fitted, arguments):
    not_negative(fitted.dimension_pw_, arguments)
    not_negative(fitted.dimension_, arguments)


def pca_params(draw, n):
    return {
        "n_neighbors": draw(st.one_of(KS, st.tuples(KS, KS))),
        "alpha": draw(st.floats(0, 1)),
        "rule": draw(st.sampled_from(tuple(geometry.RULES))),
        "n_anchors": draw(st.sampled_from((None, None, 1, n - 1))),
        "random_state": draw(RANDOM),
    }


@case("geometry.gride_scale", check=lambda result, arguments: result[0] > 0 or np.isnan(result[0]) or 1 / 0)
def _(draw):
    distances = np.sort(abs(draw(arrays((draw(COUNT), draw(st.integers(2, 6)))))), axis=1)
    return {"distances": distances, "nearer": 1, "farther": draw(st.sampled_from((None, 2)))}


@case("geometry.LocalPCA.fit", calls={"geometry.LocalPCA.fit": fit}, check=check_fitted)
def _(draw):
    n = draw(COUNT)
    return {"X": draw(points(n, draw(WIDE)))} | pca_params(draw, n)


@case("geometry.LocalPCA.fit_pw", calls={"geometry.LocalPCA.fit_pw": fit_pw}, check=check_fitted)
def _(draw):
    n = draw(COUNT)
    indices = np.random.default_rng(draw(SEEDS)).integers(0, n, size=(n, draw(st.integers(3, 6))))
    return {"X": draw(points(n, draw(WIDE))), "precomputed_knn": indices} | pca_params(draw, n)


@case("geometry.local_spectra", check=finite)
def _(draw):
    shape = draw(st.tuples(st.integers(0, 3), st.integers(2, 6), st.integers(1, 5)))
    return {"neighbourhoods": draw(arrays(shape))}


RULE_NAMES = {f"geometry.RULES[{name}]": rule for name, rule in geometry.RULES.items()}
RULE_NAMES["geometry.fukunaga_olsen"] = geometry.fukunaga_olsen


@case(*RULE_NAMES, calls=RULE_NAMES, check=not_negative)
def _(draw):
    shape = draw(st.tuples(st.integers(1, 4), st.integers(1, 6)))
    spectra = draw(arrays(shape))
    return {"eigenvalues": abs(spectra) if draw(st.booleans()) else spectra, "alpha": draw(st.floats(0, 1))}


@case("geometry.tangent_residual", check=lambda by_k, arguments: [not_negative(r, {}) for r in by_k.values()])
def _(draw):
    n, d = draw(COUNT), draw(WIDTH)
    q = draw(st.integers(1, 4))
    given = {"X": draw(points(n, d)), "queries": draw(points(q, d)), "n_neighbors": draw(KS)}
    near = geometry.Neighbors(np.random.default_rng(draw(SEEDS)).integers(0, n, size=(q, 4)), None)
    return given | {"alpha": draw(st.floats(0, 1)), "neighbors": draw(st.sampled_from((None, near)))}


# manifolds


def circle(t):
    position = np.stack([np.cos(t), np.sin(t)], axis=1)
    return position, np.stack([-position[:, 1], position[:, 0]], axis=1), -position


PLANE = ("crescent_residual", "crescent_distances", "spiral_residual", "spiral_distances")


@case(*(f"manifolds.{name}" for name in PLANE), check=not_negative)
def _(draw):
    return {"X": draw(points(draw(COUNT), 2))}


for _name, _manifold in manifolds.MANIFOLDS.items():
    _kinds = ("distance", "nearest_class", "residual", "distances")
    _calls = {f"manifolds.MANIFOLDS[{_name}].{kind}": getattr(_manifold, kind) for kind in _kinds}

    @case(*_calls, calls=_calls, check=not_negative)
    def _(draw, width=_manifold.n_features):
        return {"X": draw(points(draw(st.integers(1, 4)), width))}


@case("manifolds.helix_residual", "manifolds.helix_distance", check=not_negative)
def _(draw):
    return {"X": draw(points(draw(COUNT), draw(st.integers(3, 5))))}


@case("manifolds.curved_residual", "manifolds.curved_distance", check=not_negative)
def _(draw):
    d = draw(st.integers(1, 3))
    return {"X": draw(points(draw(st.integers(1, 4)), 2 * d * draw(st.integers(1, 2)))), "intrinsic_dim": d}


@case("manifolds.curve_distance", check=not_negative, kept=("curve", "limits"))
def _(draw):
    return {"X": draw(points(draw(COUNT), 2)), "curve": circle, "limits": (-1.0, 2.0)}


@case("manifolds.crescent_curves", "manifolds.spiral_curves", check=finite)
def _(draw):
    return {"t": draw(arrays((draw(st.integers(0, 9)),)))}


@case("manifolds.helix_curve", check=finite)
def _(draw):
    return {"t": draw(arrays((draw(st.integers(0, 9)),))), "n_features": draw(st.sampled_from((3, 12)))}


@case("manifolds.curved_points", check=finite)
def _(draw):
    return {"p": draw(arrays((draw(st.integers(0, 9)), draw(WIDTH)))), "copies": draw(st.integers(1, 3))}


@case("manifolds.make_crescents", "manifolds.make_spirals", check=finite)
def _(draw):
    return {"n_samples": draw(COUNT), "noise": draw(st.floats(0, 2)), "random_state": draw(RANDOM)}


@case("manifolds.make_helix", check=finite)
def _(draw):
    return {"n_samples": draw(COUNT), "n_features": draw(st.integers(3, 12)), "random_state": draw(RANDOM)}


@case("manifolds.make_curved_manifold", check=finite)
def _(draw):
    d = draw(st.integers(1, 3))
    return {"n_samples": draw(COUNT), "intrinsic_dim": d, "n_features": 2 * d, "random_state": draw(RANDOM)}


@case("manifolds.make_sphere", "manifolds.make_torus", "manifolds.make_cube", check=finite)
def _(draw):
    d = draw(st.integers(1, 3))
    sizes = {"n_samples": draw(COUNT), "intrinsic_dim": d, "n_features": draw(st.sampled_from((None, 2 * d, 9)))}
    return sizes | {"noise": draw(st.floats(0, 2)), "random_state": draw(RANDOM)}


@case("manifolds.wrong_labels", check=lambda result, arguments: result.dtype == bool or 1 / 0)
def _(draw):
    n, n_classes = draw(COUNT), draw(st.integers(1, 3))
    return {"distances": abs(draw(arrays((n, n_classes)))), "Y": draw(distributions(n, n_classes))}
