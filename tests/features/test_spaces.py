"""Feature spaces of samples, functions and torch modules: what they return, restore and refuse."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.features.networks_of_tests import PICTURES, net
from zeta_geom.features import modules, sources, space, to_spaces
from zeta_geom.realism import MNISTOracle


def expected(module, function):
    module.eval()
    with torch.no_grad():
        return function(module, torch.from_numpy(PICTURES).float()).numpy()


def test_pixels_are_the_values_and_grey_levels_become_floats():
    X = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    np.testing.assert_array_equal(space("pixels").extract(X), X.reshape(2, 12) / np.float32(255))
    assert space("pixels").raw(X).shape == X.shape


def test_a_function_is_called_on_copies_of_batches(monkeypatch):
    monkeypatch.setattr(sources, "BATCH", 4)
    X, sizes = PICTURES.copy(), []

    def means(batch):
        sizes.append(len(batch))
        batch *= 2
        return torch.from_numpy(batch).mean((2, 3))

    F = space(means).extract(X)
    np.testing.assert_allclose(F, 2 * PICTURES.mean((2, 3)))
    np.testing.assert_array_equal(X, PICTURES)
    assert sizes == [4, 4, 1]


def test_lenet_is_the_oracle_of_any_layout():
    X = np.random.default_rng(0).random((70, 28, 28))
    F = MNISTOracle.pretrained().features(X)
    for same in (X, X[:, None], X[..., None], X.reshape(70, -1)):
        np.testing.assert_array_equal(space("lenet").extract(same), F)


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize(
    ("layer", "function"),
    [
        (None, lambda m, x: m(x)),
        ("stem.1", lambda m, x: m.stem[1](m.stem[0](x))),  # what follows works in place
        ("body", lambda m, x: m.body(m.stem(x))),
    ],
)
def test_a_module_gives_its_output_or_that_of_a_layer(monkeypatch, layer, function, last):
    module, kept = net(), net()
    F = expected(kept, function)
    monkeypatch.setattr(modules, "VALUES", 4 * PICTURES[0].size)
    made = space(module, layer=layer)
    X = PICTURES.transpose(0, 2, 3, 1) if last else PICTURES
    np.testing.assert_allclose(made.raw(X), F, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(made.extract(X), F.reshape(9, -1), rtol=1e-5, atol=1e-6)
    assert made.name == ("Net" if layer is None else f"Net.{layer}")


def test_a_forward_pass_ends_at_the_layer():
    class Never(nn.Module):
        def forward(self, x):
            raise NotImplementedError

    module = nn.Sequential(nn.Flatten(), nn.Identity(), nn.ReLU(inplace=True), Never())
    np.testing.assert_allclose(space(module, layer="1").extract(-PICTURES), -PICTURES.reshape(9, -1), rtol=1e-6)


def test_channels_are_moved_where_told_and_grey_images_gain_an_axis():
    X = np.random.default_rng(0).random((4, 3, 5, 4))  # both layouts are possible: it stays as it is
    seen = space(nn.Flatten(2)).raw(X)
    np.testing.assert_allclose(seen, X.reshape(4, 3, 20), rtol=1e-6)
    moved = to_spaces({"m": nn.Flatten(2)}, channels="last")["m"].raw(X)
    np.testing.assert_allclose(moved, X.transpose(0, 3, 1, 2).reshape(4, 4, 15), rtol=1e-6)
    assert space(nn.Identity()).raw(X[:, 0]).shape == (4, 1, 5, 4)
    assert space(nn.Identity()).raw(X[:, 0, 0]).shape == (4, 4)


def test_a_bound_method_runs_its_module_in_evaluation_mode():
    module = net()
    F = expected(net(), lambda m, x: m.embed(x))
    made = space(module.train().embed)
    np.testing.assert_allclose(made.extract(PICTURES), F, rtol=1e-5, atol=1e-6)
    assert made.name == "Net.embed"


def test_a_module_keeps_its_modes_dtype_gradients_and_hooks():
    module = net().double().train()
    module.body.eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    F = space(module, layer="body").extract(PICTURES)
    assert F.dtype == np.float64
    assert [module.training, module.stem.training, module.body.training] == [True, True, False]
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    assert not module.body._forward_hooks
    module(torch.from_numpy(PICTURES)).sum().backward()  # no inference tensors are left behind


def test_a_module_gets_smaller_batches_if_memory_does_not_suffice():
    class Small(nn.Module):
        sizes, most = (), 2

        def forward(self, x):
            self.sizes += (len(x),)
            if len(x) > self.most:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return x.flatten(1)

    module = Small()
    np.testing.assert_allclose(space(module).extract(PICTURES), PICTURES.reshape(9, -1), rtol=1e-6)
    assert module.sizes == (9, 4, 2, 2, 2, 2, 1)
    module.most = 0
    with pytest.raises(MemoryError, match="cannot hold one sample"):
        space(module).extract(PICTURES)


def test_names_pairs_sequences_and_mappings_become_spaces():
    module = net()
    assert list(to_spaces()) == ["pixels"]
    assert list(to_spaces(("pixels", "lenet"))) == ["pixels", "lenet"]
    assert list(to_spaces((module, "stem"))) == ["Net.stem"]
    assert list(to_spaces([(module, "stem"), module, np.mean])) == ["Net.stem", "Net", "mean"]
    assert list(to_spaces(("lenet", "conv2"))) == ["lenet.conv2"]
    named = to_spaces({"mine": (module, "stem"), "theirs": space(module)})
    assert [(name, each.name, each.of(PICTURES.shape).name) for name, each in named.items()] == [
        ("mine", "mine", "mine"),
        ("theirs", "theirs", "theirs"),
    ]


def test_an_object_is_imported_by_its_path():
    made = space("numpy:atleast_2d")
    assert made.name == "numpy:atleast_2d"
    assert made.extract(np.ones((3, 2))).shape == (3, 2)


@pytest.mark.parametrize(
    ("bad", "error", "text"),
    [
        (lambda: space("imagent"), ValueError, "features must be 'pixels', 'lenet', .*; got 'imagent'"),
        (lambda: space("numpy:nothing"), ValueError, "features 'numpy:nothing' does not exist"),
        (lambda: space("os:system"), TypeError, "features must be .*; got builtin_function"),
        (lambda: space(np.zeros((3, 2))), TypeError, "features must be .*; got ndarray"),
        (lambda: space(nn.Identity), TypeError, "got a class"),
        (lambda: space("pixels", layer="a"), ValueError, "layer must be None for pixels; got"),
        (lambda: space("lenet", weights="w.pth"), ValueError, "weights must be None for lenet; got"),
        (lambda: space(np.mean, layer="a"), ValueError, "layer must be None for the function mean; got"),
        (
            lambda: space(net(), layer="stm"),
            ValueError,
            r"layer must be a layer of Net: stem, stem\.0, .*; got 'stm'",
        ),
        (lambda: space(net(), name=" "), TypeError, "name must be a non-empty str"),
        (lambda: to_spaces([]), ValueError, "features must name at least one space"),
        (lambda: to_spaces([net(), net()]), ValueError, "features must have different names; got Net twice"),
        (lambda: to_spaces("pixels", channels="middle"), ValueError, "channels"),
        (lambda: space("pixels").extract(np.zeros(3)), ValueError, "X must have shape"),
        (lambda: space("pixels").extract(np.full((3, 2), np.nan)), ValueError, "X must be finite"),
        (lambda: space("lenet").of((3, 32, 32)), ValueError, "'lenet' must get images of 28 × 28"),
        (
            lambda: space(lambda X: X[1:, 0, 0]).extract(PICTURES),
            ValueError,
            r"must have shape \(9, c\) .*got \(8, 8\)",
        ),
        (
            lambda: space(lambda X: X[:, 0, 0, 0]).extract(PICTURES),
            ValueError,
            r"must have shape \(9, c\) .*got \(9,\)",
        ),
        (lambda: space(lambda X: X / 0).extract(PICTURES), ValueError, "must be finite; .* for sample 0"),
        (lambda: space(lambda X: 1 / 0, name="f").extract(PICTURES), ValueError, "'f' must take .*ZeroDivisionError"),
        (lambda: space(nn.LSTM(8, 2)).extract(PICTURES[:, 0, 0]), ValueError, "output must be one tensor, got tuple"),
        (lambda: space(net()).extract(PICTURES[:, :2]), ValueError, r"must take samples of shape \(9, 2, 8, 8\)"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_bad_input_is_refused_in_one_line(bad, error, text):
    with pytest.raises(error, match=text) as caught:
        bad()
    assert "\n" not in str(caught.value)


def test_nan_of_a_module_names_the_sample(monkeypatch):
    class Root(nn.Module):
        def forward(self, x):
            return x.sqrt()

    monkeypatch.setattr(modules, "VALUES", 2 * PICTURES[0].size)
    X = PICTURES.copy()
    X[5] *= -1
    with pytest.raises(ValueError, match="features 'Root' must be finite; got NaN or infinite values for sample 5"):
        space(Root()).extract(X)


def test_names_of_layers_are_at_most_twenty():
    deep = nn.Sequential(*(nn.Sequential(nn.Identity(), nn.Identity()) for _ in range(30)))
    with pytest.raises(ValueError, match="layer must be") as caught:
        space(deep, layer="7.5")
    assert str(caught.value).count(",") == 20
    assert "7.1" in str(caught.value)
