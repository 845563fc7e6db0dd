"""The values of an audit: against direct calls of the rooms, and closed forms."""

import numpy as np
import pytest

import zeta_geom
from tests.audits.audit_cases import QUICK, Features, X, y
from zeta_geom import datasets, fidelity
from zeta_geom.audits import Audit, audit
from zeta_geom.geometry import knn, local_dimension, tangent_residual
from zeta_geom.manifolds import MANIFOLDS, make_crescents
from zeta_geom.neighborhoods import label_agreement, vote_errors
from zeta_geom.realism import MNISTOracle, entropy, soft_label_report


@pytest.fixture(scope="module")
def crescents():
    return X, y


@pytest.fixture(scope="module")
def digits():
    found = datasets.load("mnist-sample")
    return found.X_train[:300], found.y_train[:300]


def values_of(made, method=None):
    rows = made.summary if method is None else made.summary[made.summary["method"] == method]
    return rows.set_index("measure")["value"]


def test_one_point_is_decided_by_the_range_of_a_column():
    eps = np.finfo(np.float64).eps
    near = np.ones((101, 2))
    near[:, 0] += 4 * eps * np.tile([1, -1], 51)[:101]
    assert tangent_residual(near, [[4.0, 5.0]], 100)[100] == pytest.approx([5.0])


def test_an_oracle_that_is_right_finds_no_wrong_label():
    def right(Z):
        return np.eye(2)[y[np.abs(Z[:, None] - X).sum(axis=2).argmin(axis=1)]]

    made = audit(X, y, augment=lambda X: X, oracle=right, **QUICK).summary.set_index("measure")
    assert made.loc["oracle-wrong-label", "value"] == 0


def test_one_feature_is_enough():
    class Single(Features):
        def features(self, X):
            return X[:, :1]

    made = audit(X, y, augment="zeta", oracle=Single(), **QUICK)
    value = made.summary.set_index("measure").loc["oracle-frechet", "value"]
    one, other = made.heldout_points.X[:, 0], made.points["zeta"].X[:, 0]
    expected = (one.mean() - other.mean()) ** 2 + (one.std(ddof=1) - other.std(ddof=1)) ** 2
    assert value == pytest.approx(expected)


@pytest.mark.parametrize("found", [np.zeros(150), np.zeros((3, 2)), np.full((150, 2), np.nan), np.zeros((150, 0))])
def test_odd_features_are_refused(found):
    class Odd(Features):
        def features(self, X):
            return found

    with pytest.raises(ValueError, match="the oracle's features must"):
        audit(X, y, augment="zeta", oracle=Odd(), **QUICK)


def test_is_the_packages_own_call(crescents):
    made = zeta_geom.audit(*crescents, augment="zeta", **QUICK)
    assert isinstance(made, Audit)
    assert made.methods == ["zeta"]


def test_values_are_what_the_rooms_say(crescents):
    made = audit(*crescents, augment="zeta", manifold="crescents", **QUICK)
    held, own = made.heldout_points, made.points["zeta"]
    found = values_of(made)
    near = knn(held.flat, 16, queries=own.flat)
    expected = {
        "dimension-k4": local_dimension(own.flat, 4)[4].mean(),
        "dimension-k16": local_dimension(own.flat, 16)[16].mean(),
        "heldout-distance": near.distances[:, 0].mean(),
        "tangent-residual-k4": tangent_residual(held.flat, own.flat, 4)[4].mean(),
        "true-distance": MANIFOLDS["crescents"].distance(own.flat).mean(),
        "wrong-label-k16": vote_errors(near.indices, held.Y, own.Y).mean(),
        "richness": np.exp(entropy(own.Y)).mean(),
        "precision": fidelity.improved_precision_recall(held.flat, own.flat, k=3).precision,
        "recall": fidelity.improved_precision_recall(held.flat, own.flat, k=3).recall,
        "density": fidelity.density_coverage(held.flat, own.flat, k=5).density,
        "coverage": fidelity.density_coverage(held.flat, own.flat, k=5).coverage,
        "alpha-precision": fidelity.alpha_precision(held.flat, own.flat).score,
        "beta-recall": fidelity.beta_recall(held.flat, own.flat).score,
        "original-distance": knn(made.sources.flat, 1, queries=own.flat).distances.mean(),
        "authenticity": fidelity.authenticity(made.sources.flat, own.flat).score,
    }
    agreement = label_agreement(own.flat, own.Y, held.flat, held.classes, k=16, metric="euclidean")
    expected["label-agreement"] = agreement.soft.mean() / 16
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-12), name


