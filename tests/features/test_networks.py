"""Networks by name: ImageNet weights, models of timm, weights from files, preprocessing, features kept on disk."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from sklearn.datasets import load_sample_images

from tests.features.networks_of_tests import PICTURES, net
from zeta_geom.features import kept, networks, space, weights
from zeta_geom.features.inputs import Pictures

timm = pytest.importorskip("timm", reason="the extra features is not installed")
pytestmark = pytest.mark.skipif(find_spec(weights.IMAGENET_PACKAGE) is None, reason="the extra features is missing")
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def photographs():
    return np.stack(load_sample_images().images)


def test_two_photographs_are_a_palace_and_a_daisy(photographs):
    prepare = space("imagenet").of(photographs.shape).source.prepare
    with torch.no_grad():
        classes = networks.imagenet_model()(prepare(photographs / 255)).argmax(1)
    names = timm.data.ImageNetInfo()
    assert [names.index_to_description(int(each)).split(",")[0] for each in classes] == ["palace", "daisy"]


def test_imagenet_features_are_what_its_classifier_gets(photographs):
    made, model = space("imagenet"), networks.imagenet_model()
    F = made.extract(photographs)
    assert F.shape == (2, 1280)
    with torch.no_grad():  # the plain network, without folding: rounding alone differs
        x = made.of(photographs.shape).source.prepare(photographs / 255)
        inputs = []
        model.classifier.register_forward_pre_hook(lambda module, args: inputs.append(args[0]))
        model(x)
    np.testing.assert_allclose(F, inputs[0].numpy(), atol=2e-5 * float(inputs[0].abs().max()))


def test_no_batch_normalisation_is_left_and_none_is_lost():
    folded = space("imagenet").source.load()
    assert not [part for part in folded.modules() if isinstance(part, torch.nn.BatchNorm2d)]
    assert space("imagenet", layer="bn1").source.load() is not folded


def test_a_layer_of_imagenet_is_that_of_the_plain_network():
    X = RNG.random((2, 32, 32, 3))
    made = space("imagenet", layer="conv_stem").of(X.shape)
    with torch.no_grad():
        wanted = networks.imagenet_model().conv_stem(made.source.prepare(X))
    np.testing.assert_allclose(made.raw(X), wanted.numpy(), atol=1e-5)
    assert made.name == "imagenet.conv_stem-64"


def test_the_size_follows_the_samples_and_stands_in_the_name():
    made = space("imagenet")
    sizes = {(2, 32, 32): 64, (2, 3, 64, 64): 64, (2, 20, 65, 3): 224, (2, 224, 224): 224}
    for shape, size in sizes.items():
        fixed = made.of(shape)
        assert fixed.name == f"imagenet-{size}"
        assert f"{size} × {size}" in fixed.stated
    assert made.of((2, 32, 32)).of((2, 100, 100)).name == "imagenet-64"  # a size that is known stays


@pytest.mark.parametrize("side", [5, 8, 40])
def test_resizing_is_that_of_pillow(side):
    X = RNG.random((1, 16, 24, 3)).astype(np.float32)
    prepare = Pictures(lambda longer: side, (0.5, 0.4, 0.3), (0.5, 0.25, 0.2)).sized(X.shape, None)
    square = X[0, :, 4:20]
    wanted = [np.asarray(Image.fromarray(square[..., c]).resize((side, side), Image.BICUBIC)) for c in range(3)]
    wanted = (np.stack(wanted) - np.array([[[0.5]], [[0.4]], [[0.3]]])) / np.array([[[0.5]], [[0.25]], [[0.2]]])
    np.testing.assert_allclose(prepare(X)[0].numpy(), wanted, atol=2e-5)


def test_grey_is_repeated_and_other_pictures_are_refused():
    grey = RNG.random((2, 32, 32))
    F = space("imagenet").extract(grey)
    np.testing.assert_array_equal(F, space("imagenet").extract(np.repeat(grey[..., None], 3, axis=3)))
    for bad, text in [
        (np.zeros((2, 8)), "images"),
        (np.zeros((2, 32, 32, 4)), "1 or 3 channels"),
        (np.full((2, 32, 32), 200.0), r"pictures must lie in 0\.\.1; got 200"),
    ]:
        with pytest.raises(ValueError, match=text):
            space("imagenet").extract(bad)


def test_a_model_of_timm_takes_weights_of_a_file(tmp_path):
    torch.manual_seed(0)
    model = timm.create_model("test_resnet", pretrained=False).eval()
    save_file(model.state_dict(), tmp_path / "w.safetensors")
    torch.save({"state_dict": model.state_dict()}, tmp_path / "w.pth")
    X = RNG.random((3, 20, 20))
    size = model.pretrained_cfg["input_size"][-1]
    for suffix in ("safetensors", "pth"):
        made = space("timm:test_resnet", weights=tmp_path / f"w.{suffix}").of(X.shape)
        assert made.name == f"timm:test_resnet-{size}"
        F = made.extract(X)
        with torch.no_grad():
            wanted = model.forward_head(model.forward_features(made.source.prepare(X)), pre_logits=True)
        np.testing.assert_allclose(F, wanted.numpy(), rtol=1e-4, atol=1e-6)
    mean = model.pretrained_cfg["mean"][0]
    assert f"mean {mean:g}" in made.stated


def test_weights_of_a_file_go_into_a_copy_of_a_module(tmp_path):
    torch.manual_seed(1)
    trained = type(net())()
    torch.save(trained.state_dict(), tmp_path / "w.pth")
    module = net()
    before = module.head.weight.clone()
    F = space(module, weights=tmp_path / "w.pth").extract(PICTURES)
    np.testing.assert_allclose(F, space(trained).extract(PICTURES), rtol=1e-6)
    assert torch.equal(module.head.weight, before)


class Calling:
    """A pickle that calls a function when it is opened."""

    def __reduce__(self):
        return (os.getcwd, ())


def damaged_copy(folder):
    file = Path(find_spec(weights.IMAGENET_PACKAGE).submodule_search_locations[0]) / weights.IMAGENET_FILE
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    (folder / "imagenet.pth").write_bytes(content)
    return space("imagenet", weights=folder / "imagenet.pth")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda s: s.pop("head.bias"), "they lack head.bias"),
        (lambda s: s.update(more=torch.zeros(1)), "they have unknown more"),
        (lambda s: s.update({"head.bias": torch.zeros(3)}), r"other shapes, head.bias \(3,\) in place of \(2,\)"),
        (lambda s: s.update(pickle=Calling()), "cannot be read as a state dict without running code"),
        (lambda s: s.update(number=3), "must hold a state dict"),
    ],
)
def test_weights_that_do_not_fit_are_refused(tmp_path, change, text):
    states = dict(net().state_dict())
    change(states)
    torch.save(states, tmp_path / "w.pth")
    with pytest.raises(ValueError, match=text) as caught:
        space(net(), weights=tmp_path / "w.pth")
    assert "\n" not in str(caught.value)


def test_files_of_weights_are_checked(tmp_path):
    with pytest.raises(ValueError, match="weights of 'imagenet' must have SHA-256 5793"):
        damaged_copy(tmp_path)
    with pytest.raises(FileNotFoundError, match="weights must be a file; there is no"):
        space(net(), weights=tmp_path / "absent.pth")
    with pytest.raises(ValueError, match=r"must be a file that ends in \.safetensors"):
        space(net(), weights=tmp_path / "w.npz")
    with pytest.raises(ValueError, match=r"must name a model of timm, such as .*resnet.*; got 'resnet5'"):
        space("timm:resnet5")


def test_order_and_shapes_are_compared_one_by_one():
    states = weights.imagenet_states()
    assert len(states) == 296
    model = timm.create_model(networks.IMAGENET, pretrained=False)
    names = list(states)
    swapped = {name: states[name] for name in [names[1], names[0], *names[2:]]}
    with pytest.raises(ValueError, match=r"weights must have shape .* for conv_stem\.weight"):
        weights.load_in_order(model, swapped)
    with pytest.raises(ValueError, match="weights must hold 247 tensors"):
        weights.load_in_order(model, dict(list(states.items())[:-1]))


def test_a_missing_package_is_named_with_its_extra(monkeypatch):
    monkeypatch.setattr(weights, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"need timm.*: pip install 'zeta-geom\[features\]'"):
        space("imagenet")


def test_features_are_kept_by_samples_and_space(tmp_path, monkeypatch):
    X, calls = RNG.random((4, 28, 28)), []
    run = networks._lenet_features

    def counted(module, x):
        calls.append(len(x))
        return run(module, x)

    monkeypatch.setattr(networks, "_lenet_features", counted)
    first = kept(space("lenet"), X, tmp_path)
    np.testing.assert_array_equal(kept(space("lenet"), X, tmp_path), first)
    assert calls == [4]
    assert kept(space("lenet", layer="fc1"), X, tmp_path).shape == (4, 120)
    other = kept(space("lenet"), X[::-1], tmp_path)
    np.testing.assert_array_equal(other, first[::-1])
    np.testing.assert_array_equal(kept(space("lenet"), X, tmp_path), first)
    assert calls == [4, 4]
    assert len(list((tmp_path / "features").glob("*.npz"))) == 3


def test_what_cannot_be_known_is_not_kept(tmp_path):
    for each in (space("pixels"), space(net()), space(lambda X: X[:, 0, 0])):
        kept(each, PICTURES, tmp_path)
    assert list(tmp_path.iterdir()) == []
    kept(space("lenet"), np.zeros((2, 28, 28)), None)


def test_the_key_of_a_model_of_timm_has_its_weights(tmp_path):
    keys = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        model = timm.create_model("test_resnet", pretrained=False)
        save_file(model.state_dict(), tmp_path / f"{seed}.safetensors")
        keys.append(space("timm:test_resnet", weights=tmp_path / f"{seed}.safetensors").key)
    assert keys[0] != keys[1]
    shutil.copy(tmp_path / "0.safetensors", tmp_path / "2.safetensors")
    assert space("timm:test_resnet", weights=tmp_path / "2.safetensors").key == keys[0]
