"""What mixers do on a device: laws and values on CPU tensors taken for a device's, kernels on fake CUDA tensors."""

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from benchmarks.shared.launches import launches_of, launches_of_mixer
from tests.fake_cuda import needs_cuda, no_waiting
from tests.mixers.mixer_cases import LABELS, VARIANTS, batch, to_numpy
from zeta_geom.checks.points import is_tensor
from zeta_geom.mixers import ZetaMixup, arrays, draws, labels, make_mixer, p_series_weights
from zeta_geom.mixers.methods import cutmix, pairs
from zeta_geom.rng.capturing import no_host_draws

__all__ = ["no_waiting"]


@pytest.fixture
def on_a_device(monkeypatch):
    for module in (arrays, draws, labels, cutmix, pairs):
        monkeypatch.setattr(module, "on_host", lambda like: not is_tensor(like))


@pytest.mark.parametrize("n_mix", [3, None])
@pytest.mark.parametrize(("anchor", "n_orders"), [("self", 6), ("random", 24)])
def test_all_orders_are_equally_frequent(anchor, n_orders, n_mix, on_a_device):
    mixer = ZetaMixup(2.0, n_mix=n_mix, anchor=anchor, random_state=0)
    weights = mixer.draw((4, 1), n_out=24_000, like=torch.zeros(4, 1)).weights
    orders = (-weights).argsort(dim=1).numpy()
    terms = np.append(p_series_weights(n_mix or 4, 2.0), [0] * (n_mix is not None))
    np.testing.assert_allclose(weights.numpy(), terms[np.argsort(orders)], rtol=1e-6)
    if anchor == "self":
        assert (orders[:, 0] == np.arange(24_000) % 4).all()
        orders = (orders - orders[:, :1]) % 4
    counts = np.unique(orders, axis=0, return_counts=True)[1]
    assert len(counts) == n_orders
    assert chisquare(counts).pvalue > 1e-3


@pytest.mark.traits(backends=("numpy", "torch"))
@pytest.mark.parametrize("drawn_by", ["numpy", "torch"])
def test_values_are_those_of_the_host(make, drawn_by, on_a_device):
    X, Y = batch("torch", "float32"), torch.eye(3)[LABELS]
    like = X if drawn_by == "torch" else X.numpy()
    plan = make().draw(X.shape, n_out=10, like=like, labels=Y if drawn_by == "torch" else Y.numpy())
    there, here = make().apply(X, Y, plan), make().apply(X.numpy(), Y.numpy(), plan)
    for got, expected in zip(there, here, strict=True):
        np.testing.assert_allclose(got.numpy(), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("dtype", "unit"), [("float16", 2.0**-11), ("bfloat16", 2.0**-8)])
@pytest.mark.parametrize("name", ["zeta", "zeta-t2", "dirichlet"])
def test_half_precision_loses_one_rounding_of_the_weights(name, dtype, unit, on_a_device):
    X = batch("torch", dtype, shape=(64, 3, 8, 8))
    mixer = ZetaMixup(n_mix=2, random_state=0) if name == "zeta-t2" else make_mixer(name, random_state=0)
    plan = mixer.draw(X.shape, like=X)
    mixed = mixer.apply(X, None, plan)[0]
    assert mixed.dtype == X.dtype
    exact = mixer.apply(X.double().numpy(), None, plan)[0]
    assert np.abs(to_numpy(mixed) - exact).max() <= 2.01 * unit * to_numpy(X).max()


def test_out_of_half_precision_is_written(on_a_device):
    X = batch("torch", "float16")
    out = torch.empty_like(X)
    plan = ZetaMixup(random_state=0).draw(X.shape, like=X)
    mixed = ZetaMixup().apply(X, None, plan, out=out)[0]
    assert mixed is out
    assert torch.equal(out, ZetaMixup().apply(X, None, plan)[0])


@pytest.mark.parametrize("name", ["zeta", "mixup", "mixup-per-sample"])
def test_gradients_are_those_of_the_host(name, on_a_device, monkeypatch):
    kind, params = VARIANTS[name]
    X = batch("torch", "float64").requires_grad_()
    mixer = make_mixer(kind, random_state=0, **params)
    plan = mixer.draw(X.shape, n_out=10, like=X)
    (there,) = torch.autograd.grad(mixer.apply(X, None, plan)[0].square().sum(), X)
    monkeypatch.undo()
    (here,) = torch.autograd.grad(mixer.apply(X, None, plan)[0].square().sum(), X)
    torch.testing.assert_close(there, here)


def test_constants_made_for_inference_serve_training(on_a_device):
    X = torch.rand(64, 3)
    with torch.inference_mode():
        ZetaMixup(1.234, n_mix=2, random_state=0)(X)
    X.requires_grad_()
    ZetaMixup(1.234, n_mix=2, random_state=0)(X, n_out=1)[0].sum().backward()
    assert X.grad.sum().item() == pytest.approx(3, abs=1e-5)


