"""Optional measures of an audit: the values are those of the public functions, the resamples those of copies."""

import numpy as np
import pytest

from zeta_geom import fidelity
from zeta_geom.audits.measures.copying import nearer
from zeta_geom.audits.measures.optional import AGAINST_SOURCES, OF_ORACLE, OPTIONAL, QUESTIONS
from zeta_geom.audits.measures.statistics import CalibrationError, Copying, Kernel, Ratio, Vendi
from zeta_geom.audits.oracles import to_oracle
from zeta_geom.audits.reference import Candidate, Reference
from zeta_geom.audits.samples import to_samples
from zeta_geom.audits.scores import HELDOUT, Missing
from zeta_geom.fidelity.vendi import unit_rows
from zeta_geom.realism import calibration

SLOW = "auc-boosting"


def predict(X):
    p = np.exp(-((X[:, None] - np.arange(3)[:, None] * 2) ** 2).sum(axis=2))
    return p / p.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def sets():
    """Augmented originals, held-out originals, and new samples of the same three classes."""
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=(3, 150))
    return [to_samples(2.0 * labels[:, None] + rng.normal(size=(150, 2)), labels) for labels in y]


@pytest.fixture(scope="module")
def reference(sets):
    return Reference(sets[0], sets[1], (8,), 0.05, to_oracle(predict), None, 1)


def measured(group, candidate):
    return {definition.name: (definition, scores) for definition, scores in group(candidate)}


@pytest.fixture(scope="module")
def results(sets, reference):
    groups = [group for name, group in OPTIONAL.items() if name != SLOW] + [nearer]
    return {key: value for group in groups for key, value in measured(group, Candidate(sets[2], reference)).items()}


def test_values_are_those_of_the_public_functions(sets, results):
    sources, held, new = (samples.flat for samples in sets)
    labels = [samples.classes for samples in sets]
    values = {name: scores.statistic(scores.values) for name, (_, scores) in results.items()}
    rare = fidelity.rarity_scores(held, new)
    oracle = calibration(predict(new), labels[2])
    expected = {
        "affinity": fidelity.affinity(held, labels[1], sources, labels[0], new, labels[2]).score,
        "auc-logistic": fidelity.discriminator_auc(held, new).auc,
        "data-copying": fidelity.data_copying(sources, held, new).score,
        "diversity": fidelity.diversity(sources, labels[0], new, labels[2]).score,
        "kid": fidelity.kernel_distance(new, held).score,
        "nearer-to-training": fidelity.nearer_to_training(sources, held, new).score,
        "oracle-brier": oracle.brier,
        "oracle-ece": oracle.ece,
        "rarity": rare.score,
        "realism-score": fidelity.realism_scores(held, new).mean(),
        "vendi": fidelity.vendi_score(new),
    }
    assert {name: values[name] for name in expected} == pytest.approx(expected)
    assert values.keys() == expected.keys() | {"fld"}
    assert abs(values["fld"]) < 20


def test_tables_of_names_fit(results):
    assert set(QUESTIONS) == {*results, SLOW}
    assert {*AGAINST_SOURCES, *OF_ORACLE} < set(OPTIONAL)
    assert {question for question, _ in QUESTIONS.values()} <= {"manifold", "labels", "look", "cover", "new"}
    assert {better for _, better in QUESTIONS.values()} <= {"higher", "lower", "closer to real", ""}
    assert all(len(scores.values) == 150 for _, scores in results.values())
    assert [name for name, (definition, _) in results.items() if definition.over == HELDOUT] == ["fld"]


def test_real_samples_have_the_values_that_nothing_new_would_have(sets, reference):
    sources, held, _ = sets
    expected = {"affinity": 1, "diversity": 1}
    for name, value in expected.items():
        ((_, scores),) = OPTIONAL[name](Candidate(sources, reference))
        assert scores.values.mean() == pytest.approx(value)
    ((_, scores),) = OPTIONAL["data-copying"](Candidate(held, reference))
    assert scores.statistic(scores.values) == pytest.approx(0, abs=1e-12)
    ((_, scores),) = nearer(Candidate(held, reference))
    assert 0.3 < scores.values.mean() < 0.7  # each held-out original beside the others, not beside itself
    ((_, scores),) = OPTIONAL["fld"](Candidate(held, reference))
    assert abs(scores.values.mean()) < 20


def test_copies_are_seen_as_such(sets, reference):
    copies = Candidate(sets[0], reference)
    ((_, scores),) = nearer(copies)
    assert scores.values.mean() == 1
    ((_, scores),) = OPTIONAL["data-copying"](copies)
    assert scores.statistic(scores.values) < -4


