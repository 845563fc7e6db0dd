"""Transforms of albumentations, kornia, timm and torchvision v2 in an audit, each judged by the library itself."""

import random
import sys

import numpy as np
import pytest
import torch

from zeta_geom.audits import Masked, audit
from zeta_geom.audits.methods.augmenting import apply, to_methods
from zeta_geom.audits.methods.libraries import library_of, name_of
from zeta_geom.audits.samples import to_samples
from zeta_geom.mixers import Mixup

RNG = np.random.default_rng(0)
LEVELS = RNG.integers(0, 256, (9, 16, 12, 3)).astype(np.uint8)
FLOATS = LEVELS.astype(np.float32) / 255
CLASSES = RNG.integers(0, 3, 33)
# channel c of an image is its share of class c: the mean of the pixels is the label that a mix must have
SHARES = np.broadcast_to(np.eye(3, dtype=np.float32)[CLASSES][:, :, None, None], (33, 3, 16, 12)).copy()
LAYOUTS = [(16, 12), (16, 12, 3), (3, 16, 12), (1, 16, 12), (16, 12, 1)]


def made_of(transform, X, y=None, batch=4, seed=0):
    return apply(to_methods(transform, [], seed)[0], to_samples(X, y), batch)


def states():
    return repr((random.getstate(), np.random.get_state(), torch.get_rng_state().sum(), torch.get_rng_state()[:99]))


@pytest.fixture
def A(library):
    return library("albumentations")


@pytest.fixture
def K(library):
    return library("kornia.augmentation")


@pytest.fixture
def timm_mixup(library):
    return library("timm.data").Mixup


class TestAlbumentations:
    @pytest.mark.parametrize("shape", LAYOUTS)
    def test_images_of_any_layout_are_flipped_along_their_width(self, A, shape):
        X = RNG.random((5, *shape))
        made = made_of(A.HorizontalFlip(p=1), X.astype(np.float32)).X
        assert (made == np.flip(X.astype(np.float32), 1 + shape.index(12))).all()
        assert made_of(A.HorizontalFlip(p=1), X).X.dtype == np.float64

    @pytest.mark.parametrize("X", [LEVELS, FLOATS], ids=["uint8", "float32"])
    def test_each_image_is_what_the_library_gives_for_the_same_seed(self, A, X):
        compose = A.Compose([A.HorizontalFlip(), A.RandomBrightnessContrast(p=1), A.GaussNoise(p=1)])
        compose.set_random_seed(3)
        expected = np.stack([compose(image=image)["image"] for image in X])
        before, drawn = states(), compose.py_random.getstate()
        made = made_of(compose, X, seed=3).X
        assert (made == (expected.astype(np.float32) / 255 if X is LEVELS else expected)).all()
        assert states() == before
        assert compose.py_random.getstate() == drawn  # the caller's own draws go on where they were

    def test_floats_where_uint8_is_refused_and_the_same_draws(self, A):
        def noisy(image, **_):
            return image + np.random.normal(0, 0.01, image.shape).astype(np.float32)

        compose = A.Compose([A.HorizontalFlip(), A.Lambda(image=noisy)])
        found = made_of(compose, LEVELS).X
        assert np.abs(found - made_of(compose, FLOATS).X).max() < 1e-6
        assert (found[:, :, ::-1] - FLOATS)[0].std() < 0.02 or (found - FLOATS)[0].std() < 0.02

    def test_masks_are_passed_and_belong_to_their_images(self, A):
        X, masks = RNG.integers(1, 256, (40, 8, 8)).astype(np.uint8), np.zeros((40, 8, 8), np.uint8)
        masks[np.arange(40), np.arange(40) % 8] = 1
        settings = {"n_neighbors": 4, "n_bootstrap": 10, "random_state": 0, "progress": False}
        made = audit(X, augment=Masked(A.MaskDropout(max_objects=1, p=1), masks), **settings)
        rows = made.sources.rows
        np.testing.assert_allclose(made.points["MaskDropout"].X, (X * (1 - masks))[rows] / 255, atol=1e-6)
        with pytest.raises(ValueError, match="one mask for each row of X; got 3"):
            audit(X, augment=Masked(A.MaskDropout(p=1), masks[:3]), **settings)

    def test_what_it_refuses_is_said_in_one_line(self, A):
        def fails(image, **_):
            raise RuntimeError("no\nmore")

        with pytest.raises(ValueError, match=r"Lambda must accept image=, an array of float32 \(16, 12\)") as refused:
            made_of(A.Lambda(image=fails), LEVELS[..., 0])
        assert "\n" not in str(refused.value)


