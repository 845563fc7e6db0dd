"""Entropies and cross-entropies: SciPy as the judge, closed forms, refusals."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from scipy.special import logsumexp

from zeta_geom.realism import (
    cross_entropy,
    cross_entropy_from_log,
    entropy,
    kl_divergence,
    soft_label_report,
)


@st.composite
def distributions(draw, n=4, k=5):
    raw = draw(arrays(np.float64, (n, k), elements=st.floats(0, 1) | st.just(0.0)))
    raw[:, 0] += 1e-3
    return raw / raw.sum(axis=1, keepdims=True)


@given(distributions(), distributions())
def test_entropies_are_scipys(p, q):
    np.testing.assert_allclose(entropy(p), stats.entropy(p, axis=1), atol=1e-12)
    np.testing.assert_allclose(kl_divergence(p, q), stats.entropy(p, q, axis=1), atol=1e-12)
    finite = np.isfinite(kl_divergence(p, q))
    np.testing.assert_allclose(cross_entropy(p, q)[finite], (entropy(p) + kl_divergence(p, q))[finite], atol=1e-9)
    assert (np.isinf(cross_entropy(p, q)) == ((p > 0) & (q == 0)).any(axis=1)).all()
    assert (entropy(p) >= 0).all()


def test_closed_forms_at_0_and_1():
    assert entropy([[1.0, 0.0]]).tolist() == [0.0]
    assert entropy(np.full((1, 10), 0.1))[0] == pytest.approx(np.log(10))
    assert cross_entropy([[1.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]).tolist() == [0.0, np.inf]
    assert cross_entropy([[0.5, 0.5]], [[0.25, 0.75]])[0] == pytest.approx(-0.5 * np.log(0.25 * 0.75))


def test_cross_entropy_from_log_is_torchs_and_survives_underflow():
    logits = torch.randn(20, 10, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 300
    y = torch.softmax(torch.randn(20, 10, dtype=torch.float64, generator=torch.Generator().manual_seed(1)), dim=1)
    theirs = torch.nn.functional.cross_entropy(logits, y, reduction="none").numpy()
    ours = cross_entropy_from_log(y.numpy(), torch.log_softmax(logits, dim=1).numpy())
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    assert np.isfinite(ours).all()
    assert np.isinf(cross_entropy(y.numpy(), torch.softmax(logits, dim=1).numpy())).any()


def test_report_keeps_the_two_directions_apart():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(50, 10))
    log_p = logits - logsumexp(logits, axis=1, keepdims=True)
    y = rng.dirichlet(np.ones(10), 50)
    report = soft_label_report(log_p, y)
    np.testing.assert_allclose(report["entropy"], stats.entropy(np.exp(log_p), axis=1))
    np.testing.assert_allclose(report["h_p_y"], cross_entropy(np.exp(log_p), y))
    np.testing.assert_allclose(report["h_y_p"], cross_entropy(y, np.exp(log_p)))
    np.testing.assert_allclose(report["kl_y_p"], stats.entropy(y, np.exp(log_p), axis=1), atol=1e-12)
    assert list(soft_label_report(log_p)) == ["entropy"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: entropy([[0.5, 0.4]]), "sum to 1"),
        (lambda: entropy([[1.5, -0.5]]), "non-negative"),
        (lambda: entropy([0.5, 0.5]), "shape"),
        (lambda: entropy([[np.nan, 1.0]]), "finite"),
        (lambda: cross_entropy([[1.0, 0.0]], [[1.0]]), "shape of p"),
        (lambda: cross_entropy_from_log([[1.0, 0.0]], [[0.0, 0.0]]), "sum to 1"),
        (lambda: cross_entropy_from_log([[1.0, 0.0]], [[np.nan, 0.0]]), "log_q.* must be finite"),
        (lambda: cross_entropy_from_log([[1.0, 0.0]], [[0.0]]), "log_q must have the shape of p"),
        (lambda: kl_divergence([[1.0, 0.0]], [[1.0]]), "q must have the shape of p"),
        (lambda: entropy([["a", "b"]]), "p must hold real numbers"),
        (lambda: soft_label_report([[0.0, 0.0]]), r"exp\(log_p\) must have"),
        (lambda: soft_label_report([[0.0, -np.inf]], [[1.0]]), "y must have the shape of log_p"),
        (lambda: soft_label_report([[0.0, -np.inf]], [[1.0, 1.0]]), "y must have non-negative rows"),
    ],
)
def test_entropies_refuse(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def test_report_is_exact_where_oracle_and_label_are_certain():
    report = soft_label_report([[0.0, -np.inf], [-np.inf, 0.0]], np.eye(2, dtype=np.float32)[[0, 0]])
    for measure in ("h_p_y", "h_y_p", "kl_y_p"):
        assert report[measure].tolist() == [0.0, np.inf]
    assert report["entropy"].tolist() == report["label_entropy"].tolist() == [0.0, 0.0]


def test_divergence_of_neighbouring_floats_is_never_negative():
    q = np.random.default_rng(0).dirichlet(np.ones(10), 5000)
    assert (kl_divergence(q, np.nextafter(q, 1)) >= 0).all()


def test_entropy_needs_no_torch():
    code = "import sys, zeta_geom.realism as r; r.entropy([[1.0]]); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
