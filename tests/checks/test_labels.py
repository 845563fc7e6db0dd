"""Labels in every form that a data set comes with: one rule at every door."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch
from torch.nn.functional import one_hot
from typer.testing import CliRunner

from zeta_geom.audits import audit
from zeta_geom.audits.inputs import read_inputs
from zeta_geom.checks import check_labels, count_classes
from zeta_geom.cli.main import app
from zeta_geom.mixers import CutMix, ManifoldMixup, MixFeat, Mixup, RandomMixer, ZetaMixup
from zeta_geom.mixers import labels as batch_labels
from zeta_geom.neighborhoods import label_agreement, vote_errors
from zeta_geom.plots.features import class_map
from zeta_geom.realism.lenet import train_lenet
from zeta_geom.sweeps import gamma_sweep
from zeta_geom.sweeps.arguments import check_data

NUMBERS = np.array([1, 0, 2, 1])
ROWS = np.eye(3)[NUMBERS]
WHOLE = np.arange(8).reshape(4, 2)
WHOLE[:, 0] = NUMBERS
READ_ONLY = NUMBERS.copy()
READ_ONLY.flags.writeable = False
TAKEN = {
    "list": NUMBERS.tolist(),
    "tuple": tuple(NUMBERS),
    "column": NUMBERS[:, None],  # MedMNIST, Keras
    "column of uint8": NUMBERS[:, None].astype(np.uint8),
    "column of lists": [[1], [0], [2], [1]],
    "DataFrame of a column": pd.DataFrame({"label": NUMBERS}, index=[7, 3, 9, 1]),
    "Series of an odd index": pd.Series(NUMBERS, index=[3, 0, 1, 2]),
    "nullable Series": pd.Series(NUMBERS, dtype="Int64"),
    "nullable DataFrame": pd.DataFrame({"label": pd.Series(NUMBERS, dtype="UInt8")}),
    "categorical of ints": pd.Series(NUMBERS, dtype="category"),
    "objects that are ints": pd.Series(NUMBERS, dtype=object),
    "int8": NUMBERS.astype(np.int8),
    "uint64": NUMBERS.astype(np.uint64),
    "big-endian": NUMBERS.astype(">i4"),  # IDX files
    "read-only": READ_ONLY,
    "strided": WHOLE[:, 0],
    "backwards": NUMBERS[::-1].copy()[::-1],
    "masked, all there": np.ma.masked_array(NUMBERS, mask=False),
    "torch": torch.from_numpy(NUMBERS),
    "torch int8": torch.from_numpy(NUMBERS).to(torch.int8),
    "torch uint16": torch.from_numpy(NUMBERS).to(torch.uint16),
    "torch column": torch.from_numpy(NUMBERS)[:, None],
    "list of tensors": list(torch.from_numpy(NUMBERS)),
    "one-hot ints": ROWS.astype(int),
    "one-hot bools": ROWS.astype(bool),
    "dummies": pd.get_dummies(pd.Series(NUMBERS)),
    "one-hot by torch": one_hot(torch.from_numpy(NUMBERS)),
    "soft float16": ROWS.astype(np.float16),
    "soft, by columns": np.asfortranarray(ROWS),
    "soft objects": ROWS.astype(object),
}
INTEGERS = "must hold integers; got dtype"
NUMBER = r"Number the classes, for instance by np.unique\(y, return_inverse=True\)\[1\]"
MISSING = pd.Series([1, None, 2, 1], dtype="Int64")
REFUSED = {
    "whole floats": (NUMBERS.astype(float), rf"{INTEGERS} float64. Convert class numbers by astype\(int\)"),
    "a NaN": (np.array([1, 0, math.nan, 1]), f"{INTEGERS} float64"),
    "bools": (NUMBERS > 0, f"{INTEGERS} bool. Convert"),
    "torch bools": (torch.from_numpy(NUMBERS > 0), f"{INTEGERS} bool. Convert"),
    "bools of pandas": (pd.Series(NUMBERS > 0, dtype="boolean"), f"{INTEGERS} (bool|object)"),
    "column of bools": (NUMBERS[:, None] > 0, f"{INTEGERS} bool"),
    "strings": (list("1021"), rf"{INTEGERS} <U1, for instance '1'. {NUMBER}"),
    "bytes": (np.array(list("1021"), dtype="S1"), rf"{INTEGERS} \|S1, for instance b'1'. {NUMBER}"),
    "strings of pandas": (pd.Series(list("catd")), f"{INTEGERS} .*, for instance 'c'. {NUMBER}"),
    "names as categories": (pd.Series(list("cata"), dtype="category"), f"{INTEGERS} .*, for instance 'c'"),
    "column of strings": (np.array([["a"], ["b"], ["c"], ["d"]]), f"{INTEGERS} <U1, for instance 'a'"),
    "a missing one": (MISSING, f"{INTEGERS} (object, for instance <NA>|float64)"),
    "None among them": ([1, None, 2, 1], f"{INTEGERS} object, for instance None. {NUMBER}"),
    "dates": (np.zeros(4, "M8[D]"), f"{INTEGERS} datetime64"),
    "-1 for none": ([1, 0, -1, 1], "0..n_classes-1; got values from -1 to 1. Drop the samples without a class"),
    "column of 0 and 1": ((NUMBERS[:, None] > 0).astype(float), r"sum to 1; row 1 is \[0.\]. Soft .* int \(n,\)"),
    "several classes a row": (
        ROWS + [[0, 0, 0], [0, 1, 0]] * 2,
        r"row 1 is \[1. 1. 0.\]. .* divide each row",
    ),
    "a row of none": (np.vstack([ROWS[:3], np.zeros(3)]), r"sum to 1; row 3 is \[0. 0. 0.\]"),
    "a masked one": (np.ma.masked_array(NUMBERS, mask=[0, 0, 1, 0]), "must not have masked values; got 1. Fill them"),
    "a row of them": (NUMBERS[None], "one label for each of the 4 samples; got 1"),
    "one": (1, r"int labels \(n,\) or soft labels \(n, K\); got shape \(\)"),
    "none": ([], "one label for each of the 4 samples; got 0"),
    "three axes": (ROWS[..., None], r"int labels \(n,\) or soft labels \(n, K\); got shape \(4, 3, 1\)"),
    "sparse": (scipy.sparse.csr_matrix(ROWS), r"must be a dense array; got a csr_matrix. Call its toarray\(\) first"),
}
X = np.random.default_rng(0).random((4, 3))


def unmixed(X):
    return lambda y: np.asarray(Mixup(prob=0.0)(X, y)[1])


@pytest.mark.parametrize("form", TAKEN)
def test_taken(form):
    checked = check_labels(TAKEN[form], n=4)
    np.testing.assert_array_equal(checked, NUMBERS if checked.ndim == 1 else ROWS)
    for kind in (X, torch.from_numpy(X).float()):
        np.testing.assert_array_equal(unmixed(kind)(TAKEN[form]), ROWS)


@pytest.mark.parametrize("form", REFUSED)
def test_refused_in_one_line(form):
    given, text = REFUSED[form]
    for door in (lambda y: check_labels(y, n=4), unmixed(X), unmixed(torch.from_numpy(X))):
        with pytest.raises((TypeError, ValueError), match=f"^y .*{text}") as caught:
            door(given)
        assert "\n" not in str(caught.value)


def test_a_row_of_a_thousand_classes_is_shown_in_one_line():
    with pytest.raises(ValueError, match=r"sum to 1; row 0 is \[0.3\d* 0.\d* .*\.\.\..*\]") as caught:
        check_labels(np.random.default_rng(0).random((2, 1000)) / 2)
    assert "\n" not in str(caught.value)


def test_floats_in_a_column_are_the_shares_of_one_class():
    assert unmixed(X)(np.ones((4, 1))).shape == (4, 1)
    assert unmixed(X)(np.ones((4, 1), int)).shape == (4, 2)
    with pytest.raises(ValueError, match=r"y must lie in 0\.\.0; got values from 1 to 1"):
        Mixup(n_classes=1)(X, np.ones((4, 1), int))


MODEL = torch.nn.Sequential(torch.nn.Linear(3, 2))
POINTS = np.random.default_rng(1).random((10, 3))
IMAGES = np.random.default_rng(2).integers(0, 256, (10, 28, 28), dtype=np.uint8)


def trained(y):
    return train_lenet(IMAGES, y, epochs=1, batch_size=10, progress=False).state_dict()


def drawn(y):
    from matplotlib.figure import Figure

    return class_map(Figure().subplots(), POINTS[:, :2], y, "abc").collections[0].get_facecolors()


def by_command(y, folder):
    np.savez(folder / "in.npz", X=POINTS, y=y)
    arguments = ["mix", str(folder / "in.npz"), "--out", str(folder / "out.npz")]
    result = CliRunner().invoke(app, arguments)
    if result.exception is not None:
        raise result.exception
    return np.load(folder / "out.npz")["Y"]


DOORS = {
    "a batch": lambda y, _: ZetaMixup(random_state=0)(POINTS, y)[1],
    "a batch of torch": lambda y, _: ZetaMixup(random_state=0)(torch.from_numpy(POINTS), y)[1],
    "one of several": lambda y, _: RandomMixer([Mixup()], random_state=0)(POINTS, y)[1],
    "a data set": lambda y, _: ZetaMixup(random_state=0).mix_dataset(POINTS, y, batch_size=4)[1],
    "a model": lambda y, _: ManifoldMixup(["0"], random_state=0).run(MODEL, torch.from_numpy(POINTS).float(), y)[1],
    "features": lambda y, _: MixFeat(["0"], random_state=0).run(MODEL, torch.from_numpy(POINTS).float(), y)[1],
    "an audit": lambda y, _: read_inputs(POINTS, y, None, None, None, 0).sources.Y,
    "an audit's numbers": lambda y, _: np.array(read_inputs(POINTS, y, None, None, None, 0).sources.hard),
    "synthetic": lambda y, _: read_inputs(POINTS, [0] * 9 + [2], (POINTS, y), None, None, 0).synthetic["synthetic"].Y,
    "held out": lambda y, _: read_inputs(POINTS, [0] * 9 + [2], None, (POINTS, y), None, 0).heldout.Y,
    "a sweep": lambda y, _: check_data({"points": (POINTS, y)})["points"].Y,
    "agreement": lambda y, _: label_agreement(POINTS, y, POINTS[:3], [0, 1, 2], k=4).soft,
    "agreement of": lambda y, _: label_agreement(POINTS, [0, 1] * 5, POINTS, y, k=4).soft,
    "an oracle": lambda y, _: trained(y)["fc3.bias"],
    "a map": lambda y, _: drawn(y),
    "a command": by_command,
}


@pytest.mark.filterwarnings("ignore:labels begin at 1")
@pytest.mark.parametrize(
    "door", [pytest.param(name, marks=[pytest.mark.slow] * (name == "an oracle")) for name in DOORS]
)
def test_every_door_has_that_rule(door, tmp_path):
    ask = DOORS[door]
    for numbers in (np.ones(10, int), np.arange(10) % 2):  # ones are no shares of a single class
        expected, column = (np.asarray(ask(form, tmp_path)) for form in (numbers, numbers[:, None].astype(np.uint8)))
        np.testing.assert_array_equal(column, expected)
    if door == "a command":
        return  # a file has no mask
    hidden = np.ma.masked_array(np.arange(10) % 2, mask=np.arange(10) == 3)
    with pytest.raises(ValueError, match="must not have masked values; got 1"):
        ask(hidden, tmp_path)


def test_an_audit_tells_of_labels_that_begin_at_1():
    numbers = 1 + np.arange(10) % 2
    with pytest.warns(
        UserWarning, match="labels begin at 1: .* Number the classes from 0, or set n_classes"
    ) as caught:
        given = read_inputs(POINTS, numbers, None, None, None, 0)
    assert len(caught) == 1
    assert given.sources.Y.shape[1] == 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_inputs(POINTS, numbers, None, None, 3, 0)
        read_inputs(POINTS, numbers, (POINTS, numbers - 1), None, None, 0)


def test_votes_take_shares_alone():
    near, rows = np.array([[1], [0]]), np.eye(2)
    assert vote_errors(near, rows.astype(bool), rows.astype(int)).all()
    for numbers in ([0, 1], np.ones((2, 1), int)):
        with pytest.raises(ValueError, match=r"must be soft labels \(n, K\); got class numbers. Give np.eye\(K\)"):
            vote_errors(near, numbers, rows)


def test_a_device_marks_what_is_no_label(monkeypatch):
    monkeypatch.setattr(batch_labels, "on_host", lambda like: False)  # where a look at the values would wait
    X = torch.zeros(3, 2)

    def fits(y):
        Y = batch_labels.soft_labels(torch.as_tensor(y), X, 3)
        assert torch.equal(Y.isnan().any(1), Y.isnan().all(1))
        return (~Y.isnan().all(1)).tolist()

    assert fits([0, 2, 1]) == fits([[0], [2], [1]]) == fits([[0, 1, 0], [1, 0, 0], [0, 0, 1]]) == [True] * 3
    assert fits([0, 3, -1]) == [True, False, False]
    assert fits([[0.5, 0.5, 0], [1, 1, 0], [1.5, -0.5, 0]]) == [True, False, False]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (np.ma.masked_array(X, mask=X > 0.9), "X must not have masked values; got"),
        (scipy.sparse.csr_matrix(X), "X must be a dense array; got a csr_matrix"),
    ],
)
def test_samples_in_the_same_forms(given, text):
    for door in (
        Mixup(),
        Mixup().mix_dataset,
        lambda X: check_data({"X": X}),
        lambda X: read_inputs(X, *[None] * 4, 0),
    ):
        with pytest.raises((TypeError, ValueError), match=text):
            door(given)


def test_samples_that_pandas_and_foreign_files_hold():
    expected = Mixup(random_state=0)(X)[0]
    for form in (pd.DataFrame(X, dtype="Float64"), pd.DataFrame(X, dtype=object), X.astype(">f8")):
        np.testing.assert_array_equal(Mixup(random_state=0)(form)[0], expected)


SAMPLES = np.random.default_rng(0).random((40, 3))
GAP = np.r_[np.zeros(39, dtype=np.int64), 10**9]
RULE = r"must be numbered from 0 without large gaps.*2 classes, numbered up to 1000000000, in \d+ labels\. Relabel"


@pytest.mark.parametrize(
    "call",
    [
        lambda: ZetaMixup()(SAMPLES, GAP),
        lambda: Mixup().mix_dataset(SAMPLES, GAP),
        lambda: ZetaMixup()(torch.from_numpy(SAMPLES), torch.from_numpy(GAP)),
        lambda: CutMix()(np.zeros((40, 4, 4)), GAP.tolist()),
        lambda: label_agreement(SAMPLES, GAP, SAMPLES, np.zeros(40, dtype=int), k=2),
        lambda: label_agreement(SAMPLES, np.zeros(40, dtype=int), SAMPLES, GAP.astype(np.uint64), k=2),
        lambda: audit(SAMPLES, GAP, augment="zeta", progress=False),
        lambda: audit(SAMPLES, np.zeros(40, dtype=int), synthetic=(SAMPLES, GAP), progress=False),
        lambda: audit(SAMPLES, np.zeros(40, dtype=int), holdout=(SAMPLES, GAP), augment="zeta", progress=False),
        lambda: gamma_sweep(SAMPLES, GAP, gammas=[2], n_neighbors=4, progress=False),
        lambda: gamma_sweep(SAMPLES, GAP, gammas=[2], n_neighbors=4, measures=["label-error"], progress=False),
    ],
)
def test_a_label_of_a_billion_is_refused(call):
    with pytest.raises(ValueError, match=RULE):
        call()


def test_many_classes_pass_where_most_are_there_and_no_matrix_of_all_by_all_is_made():
    n = 15_000  # n · n numbers are more than the limit
    assert count_classes(np.arange(n)) == n
    Y = ZetaMixup(random_state=0)(SAMPLES, 1000 * np.arange(40))[1]
    assert Y.shape == (40, 39_001)
    agreement = label_agreement(
        SAMPLES, 1000 * np.arange(40), SAMPLES, 1000 * np.arange(40), k=2
    )  # K · K would take 12 GB
    assert agreement.counts.max() == 1