class TestKornia:
    @pytest.mark.parametrize("shape", LAYOUTS)
    def test_images_of_any_layout_are_flipped_along_their_width(self, K, shape):
        X = RNG.random((5, *shape))
        np.testing.assert_array_equal(made_of(K.RandomHorizontalFlip(p=1.0), X).X, np.flip(X, 1 + shape.index(12)))

    def test_a_batch_is_what_the_library_gives_for_the_same_seed(self, K):
        module = K.AugmentationSequential(K.ColorJiggle(0.2, 0.2, 0.2, 0.2), K.RandomErasing(), data_keys=["input"])
        X = np.ascontiguousarray(FLOATS.transpose(0, 3, 1, 2))
        with torch.random.fork_rng():
            torch.manual_seed(3)
            expected = module(torch.from_numpy(X))
        before = states()
        np.testing.assert_array_equal(made_of(module, X, batch=9, seed=3).X, expected.numpy())
        assert states() == before

    @pytest.mark.filterwarnings("ignore:RandomCutMixV2")
    def test_labels_are_the_shares_of_the_pixels(self, K):
        keys = {"data_keys": ["input", "class"]}
        for module in (
            K.RandomMixUpV2(**keys),
            K.RandomCutMixV2(**keys),
            K.RandomCutMixV2(use_correct_lambda=True, **keys),
            K.RandomMixUpV2(p=0.5, **keys),
        ):
            made = made_of(module, SHARES, CLASSES)
            np.testing.assert_allclose(made.X.mean(axis=(2, 3)), made.Y, atol=1e-6)
            assert made.Y.max(axis=1).min() < 0.99

    @pytest.mark.filterwarnings("ignore:RandomCutMixV2")
    def test_labels_that_cannot_be_known_are_refused(self, K):
        keys = {"data_keys": ["input", "class"]}
        with pytest.raises(ValueError, match="must mix labels, too: make it with data_keys="):
            made_of(K.RandomMixUpV2(), SHARES, CLASSES)
        with pytest.raises(ValueError, match="must mix each image once"):
            made_of(K.RandomCutMixV2(num_mix=2, **keys), SHARES, CLASSES)
        with pytest.raises(ValueError, match="it raised NotImplementedError: The support for class labels"):
            made_of(K.AugmentationSequential(K.RandomMixUpV2(**keys), **keys), SHARES, CLASSES)
        with pytest.raises(ValueError, match="RandomMixUpV2 needs labels; give y"):
            made_of(K.RandomMixUpV2(**keys), SHARES)
        with pytest.raises(ValueError, match="needs class numbers; y holds soft labels"):
            made_of(K.RandomMixUpV2(**keys), SHARES, np.full((33, 3), 1 / 3))

    def test_masks_are_passed(self, K):
        class Cut(K.AugmentationSequential):
            def forward(self, images, masks):
                return [images * (1 - masks), masks]

        X, masks = RNG.random((9, 8, 8)), RNG.integers(0, 2, (9, 8, 8))
        made = made_of(Masked(Cut(K.RandomHorizontalFlip(), data_keys=["input", "mask"]), masks), X).X
        assert (made == X * (1 - masks)).all()


