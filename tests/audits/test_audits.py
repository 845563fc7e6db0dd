"""What an audit says: against direct calls of the rooms, closed forms, and what cannot be measured."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.model_selection import train_test_split

import zeta_geom
from zeta_geom import datasets, fidelity, mixers
from zeta_geom.audits import Audit, audit
from zeta_geom.geometry import knn, local_dimension, tangent_residual
from zeta_geom.manifolds import MANIFOLDS, make_crescents
from zeta_geom.neighborhoods import label_agreement, vote_errors
from zeta_geom.realism import MNISTOracle, entropy, soft_label_report

QUICK = {"n_neighbors": (4, 16), "n_bootstrap": 50, "random_state": 0, "progress": False}


@pytest.fixture(scope="module")
def crescents():
    return make_crescents(300, random_state=0)


@pytest.fixture(scope="module")
def digits():
    found = datasets.load("mnist-sample")
    return found.X_train[:300], found.y_train[:300]


def values_of(made, method=None):
    rows = made.summary if method is None else made.summary[made.summary["method"] == method]
    return rows.set_index("measure")["value"]


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


def test_copies_are_within_but_not_new(crescents):
    made = audit(*crescents, augment=lambda X: X, **QUICK)
    table = made.summary.set_index("measure")
    assert table.loc["authenticity", ["value", "verdict"]].tolist() == [0.0, "outside, below"]
    assert table.loc["original-distance", "value"] == 0
    rest = table.drop(["authenticity", "original-distance", "vote-h-v-y"])
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


def test_pairs_are_compared_row_by_row(crescents):
    made = audit(*crescents, augment="zeta", against={"wide": mixers.ZetaMixup(gamma=1.0, random_state=0)}, **QUICK)
    pairs = made.comparisons[made.comparisons["class"] == "all"].set_index(["measure", "first", "second"])
    one = pairs.loc[("heldout-distance", "zeta", "wide")]
    rows = made.samples.set_index("method")["heldout-distance"]
    difference = rows["zeta"].to_numpy() - rows["wide"].to_numpy()
    assert one["paired"]
    assert one["difference"] == pytest.approx(difference.mean())
    half = (one["high"] - one["low"]) / 2
    assert half == pytest.approx(1.96 * difference.std() / np.sqrt(len(difference)), rel=0.35)


def test_arrays_are_compared_unpaired(crescents):
    X, y = crescents
    made = audit(X, y, synthetic={"one": (X + 0.1, y), "two": (X + 0.2, y)}, **QUICK)
    paired = made.comparisons.set_index(["measure", "first", "second"])["paired"]
    assert not paired[("heldout-distance", "one", "two")].any()
    assert paired[("recall", "one", "two")].all()


def test_mixers_by_name_and_as_objects_are_one(crescents):
    named = audit(*crescents, augment="mixup", **QUICK)
    given = audit(*crescents, augment=mixers.Mixup(random_state=0), **QUICK)
    pd.testing.assert_frame_equal(named.summary, given.summary)


def test_a_callers_mixer_keeps_its_stream(crescents):
    mixer = mixers.Mixup(random_state=0)
    before = mixer.state_dict()
    audit(*crescents, augment=mixer, **QUICK)
    assert str(mixer.state_dict()) == str(before)


def test_callables_get_what_they_take(crescents):
    X, y = crescents
    seen = {}

    def plain(X, strength=0.5):
        seen["plain"] = strength
        X += 1  # in place: a copy
        return X

    def labelled(X, y):
        seen["labelled"] = y.dtype.kind, y.ndim
        return X, y

    def optional(X, labels=None):
        seen["optional"] = labels.ndim
        return X, labels

    before = X.copy()
    audit(X, y, augment=plain, against=[labelled, optional], **QUICK)
    assert seen == {"plain": 0.5, "labelled": ("i", 1), "optional": 1}
    assert (before == X).all()
    audit(X, np.eye(2)[y], augment=labelled, **QUICK)
    assert seen["labelled"] == ("f", 2)


def test_transforms_are_drawn_for_each_image(digits):
    v2 = pytest.importorskip("torchvision.transforms.v2")
    X, y = digits
    before = torch.random.get_rng_state()
    made = audit(X, y, augment=v2.RandomHorizontalFlip(), against=[v2.CutMix(num_classes=10)], **QUICK)
    assert (torch.random.get_rng_state() == before).all()
    own, sources = made.points["RandomHorizontalFlip"], made.sources
    flipped = (sources.X[:, :, ::-1] == own.X).all(axis=(1, 2))
    kept = (own.X == sources.X).all(axis=(1, 2))
    assert (flipped | kept).all()
    assert 0.3 < flipped.mean() < 0.7
    assert made.points["CutMix"].Y.max(axis=1).min() < 1
    again = audit(X, y, augment=v2.RandomHorizontalFlip(), **QUICK)
    assert (again.points["RandomHorizontalFlip"].X == own.X).all()


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
    with pytest.raises(ValueError, match="must know the labels' 10 classes; it gives 3"):
        audit(*digits, augment="zeta", oracle=lambda X: np.full((len(X), 3), 1 / 3), **QUICK)
    with pytest.raises(ValueError, match="oracle must give probabilities"):
        audit(*digits, augment="zeta", oracle=lambda X: np.zeros(3), **QUICK)


def test_given_held_out_originals_are_the_reference(crescents):
    X, y = crescents
    X_own, X_held, y_own, y_held = train_test_split(X, y, random_state=0)
    made = audit(X_own, y_own, augment="zeta", holdout=(X_held, y_held), **QUICK)
    assert len(made.sources) == len(made.points["zeta"]) == 225
    assert sorted(map(tuple, made.heldout_points.X)) == sorted(map(tuple, X_held))


def test_per_class_rows_are_of_that_class(crescents):
    made = audit(*crescents, augment="zeta", **QUICK)
    rows = made.classes.set_index(["measure", "class"])
    own = made.samples[made.samples["method"] == "zeta"]
    held = made.heldout[made.heldout["method"] == "zeta"]
    for number in (0, 1):
        expected = own.loc[own["class"] == number, "heldout-distance"].mean()
        assert rows.loc[("heldout-distance", str(number)), "value"] == pytest.approx(expected)
        assert rows.loc[("coverage", str(number)), "value"] == held.loc[held["class"] == number, "coverage"].mean()


def test_cost_is_of_the_methods(crescents):
    X, y = crescents
    cost = audit(X, y, augment="zeta", synthetic=(X, y), **QUICK).cost.set_index("method")
    assert cost.loc["zeta", "seconds"] > 0
    assert cost.loc["zeta", "copies"] == pytest.approx(cost.loc["zeta", "seconds"] / cost.loc["zeta", "copy_seconds"])
    assert cost.loc["synthetic", "reason"].startswith("not measurable")
