"""Estimators of scikit-dimension on data with copies: each point counts once, and each copy has its dimension."""

import warnings

import numpy as np
import pytest
import skdim

from zeta_geom.geometry import knn, local_dimension

RNG = np.random.default_rng(0)
PLANE = RNG.random((120, 2)) @ RNG.normal(size=(2, 4)) + 1e-3 * RNG.normal(size=(120, 4))
K = 16


def with_copies(points, rng):
    """Repeat some points, one of them often, in any order; return the rows, and which point each is."""
    which = np.concatenate([np.arange(len(points)), np.arange(0, len(points), 4), np.full(3 * K, 7)])
    which = rng.permutation(which)
    return points[which], which


ESTIMATORS = [
    skdim.id.MLE(),
    skdim.id.MOM(),
    skdim.id.MADA(),
    skdim.id.TLE(),
    skdim.id.ESS(),
    skdim.id.lPCA(),
    skdim.id.TwoNN(),
    skdim.id.CorrInt(k1=3, k2=8),
    skdim.id.MiND_ML(),
    skdim.id.FisherS(),
    skdim.id.KNN(k=2),
    skdim.id.DANCo(k=5, random_state=0),
    skdim.id.GRIDE(),
    skdim.id.PH(),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda one: type(one).__name__)
def test_copies_count_once(estimator):
    X, which = with_copies(PLANE, RNG)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        expected = local_dimension(PLANE, K, estimator=estimator)[K]
    assert len(caught) <= 1
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = local_dimension(X, K, estimator=estimator)[K]
    assert len(caught) <= 1
    np.testing.assert_allclose(found, expected[which], rtol=1e-12)
