"""What an audit refuses, and what it says it cannot measure: never a crash, never a silent number."""

import numpy as np
import pytest

from zeta_geom.audits import audit
from zeta_geom.manifolds import make_crescents

QUICK = {"n_neighbors": (4, 16), "n_bootstrap": 50, "random_state": 0, "progress": False}
X, Y = make_crescents(120, random_state=0)


def whole(made):
    """Each row has a number and a verdict, or says why not."""
    for table in (made.summary, made.classes):
        missing = table["verdict"] == "not measurable"
        assert table.loc[missing, "reason"].str.len().gt(5).all()
        assert (table.loc[~missing, "reason"] == "").all()
        assert np.isfinite(table.loc[~missing, ["value", "real", "real_low", "real_high"]]).all(axis=None)
    assert str(made)
    return made.summary.set_index("measure")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"X": np.full((20, 2), np.nan)}, "X must be finite"),
        ({"X": np.zeros(20)}, r"X must have shape \(n, \.\.\.\)"),
        ({"X": np.zeros((20, 0))}, "at least one sample and feature"),
        ({"X": np.full((20, 2), 1e200)}, "squares overflow"),
        ({"X": X[:6], "y": Y[:6]}, "at least 8 samples"),
        ({"y": Y[:50]}, "labels of X must have one label for each of the 120 samples; got 50"),
        ({"y": -Y}, "labels of X must lie in"),
        ({"y": Y.astype(float)}, "must hold integers"),
        ({"y": np.ones((120, 2))}, "sum to 1"),
        ({"n_classes": 1}, "labels of X must lie in 0..0"),
        ({"augment": None}, "nothing to audit"),
        ({"augment": "zetta"}, "must be one of"),
        ({"augment": "zeta", "batch_size": 0}, "batch_size must be"),
        ({"n_neighbors": ()}, "n_neighbors must have at least one k"),
        ({"n_neighbors": (1, 8)}, "n_neighbors must be"),
        ({"alpha": -1.0}, "alpha must be"),
        ({"confidence": 1.0}, "confidence must be"),
        ({"n_bootstrap": 2}, "n_bootstrap must be"),
        ({"random_state": -1}, "random_state must be"),
        ({"manifold": "klein-bottle"}, "must be one of"),
        ({"manifold": lambda X: X}, "one finite, non-negative distance for each point"),
        ({"oracle": "mnist"}, "needs images of 28"),
        ({"oracle": "nothing"}, "module:name"),
        ({"oracle": "math:nothing"}, "has no nothing"),
        ({"synthetic": X[:, :1]}, "must have samples of the shape of the originals"),
        ({"y": np.eye(2)[Y], "synthetic": (X, np.zeros((120, 3)) + 1 / 3)}, "must have n_classes=2 columns"),
        ({"synthetic": (X, Y, X, X)}, "a tuple must be"),
        ({"synthetic": {"original": X}}, "a name must have 1 to 60"),
        ({"synthetic": np.full((9, 2), 200, dtype=np.uint8), "X": 200 * np.abs(X)}, "in the unit of"),
        ({"holdout": X}, "holdout must have labels"),
        ({"holdout": (X[:2], Y[:2])}, "at least 4 samples each; got 120 and 2"),
        ({"augment": lambda X: X[:, :1]}, "must have samples of the shape of the originals"),
        ({"augment": lambda X: X[:1]}, "must return labels"),
        ({"augment": lambda X: X * np.nan}, "must be finite"),
        ({"augment": lambda X, y: (X, y, y)}, "got 3 values"),
        ({"augment": lambda X, y: (X, y[:1])}, "one label for each"),
        ({"augment": lambda X, y: (X[:0], y[:0])}, "returned no samples"),
    ],
)
def test_refuses(given, words):
    arguments = {"X": X, "y": Y, "augment": "mixup"} | given
    if "X" in given and "y" not in given:
        arguments["y"] = None
    with pytest.raises((ValueError, TypeError), match=words):
        audit(arguments.pop("X"), arguments.pop("y"), **(QUICK | arguments))


@pytest.mark.parametrize("value", [3, object()])
def test_refuses_what_is_no_augmentation(value):
    with pytest.raises(TypeError, match="must be callable or one of"):
        audit(X, Y, augment=value, **QUICK)


def test_constant_features():
    table = whole(audit(np.ones((60, 3)), np.arange(60) % 2, augment="zeta", **QUICK))
    assert table.loc["dimension-k4", "value"] == 0
    assert table.loc["coverage", "value"] == 1


def test_one_class():
    table = whole(audit(X, np.zeros(120, dtype=int), augment="zeta", **QUICK))
    assert "one class" in table.loc["wrong-label-k4", "reason"]
    assert table.loc["dimension-k4", "verdict"] != "not measurable"


def test_each_point_twice():
    twice, labels = np.repeat(X, 2, axis=0), np.repeat(Y, 2)
    table = whole(audit(twice, labels, augment=lambda X: X, **QUICK))
    assert table.loc["recall", "value"] > 0.5
    assert table.loc["precision", "value"] > 0.5


def test_fewer_than_k_points():
    table = whole(audit(X[:20], Y[:20], augment="zeta", **QUICK))
    assert table.loc["dimension-k16", "reason"] == "it takes more than k = 16 samples; there are 10"
    assert table.loc["tangent-residual-k16", "reason"] == "it takes more than k = 16 held-out originals; there are 10"
    assert table.loc["dimension-k4", "verdict"] != "not measurable"
    least = whole(audit(X[:8], Y[:8], augment="zeta", **QUICK))
    assert (least.loc[["density", "coverage", "dimension-k4"], "verdict"] == "not measurable").all()


def test_one_feature():
    table = whole(audit(X[:, :1], Y, augment="zeta", **QUICK))
    assert "one feature" in table.loc["dimension-k4", "reason"]
    assert np.isfinite(table.loc["heldout-distance", "value"])


def test_no_labels():
    made = audit(X, augment=lambda X: X + 0.1, **QUICK)
    assert not made.summary["group"].eq("labels").any()
    assert len(made.classes) == 0
    whole(made)


def test_synthetic_without_labels():
    table = whole(audit(X, Y, synthetic=X[:50] + 0.1, **QUICK))
    assert table.loc["richness", "reason"] == "the samples have no labels"
    assert table.loc["heldout-distance", "n"] == 50


def test_a_class_that_is_never_made():
    made = audit(X, Y, synthetic=(X[Y == 0], Y[Y == 0]), **QUICK)
    whole(made)
    rows = made.classes.set_index(["measure", "class"])
    assert rows.loc[("density", "1"), "reason"] == "no sample of class 1"


def test_a_single_synthetic_sample():
    table = whole(audit(X, Y, synthetic=(X[:1], Y[:1]), **QUICK))
    assert table.loc["heldout-distance", "n"] == 1
    assert (table["verdict"] != "within").any()


def test_infinite_cross_entropies_are_named():
    table = whole(audit(X, Y, augment=lambda X, y: (X, 1 - y), **QUICK))
    assert "infinite" in table.loc["vote-h-v-y", "reason"]


@pytest.mark.parametrize("number", [np.float16, np.float32, np.float64, np.uint8, ">f4"])
def test_any_number_goes_in(number):
    scaled = (100 * (X - X.min())).astype(number)
    whole(audit(scaled, Y, augment="zeta", **QUICK))