def test_halves_of_different_sizes_are_thinned(sets, reference):
    sources, held, new = sets
    few = Reference(sources, held.take(slice(50)), (8,), 0.05, None, None, 1)
    many = Reference(sources.take(slice(50)), held, (8,), 0.05, None, None, 1)
    for part in (few, many):
        ((_, scores),) = nearer(Candidate(new, part))
        equal = fidelity.nearer_to_training(part.sources.thinned(50).flat, part.heldout.thinned(50).flat, new.flat)
        np.testing.assert_array_equal(scores.values, equal.nearer)


@pytest.mark.parametrize("name", ["kid", "data-copying", "vendi", "rarity", "oracle-ece"])
def test_a_resample_is_the_statistic_of_its_copies(results, name):
    scores = results[name][1]
    n = len(scores.values)
    counts = np.random.default_rng(1).multinomial(n, np.full(n, 1 / n), size=3).astype(float)
    resampled = scores.statistic.resampled(scores.values, counts)
    whole = scores.statistic.resampled(scores.values, np.ones((1, n)))
    assert whole[0] == scores.statistic(scores.values)
    for draw, value in zip(counts, resampled):
        rows = np.repeat(np.arange(n), draw.astype(int))
        if name == "kid":  # copies of one row are no pair
            continue
        assert value == pytest.approx(scores.statistic(scores.values[rows]))
    assert np.std(resampled) > 0


def test_statistics_of_classes_and_of_few_rows(sets):
    held = sets[1]
    whole = Kernel(held.flat)
    part = whole.of_reference(held.classes == 1)
    assert part(held.flat[:9]) == pytest.approx(
        fidelity.kernel_distance(held.flat[:9], held.flat[held.classes == 1]).score
    )
    assert whole.of_reference(np.arange(150) == 3) is None
    rows = np.random.default_rng(0).normal(size=(700, 3))
    thinned = rows[np.arange(300) * 700 // 300]
    assert Vendi()(unit_rows(rows)) == pytest.approx(fidelity.vendi_score(thinned))
    none = np.zeros((1, 700))
    none[0, 1] = 700  # a row that is not among the 300
    assert np.isfinite(Vendi().resampled(unit_rows(rows), none)).all()
    assert Ratio()(np.zeros((4, 2))) == 0
    assert Copying(np.array([3]))(np.array([[-1.0, 0.0]])) == 0
    assert CalibrationError()(np.array([[0.7, 1.0]])) == pytest.approx(0.3)


def test_what_cannot_be_measured_says_why(sets):
    sources, held, new = sets
    plain = [to_samples(samples.flat) for samples in sets]
    unlabelled = Reference(plain[0], plain[1], (8,), 0.05, to_oracle(predict), None, 1)
    tiny = Reference(sources.take(slice(3)), held.take(slice(1)), (8,), 0.05, None, None, 1)
    for name in ("affinity", "diversity", "calibration"):
        for _, scores in OPTIONAL[name](Candidate(plain[2], unlabelled)):
            assert scores == Missing("the samples have no labels")
    reasons = {}
    for name in ("auc-logistic", "data-copying", "fld", "kid", "rarity", "realism-score", "affinity"):
        ((_, scores),) = OPTIONAL[name](Candidate(new.take(slice(4)), tiny))
        assert isinstance(scores, Missing), name
        reasons[name] = scores.reason
    assert reasons["kid"] == "it takes two samples and two held-out originals"
    assert reasons["affinity"] == "the held-out originals have one class; a classifier needs two"
    assert reasons["data-copying"] == "it takes 5 augmented originals; there are 3"
    assert list(OPTIONAL["calibration"](Candidate(new, tiny))) == []
    far = Candidate(to_samples(new.flat + 1e6), Reference(sources, held, (8,), 0.05, None, None, 1))
    ((_, scores),) = OPTIONAL["rarity"](far)
    assert scores == Missing("no sample lies in a held-out original's ball")
    ((_, scores),) = nearer(Candidate(tiny.heldout, tiny))
    assert scores == Missing("it takes two held-out originals")


@pytest.mark.filterwarnings("error")
def test_features_in_single_precision_give_no_warning(sets, reference):
    small = to_samples(sets[2].X.astype(np.float32), sets[2].classes)
    _, scores = measured(OPTIONAL["kid"], Candidate(small, reference))["kid"]
    assert np.isfinite(scores.statistic(scores.values))
