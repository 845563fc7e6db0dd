"""Manifold mixup and MixFeat inside torch modules, against the same arithmetic by hand."""

import copy
import math

import numpy as np
import pytest
import torch
from scipy.stats import chisquare, halfnorm, kstest
from torch.nn import BatchNorm1d, Linear, ReLU, Sequential

from zeta_geom import mixers
from zeta_geom.mixers import ManifoldMixup, MixFeat
from zeta_geom.realism import LeNet5

X = torch.rand(6, 4, generator=torch.Generator().manual_seed(0))


y = torch.tensor([0, 1, 2, 0, 1, 2])


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Sequential(Linear(4, 8), ReLU(), Sequential(Linear(8, 8), ReLU()), Linear(8, 3)).double()


def twin(mixer):
    """Return a mixer that draws what this one will draw."""
    return copy.deepcopy(mixer)


class TestManifoldMixup:
    @pytest.mark.parametrize("layer", ["input", "0", "2", "2.0", "3"])
    def test_mixes_the_named_layer_and_the_labels(self, model, layer):
        mixer = ManifoldMixup([layer], random_state=0, n_classes=3)
        plans = twin(mixer)
        output, Y = mixer.run(model, X.double(), y)
        plans._stream.choice()
        h, labels = X.double(), torch.eye(3, dtype=torch.float64)[y]
        if layer == "input":
            h, labels = plans.apply(h, labels, plans.draw(h.shape, like=h))
        for name, module in model.named_children():
            if name == "2" and layer == "2.0":
                h = module[0](h)
                h, labels = plans.apply(h, labels, plans.draw(h.shape, like=h))
                h = module[1](h)
                continue
            h = module(h)
            if name == layer:
                h, labels = plans.apply(h, labels, plans.draw(h.shape, like=h))
        torch.testing.assert_close(output, h, rtol=0, atol=0)
        torch.testing.assert_close(Y, labels, rtol=0, atol=0)
        assert (Y > 0).sum(dim=1).max() == 2

    def test_layers_are_drawn_uniformly(self, model):
        mixer = ManifoldMixup(["input", "0", "2"], random_state=0)
        seen = dict.fromkeys(mixer.layers, 0)
        outputs = {}
        for name in ("0", "2"):
            model.get_submodule(name).register_forward_hook(
                lambda module, args, out, name=name: outputs.update({name: out})
            )
        for _ in range(300):
            plain = model[0](X.double())
            mixer.run(model, X.double())
            first, third = outputs["0"], outputs["2"]
            untouched = {"input": torch.equal(first, plain), "0": torch.equal(third, model[2](model[1](plain)))}
            seen[next((name for name, same in untouched.items() if not same), "2")] += 1
        assert chisquare(list(seen.values())).pvalue > 1e-3

    def test_a_convolutional_network_trains_through_it(self):
        network = LeNet5(torch.Generator().manual_seed(0)).train()
        images = torch.rand(8, 1, 28, 28)
        mixer = ManifoldMixup(["input", "conv1", "conv2"], random_state=0, n_classes=10)
        for _ in range(6):
            logits, Y = mixer.run(network, images, torch.arange(8))
            torch.nn.functional.cross_entropy(logits, Y).backward()
        assert all(parameter.grad.abs().sum() > 0 for parameter in network.parameters())

    def test_prob_leaves_out_batches_and_their_labels(self, model):
        output, Y = ManifoldMixup(["0"], prob=0.0).run(model, X.double(), y)
        assert torch.equal(output, model(X.double()))
        assert torch.equal(Y, torch.eye(3, dtype=torch.float64)[y])

    def test_half_precision_activations_keep_their_dtype(self):
        seen = []
        network = Sequential(Linear(4, 8), Linear(8, 3)).bfloat16()
        network[1].register_forward_pre_hook(lambda module, args: seen.append(args[0].dtype))
        output, Y = ManifoldMixup(["0"], random_state=0).run(network, X.bfloat16(), y)
        assert seen == [torch.bfloat16]
        assert (output.dtype, Y.dtype) == (torch.bfloat16, torch.float32)


class TestMixFeat:
    @pytest.mark.parametrize("per_feature", [True, False])
    def test_disturbs_every_named_layer_with_draws_of_its_own(self, model, per_feature):
        mixer = MixFeat(["0", "2"], per_feature=per_feature, random_state=0)
        plans = twin(mixer)
        output, Y = mixer.run(model, X.double(), y)
        h = model[0](X.double())
        first = plans.draw(h.shape, like=h)
        h = model[2](model[1](plans.apply(h, None, first)[0]))
        second = plans.draw(h.shape, like=h)
        assert np.shape(first.first) == ((8,) if per_feature else ())
        assert not torch.equal(first.first, second.first)
        torch.testing.assert_close(output, model[3](plans.apply(h, None, second)[0]), rtol=0, atol=0)
        assert torch.equal(Y, torch.eye(3, dtype=torch.float64)[y])


