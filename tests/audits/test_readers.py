"""Originals and synthetic samples that are no arrays: torch's data sets and loaders, folders, and class names."""

import random

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from zeta_geom.audits import audit
from zeta_geom.audits.inputs import read_inputs

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (24, 6, 5, 3)).astype(np.uint8)
CLASSES = np.arange(24) % 3
NAMES = np.array(["melanoma", "naevus", "<b>acne"])[CLASSES]


class Pairs(Dataset):
    """Pairs (x, y) from arrays, with what a user's transform draws."""

    def __init__(self, X, y, change=lambda x: x):
        self.X, self.y, self.change = X, y, change

    def __len__(self):
        return len(self.X)

    def __getitem__(self, index):
        return self.change(self.X[index]), self.y[index]


class Endless(IterableDataset):
    def __iter__(self):
        yield from ((torch.from_numpy(x), int(y)) for x, y in zip(IMAGES, CLASSES))


def inputs(X=IMAGES, y=CLASSES, *, synthetic=None, holdout=None, n_classes=None, seed=0):
    return read_inputs(X, y, synthetic, holdout, n_classes, seed)


def assert_same(one, other):
    assert one.X.dtype == other.X.dtype
    assert (one.X == other.X).all()
    assert (one.Y == other.Y).all()


@pytest.mark.parametrize(
    "made",
    [
        Pairs(IMAGES, CLASSES),
        Pairs(IMAGES, CLASSES, Image.fromarray),
        Pairs(IMAGES, torch.from_numpy(CLASSES), torch.from_numpy),
        TensorDataset(torch.from_numpy(IMAGES), torch.from_numpy(CLASSES)),
        DataLoader(Pairs(IMAGES, CLASSES), batch_size=7, shuffle=True),
        Endless(),
    ],
    ids=["arrays", "PIL", "tensors", "TensorDataset", "DataLoader", "iterable"],
)
def test_data_sets_and_loaders_of_torch_are_read(made):
    judge = inputs(synthetic=(IMAGES, CLASSES)).synthetic["synthetic"]
    assert_same(inputs(synthetic=made).synthetic["synthetic"], judge)
    whole = inputs(made, None, holdout=made)
    assert_same(whole.sources, inputs(holdout=(IMAGES, CLASSES)).sources)
    assert_same(whole.heldout, inputs(holdout=(IMAGES, CLASSES)).heldout)


def test_what_a_data_set_draws_comes_from_the_audits_seed():
    noisy = Pairs(IMAGES / 255, CLASSES, lambda x: x + 0.1 * torch.rand(1).item() + 0.1 * random.random())
    before = torch.get_rng_state(), random.getstate()
    one, again, other = (inputs(synthetic=noisy, seed=seed).synthetic["synthetic"].X for seed in (1, 1, 2))
    assert (torch.get_rng_state() == before[0]).all()
    assert random.getstate() == before[1]
    assert (one == again).all()
    assert sorted(one.sum(axis=(1, 2, 3))) != sorted(other.sum(axis=(1, 2, 3)))


def test_data_sets_that_cannot_be_read_are_refused():
    uneven = Pairs([np.ones((2, 2)), np.ones((2, 3))], [0, 1])
    with pytest.raises(ValueError, match=r"synthetic must yield samples of one shape; got \(2, 2\) and \(2, 3\)"):
        inputs(synthetic=uneven)
    with pytest.raises(ValueError, match=r"must yield samples, or pairs \(x, y\); got 3 values"):
        inputs(synthetic=TensorDataset(*[torch.ones(3, 2)] * 3))
    with pytest.raises(ValueError, match="must yield at least one sample"):
        inputs(synthetic=Pairs(IMAGES[:0], []))
    with pytest.raises(ValueError, match="y must be None if X comes with labels"):
        inputs(Pairs(IMAGES, CLASSES), CLASSES)
    with pytest.raises(ValueError, match="X must be an array, or the path of a folder of pictures; got 'absent'"):
        inputs("absent", None)


@pytest.fixture
def folder(tmp_path):
    """The images as PNG files, one folder for each class."""
    for row, (image, name) in enumerate(zip(IMAGES, NAMES)):
        path = tmp_path / "data" / name / f"{row}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    return tmp_path / "data"


