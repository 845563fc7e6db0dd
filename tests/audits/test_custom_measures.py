"""Functions of the user as measures of an audit: they see what other measures see, and are compared like them."""

import numpy as np
import pytest

from zeta_geom.audits import audit

RNG = np.random.default_rng(0)
X, y = RNG.normal(size=(80, 3)), RNG.integers(2, size=80)
FAST = {"n_neighbors": 4, "n_bootstrap": 20, "random_state": 0, "progress": False}


def spread(original, mixed):
    """Distance from the mean of the held-out originals."""
    assert not mixed.X.flags.writeable
    assert mixed.Y.shape == (len(mixed.X), 2)
    return np.linalg.norm(mixed.flat - original.flat.mean(axis=0), axis=1)


def row(report, **where):
    table = report.summary
    for name, value in where.items():
        table = table[table[name] == value]
    return table.iloc[0]


def test_a_function_is_compared_with_real_samples():
    report = audit(X, y, augment="mixup", measures={"spread": spread, "kid": "kid"}, **FAST)
    found = row(report, measure="spread")
    mean = report.heldout_points.flat.mean(axis=0)
    for name, points in (("value", report.points["mixup"]), ("real", report.sources)):
        assert found[name] == pytest.approx(np.linalg.norm(points.flat - mean, axis=1).mean())
    assert found["real_low"] < found["real"] < found["real_high"]
    assert found["question"] == ""
    assert "kid" in set(report.summary["measure"])
    assert report.settings["measures"] == ["spread", "kid"]


def test_values_may_be_negative():
    report = audit(
        X, y, augment="mixup", measures={"level": lambda original, mixed: mixed.flat.sum(axis=1) - 5}, **FAST
    )
    found = row(report, measure="level")
    assert found["real_low"] < found["real"] < found["real_high"] < 0
    assert found["low"] < found["value"] < found["high"] < 0


def test_in_a_feature_space_it_still_sees_the_samples():
    spaces = {"sums": lambda batch: batch.sum(axis=1, keepdims=True)}
    report = audit(X, y, augment="mixup", features=spaces, measures={"spread": spread}, **FAST)
    plain = audit(X, y, augment="mixup", measures={"spread": spread}, **FAST)
    assert report.summary.loc[report.summary["measure"] == "spread", "space"].tolist() == ["pixels"]
    assert row(report, measure="spread")["value"] == row(plain, measure="spread")["value"]


def test_names_of_modules_are_imported():
    report = audit(X, y, augment="mixup", measures=f"{__name__}:spread", **FAST)
    assert f"{__name__}:spread" in set(report.summary["measure"])


@pytest.mark.parametrize(
    ("measures", "error", "text"),
    [
        (
            {"half": lambda original, mixed: mixed.X[:3, 0]},
            ValueError,
            r"a number for each sample .*; got the shape \(3,\)",
        ),
        ({"text": lambda original, mixed: ["a"] * len(mixed.X)}, TypeError, "the output of measure 'text'"),
        ({"kid": spread}, ValueError, "name a function as a measure"),
        ({"precision": spread}, ValueError, "name a function as a measure"),
        ({"kernel": "kid"}, ValueError, "its own name; got 'kernel' for 'kid'"),
        ({"one": 1}, TypeError, "names or functions"),
        ([spread], TypeError, "a mapping of label"),
        ("nothing", ValueError, "measures must be one of"),
        ("json:nothing", ValueError, "has no nothing"),
    ],
)
def test_what_is_no_measure_is_refused(measures, error, text):
    with pytest.raises(error, match=text):
        audit(X, y, augment="mixup", measures=measures, **FAST)