@pytest.fixture(params=[ManifoldMixup, MixFeat])
def method(request):
    return request.param


class TestBoth:
    def test_nothing_is_mixed_at_evaluation(self, model, method):
        model.eval()
        output, Y = method(["0"], random_state=0).run(model, X.double(), y)
        assert torch.equal(output, model(X.double()))
        assert torch.equal(Y, torch.eye(3, dtype=torch.float64)[y])

    def test_without_labels(self, model, method):
        output, Y = method(["0"], random_state=0).run(model, X.double())
        assert Y is None
        assert not torch.equal(output, model(X.double()))

    def test_no_hook_stays_behind(self, model, method):
        mixer = method(["0", "2"], random_state=0)
        mixer.run(model, X.double(), y)
        assert all(not module._forward_hooks for module in model.modules())
        with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
            mixer.run(model, torch.zeros(3, 7, dtype=torch.float64))
        assert all(not module._forward_hooks for module in model.modules())

    def test_resume_by_state_dict(self, model, method):
        mixer, resumed = method(["0", "2"], random_state=0), method(["0", "2"], random_state=1)
        mixer.run(model, X.double(), y)
        resumed.load_state_dict(mixer.state_dict())
        for _ in range(5):
            assert torch.equal(mixer.run(model, X.double(), y)[0], resumed.run(model, X.double(), y)[0])

    @pytest.mark.parametrize(
        ("layers", "error", "text"),
        [
            (["9"], ValueError, "layers must name modules of the model, or 'input'; got '9'. It has '0', '1', '2', "),
            ([""], ValueError, "layers must name modules of the model"),
            ("0", TypeError, "layers must be a sequence of names of modules, at least one; got '0'"),
            ([], TypeError, "layers must be a sequence of names"),
        ],
    )
    def test_layers_that_are_none(self, model, method, layers, error, text):
        with pytest.raises(error, match=text):
            method(layers).run(model, X.double(), y)

    def test_labels_must_fit(self, model, method):
        with pytest.raises(ValueError, match="y must have one label for each of the 6 samples; got 2"):
            method(["0"]).run(model, X.double(), [0, 1])

    def test_a_layer_is_called_once(self, method):
        class Twice(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.layer, self.never = Linear(4, 4), BatchNorm1d(4)

            def forward(self, x):
                return self.layer(self.layer(x))

        for name, times in (("layer", 2), ("never", 0)):
            with pytest.raises(RuntimeError, match=f"layer '{name}' must be called once .* got {times} calls"):
                method([name]).run(Twice(), X)

    def test_a_layer_returns_one_tensor(self, method):
        network = torch.nn.LSTM(4, 5, batch_first=True)
        wrapped = torch.nn.ModuleDict({"lstm": network})
        wrapped.forward = lambda x: network(x)[0]
        with pytest.raises(TypeError, match="layer 'lstm' must return one tensor to be mixed; got tuple"):
            method(["lstm"]).run(wrapped, X[:, None])


@pytest.mark.parametrize("start", [lambda: 0, torch.Generator], ids=["numpy", "torch"])
@pytest.mark.parametrize("per_feature", [True, False])
def test_mixfeat_disturbs_by_a_normal_length_in_a_uniform_direction(per_feature, start):
    mixer = mixers.MixFeat(sigma=0.3, per_feature=per_feature, random_state=start())
    plans = [mixer.draw((2, 3000) if per_feature else (2, 1)) for _ in range(1 if per_feature else 3000)]
    a, b = (np.array([getattr(plan, name) for plan in plans]).ravel() for name in ("first", "second"))
    for part in (a - 1, b):  # r cos t, r sin t: mean 0, variance σ² / 2, fourth moment 3 σ⁴ · 3 / 8
        assert part.mean() == pytest.approx(0, abs=4 * 0.3 / math.sqrt(2 * 3000))
        assert part.var() == pytest.approx(0.3**2 / 2, rel=0.15)
    assert ((a - 1) * b).mean() == pytest.approx(0, abs=0.3**2 / 20)
    assert kstest(np.hypot(a - 1, b), halfnorm(scale=0.3).cdf).pvalue > 1e-3
    assert kstest(np.arctan2(b, a - 1), "uniform", args=(-math.pi, 2 * math.pi)).pvalue > 1e-3
