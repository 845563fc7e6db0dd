"""Measures of an audit in a sweep: the values are those of the audit, in any space."""

import numpy as np
import pytest

from tests.sweeps import custom_cases as cases
from zeta_geom import audit, datasets
from zeta_geom.features import space
from zeta_geom.fidelity import improved_precision_recall
from zeta_geom.manifolds import make_crescents
from zeta_geom.mixers import Mixup
from zeta_geom.sweeps import Ledger, sweep
from zeta_geom.sweeps.audit_measures import audit_names, split
from zeta_geom.sweeps.measures import Points

X, y = make_crescents(240, random_state=0)
ASK = {"gammas": [], "mixers": {"shrunk": cases.shrunk}, "n_neighbors": (4, 8), "progress": False}

ORDERED = ("auc-logistic", "fld")  # they depend on the order of the samples, by folds or an evenly spaced subset


@pytest.fixture(scope="module")
def report():
    """Audit the same augmentation: no number depends on the order of the samples."""
    wanted = [
        "kid",
        "vendi",
        "fld",
        "data-copying",
        "realism-score",
        "rarity",
        "auc-logistic",
        "affinity",
        "diversity",
    ]
    ask = {"measures": wanted, "n_neighbors": (4, 8), "n_bootstrap": 20, "random_state": 0, "progress": False}
    return audit(X, y, augment=cases.shrunk, manifold="crescents", **ask).summary.set_index("measure")


def test_the_values_are_those_of_an_audit(report):
    names = sorted({name.removesuffix("-k4").removesuffix("-k8") for name in report.index} - {"dimension"})
    listed = [name for name in names if name != "true-distance"]
    table = sweep({"a": (X, y)}, measures=[*listed, ("true-distance", {"manifold": "crescents"})], **ASK)
    assert len(listed) > 25
    for row in table.itertuples():
        name = f"{row.measure}-k{row.k}" if row.k else row.measure
        if name in ORDERED and row.mixer == "shrunk":
            continue
        expected = report.loc[name, "real" if row.mixer == "original" else "value"]
        np.testing.assert_allclose(row.mean, expected, rtol=1e-9, atol=1e-12, err_msg=f"{name}, {row.mixer}")
        assert row.unit == report.loc[name, "unit"]
        assert row.better == report.loc[name, "better"]
    single = table[table["n"] == 1]
    assert set(single["measure"]) == {"alpha-precision", "beta-recall", "kid", "vendi", "rarity", "data-copying"}
    assert single[["std", "sem"]].isna().all(axis=None)
    assert (table[table["n"] > 1]["n"] == 120).all()


def test_one_k_in_the_name_and_the_dimension_of_the_half():
    table = sweep({"a": (X, y)}, measures=["tangent-residual-k8", "tangent-residual", "dimension-k4"], **ASK)
    rows = table[table["mixer"] == "original"]
    assert rows[["measure", "k"]].to_numpy().tolist() == [
        ["tangent-residual-k8", 8], ["tangent-residual", 4], ["tangent-residual", 8], ["dimension-k4", 4],
    ]  # fmt: skip
    assert rows["mean"].iloc[0] == rows["mean"].iloc[2]
    assert rows["n"].tolist() == [120] * 4


def test_mixed_samples_come_from_the_half_that_the_measures_do_not_hold_out():
    table = sweep({"a": (X, y)}, measures={"P": "precision"}, gammas=[], mixers=["mixup"], seeds=(3,), progress=False)
    halves = split(Points(X, y), 3)
    assert {tuple(row) for row in halves.X} | {tuple(row) for row in halves.heldout.X} == {tuple(row) for row in X}
    assert len(halves.X) == len(halves.heldout.X) == 120
    mixed = Mixup(random_state=3).mix_dataset(halves.X, halves.Y, n_classes=2)[0]
    expected = [improved_precision_recall(halves.heldout.X, samples, k=3).precision for samples in (halves.X, mixed)]
    assert table["mean"].tolist() == expected


def test_in_a_space():
    images = datasets.load("mnist-sample")
    digits, labels = images.X_train[:80] / 255, images.y_train[:80]
    ask = ASK | {"mixers": [], "measures": ["precision", "wrong-label-k4", "oracle-entropy"], "features": "lenet"}
    table = sweep({"digits": (digits, labels)}, **ask).set_index("measure")
    halves, lenet = split(Points(digits, labels), 0), space("lenet")
    judge = improved_precision_recall(lenet.extract(halves.heldout.X), lenet.extract(halves.X), k=3)
    assert table.loc["precision", "mean"] == judge.precision
    assert table["space"].tolist() == ["lenet", "lenet", "pixels"]


def test_the_seed_splits_and_only_what_matters_is_in_the_key(tmp_path):
    ask = ASK | {"folder": tmp_path, "measures": ["precision"], "mixers": ["mixup"]}
    sweep({"a": (X, y)}, **ask)
    sweep({"a": (X, y)}, **(ask | {"n_neighbors": 5, "alpha": 0.1}))
    assert len(list(Ledger(tmp_path).runs.iterdir())) == 2
    sweep({"a": (X, y)}, **(ask | {"seeds": [1]}))
    assert len(list(Ledger(tmp_path).runs.iterdir())) == 4


@pytest.mark.parametrize(
    ("data", "measures", "message"),
    [
        ((X, y), ["precison"], "a measure of an audit .*'module:name' or a callable; got 'precison'"),
        ((X, y), ["precision-k3"], "got 'precision-k3'"),
        (X, ["wrong-label"], "'wrong-label' needs labels"),
        (X[:20], ["tangent-residual-k16"], "k=16"),
        (X[:7], ["precision"], "at least 8 points"),
        ((X, y), ["oracle-entropy"], "28 × 28"),
        ((X, y), ["true-distance"], "needs a manifold"),
        ((X, y), [("true-distance", {"manifold": "cube"})], "name must be one of"),
        ((X, y), [("precision", {"k": 3})], "takes no options; got 'k'"),
    ],
)
def test_refuses(data, measures, message):
    with pytest.raises(ValueError, match=message):
        sweep({"a": data}, **(ASK | {"measures": measures, "mixers": []}))


@pytest.mark.slow
def test_every_name_of_an_audit_is_a_measure():
    images = datasets.load("mnist-sample")
    data = {"digits": (images.X_train[:300] / 255, images.y_train[:300])}
    names = [name for name in audit_names() if name not in ("dimension", "true-distance")]
    table = sweep(data, measures=names, gammas=[2.8], n_neighbors=8, progress=False)
    assert set(table["measure"]) == set(names)
    assert table["mean"].notna().all()