def test_real_values_are_the_same_measures_of_real_samples(crescents):
    made = audit(*crescents, augment="zeta", **QUICK)
    real = made.summary.set_index("measure")["real"]
    held, own = made.heldout_points, made.sources
    assert real["dimension-k16"] == local_dimension(own.flat, 16)[16].mean()
    assert real["density"] == pytest.approx(fidelity.density_coverage(held.flat, own.flat, k=5).density)
    assert real["authenticity"] == pytest.approx(fidelity.authenticity(own.flat, held.flat).score)
    assert len(own) == len(held) == 150
    assert sorted([*own.rows, *held.rows]) == list(range(300))


def test_copies_are_within_but_not_new(crescents):
    made = audit(*crescents, augment=lambda X: X, **QUICK)
    table = made.summary.set_index("measure")
    assert table.loc["authenticity", ["value", "verdict"]].tolist() == [0.0, "outside, below"]
    assert table.loc["original-distance", "value"] == 0
    assert table.loc["nearer-to-training", ["value", "verdict"]].tolist() == [1.0, "outside, above"]
    rest = table.drop(["authenticity", "original-distance", "nearer-to-training", "vote-h-v-y"])
    assert (rest["verdict"] == "within").all()
    assert (rest["difference"] == 0).all()


def test_other_real_samples_lie_within_most_of_the_time():
    outside, measured = 0, 0
    for seed in range(6):
        X, y = make_crescents(600, random_state=seed)
        own = make_crescents(300, random_state=100 + seed)
        made = audit(X, y, synthetic=own, **(QUICK | {"n_bootstrap": 200}))
        outside += made.summary["verdict"].str.startswith("outside").sum()
        measured += (made.summary["verdict"] != "not measurable").sum()
    assert 0 < outside / measured < 0.12


def test_what_lies_off_the_manifold_is_outside():
    X = np.zeros((400, 3))
    X[:, :2] = np.random.default_rng(0).random((400, 2))
    made = audit(X, augment=lambda X: X + np.array([0, 0, 0.5]), manifold=lambda X: np.abs(X[:, 2]), **QUICK)
    table = made.summary.set_index("measure")
    for name in ("tangent-residual-k4", "tangent-residual-k16", "true-distance"):
        assert table.loc[name, "value"] == pytest.approx(0.5, abs=1e-3)  # four neighbours may lie on a line
        assert table.loc[name, "verdict"] == "outside, above"
    assert table.loc["precision", "value"] == 0


def test_turned_labels_are_wrong(crescents):
    X, y = crescents
    made = audit(X, y, augment=lambda X, y: (X, 1 - y), **QUICK)
    assert values_of(made)["wrong-label-k4"] > 0.95
    assert (made.summary.set_index("measure").loc["wrong-label-k4", "verdict"]) == "outside, above"


def test_the_oracle_is_the_rooms(digits):
    made = audit(*digits, augment="zeta", oracle="mnist", **QUICK)
    own, held = made.points["zeta"], made.heldout_points
    report = soft_label_report(MNISTOracle.pretrained().log_proba(own.X), own.Y)
    found = values_of(made)
    for name, key in (("oracle-entropy", "entropy"), ("oracle-h-y-p", "h_y_p"), ("oracle-kl-y-p", "kl_y_p")):
        assert found[name] == pytest.approx(report[key].mean())
    assert found["lenet-frechet"] == pytest.approx(fidelity.lenet_frechet_distance(held.X, own.X))
    real = made.summary.set_index("measure").loc["oracle-h-p-y"]
    assert (real["real"], real["verdict"]) == (np.inf, "not measurable")


def test_any_callable_is_an_oracle(digits):
    def flat(X):
        return np.full((len(X), 10), 0.1)

    made = audit(*digits, augment="zeta", oracle=flat, **QUICK)
    assert values_of(made)["oracle-entropy"] == pytest.approx(np.log(10))
    missing = made.summary.set_index("measure").loc["oracle-frechet"]
    assert (missing["verdict"], missing["reason"]) == ("not measurable", "the oracle has no features")
    with pytest.raises(
        ValueError, match="must return 10 probabilities, one for each class of the labels; it returns 3"
    ):
        audit(*digits, augment="zeta", oracle=lambda X: np.full((len(X), 3), 1 / 3), **QUICK)
    with pytest.raises(ValueError, match="oracle must return probabilities"):
        audit(*digits, augment="zeta", oracle=lambda X: np.zeros(3), **QUICK)
