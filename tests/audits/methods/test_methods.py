"""Augmentations of an audit: mixers, callables, transforms, names, costs."""

import random

import numpy as np
import pandas as pd
import pytest
import torch

from zeta_geom import datasets, mixers
from zeta_geom.audits import audit
from zeta_geom.audits.methods.augmenting import apply, to_methods
from zeta_geom.audits.samples import to_samples
from zeta_geom.manifolds import make_crescents

QUICK = {"n_neighbors": (4, 16), "n_bootstrap": 200, "random_state": 0, "progress": False}


X, y = make_crescents(300, random_state=0)


class Own:
    """A function that fills one array again and again."""

    def __init__(self):
        self.made = np.empty((32, 2))

    def __call__(self, X):
        self.made[: len(X)] = X + 0.01
        return self.made[: len(X)]


@pytest.fixture(scope="module")
def crescents():
    return make_crescents(300, random_state=0)


@pytest.fixture(scope="module")
def digits():
    found = datasets.load("mnist-sample")
    return found.X_train[:300], found.y_train[:300]


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
    with pytest.raises(ValueError, match="must return one channel"):
        apply(grey, to_samples(np.zeros((5, 6, 7))), 2)


def test_mixers_of_torch_alone_and_of_features():
    images = np.random.default_rng(0).random((12, 8, 8)).astype(np.float32)
    teacher = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 2))
    made = audit(images, np.arange(12) % 2, augment=mixers.SuperMix(teacher, random_state=0), **QUICK)
    assert made.points[made.methods[0]].X.dtype == np.float32
    with pytest.raises(ValueError, match="mixes inside a network"):
        audit(X, y, augment="mixfeat", **QUICK)


def test_a_surplus_is_thinned_evenly():
    made = audit(X, y, augment=lambda X, y: (np.r_[X, X + 9], np.r_[y, y]), batch_size=64, **QUICK)
    far = made.points["<lambda>"].X.max(axis=1) > 6
    assert 0.4 < far.mean() < 0.6


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"against": {"original (30)": lambda X: X}}, "a name must have 1 to 60"),
        ({"against": {"a\nb": lambda X: X}}, "a name must have 1 to 60"),
        ({"against": {3: lambda X: X}}, "a name must be a str"),
        ({"synthetic": {"held-out": X}}, "a name must have 1 to 60"),
        ({"synthetic": {"zeta": X}}, "names in synthetic must differ from names of methods"),
        ({"augment": mixers.Mixup}, "must be callable or one of"),
        ({"y": y * 10**6}, "numbered from 0"),
        ({"manifold": lambda X: X[:, 0] - 9}, "got a negative, infinite or NaN distance"),
        ({"augment": lambda X: np.rint(X + 20).astype(int), "X": 100 * np.abs(X)}, "in the unit of"),
    ],
)
def test_refuses(given, words):
    arguments = {"X": X, "y": y, "augment": "zeta"} | given
    with pytest.raises((ValueError, TypeError), match=words):
        audit(arguments.pop("X"), arguments.pop("y"), **arguments, **QUICK)


def test_names_with_marks_are_drawn_as_they_are(tmp_path):
    made = audit(X[:40], y[:40], against={"a$\\bad{$ <b>": lambda X: X}, **(QUICK | {"n_bootstrap": 10}))
    text = made.to_html(tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<b>" not in text.split("<main")[1]


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


def test_cost_is_of_the_methods(crescents):
    X, y = crescents
    cost = audit(X, y, augment="zeta", synthetic=(X, y), **QUICK).cost.set_index("method")
    assert cost.loc["zeta", "seconds"] > 0
    assert cost.loc["zeta", "copies"] == pytest.approx(cost.loc["zeta", "seconds"] / cost.loc["zeta", "copy_seconds"])
    assert cost.loc["synthetic", "reason"].startswith("not measurable")
