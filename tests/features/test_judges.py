"""Fidelity metrics of network features beside other packages' code."""

import numpy as np
import pytest
import torch

from zeta_geom.datasets import load
from zeta_geom.features import space
from zeta_geom.fidelity import density_coverage, frechet_distance, improved_precision_recall, kernel_distance
from zeta_geom.mixers import Mixup


@pytest.fixture(scope="module")
def features():
    X = load("mnist-sample").X_train[:600] / 255
    mixed, _ = Mixup(random_state=0).mix_dataset(X[300:])
    return [space("lenet").extract(part) for part in (X[:300], mixed)]


def test_the_frechet_distance_is_that_of_torchmetrics(features):
    compute = pytest.importorskip("torchmetrics.image.fid")._compute_fid
    tensors = [torch.from_numpy(F) for F in features]
    moments = [moment for F in tensors for moment in (F.mean(dim=0), torch.cov(F.T))]
    assert frechet_distance(*features) == pytest.approx(float(compute(*moments)), rel=1e-4)


def test_precision_recall_density_and_coverage_are_those_of_prdc(features):
    compute = pytest.importorskip("prdc").compute_prdc
    for k in (3, 5):
        theirs = compute(*features, k)
        balls, cover = improved_precision_recall(*features, k=k), density_coverage(*features, k=k)
        ours = {"precision": balls.precision, "recall": balls.recall}
        ours |= {"density": cover.density, "coverage": cover.coverage}
        assert ours == pytest.approx({name: float(theirs[name]) for name in ours}, rel=1e-12)


def test_the_kernel_distance_is_that_of_torch_fidelity(features):
    kernel = pytest.importorskip("torch_fidelity.metric_kid").kernel_mmd
    rows = np.random.default_rng(0).permutation(300)[:100]
    real, fake = (F[rows] for F in features)
    assert kernel_distance(real, fake).score == pytest.approx(float(kernel(real, fake)), rel=1e-9)