class TestTimm:
    @pytest.mark.parametrize("mode", ["batch", "elem", "pair"])
    @pytest.mark.parametrize("share", [0.0, 1.0])
    def test_labels_are_the_shares_of_the_pixels_and_smoothed(self, timm_mixup, mode, share):
        for smoothing in (0.0, 0.1):
            judge = timm_mixup(
                cutmix_alpha=1.0, switch_prob=share, mode=mode, num_classes=3, label_smoothing=smoothing
            )
            before = states()
            made = made_of(judge, SHARES, CLASSES)  # batches of 4, and 1
            assert states() == before
            shares = made.X.mean(axis=(2, 3)) * (1 - smoothing) + smoothing / 3
            np.testing.assert_allclose(made.Y, shares, atol=1e-6)
        assert made.X.mean(axis=(2, 3)).max(axis=1).min() < 0.99

    def test_each_sample_of_an_odd_batch_is_mixed_with_another(self, timm_mixup):
        X = np.eye(5)
        made = made_of(timm_mixup(num_classes=5, label_smoothing=0, mode="elem"), X, np.arange(5), batch=5)
        assert ((made.X > 0).sum(axis=1) == 2).all()
        np.testing.assert_allclose(made.X, made.Y, atol=1e-6)
        soft = np.array([[0.5, 0.5, 0, 0, 0]] * 5)
        dense = timm_mixup(num_classes=5, label_smoothing=0, multi_label=True)
        np.testing.assert_allclose(made_of(dense, soft, soft).Y, soft, atol=1e-6)

    def test_refuses(self, timm_mixup, library):
        with pytest.raises(ValueError, match="must have num_classes=3, as y has; got 1000"):
            made_of(timm_mixup(), SHARES, CLASSES)
        with pytest.raises(TypeError, match=r"give timm\.data\.Mixup with the same parameters"):
            made_of(library("timm.data").FastCollateMixup(), SHARES, CLASSES)


class TestTorchvisionTensors:
    @pytest.fixture
    def v2(self, library):
        return library("torchvision.transforms.v2")

    def test_transforms_that_act_on_images_alone_see_images(self, v2):
        from torchvision import tv_tensors

        class Invert(v2.Transform):
            def transform(self, image, params):
                return 255 - image if isinstance(image, tv_tensors.Image) else image

        np.testing.assert_allclose(made_of(v2.Compose([Invert()]), LEVELS).X, (255 - LEVELS) / 255, atol=1e-6)

    def test_masks_go_with_their_images(self, v2):
        from torchvision import tv_tensors

        class Cut(torch.nn.Module):
            def forward(self, image, mask):
                assert isinstance(mask, tv_tensors.Mask)
                return image * (mask == 0), mask

        masks = RNG.integers(0, 2, (9, 16, 12)).astype(np.uint8)
        made = made_of(Masked(v2.Compose([v2.RandomHorizontalFlip(1.0), Cut()]), masks), LEVELS).X
        np.testing.assert_allclose(made, (LEVELS * (1 - masks[..., None]))[:, :, ::-1] / 255, atol=1e-6)


def test_the_library_is_read_from_the_class_without_an_import():
    for module, name in (
        ("albumentations.core.composition", "albumentations"),
        ("kornia.augmentation.container", "kornia"),
        ("timm.data.mixup", "timm"),
        ("timm.layers", None),
        ("albumentations_of_mine", None),
    ):
        base = type("Base", (), {"__module__": module})
        loaded = set(sys.modules)
        assert library_of(type("Own", (base,), {"__module__": "models"})()) == name
        assert set(sys.modules) == loaded


def test_composed_transforms_are_named_by_their_parts(library):
    v2 = library("torchvision.transforms.v2")
    flip, jitter = v2.RandomHorizontalFlip(), v2.ColorJitter(0.2)
    assert name_of(v2.Compose([flip, jitter])) == "RandomHorizontalFlip + ColorJitter"
    assert name_of(torch.nn.Sequential(flip, v2.Compose([jitter, flip]))) == (
        "RandomHorizontalFlip + ColorJitter + RandomHorizontalFlip"
    )
    assert name_of(v2.Compose([flip] * 4)) == "RandomHorizontalFlip + RandomHorizontalFlip + 2 more"
    assert name_of(v2.RandomChoice([flip, jitter])) == "RandomChoice"
    assert to_methods(Mixup(label_smoothing=0.1, prob=0.5), [], 0)[0].name == "mixup (prob=0.5, label_smoothing=0.1)"


def test_compositions_of_other_libraries_are_named_by_their_parts(A, K):
    assert name_of(A.Compose([A.HorizontalFlip(), A.OneOf([A.Blur()])])) == "HorizontalFlip + OneOf"
    module = K.AugmentationSequential(K.RandomHorizontalFlip(), K.RandomErasing(), data_keys=["input"])
    assert name_of(module) == "RandomHorizontalFlip + RandomErasing"
