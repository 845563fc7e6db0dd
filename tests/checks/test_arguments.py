"""Argument checks: what passes comes back as promised; errors name argument, rule, value and remedy."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

from zeta_geom import audit, checks, fidelity, geometry, neighborhoods, scale, sweeps


def test_good_values_pass():
    assert checks.check_int(np.int64(3), "k", low=3, high=3) == 3
    assert type(checks.check_int(np.int64(3), "k")) is int
    assert checks.check_real(np.float32(0.5), "a", low=0, high=1) == 0.5
    assert checks.check_real(2, "a") == 2.0
    assert checks.check_real(math.inf, "a", low=0, allow_inf=True) == math.inf
    assert checks.check_choice("b", "c", {"b": 1, "a": 2}) == "b"


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: checks.check_int(1.0, "k"), TypeError, "k must be an integer; got 1.0 of type float"),
        (lambda: checks.check_int(True, "k"), TypeError, "k must be an integer; got True of type bool"),
        (lambda: checks.check_int("1", "k"), TypeError, "of type str"),
        (lambda: checks.check_int(0, "k", low=1), ValueError, r"k must be an integer in \[1, inf\]; got 0"),
        (lambda: checks.check_int(9, "k", low=1, high=8), ValueError, r"in \[1, 8\]; got 9"),
        (lambda: checks.check_real("1", "a"), TypeError, "a must be a real number; got '1' of type str"),
        (lambda: checks.check_real(True, "a"), TypeError, "got True of type bool"),
        (lambda: checks.check_real(1j, "a"), TypeError, "of type complex"),
        (lambda: checks.check_real(math.nan, "a"), ValueError, "a must be finite; got nan"),
        (lambda: checks.check_real(math.inf, "a"), ValueError, "a must be finite; got inf"),
        (lambda: checks.check_real(math.nan, "a", allow_inf=True), ValueError, "a must be a number; got nan"),
        (lambda: checks.check_real(0, "a", low=0, strict=True), ValueError, r"in \(0, inf\); got 0"),
        (lambda: checks.check_real(2, "a", high=1), ValueError, r"in \[-inf, 1\]; got 2"),
        (lambda: checks.check_choice("c", "x", ("b", "a")), ValueError, "x must be one of 'a', 'b'; got 'c'"),
        (lambda: checks.check_choice(None, "x", ("a",)), ValueError, "x must be one of 'a'; got None"),
        (lambda: checks.check_finite(np.array([1, np.nan, np.inf])), ValueError, "X must be finite; got 2 NaN"),
        (lambda: checks.check_points([["a"]]), TypeError, "X must hold real numbers; got dtype <U1"),
        (lambda: checks.check_points(np.zeros((2, 2), complex)), TypeError, "got dtype complex128"),
        (lambda: checks.check_points(np.zeros((2, 3, 3))), ValueError, r"Flatten images with X.reshape"),
        (lambda: checks.check_points(np.zeros((2, 3)), min_samples=3), ValueError, "at least 3 row"),
        (lambda: checks.check_points(np.zeros((3, 0))), ValueError, "one column; got shape"),
        (lambda: checks.check_points([[1, np.nan]], "Z"), ValueError, "Z must be finite; got 1 NaN"),
        (lambda: checks.check_points([[1.0, -2e200]]), ValueError, "within ±1e\\+150; got 2e\\+200"),
        (
            lambda: checks.check_labels([0.0, 1.0]),
            TypeError,
            "y of one dimension must hold integers; got dtype float64",
        ),
        (lambda: checks.check_labels(["a"]), TypeError, "must hold integers"),
        (lambda: checks.check_labels([True]), TypeError, "got dtype bool"),
        (lambda: checks.check_labels([0, -1]), ValueError, "got values from -1 to 0"),
        (lambda: checks.check_labels([0, 3], n_classes=3), ValueError, "y must lie in 0..2; got values from 0 to 3"),
        (lambda: checks.check_labels([0, 1], n=3), ValueError, "one label for each of the 3 samples; got 2"),
        (lambda: checks.check_labels(1), ValueError, r"int labels \(n,\) or soft labels \(n, K\); got shape \(\)"),
        (lambda: checks.check_labels(np.ones((2, 2, 1))), ValueError, r"got shape \(2, 2, 1\)"),
        (lambda: checks.check_labels([[1.0, 0.0]], n_classes=3), ValueError, "n_classes=3 columns; got shape"),
        (lambda: checks.check_labels([[0.7, 0.7], [1, 0]]), ValueError, r"sum to 1; row 0 is \[0.7 0.7\]"),
        (lambda: checks.check_labels([[0.7, 0.7], [1.5, -0.5]]), ValueError, "row 1 is"),
        (lambda: checks.check_labels([["a", "b"]]), TypeError, "y must hold real numbers; got dtype <U1"),
        (lambda: checks.check_labels([[np.nan, 1]]), ValueError, "y must be finite"),
        (lambda: checks.check_probabilities(np.ones(3)), ValueError, r"p must have shape \(n, K\)"),
        (lambda: checks.check_probabilities(np.array([[0.5, 0.5001]])), ValueError, "p must have non-negative rows"),
    ],
)
def test_bad_input_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        ([[1, 2]], np.float64),
        (np.ones((1, 2), np.float16), np.float32),
        (np.ones((1, 2), np.float32), np.float32),
        (np.ones((1, 2), ">f8"), np.float64),
        (np.ones((1, 2), np.uint8), np.float64),
        (pd.DataFrame({"a": [1.0], "b": [2]}), np.float64),
        (torch.ones(1, 2), np.float32),
        (torch.ones(1, 2, requires_grad=True), np.float32),
        (torch.ones(1, 2, dtype=torch.bfloat16), np.float32),
    ],
)
def test_points_come_back_as_native_floats(given, dtype):
    points = checks.check_points(given)
    assert points.shape == (1, 2)
    assert points.dtype == dtype
    assert points.dtype.isnative


def test_labels_pass_as_they_are():
    np.testing.assert_array_equal(checks.check_labels(np.array([2, 0], np.uint8), n_classes=3), [2, 0])
    np.testing.assert_array_equal(checks.check_labels(pd.Series([1, 0])), [1, 0])
    assert checks.check_labels([[1, 0], [0, 1]]).dtype == np.float32
    np.testing.assert_array_equal(checks.check_labels(torch.eye(2, requires_grad=True)), np.eye(2))
    soft = np.full((2, 1000), 1 / 1000, np.float16)
    assert checks.check_labels(soft, n=2, n_classes=1000) is soft


POINTS = np.random.default_rng(0).random((30, 3))
NEAR = geometry.knn(POINTS, 4)


@pytest.mark.parametrize("n_jobs", ["2", 0])
@pytest.mark.parametrize(
    "call",
    [
        lambda n: geometry.knn(POINTS, 2, n_jobs=n),
        lambda n: geometry.knn(torch.from_numpy(POINTS), 2, n_jobs=n, method="approximate"),
        lambda n: geometry.local_dimension(POINTS, 4, n_jobs=n, neighbors=NEAR),
        lambda n: geometry.LocalPCA(4, n_jobs=n).fit_pw(POINTS, NEAR),
        lambda n: geometry.tangent_residual(POINTS, POINTS, 4, neighbors=NEAR, n_jobs=n),
        lambda n: sweeps.gamma_sweep(POINTS, gammas=[2], n_neighbors=4, n_jobs=n),
        lambda n: audit(POINTS, augment="zeta", n_jobs=n),
        lambda n: fidelity.density_coverage(POINTS, POINTS, n_jobs=n),
        lambda n: fidelity.beta_recall(POINTS, POINTS, n_jobs=n),
        lambda n: fidelity.authenticity(POINTS, POINTS, n_jobs=n),
        lambda n: fidelity.improved_precision_recall(POINTS, POINTS, n_jobs=n),
        lambda n: neighborhoods.embed(POINTS, perplexity=5, n_jobs=n),
    ],
)
def test_every_entry_names_n_jobs(call, n_jobs):
    with pytest.raises((TypeError, ValueError), match="n_jobs must be"):
        call(n_jobs)
    with pytest.raises((TypeError, ValueError), match="threads must be"):
        scale.measure_rate(threads=n_jobs)
