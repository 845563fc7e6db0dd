"""Estimators of scikit-dimension on data with copies: each point counts once, and each copy has its dimension."""

import warnings

import numpy as np
import pytest
import skdim

from zeta_geom.geometry import knn, local_dimension

RNG = np.random.default_rng(0)
PLANE = RNG.random((40, 2)) @ RNG.normal(size=(2, 4)) + 1e-3 * RNG.normal(size=(40, 4))
WHICH = RNG.permutation([*range(40), *range(0, 40, 4), *[7] * 36])  # of each row, the point that it is
K = 12

QUICK = [skdim.id.MLE(), skdim.id.TwoNN()]  # one of each door
OTHERS = [
    *(skdim.id.MOM(), skdim.id.MADA(), skdim.id.TLE(), skdim.id.ESS(), skdim.id.lPCA(), skdim.id.MiND_ML()),
    *(skdim.id.CorrInt(k1=3, k2=8), skdim.id.FisherS(), skdim.id.GRIDE(), skdim.id.KNN(k=2, random_state=0)),
    *(skdim.id.DANCo(k=5, random_state=0), skdim.id.PH(random_state=0)),
]


def warned(X, **arguments):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        return local_dimension(X, K, **arguments)[K], [str(one.message) for one in caught]


@pytest.mark.parametrize(
    "estimator",
    [*QUICK, *(pytest.param(one, marks=pytest.mark.slow) for one in OTHERS)],
    ids=lambda one: type(one).__name__,
)
def test_copies_count_once(estimator):
    expected, _ = warned(PLANE, estimator=estimator)
    dimensions, messages = warned(PLANE[WHICH], estimator=estimator)
    assert len(messages) <= 1
    np.testing.assert_allclose(dimensions, expected[WHICH], rtol=1e-12)
    assert 1 < np.nanmean(dimensions) < 4


def test_precomputed_neighbours_are_searched_anew_past_the_copies():
    X = PLANE[WHICH]
    dimensions, precomputed = (
        warned(X, estimator=skdim.id.MLE(), neighbors=neighbors)[0] for neighbors in (None, knn(X, 60))
    )
    np.testing.assert_array_equal(precomputed, dimensions)


class Refuses:
    """An estimator that finds nothing at some points, and says so at each."""

    def __init__(self, nothing=np.inf):
        self.nothing = nothing

    def get_params(self, deep=False):
        return {"nothing": self.nothing}

    def __repr__(self):
        return "Refuses()"

    def fit_pw(self, X, precomputed_knn, n_neighbors):
        self.dimension_pw_ = np.where(np.arange(len(X)) % 8 == 0, self.nothing, 2.0)
        for _ in X:
            warnings.warn("too few", stacklevel=2)
        return self


@pytest.mark.parametrize("nothing", [np.inf, np.nan])
def test_one_warning_counts_the_points_without_a_dimension(nothing):
    dimensions, messages = warned(PLANE, estimator=Refuses(nothing))
    np.testing.assert_array_equal(dimensions, np.where(np.arange(40) % 8 == 0, np.nan, 2.0))
    assert messages == [
        "Refuses() gives no finite dimension at 5 of 40 points, which are NaN. Raise n_neighbors or use another "
        "estimator. It warned 40 times, at first: too few"
    ]


def test_too_few_different_points():
    with pytest.raises(ValueError, match=r"below 12, the number of distinct points.*got k=12"):
        local_dimension(np.repeat(PLANE[:12], 5, axis=0), K, estimator=skdim.id.MLE())


def test_each_k_gets_its_own_neighbours():
    X = np.random.default_rng(0).normal(size=(60, 4))
    both = local_dimension(X, (8, 20), estimator=skdim.id.MLE())
    for k in (8, 20):
        np.testing.assert_array_equal(both[k], local_dimension(X, k, estimator=skdim.id.MLE())[k])
