"""The estimates of an audit: classes, blocks, bands, pairs, reasons."""

import numpy as np
import pytest

from tests.audits.audit_cases import QUICK, Features, X, y
from zeta_geom import fidelity, mixers
from zeta_geom.audits import audit
from zeta_geom.audits.intervals.bootstrap import Bootstrap
from zeta_geom.audits.intervals.estimates import ALL, Estimator
from zeta_geom.audits.measured_sets import MeasuredSet, places_of
from zeta_geom.audits.samples import to_samples
from zeta_geom.audits.scores import Definition, Scores


@pytest.fixture(scope="module")
def crescents():
    return X, y


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
    scores = Scores(samples.X[:, 0], 40)
    definition = Definition("v", "geometry", "v", "", "")
    measured = MeasuredSet("m", samples, {"v": (definition, scores)}, "m", places_of(samples))
    bootstrap = Bootstrap(500, 0.95, 0)
    estimate = Estimator(samples, bootstrap, (ALL,)).estimate(measured)["v", ALL]
    apart = bootstrap.estimate([scores], "m/all", np.arange(400))[0]
    assert estimate.draws.std() > 2 * apart.draws.std()


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


def test_reasons_are_true():
    made = audit(X, y, synthetic=X[:60], oracle=Features(), **QUICK)
    rows = made.classes.set_index(["measure", "class"])["reason"]
    assert rows["heldout-distance", "0"] == "the samples have no labels"
    lone = np.r_[np.flatnonzero(y == 0)[:40], np.flatnonzero(y == 1)[:1]]
    made = audit(X, y, synthetic=(X[lone], y[lone]), oracle=Features(), **QUICK)
    rows = made.classes.set_index(["measure", "class"])["reason"]
    assert rows["oracle-frechet", "1"] == "too few samples for an interval"


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


def test_per_class_rows_are_of_that_class(crescents):
    made = audit(*crescents, augment="zeta", **QUICK)
    rows = made.classes.set_index(["measure", "class"])
    own = made.samples[made.samples["method"] == "zeta"]
    held = made.heldout[made.heldout["method"] == "zeta"]
    for number in (0, 1):
        expected = own.loc[own["class"] == number, "heldout-distance"].mean()
        assert rows.loc[("heldout-distance", str(number)), "value"] == pytest.approx(expected)
        assert rows.loc[("coverage", str(number)), "value"] == held.loc[held["class"] == number, "coverage"].mean()
