"""Details of an audit that mutations of its code showed: classes, sizes, blocks, pairs, layouts, streams."""

import random

import numpy as np
import pytest
import torch

from zeta_geom import fidelity, mixers
from zeta_geom.audits import audit
from zeta_geom.audits.bootstrap import Bootstrap
from zeta_geom.audits.estimates import ALL, Estimator, Measured, places_of
from zeta_geom.audits.methods.augmenting import apply, to_methods
from zeta_geom.audits.samples import halves, to_samples
from zeta_geom.audits.values import Found, Measure
from zeta_geom.geometry import tangent_residual
from zeta_geom.manifolds import make_crescents
from zeta_geom.records.keys import data_fingerprint

QUICK = {"n_neighbors": (4, 16), "n_bootstrap": 200, "random_state": 0, "progress": False}
X, y = make_crescents(300, random_state=0)


class Features:
    """An oracle that knows nothing; its features are the points."""

    def predict_proba(self, X):
        return np.full((len(X), 2), 0.5)

    def features(self, X):
        return X


def test_classes_are_those_of_the_labels_and_frechet_is_within_a_class():
    made = audit(X, y, augment=lambda X, y: (X + 1.0, 1 - y), oracle=Features(), **QUICK)
    rows = made.classes.set_index(["measure", "class"])["value"]
    own, held = made.points["<lambda>"], made.heldout_points
    near = made.samples[made.samples["method"] == "<lambda>"]["heldout-distance"].to_numpy()
    for c in (0, 1):
        mask = y[own.rows] == 1 - c
        assert rows["heldout-distance", str(c)] == pytest.approx(near[mask].mean())
        expected = fidelity.frechet_distance(held.flat[held.classes == c], own.flat[mask])
        assert rows["oracle-frechet", str(c)] == pytest.approx(expected)


def test_band_is_as_wide_as_two_samples_make_it():
    some = np.r_[np.flatnonzero(y == 0)[:130], np.flatnonzero(y == 1)[:10]]
    made = audit(X, y, synthetic=(X[some] + 0.01, y[some]), **(QUICK | {"n_bootstrap": 2000}))
    real = made.samples[made.samples["method"] == "original (140)"]
    for c, n in (("0", 130), ("1", 10)):
        values = real.loc[real["class"] == int(c), "heldout-distance"]
        row = made.classes.set_index(["measure", "class"]).loc[("heldout-distance", c)]
        wide = 2 * 1.96 * values.std() * np.sqrt(1 / len(values) + 1 / n)
        assert row["real_high"] - row["real_low"] == pytest.approx(wide, rel=0.25)


def test_blocks_are_along_the_tree():
    samples = to_samples(np.random.default_rng(0).random((400, 2)))
    found = Found(samples.X[:, 0], 40)
    measured = Measured("m", samples, {"v": (Measure("v", "geometry", "v", "", ""), found)}, "m", places_of(samples))
    bootstrap = Bootstrap(500, 0.95, 0)
    own = Estimator(samples, bootstrap, (ALL,)).own(measured)["v", ALL]
    apart = bootstrap.estimate([found], "m/all", np.arange(400))[0]
    assert own.draws.std() > 2 * apart.draws.std()


def test_sets_that_are_one_do_not_differ_over_held_out_originals():
    made = audit(X, y, synthetic={"one": (X[::2], y[::2]), "two": (X[::2], y[::2])}, **QUICK)
    pairs = made.comparisons.set_index(["measure", "class", "first", "second"])
    assert pairs.loc[("beta-recall", "all", "one", "two"), ["low", "high"]].tolist() == [0, 0]


def test_real_samples_are_as_many():
    made = audit(X, y, synthetic={"few": X[:40], "many": np.r_[X, X + 0.01]}, **QUICK)
    real = made.summary.set_index(["method", "measure"])["real"]
    held, sources = made.heldout_points.flat, made.sources.flat
    assert real["few", "coverage"] == fidelity.density_coverage(held, sources[:40], k=5).coverage
    assert real["many", "coverage"] == fidelity.density_coverage(held, sources, k=5).coverage
    assert [len(made.points[name]) for name in ("few", "many")] == [40, 150]