def test_a_box_drawn_on_the_device_does_not_wait_either(no_waiting, monkeypatch):
    X, y = torch.rand(8, 3, 6, 6, device="cuda"), torch.zeros(8, dtype=torch.int64, device="cuda")
    mixer = make_mixer("cutmix", n_classes=5, random_state=0)
    assert isinstance(mixer.draw(X.shape, like=X).box, np.ndarray)
    with no_host_draws():  # as in a capture
        assert mixer.draw(X.shape, like=X).box.device == X.device
        assert mixer(X, y)[0].shape == X.shape
        with pytest.raises(RuntimeError, match="RandomMixer, and prob below 1, cannot be captured"):
            ZetaMixup(prob=0.5, random_state=0)(X)
    assert isinstance(mixer.draw(X.shape, like=X).box, np.ndarray)


CUDA_BUILD = pytest.mark.skipif(
    torch.version.cuda is None, reason="this torch is built without CUDA: no fake tensors"
)


@CUDA_BUILD
@pytest.mark.parametrize(
    ("name", "call", "applied"), [("zeta", 8, 2), ("mixup", 8, 4), ("cutmix", 8, 5), ("p-series-pairs", 11, 6)]
)
def test_a_call_is_few_operations(name, call, applied):
    whole, of_apply = launches_of_mixer(name)
    assert len(whole) <= call, whole
    assert len(of_apply) <= applied, of_apply


@CUDA_BUILD
def test_more_rows_are_not_more_operations(no_waiting):
    X, mixer = torch.rand(32, 5, device="cuda"), ZetaMixup(random_state=0)
    few, many = (len(launches_of(lambda n=n: mixer(X, n_out=n))) for n in (33, 3_201))
    assert many <= few


def test_a_graph_is_captured_on_cuda_only():
    for X, what in ((torch.rand(4, 3), "a tensor on cpu"), (np.eye(3), "ndarray")):
        with pytest.raises(TypeError, match=f"X must be a tensor on CUDA, where graphs are captured; got {what}"):
            ZetaMixup().captured(X)


@CUDA_BUILD
def test_what_cannot_be_captured_is_refused_before(no_waiting):
    X = torch.rand(4, 3, device="cuda")
    with pytest.raises(TypeError, match="y must be a tensor on CUDA, where graphs are captured; got list"):
        ZetaMixup().captured(X, [0, 1, 2, 0])
    with pytest.raises(ValueError, match="LocalSyntheticInstances cannot be captured: its apply leaves torch"):
        make_mixer("local-synthetic-instances").captured(X)
    with pytest.raises(ValueError, match="ZetaMixup cannot be captured: check_values waits for the host"):
        ZetaMixup(check_values=True).captured(X)


@pytest.mark.cuda
@needs_cuda
class TestCaptured:
    @pytest.mark.parametrize("name", ["zeta", "mixup", "cutmix", "cutmix-zeta", "dirichlet"])
    def test_replays_mix_each_batch_with_fresh_numbers(self, name):
        X, y = torch.rand(16, 3, 8, 8, device="cuda"), torch.arange(16, device="cuda") % 5
        mix = make_mixer(name, n_classes=5, random_state=0).captured(X, y)
        first = [part.clone() for part in mix(X, y)]
        second = [part.clone() for part in mix(X, y)]
        assert not torch.equal(first[0], second[0])
        X_new, Y_new = mix(torch.full_like(X, 2.0), torch.full_like(y, 3))
        torch.testing.assert_close(X_new, torch.full_like(X, 2.0))
        torch.testing.assert_close(Y_new[:, 3], torch.ones(16, device="cuda"))
        with pytest.raises(ValueError, match=r"X must be like that of the captured batch, \(16, 3, 8, 8\)"):
            mix(X[:8], y[:8])

    def test_the_first_replay_is_the_next_call(self):
        X = torch.rand(16, 5, device="cuda")
        plain = ZetaMixup(random_state=0)
        mix = ZetaMixup(random_state=0).captured(X)
        for _ in range(3):
            torch.testing.assert_close(mix(X)[0], plain(X)[0])

    def test_orders_are_equally_frequent(self):
        X = torch.eye(4, device="cuda")
        mix = ZetaMixup(2.0, anchor="random", random_state=0).captured(X)
        orders = torch.cat([(-mix(X)[0]).argsort(dim=1).clone() for _ in range(2_000)]).cpu().numpy()
        counts = np.unique(orders, axis=0, return_counts=True)[1]
        assert len(counts) == 24
        assert chisquare(counts).pvalue > 1e-3

    def test_choices_of_the_host_are_refused(self):
        X = torch.rand(4, 3, device="cuda")
        with pytest.raises(RuntimeError, match="prob below 1, cannot be captured"):
            ZetaMixup(prob=0.5, random_state=0).captured(X)
