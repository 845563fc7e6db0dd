"""Few of many samples: the plan that gathers them does all that the matrix product does."""

import numpy as np
import pytest
import torch

from tests.mixers.mixer_cases import TOLERANCE, batch, to_numpy
from zeta_geom.mixers import LocalSyntheticInstances, PSeriesPairs, ZetaMixup
from zeta_geom.mixers.methods.zeta import OrdersPlan, WeightsPlan

M = 64
FEW = {
    "zeta": lambda: ZetaMixup(n_mix=4, random_state=0),
    "zeta-random": lambda: ZetaMixup(n_mix=3, anchor="random", random_state=0),
    "pairs": lambda: PSeriesPairs((-1.0, 2.0), random_state=0),
}


@pytest.fixture(params=FEW)
def few(request):
    return FEW[request.param]


def test_it_is_the_product_with_its_weights(few, kind):
    X, Y = batch(*kind, shape=(M, 3, 5)), np.eye(7, dtype="float64" if kind[1] == "float64" else "float32")
    Y = Y[np.arange(M) % 7] if kind[0] == "numpy" else torch.from_numpy(Y[np.arange(M) % 7])
    mixer = few()
    plan = mixer.draw(X.shape, like=X, n_out=100)
    assert isinstance(plan, OrdersPlan)
    got = mixer.apply(X, Y, plan)
    expected = mixer.apply(X, Y, WeightsPlan(plan.weights))
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(to_numpy(a), to_numpy(b), atol=TOLERANCE[kind[1]])
    assert got[0].dtype == X.dtype


def test_gradients_flow(few):
    X = batch("torch", "float64", shape=(M, 2)).requires_grad_()
    mixer = few()
    plan = mixer.draw(X.shape, like=X)
    assert torch.autograd.gradcheck(lambda x: mixer.apply(x, None, plan)[0], (X,))


def test_autocast_and_out_change_nothing(few):
    X = batch("torch", "float32", shape=(M, 3))
    expected, out = few()(X)[0], torch.empty(M, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(few()(X, out=out)[0], expected)
    assert torch.equal(out, expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_plans_replay_on_the_other_backend(few, dtype):
    X = batch("numpy", dtype, shape=(M, 3))
    for like in (X, torch.from_numpy(X), None):
        plan = few().draw(X.shape, like=like)
        there = few().apply(torch.from_numpy(X), None, plan)[0]
        np.testing.assert_allclose(few().apply(X, None, plan)[0], there, atol=TOLERANCE[dtype])


def test_local_instances_gather_their_neighbours():
    X = batch("numpy", "float64", shape=(M, 3))
    mixed = LocalSyntheticInstances(2.0, n_mix=4)(X)[0]
    order = np.argsort(np.linalg.norm(X[:, None] - X[None], axis=2), axis=1)[:, :4]
    weights = 1 / np.arange(1, 5) ** 2
    np.testing.assert_allclose(mixed, np.einsum("t,ktd->kd", weights / weights.sum(), X[order]), atol=1e-12)
    there = LocalSyntheticInstances(2.0, n_mix=4)(torch.from_numpy(X))[0]
    np.testing.assert_allclose(mixed, there, atol=1e-12)


def test_no_column_is_no_error(few):
    for X in (np.zeros((M, 0)), torch.zeros(M, 0)):
        assert few()(X)[0].shape == (M, 0)