def test_methods_that_change_the_number_of_samples():
    def first_twice(X, y):
        return np.r_[X, X + 0.1], np.r_[1 - y, 1 - y]

    sizes = iter([20] + [32] * 100)

    def fewer_first(X, y):
        n = min(next(sizes), len(X))
        return X[:n], y[:n]

    made = audit(X, y, augment=first_twice, against={"fewer": fewer_first}, **QUICK)
    own, fewer = made.points["first_twice"], made.points["fewer"]
    assert len(own) == 150
    assert len(fewer) == 138
    for one in (own, fewer):
        assert (one.rows == -1).all()
        assert (one.classes == one.Y.argmax(axis=1)).all()
    pairs = made.comparisons.set_index(["measure", "first", "second"])["paired"]
    assert not pairs["heldout-distance", "first_twice", "original"].any()


def test_one_point_is_decided_by_the_range_of_a_column():
    eps = np.finfo(np.float64).eps
    near = np.ones((101, 2))
    near[:, 0] += 4 * eps * np.tile([1, -1], 51)[:101]
    assert tangent_residual(near, [[4.0, 5.0]], 100)[100] == pytest.approx([5.0])


def test_band_has_the_spread_of_two_samples():
    made = audit(X, y, augment=lambda X: X, **(QUICK | {"n_bootstrap": 4000}))
    row = made.summary.set_index("measure").loc["heldout-distance"]
    assert (row["real_high"] - row["real_low"]) / (row["high"] - row["low"]) == pytest.approx(np.sqrt(2), rel=0.1)


def test_as_many_but_not_row_by_row():
    sizes = iter([1, -1] * 1000)

    def uneven(X, y):
        n = len(X) if len(X) < 32 else len(X) + next(sizes)
        return np.resize(X, (n, 2)), np.resize(y, n)

    made = audit(X[:256], y[:256], augment=uneven, **QUICK)
    assert len(made.points["uneven"]) == len(made.sources) == 128
    assert not made.comparisons.set_index("measure").loc["heldout-distance", "paired"].any()


def test_batches_draw_anew():
    v2 = pytest.importorskip("torchvision.transforms.v2")
    samples = to_samples(np.tile(np.arange(784.0).reshape(1, 28, 28) / 784, (64, 1, 1)))
    made = apply(to_methods(v2.RandomHorizontalFlip(), [], 0)[0], samples, 32).X
    assert (made[:32] != made[32:]).any()


@pytest.mark.parametrize("shape", [(6, 7), (6, 7, 3), (3, 6, 7), (1, 6, 7), (6, 7, 1)])
def test_images_are_flipped_along_their_width(shape):
    v2 = pytest.importorskip("torchvision.transforms.v2")
    samples = to_samples(np.random.default_rng(0).random((5, *shape)))
    made = apply(to_methods(v2.RandomHorizontalFlip(1.0), [], 0)[0], samples, 2).X
    assert (made == np.flip(samples.X, 1 + shape.index(7))).all()


def test_halves_share_each_class():
    first, second = halves(to_samples(np.random.default_rng(0).random((40, 2)), np.tile([0, 1], 20)))
    assert np.bincount(first.classes).tolist() == np.bincount(second.classes).tolist() == [10, 10]


def test_order_of_held_out_originals_does_not_matter():
    one, other = (
        audit(X[:60], y[:60], augment="zeta", holdout=(X[w], y[w]), **QUICK).summary
        for w in (np.arange(60, 120), np.arange(119, 59, -1))
    )
    assert one.equals(other)


