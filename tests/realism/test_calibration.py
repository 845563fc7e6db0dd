"""Calibration: scikit-learn and torchmetrics as judges, a plain loop over bins, closed forms, refusals."""

import numpy as np
import pytest
import torch
from sklearn.metrics import brier_score_loss, log_loss
from torchmetrics.functional.classification import multiclass_calibration_error

from zeta_geom.realism import calibration
from zeta_geom.realism.calibration import calibration_error, top_shares


@pytest.fixture(scope="module")
def predictions():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(4), 403)
    y = np.array([rng.choice(4, p=row**2 / (row**2).sum()) for row in p])
    return p, y


def plain_ece(p, y, n_bins):
    order = np.argsort(p.max(axis=1))
    bins = np.array_split(order, n_bins)
    gaps = [abs((p[rows].argmax(axis=1) == y[rows]).mean() - p[rows].max(axis=1).mean()) * len(rows) for rows in bins]
    return sum(gaps) / len(p)


def test_scores_are_those_of_other_libraries(predictions):
    p, y = predictions
    result = calibration(p, y)
    assert result.nll == pytest.approx(log_loss(y, p), rel=1e-12)
    assert result.brier == pytest.approx(brier_score_loss(y, p, scale_by_half=False), rel=1e-12)
    for n_bins in (1, 7, 15, 403):
        assert calibration(p, y, n_bins=n_bins).ece == pytest.approx(plain_ece(p, y, n_bins), rel=1e-9)
    one = multiclass_calibration_error(torch.from_numpy(p), torch.from_numpy(y), 4, n_bins=1)  # one bin: no edges
    assert calibration(p, y, n_bins=1).ece == pytest.approx(one.item(), rel=1e-5)
    assert calibration(p, y, n_bins=10**4).ece == calibration(p, y, n_bins=403).ece


def test_ties_and_order_and_kinds_of_labels_change_nothing(predictions):
    p, y = predictions
    p = np.round(p, 1) + 0.02
    p /= p.sum(axis=1, keepdims=True)
    whole = calibration(p, y)
    order = np.random.default_rng(1).permutation(len(p))
    assert calibration(p[order], y[order]).ece == pytest.approx(whole.ece, abs=1e-12)
    assert calibration(p, np.eye(4)[y]).ece == whole.ece
    assert calibration(p[:, ::-1], 3 - y).ece == pytest.approx(whole.ece, abs=1e-12)
    assert calibration(p.astype(np.float32), y).brier == pytest.approx(whole.brier, rel=1e-5)


def test_weights_are_copies(predictions):
    p, y = predictions
    p, y = p[:60], y[:60]
    counts = np.random.default_rng(2).integers(0, 4, size=(3, 60))
    errors = calibration_error(*top_shares(p, np.eye(4)[y]), counts.astype(float), 7)
    for draw, error in zip(counts, errors):
        rows = np.repeat(np.arange(60), draw)
        assert error == pytest.approx(calibration(p[rows], y[rows], n_bins=7).ece, abs=1e-12)


def test_closed_forms():
    sure = calibration(np.eye(3), [0, 1, 2])
    assert (sure.ece, sure.brier, sure.nll) == (0, 0, 0)
    wrong = calibration(np.eye(3), [1, 2, 0])
    assert (wrong.ece, wrong.brier, wrong.nll) == (1, 2, np.inf)
    level = calibration(np.full((8, 4), 0.25), np.arange(8) % 4)  # every class ties: right as often as it says
    assert (level.ece, level.brier) == (0, 0.75)
    assert level.nll == pytest.approx(np.log(4))
    soft = calibration([[0.3, 0.7]], [[0.3, 0.7]])
    assert (soft.ece, soft.brier) == pytest.approx((0, 0))


@pytest.mark.parametrize(
    ("p", "y", "error", "message"),
    [
        ([[0.5, 0.6]], [0], ValueError, "p must have non-negative rows that sum to 1"),
        ([[np.nan, 0.6]], [0], ValueError, "p must be finite"),
        (np.zeros((0, 2)), [], ValueError, "p must have at least one row|y must hold"),
        ([[0.5, 0.5]], [2], ValueError, r"y must lie in 0\.\.1"),
        ([[0.5, 0.5]], [0, 1], ValueError, "y must have one label for each of the 1 samples"),
        ([[0.5, 0.5]], [0.0], TypeError, "y of one dimension must hold integers"),
    ],
)
def test_refusals(p, y, error, message):
    with pytest.raises(error, match=message):
        calibration(p, y)
    with pytest.raises(ValueError, match="n_bins must be an integer in"):
        calibration([[0.5, 0.5]], [0], n_bins=0)
