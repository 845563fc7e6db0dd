"""torchvision's transforms in an audit: uint8 where the originals are, floats where they are, or a plain message."""

import numpy as np
import pytest
import torch

from zeta_geom.audits.methods.augmenting import apply, to_methods
from zeta_geom.audits.samples import to_samples

v1, v2 = (pytest.importorskip(f"torchvision.transforms{name}") for name in ("", ".v2"))
LEVELS = np.random.default_rng(0).integers(0, 256, (9, 3, 16, 16)).astype(np.uint8)
OF_LEVELS = [
    v1.RandAugment(), v1.AutoAugment(), v1.TrivialAugmentWide(), v1.AugMix(), v1.RandomEqualize(1.0),
    v1.RandomPosterize(2, 1.0), v2.RandAugment(), v2.JPEG((50, 60)), v2.RandomEqualize(1.0),
]  # fmt: skip


def made_of(transform, X):
    return apply(to_methods(transform, [], 0)[0], to_samples(X), 4).X


@pytest.mark.parametrize("transform", OF_LEVELS, ids=lambda one: f"{type(one).__module__[-8:]}.{type(one).__name__}")
def test_transforms_of_uint8_get_uint8(transform):
    found = made_of(transform, LEVELS)
    assert found.shape == LEVELS.shape
    assert found.dtype == np.float32
    np.testing.assert_allclose(255 * found, np.rint(255 * found), atol=1e-4)  # grey levels divided by 255
    assert (found != LEVELS.astype(np.float32) / 255).any()


def test_what_transforms_give_is_what_they_give_a_user():
    posterized = torch.stack([v1.functional.posterize(torch.from_numpy(image), 2) for image in LEVELS])
    assert (made_of(v1.RandomPosterize(2, 1.0), LEVELS) == posterized.numpy().astype(np.float32) / 255).all()
    gray = made_of(v1.RandomEqualize(1.0), LEVELS[:, 0])
    assert gray.shape == (9, 16, 16)


def test_transforms_of_floats_get_floats_and_the_same_draws():
    halved = v2.Compose([v2.RandomHorizontalFlip(0.5), v2.Normalize([0.0], [2.0])])  # draws before it refuses uint8
    floats = LEVELS.astype(np.float32) / 255
    assert (made_of(halved, LEVELS) == made_of(halved, floats)).all()
    mixed = apply(to_methods(v2.MixUp(num_classes=2), [], 0)[0], to_samples(LEVELS, np.arange(9) % 2), 4)
    assert mixed.X.shape == LEVELS.shape


def test_what_no_kind_of_tensor_serves_is_said():
    floats = r"RandomEqualize must accept a tensor of float32 \(3, 16, 16\), because the originals are"
    with pytest.raises(ValueError, match=rf"{floats} floats; it raised .*uint8.* Give originals as integers"):
        made_of(v1.RandomEqualize(1.0), LEVELS.astype(np.float32) / 255)
    with pytest.raises(ValueError, match=r"ToTensor must accept a tensor of float32 .* after it refused uint8"):
        made_of(v1.ToTensor(), LEVELS)
    with pytest.raises(ValueError, match="must return one tensor, array or PIL image; got a tuple"):
        made_of(v1.FiveCrop(8), LEVELS)
    divided = r"float32 of shape \(4, 3, 16, 16\), integers that the audit divided by 255, it raised TypeError"
    with pytest.raises(ValueError, match=divided):  # a function of the user's own
        made_of(lambda X: v1.functional.posterize(torch.from_numpy(X), 2).numpy(), LEVELS)
    noisy = made_of(v2.Lambda(lambda x: x + 0.05 * torch.randn(x.shape)), LEVELS)
    assert np.abs(noisy - LEVELS / 255).max() < 0.5  # computed in floats, so it is given floats of 0..1
    palette = v1.Lambda(lambda image: v1.functional.to_pil_image(image).convert("P"))
    with pytest.raises(ValueError, match=r"grey levels or colours; got a PIL image of mode P\. Convert it"):
        made_of(palette, LEVELS)
    with pytest.raises(ValueError, match=r"must return images of one shape; got \(3, "):
        made_of(v2.ScaleJitter((16, 16)), LEVELS)
