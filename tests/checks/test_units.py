"""Sets that meet in different units are refused with both ranges; honest sets, however odd, pass."""

import numpy as np
import pytest
from typer.testing import CliRunner

from zeta_geom.audits import audit
from zeta_geom.audits.inputs import read_inputs
from zeta_geom.audits.methods.augmenting import apply, to_methods
from zeta_geom.audits.samples import to_samples
from zeta_geom.checks import check_units
from zeta_geom.cli.main import app
from zeta_geom.datasets import load
from zeta_geom.fidelity import (
    alpha_precision,
    authenticity,
    beta_recall,
    density_coverage,
    frechet_distance,
    improved_precision_recall,
)
from zeta_geom.mixers import ZetaMixup
from zeta_geom.neighborhoods import embed, label_agreement

QUICK = {"n_neighbors": 4, "n_bootstrap": 20, "random_state": 0, "progress": False}
DIGITS = load("digits")
LEVELS = np.rint(DIGITS.X_train[:120] * (255 / DIGITS.X_train.max())).astype(np.uint8)  # (120, 8, 8)
UNIT = LEVELS.astype(np.float32) / 255
LABELS = DIGITS.y_train[:120]
NOISE = np.random.default_rng(0).normal(size=UNIT.shape)
METRICS = [
    improved_precision_recall, density_coverage, alpha_precision, beta_recall, authenticity, frechet_distance,
    lambda X, Y: label_agreement(X, np.arange(len(X)) % 3, Y, np.arange(len(Y)) % 3, k=3),
    lambda X, Y: embed(X, Y, n_iter=1, perplexity=5),
]  # fmt: skip

STANDARD = (UNIT - UNIT.mean()) / UNIT.std()
APART = {  # first, second
    "levels and 0 to 1": (LEVELS, UNIT),
    "levels and -1 to 1": (LEVELS, 2 * UNIT - 1),
    "levels and standardised": (LEVELS, STANDARD),
    "levels and others of 0 to 1": (LEVELS, np.random.default_rng(1).random(UNIT.shape)),
    "0 to 1 and -1 to 1": (UNIT, 2 * UNIT[::-1] - 1),
}
ALIKE = {
    "the same": (UNIT, UNIT),
    "mixed": (UNIT, ZetaMixup(gamma=0.0, random_state=0).mix_dataset(UNIT)[0]),
    "noise": (UNIT, UNIT + 0.3 * NOISE),
    "doubled": (UNIT, 2 * UNIT),
    "standardised and noise": (STANDARD, NOISE),
    "far": (NOISE, NOISE + 1e6),
    "constant": (LEVELS, np.zeros_like(UNIT)),
    "collapsed, up to rounding": (NOISE, 1e-15 * NOISE),
    "two values": (np.array([[0.0, 3.0]]), np.array([[0.1, 0.11]])),
    "sign turned": (UNIT, -UNIT),
    "one far outlier": (np.where(np.arange(UNIT.size).reshape(UNIT.shape) == 7, 1e5, NOISE), NOISE),
    "an outlier": (np.where(np.arange(UNIT.size).reshape(UNIT.shape) == 7, 1e3, NOISE), NOISE),
}


@pytest.mark.parametrize("case", APART)
def test_different_units_are_refused_either_way(case):
    for first, second in (APART[case], APART[case][::-1]):
        low, high = (f"{float(end):g}" for end in (second.min(), second.max()))
        with pytest.raises(
            ValueError, match=rf"^b must be in the unit of a.* got values from {low} to {high} beside "
        ):
            check_units(first, second, ("a", "b"))


@pytest.mark.parametrize("case", ALIKE)
def test_honest_sets_pass(case):
    check_units(*ALIKE[case], ("a", "b"))
    check_units(*ALIKE[case][::-1], ("a", "b"))


@pytest.mark.parametrize("metric", METRICS)
def test_each_measure_of_two_sets_refuses(metric):
    first, second = LEVELS[:60].reshape(60, -1) + 1.0, UNIT[:60].reshape(60, -1) + 0.01  # no row of zeros
    with pytest.raises(ValueError, match=r"values from 0\.01 to 1\.01 beside 1 to 256"):
        metric(first, second)


@pytest.mark.parametrize(
    "arguments",
    [
        {"X": LEVELS, "synthetic": 2 * UNIT - 1},
        {"X": 2 * UNIT - 1, "synthetic": LEVELS},
        {"X": LEVELS, "synthetic": STANDARD},
        {"X": LEVELS, "synthetic": 255.0 * UNIT},
        {"X": UNIT, "synthetic": 2 * UNIT - 1},
        {"X": LEVELS, "augment": "mixup", "holdout": 2 * UNIT - 1},
        {"X": LEVELS, "augment": lambda X: 2 * X - 1},
        {"X": LEVELS, "augment": lambda X: 255 * X},
    ],
)
def test_an_audit_refuses(arguments):
    with pytest.raises(ValueError, match="in the unit of") as error:
        audit(**arguments, **QUICK)
    assert ("0 to 255 (integers, divided by 255)" in str(error.value)) == any(
        one is LEVELS for one in arguments.values()
    )


def test_an_audit_takes_levels_beside_floats_of_their_unit():
    for first, second in (
        (LEVELS, UNIT),
        (UNIT, LEVELS),
        (LEVELS, np.clip(UNIT + 0.2 * NOISE, -1, 2)),
        (LEVELS, 2 * UNIT),
    ):
        data = read_inputs(first, None, second, second, None, 0)
        assert len(data.synthetic["synthetic"]) == len(data.heldout) == 120
    doubled = apply(to_methods(lambda X: 2 * X, [], 0)[0], to_samples(LEVELS), 32)
    assert doubled.X.max() == 2


def test_an_audit_stands_an_outlier_and_a_sentinel():
    for value in (1e5, -9999.0):
        X = np.random.default_rng(0).normal(size=(60, 3))
        X[7, 0] = value
        assert len(audit(X, augment="mixup", **QUICK).summary)


def test_commands_refuse_before_any_work(tmp_path):
    np.savez(tmp_path / "a.npz", X=LEVELS, y=LABELS)
    np.savez(tmp_path / "b.npz", X=2 * UNIT - 1, y=LABELS)
    a, b = str(tmp_path / "a.npz"), str(tmp_path / "b.npz")
    for words in (
        ["audit", "--original", a, "--synthetic", b, "--out", str(tmp_path / "report")],
        ["neighbors", a, b, "--out", str(tmp_path / "n.csv")],
    ):
        error = CliRunner().invoke(app, words).exception
        assert isinstance(error, ValueError)
        assert "from -1 to 1 beside 0 to 255" in str(error)
