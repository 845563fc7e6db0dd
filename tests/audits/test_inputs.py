"""The inputs of an audit: order, halves, rows, holdout."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import train_test_split

from zeta_geom import mixers
from zeta_geom.audits import audit
from zeta_geom.audits.samples import halves, to_samples
from zeta_geom.geometry import knn
from zeta_geom.manifolds import make_crescents
from zeta_geom.records.keys import data_fingerprint

QUICK = {"n_neighbors": (4, 16), "n_bootstrap": 200, "random_state": 0, "progress": False}


X, y = make_crescents(300, random_state=0)


@pytest.fixture(scope="module")
def crescents():
    return make_crescents(300, random_state=0)


def test_halves_share_each_class():
    first, second = halves(to_samples(np.random.default_rng(0).random((40, 2)), np.tile([0, 1], 20)))
    assert np.bincount(first.classes).tolist() == np.bincount(second.classes).tolist() == [10, 10]


def test_order_of_held_out_originals_does_not_matter():
    one, other = (
        audit(X[:60], y[:60], augment="zeta", holdout=(X[w], y[w]), **QUICK).summary
        for w in (np.arange(60, 120), np.arange(119, 59, -1))
    )
    assert one.equals(other)


def test_the_fingerprint_is_that_of_the_array():
    prints = {
        audit(X, y, augment="zeta", **(QUICK | {"random_state": s})).settings["fingerprint of X"] for s in (0, 1)
    }
    assert prints == {data_fingerprint(X)}


def test_two_arrays_in_any_order_give_the_same_values(crescents):
    X, y = crescents
    X_new, Y_new = mixers.ZetaMixup(random_state=1).mix_dataset(X, y)
    made = audit(X, y, synthetic=(X_new, Y_new), **QUICK)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        one, other = rng.permutation(len(X)), rng.permutation(len(X_new))
        again = audit(X[one], y[one], synthetic=(X_new[other], Y_new[other]), **QUICK)
        pd.testing.assert_frame_equal(made.summary, again.summary, check_exact=True)
        pd.testing.assert_frame_equal(made.classes, again.classes, check_exact=True)
        pd.testing.assert_frame_equal(made.comparisons, again.comparisons, check_exact=True)
        assert (X[one][again.sources.rows] == X[made.sources.rows]).all()


def test_each_sample_stands_in_the_row_that_it_came_from(crescents):
    X, y = crescents
    made = audit(X, y, augment=lambda X: X + 5.0, **QUICK)
    own = made.samples[made.samples["method"] != "held-out"]
    held = made.heldout_points
    for method, moved in (("<lambda>", 5.0), ("original", 0.0)):
        rows = own[own["method"] == method]
        near = knn(held.flat, 1, queries=X[rows["row"]] + moved)
        np.testing.assert_allclose(rows["heldout-distance"], near.distances[:, 0], atol=1e-12)
        assert (y[rows["row"]] == rows["class"]).all()


def test_given_held_out_originals_are_the_reference(crescents):
    X, y = crescents
    X_own, X_held, y_own, y_held = train_test_split(X, y, random_state=0)
    made = audit(X_own, y_own, augment="zeta", holdout=(X_held, y_held), **QUICK)
    assert len(made.sources) == len(made.points["zeta"]) == 225
    assert sorted(map(tuple, made.heldout_points.X)) == sorted(map(tuple, X_held))