def test_a_folder_of_pictures_gives_what_its_arrays_give(folder):
    judge = inputs(IMAGES, NAMES, synthetic=(IMAGES, NAMES), holdout=(IMAGES, NAMES))
    found = inputs(folder, None, synthetic=str(folder), holdout=folder)
    assert found.class_names == judge.class_names == ("<b>acne", "melanoma", "naevus")
    assert_same(found.sources, judge.sources)
    assert_same(found.heldout, judge.heldout)
    assert_same(found.synthetic["synthetic"], judge.synthetic["synthetic"])


@pytest.mark.parametrize("form", [list, lambda y: pd.Series(list(y)), lambda y: y.astype(object)[:, None], np.array])
def test_names_become_numbers_in_sorted_order(form):
    found = inputs(y=form(NAMES), synthetic=(IMAGES, form(NAMES[::-1])), holdout=(IMAGES, form(NAMES)))
    numbers = np.unique(NAMES, return_inverse=True)[1]
    judge = inputs(y=numbers, synthetic=(IMAGES, numbers[::-1]), holdout=(IMAGES, numbers))
    assert found.class_names == tuple(np.unique(NAMES))
    assert judge.class_names is None
    for one, other in zip(
        (found.sources, found.heldout, *found.synthetic.values()),
        (judge.sources, judge.heldout, *judge.synthetic.values()),
    ):
        assert_same(one, other)
        assert one.hard
    assert found.classes == ("0", "1", "2")


def test_categories_keep_their_order_and_those_without_a_sample():
    y = pd.Series(pd.Categorical(NAMES, ["naevus", "melanoma", "nothing", "<b>acne"]))
    found = inputs(y=y, synthetic=(IMAGES, NAMES))
    assert found.class_names == ("naevus", "melanoma", "nothing", "<b>acne")
    assert found.sources.Y.shape == (12, 4)
    assert (found.sources.classes == y.cat.codes.to_numpy()[found.sources.rows]).all()
    soft = np.full((24, 4), 0.25)  # in the order of the names
    assert (inputs(y=y, synthetic=(IMAGES, soft)).synthetic["synthetic"].Y == 0.25).all()
    extra = inputs(y=NAMES[:20], X=IMAGES[:20], holdout=(IMAGES[:6], ["wart"] * 6))
    assert extra.class_names == ("<b>acne", "melanoma", "naevus", "wart")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"y": NAMES, "synthetic": (IMAGES, ["cat"] * 24)}, "class names of the originals, <b>acne, .*; got 'cat'"),
        ({"y": NAMES, "synthetic": {"gan": (IMAGES, ["cat"] * 24)}}, "labels of synthetic 'gan' must be class names"),
        ({"synthetic": (IMAGES, NAMES)}, "must be numbers, because those of X are; got names, such as 'mel"),
        ({"holdout": (IMAGES, NAMES)}, "labels of holdout must be numbers"),
        ({"y": [*NAMES[:-1], None]}, "must name a class for each sample; got None among names"),
        ({"y": pd.Series([*NAMES[:-1], None], dtype="category")}, "must name a class for each sample; 1 are missing"),
        ({"y": NAMES, "n_classes": 4}, "n_classes must be 3, the number of class names; got 4"),
        ({"y": NAMES.reshape(12, 2)}, r"must be class names of shape \(n,\); got shape \(12, 2\)"),
    ],
)  # fmt: skip
def test_names_that_do_not_fit_are_refused(given, words):
    with pytest.raises(ValueError, match=words):
        inputs(**given)


def test_an_audit_of_names_gives_the_tables_of_their_numbers():
    settings = {"augment": "mixup", "n_neighbors": 4, "n_bootstrap": 20, "random_state": 0, "progress": False}
    by_name = audit(IMAGES, NAMES.tolist(), synthetic=DataLoader(Pairs(IMAGES, NAMES), batch_size=5), **settings)
    names, numbers = np.unique(NAMES, return_inverse=True)
    by_number = audit(IMAGES, numbers, synthetic=(IMAGES, numbers), **settings)
    pd.testing.assert_frame_equal(by_name.summary, by_number.summary)
    for table in ("classes", "comparisons", "samples", "heldout"):  # with the names in place of numbers
        expected, result = getattr(by_number, table), getattr(by_name, table)
        labels = [names[int(label)] if str(label).isdecimal() else label for label in expected["class"]]
        pd.testing.assert_frame_equal(result, expected.assign(**{"class": labels}), check_dtype=False)
    unlabelled = audit(IMAGES, synthetic=(IMAGES, NAMES), **settings)
    assert set(unlabelled.summary["method"]) == {"mixup", "synthetic"}