def test_an_oracle_that_is_right_finds_no_wrong_label():
    def right(Z):
        return np.eye(2)[y[np.abs(Z[:, None] - X).sum(axis=2).argmin(axis=1)]]

    made = audit(X, y, augment=lambda X: X, oracle=right, **QUICK).summary.set_index("measure")
    assert made.loc["oracle-wrong-label", "value"] == 0


def test_noise_of_rounding_stands_within():
    made = audit(X, y, augment="zeta", oracle=lambda X: np.full((len(X), 2), [0.1, 0.9]), **QUICK)
    for table in (made.summary, made.classes):
        assert (table.loc[table["measure"] == "oracle-entropy", "verdict"] == "within").all()
    pairs = made.comparisons[made.comparisons["measure"] == "oracle-entropy"]
    assert (pairs["verdict"] == "no difference seen").all()


def test_one_class_is_paired_where_both_have_the_same_rows_in_it():
    made = audit(X, y, augment=lambda X: X + 0.1, against=lambda X, y: (X + 0.1, 1 - y), **QUICK)
    paired = made.comparisons.set_index(["measure", "class", "first", "second"])["paired"]
    first, second = made.methods
    assert paired["heldout-distance", "0", first, "original"]
    assert paired["heldout-distance", "all", second, "original"]
    assert not paired["heldout-distance", "0", second, "original"]


class Own:
    """A function that fills one array again and again."""

    def __init__(self):
        self.made = np.empty((32, 2))

    def __call__(self, X):
        self.made[: len(X)] = X + 0.01
        return self.made[: len(X)]


def test_one_array_may_be_filled_again_and_again():
    made = audit(X, y, augment=Own(), **QUICK)
    assert (made.points["Own"].X == made.sources.X + 0.01).all()


def test_what_callables_do_to_their_arguments_is_theirs():
    def spoils(X):
        X -= 5
        return np.full((len(X), 2), 0.5)

    def flattens(X):
        X *= 0
        return X[:, 0]

    def hardens(X, y):
        y[:] = 0
        y[:, 0] = 1
        return X, y

    clean = audit(X, np.eye(2)[y], augment="zeta", against=hardens, **QUICK)
    made = audit(X, np.eye(2)[y], augment="zeta", against=hardens, oracle=spoils, manifold=flattens, **QUICK)
    assert (made.sources.X == clean.sources.X).all()
    assert (np.eye(2)[y[made.sources.rows]] == made.sources.Y).all()
    values = [one.summary.set_index(["method", "measure"])["value"] for one in (clean, made)]
    assert (values[1][values[0].index].dropna() == values[0].dropna()).all()


@pytest.mark.parametrize("made_of", ["derived", "sequence", "python's random"])
def test_transforms_of_any_class_are_applied(made_of):
    v1, v2 = (pytest.importorskip(f"torchvision.transforms{name}") for name in ("", ".v2"))

    class Derived(v2.RandomHorizontalFlip):
        pass

    made = {
        "derived": Derived(1.0),
        "sequence": torch.nn.Sequential(v2.RandomHorizontalFlip(1.0)),
        "python's random": v1.RandomChoice([v1.RandomHorizontalFlip(1.0)] * 2),
    }[made_of]
    samples = to_samples(np.random.default_rng(0).random((5, 6, 7)))
    before = random.getstate()
    assert (samples.X[:, :, ::-1] == apply(to_methods(made, [], 0)[0], samples, 2).X).all()
    assert random.getstate() == before


def test_layouts_that_are_none_are_refused():
    v2 = pytest.importorskip("torchvision.transforms.v2")
    flip = to_methods(v2.RandomHorizontalFlip(1.0), [], 0)[0]
    for shape in ((5, 6, 7, 2), (5, 6), (5, 6, 6, 6, 3)):
        with pytest.raises(ValueError, match="of a torchvision transform must be images"):
            apply(flip, to_samples(np.zeros(shape)), 2)
    grey = to_methods(v2.Grayscale(3), [], 0)[0]
    with pytest.raises(ValueError, match="must give one channel"):
        apply(grey, to_samples(np.zeros((5, 6, 7))), 2)


def test_mixers_of_torch_alone_and_of_features():
    images = np.random.default_rng(0).random((12, 8, 8)).astype(np.float32)
    teacher = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 2))
    made = audit(images, np.arange(12) % 2, augment=mixers.SuperMix(teacher, random_state=0), **QUICK)
    assert made.points[made.methods[0]].X.dtype == np.float32
    with pytest.raises(ValueError, match="features inside a network"):
        audit(X, y, augment="mixfeat", **QUICK)


def test_a_surplus_is_thinned_evenly():
    made = audit(X, y, augment=lambda X, y: (np.r_[X, X + 9], np.r_[y, y]), batch_size=64, **QUICK)
    far = made.points["<lambda>"].X.max(axis=1) > 6
    assert 0.4 < far.mean() < 0.6


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"against": {"original (30)": lambda X: X}}, "a name must be 1 to 60"),
        ({"against": {"a\nb": lambda X: X}}, "a name must be 1 to 60"),
        ({"against": {3: lambda X: X}}, "a name must be a str"),
        ({"synthetic": {"held-out": X}}, "a name must be 1 to 60"),
        ({"synthetic": {"zeta": X}}, "names that no method has"),
        ({"augment": mixers.Mixup}, "must be callable or one of"),
        ({"y": y * 10**6}, "numbered from 0"),
        ({"manifold": lambda X: X[:, 0] - 9}, "not below 0"),
        ({"augment": lambda X: np.rint(X + 20).astype(int), "X": 100 * np.abs(X)}, "in the unit of"),
    ],
)
def test_refuses(given, words):
    arguments = {"X": X, "y": y, "augment": "zeta"} | given
    with pytest.raises((ValueError, TypeError), match=words):
        audit(arguments.pop("X"), arguments.pop("y"), **arguments, **QUICK)


@pytest.mark.parametrize("found", [np.zeros(150), np.zeros((3, 2)), np.full((150, 2), np.nan), np.zeros((150, 0))])
def test_odd_features_are_refused(found):
    class Odd(Features):
        def features(self, X):
            return found

    with pytest.raises(ValueError, match="the oracle's features must"):
        audit(X, y, augment="zeta", oracle=Odd(), **QUICK)


def test_one_feature_is_enough():
    class Single(Features):
        def features(self, X):
            return X[:, :1]

    made = audit(X, y, augment="zeta", oracle=Single(), **QUICK)
    value = made.summary.set_index("measure").loc["oracle-frechet", "value"]
    one, other = made.heldout_points.X[:, 0], made.points["zeta"].X[:, 0]
    expected = (one.mean() - other.mean()) ** 2 + (one.std(ddof=1) - other.std(ddof=1)) ** 2
    assert value == pytest.approx(expected)


def test_reasons_are_true():
    made = audit(X, y, synthetic=X[:60], oracle=Features(), **QUICK)
    rows = made.classes.set_index(["measure", "class"])["reason"]
    assert rows["heldout-distance", "0"] == "the samples have no labels"
    lone = np.r_[np.flatnonzero(y == 0)[:40], np.flatnonzero(y == 1)[:1]]
    made = audit(X, y, synthetic=(X[lone], y[lone]), oracle=Features(), **QUICK)
    rows = made.classes.set_index(["measure", "class"])["reason"]
    assert rows["oracle-frechet", "1"] == "too few samples for an interval"


def test_the_fingerprint_is_that_of_the_array():
    prints = {
        audit(X, y, augment="zeta", **(QUICK | {"random_state": s})).settings["fingerprint of X"] for s in (0, 1)
    }
    assert prints == {data_fingerprint(X)}


def test_names_with_marks_are_drawn_as_they_are(tmp_path):
    made = audit(X[:40], y[:40], against={"a$\\bad{$ <b>": lambda X: X}, **(QUICK | {"n_bootstrap": 10}))
    text = made.to_html(tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<b>" not in text.split("<main")[1]
