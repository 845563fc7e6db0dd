"""Data sets for training: each out of tiny files in its real format, and what is done to their images."""

import logging
import shutil
import warnings

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader
from torchvision.datasets import STL10, ImageFolder

from tests.training.training_files import FIVE, make_files, save_picture, write_csv
from zeta_geom.datasets import load
from zeta_geom.datasets.pictures import Framing
from zeta_geom.training.data import IMAGE_SETS, PARTS, file_images, load_image_data, subset
from zeta_geom.training.data.array_images import ArrayImages
from zeta_geom.training.data.file_images import FileImages, read_picture
from zeta_geom.training.data.moments import channel_moments
from zeta_geom.training.data.splitting import stratified_draw, three_parts

RNG = np.random.default_rng(1)


@pytest.fixture
def own(tmp_path):
    """A folder with two classes of ten pictures."""
    for i in range(20):
        save_picture(tmp_path / "own" / ("cat", "dog")[i % 2] / f"{i}.png")
    return tmp_path / "own"


# --- every set -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", IMAGE_SETS)
def test_every_set_is_read_from_its_real_format(name, tmp_path, monkeypatch):
    archive = make_files(name, tmp_path, monkeypatch)
    data = load_image_data(name, data_home=tmp_path, download=False, progress=False)
    assert data.name == name
    assert data.class_names == archive.class_names
    assert data.image_shape == archive.shape
    assert {part: int(counts.sum()) for part, counts in data.class_counts().items()} == archive.counts
    for part in archive.counts:
        images = getattr(data, part)
        assert images.labels.dtype == np.int64
        assert len(images) == archive.counts[part]
        image, label = images[len(images) - 1]
        assert (image.dtype, tuple(image.shape), label) == (torch.uint8, archive.shape, images.labels[-1])
    assert (data.class_counts()["train"] > 0).all() or name.startswith("cifar")  # drawn at random there
    assert len(data.mean) == len(data.std) == archive.shape[0]
    assert all(0 <= mean <= 1 and 0 < std <= 1 for mean, std in zip(data.mean, data.std))
    assert len(data.fingerprint) == 64
    assert data.source


def test_the_table_is_the_papers_and_our_own():
    families = [specification.family for specification in IMAGE_SETS.values()]
    assert [families.count(each) for each in ("natural", "skin", "medmnist", "own")] == [6, 10, 10, 3]
    assert all((each.images is None) == (each.family == "own") for each in IMAGE_SETS.values())
    assert all((each.size, each.crop) == (256, 0.8) for each in IMAGE_SETS.values() if each.family == "skin")


def test_another_size_than_the_papers_is_told(tmp_path, monkeypatch, caplog):
    make_files("ph2", tmp_path, monkeypatch)
    with caplog.at_level(logging.WARNING):
        load_image_data("ph2", data_home=tmp_path)
    assert "ph2 has 20 images, 14 of them for training, of 2 classes; the paper counts 200 of 2" in caplog.text


def test_diagnoses_are_brought_to_the_papers_five(tmp_path, monkeypatch):
    make_files("isic-2018", tmp_path, monkeypatch)
    labels = load_image_data("isic-2018", data_home=tmp_path).test.labels
    expected = ("melanoma", "nevus", "basal cell carcinoma", "others", "seborrheic keratosis", "others", "others")
    assert [FIVE[label] for label in labels] == list(expected)


def test_stl_10_is_as_torchvision_reads_it(tmp_path, monkeypatch):
    make_files("stl-10", tmp_path, monkeypatch)
    monkeypatch.setattr(STL10, "_check_integrity", lambda self: True)
    judge = STL10(str(tmp_path / "stl-10"), split="test")
    images, labels = load_image_data("stl-10", data_home=tmp_path).test.__getitems__(range(20))
    np.testing.assert_array_equal(images, judge.data)
    np.testing.assert_array_equal(labels, judge.labels)


def test_class_folders_are_as_torchvision_reads_them(own):
    data = load_image_data(f"folder:{own}")
    judge = ImageFolder(own)
    assert list(data.class_names) == judge.classes
    labelled_files = {(str(path), label) for part in PARTS for path, label in _files(getattr(data, part))}
    assert labelled_files == set(judge.samples)


def _files(images):
    return zip(images.paths, images.labels.tolist())


# --- own data ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("held_out", "validation"), [(("val",), 0), (("test",), 0), (("val", "test"), 2)])
def test_a_folder_with_parts_of_its_own(tmp_path, held_out, validation):
    for part in ("train", *held_out):
        for name in ("b", "a"):
            save_picture(tmp_path / part / name / "0.jpg")
    save_picture(tmp_path / "train" / "a" / "deeper" / "1.bmp")
    save_picture(tmp_path / "train" / ".hidden" / "2.png")
    (tmp_path / "train" / "a" / "notes.txt").write_text("no picture")
    data = load_image_data(f"folder:{tmp_path}", size=16)
    assert (data.class_names, data.image_shape) == (("a", "b"), (3, 16, 16))
    assert data.train.labels.tolist() == [0, 0, 1]
    assert data.test.labels.tolist() == [0, 1]
    assert data.test.paths[0].parts[-3] == held_out[-1]
    assert (0 if data.validation is None else len(data.validation)) == validation


def test_what_is_hidden_is_no_picture_at_any_depth(tmp_path):
    for i in range(40):
        save_picture(tmp_path / "own" / ("cat", "dog")[i % 2] / f"{i}.png", (4, 4))
    for path in [*(tmp_path / "own").rglob("*.png")]:
        for left in (".ipynb_checkpoints", "deep/.git/x", "__MACOSX", "@eaDir"):
            (path.parent / left).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, path.parent / left / f"{path.stem}-checkpoint.png")
        (path.parent / "Thumbs.db").write_bytes(b"a cache")
    for left in (".Trash", "__MACOSX"):
        shutil.copytree(tmp_path / "own" / "cat", tmp_path / "own" / left / "cat")
        shutil.copytree(tmp_path / "own" / "cat", tmp_path / "own" / left, dirs_exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # no copy is left
        data = load_image_data(f"folder:{tmp_path / 'own'}", size=4)
    assert data.class_names == ("cat", "dog")
    assert [len(getattr(data, part)) for part in PARTS] == [28, 4, 8]


@pytest.mark.parametrize("name", ["imagenette", "dermofit", "med-node"])
def test_what_is_hidden_is_passed_over_in_archives(name, tmp_path, monkeypatch):
    make_files(name, tmp_path, monkeypatch)
    before = load_image_data(name, data_home=tmp_path).fingerprint
    for folder in {path.parent for path in (tmp_path / name).rglob("*") if path.suffix in (".JPEG", ".jpg", ".png")}:
        shutil.copytree(folder, folder / ".ipynb_checkpoints")
    shutil.copytree(tmp_path / name, tmp_path / "copy")
    for left in (".old", "__MACOSX"):  # sorted before the archive's own folder
        shutil.copytree(tmp_path / "copy", tmp_path / name / left / "copy")
        shutil.copytree(next(tmp_path.joinpath("copy").iterdir()), tmp_path / name / left, dirs_exist_ok=True)
    assert load_image_data(name, data_home=tmp_path).fingerprint == before


def test_copies_within_a_class_are_warned_of_once_and_counted(own):
    for i in (0, 2):
        shutil.copy(own / "cat" / f"{i}.png", own / "cat" / f"{i} (1).png")
    shutil.copy(own / "cat" / "4.png", own / "dog" / "of a cat.png")
    with pytest.warns(UserWarning, match=r"own: 2 of 23 pictures are copies .*0\.png.* Remove the") as warned:
        load_image_data(f"folder:{own}", size=4)
    assert len(warned) == 1
    assert warned[0].filename == __file__


def test_a_table_with_and_without_a_split(own):
    files = sorted(f"{path.parent.name}/{path.name}" for path in own.rglob("*.png"))
    write_csv(own / "all.csv", [("class", "file"), *((file[:3], file) for file in files)])
    data = load_image_data(f"csv:{own}/all.csv", grey=True)
    assert (data.name, data.class_names, data.image_shape) == ("all", ("cat", "dog"), (1, 224, 224))
    assert {part: counts.tolist() for part, counts in data.class_counts().items()} == {
        "train": [7, 7],
        "validation": [1, 1],
        "test": [2, 2],
    }
    words = ["train", "test"] * 10
    write_csv(own / "split.csv", [("file", "class", "split"), *zip(files, [file[:3] for file in files], words)])
    data = load_image_data(f"csv:{own}/split.csv")
    assert (len(data.train), len(data.test), data.validation) == (10, 10, None)


# --- splits --------------------------------------------------------------------------------------------------------


def test_the_split_is_stratified_and_the_seeds(own):
    first, again, other = (load_image_data(f"folder:{own}", seed=seed) for seed in (0, 0, 1))
    assert first.train.paths == again.train.paths
    assert first.fingerprint == again.fingerprint
    assert first.train.paths != other.train.paths
    assert first.fingerprint != other.fingerprint
    everything = [path for part in PARTS for path in getattr(first, part).paths]
    assert len(everything) == len(set(everything)) == 20


def test_shares_of_classes_are_kept():
    labels = np.repeat([0, 1, 2], [500, 100, 20])
    parts = three_parts(labels, "abc", seed=3)
    for part, share in zip(PARTS, (0.7, 0.1, 0.2)):
        np.testing.assert_allclose(np.bincount(labels[parts == part]), share * np.array([500, 100, 20]), atol=1)


@pytest.mark.parametrize("n", [10, 99, 1499, 1500])
def test_a_subset_is_stratified_and_has_its_own_moments(n):
    data = load_image_data("digits")
    drawn = subset(data, n, seed=0)
    share = data.class_counts()["train"] * n / 1500
    np.testing.assert_allclose(drawn.class_counts()["train"], share, atol=1)
    assert drawn.test is data.test
    assert drawn.fingerprint == subset(data, n, seed=0).fingerprint
    assert drawn.fingerprint != data.fingerprint
    assert (drawn.mean == data.mean) == (n == 1500)
    if n < 1500:
        assert drawn.fingerprint != subset(data, n, seed=1).fingerprint


def test_a_subset_of_pictures(own):
    data = load_image_data(f"folder:{own}", size=8)
    drawn = subset(data, 4, seed=0)
    assert drawn.class_counts()["train"].tolist() == [2, 2]
    assert set(drawn.train.paths) < set(data.train.paths)
    assert drawn.mean == channel_moments(drawn.train)[0]
    assert drawn.validation is data.validation


def test_a_draw_has_no_index_twice():
    labels = RNG.integers(0, 3, 50)
    for count in (3, 49, 50):
        assert len(np.unique(stratified_draw(labels, count, seed=0))) == count


# --- images --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(100, 60), (60, 100), (60, 60), (75, 50)])
def test_the_crop_is_the_central_square(shape, tmp_path):
    edge = round(0.8 * min(shape))
    top, left = ((length - edge) // 2 for length in shape)
    picture = np.zeros((*shape, 3), np.uint8)
    picture[top : top + edge, left : left + edge] = (10, 100, 200)
    Image.fromarray(picture).save(tmp_path / "square.png")
    for size in (None, 7, 256):
        framing = Framing(size=size, crop=0.8)
        for image in (read_picture(tmp_path / "square.png", framing), ArrayImages(picture[None], [0], framing)[0][0]):
            assert image.shape == (3, size or edge, size or edge)
            assert (image == torch.tensor([10, 100, 200])[:, None, None]).all()  # nothing from outside the square


def test_without_a_crop_the_whole_picture_is_squeezed(tmp_path):
    picture = np.zeros((20, 80, 3), np.uint8)
    picture[:, 40:] = 255
    Image.fromarray(picture).save(tmp_path / "wide.png")
    for image in (
        read_picture(tmp_path / "wide.png", Framing(size=20)),
        ArrayImages(picture[None], [0], Framing(20))[0][0],
    ):
        assert (image[:, :, :9] == 0).all()
        assert (image[:, :, 11:] == 255).all()


def test_pictures_are_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    picture = np.zeros((20, 30, 3), np.uint8)
    picture[:, :15] = 255
    Image.fromarray(picture).save(tmp_path / "lying.png", exif=exif)
    image = read_picture(tmp_path / "lying.png", Framing())
    assert image.shape == (3, 30, 20)
    assert (image[:, :15] == 255).all()
    assert (image[:, 15:] == 0).all()


def transparent(mode):
    """Return a picture of 2 x 1 pixels, red or dark, of which the first is wholly transparent."""
    if mode == "P":
        picture = Image.new("P", (2, 1))
        picture.putpalette([200, 0, 0, 200, 0, 0])
        picture.putpixel((1, 0), 1)
        return picture, {"transparency": bytes([0, 255])}
    if "A" in mode:
        picture = Image.new(mode, (2, 1), {"RGBA": (200, 0, 0, 0), "LA": (60, 0)}[mode])
        picture.putpixel((1, 0), {"RGBA": (200, 0, 0, 255), "LA": (60, 255)}[mode])
        return picture, {}
    hidden, seen = {"RGB": ((201, 0, 0), (200, 0, 0)), "L": (61, 60), "1": (0, 1)}[mode]
    picture = Image.new(mode, (2, 1), hidden)
    picture.putpixel((1, 0), seen)
    return picture, {"transparency": hidden}


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB", "L", "1"])
def test_transparent_pixels_show_the_background_whatever_colour_they_hide(mode, tmp_path):
    picture, more = transparent(mode)
    picture.save(tmp_path / "a.png", **more)
    seen = {"L": [60] * 3, "LA": [60] * 3, "1": [255] * 3}.get(mode, [200, 0, 0])
    for background, shown in (("white", [255] * 3), ("#0000ff", [0, 0, 255]), ((1, 2, 3), [1, 2, 3])):
        framing = Framing(background=background)
        assert read_picture(tmp_path / "a.png", framing)[:, 0].T.tolist() == [shown, seen]
    grey = read_picture(tmp_path / "a.png", Framing(grey=True))[0, 0].tolist()
    assert grey == [255, Image.new("RGB", (1, 1), tuple(seen)).convert("L").getpixel((0, 0))]


def test_half_transparent_pixels_are_mixed_with_the_background_before_sizes_change(tmp_path):
    Image.new("RGBA", (4, 4), (100, 0, 0, 51)).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png", Framing())[:, 0, 0].tolist() == [224, 204, 204]
    picture = Image.new("RGBA", (8, 8), (0, 255, 0, 0))  # green, but hidden
    picture.paste((100, 100, 100, 255), (0, 0, 4, 8))
    picture.save(tmp_path / "a.png")
    small = read_picture(tmp_path / "a.png", Framing(size=2))
    assert (small[0] == small[1]).all()  # no green shines through


def test_the_background_is_part_of_the_fingerprint(own):
    white, again, black = (
        load_image_data(f"folder:{own}", size=4, **more).fingerprint
        for more in ({}, {"background": "#fff"}, {"background": "black"})
    )
    assert white == again != black
    assert load_image_data("digits", background="black").fingerprint == load_image_data("digits").fingerprint


@pytest.mark.parametrize("mode", ["RGBA", "L", "P", "CMYK", "1"])
def test_pictures_of_every_mode_become_colours_or_grey(mode, tmp_path):
    Image.new(mode, (6, 6)).save(tmp_path / "a.tif")
    assert read_picture(tmp_path / "a.tif", Framing()).shape == (3, 6, 6)
    assert read_picture(tmp_path / "a.tif", Framing(grey=True)).shape == (1, 6, 6)


def test_arrays_and_files_show_the_same(tmp_path):
    pictures = RNG.integers(0, 256, (3, 33, 47, 3), dtype=np.uint8)
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for path, picture in zip(paths, pictures):
        Image.fromarray(picture).save(path)
    for framing in (Framing(size=16, crop=0.9), Framing(size=16, grey=True), Framing(size=90)):
        arrays, files = ArrayImages(pictures, np.arange(3), framing), FileImages(paths, np.arange(3), framing)
        batch, labels = arrays.__getitems__([2, 0])
        stacked = torch.stack([files[2][0], files[0][0]])
        np.testing.assert_allclose(batch.float(), stacked.float(), atol=2)  # rounding, between passes and of grey
        assert labels.tolist() == [2, 0]
        assert batch.is_contiguous()
        assert torch.equal(arrays[2][0], batch[0])


@pytest.mark.parametrize(("size", "decoded"), [(16, 1), (9500, 3)])  # 9500 x 9500 x 3 exceed what is kept
def test_small_sets_are_decoded_once(size, decoded, tmp_path, monkeypatch):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    calls = []

    def read(path, _):
        calls.append(path)
        return torch.zeros(3, 4, 4, dtype=torch.uint8)

    monkeypatch.setattr(file_images, "read_picture", read)
    images = FileImages([tmp_path / "a.png"], np.zeros(1, np.int64), Framing(size=size))
    for _ in range(3):
        image = images[0][0]
        assert not image.any()
        image += 1  # of the caller's alone
    assert len(calls) == decoded


def test_batches_go_through_a_loader_with_workers(own):
    digits = load_image_data("digits").train
    batches = list(DataLoader(digits, 500, collate_fn=lambda batch: batch))
    np.testing.assert_array_equal(torch.cat([images for images, _ in batches])[:, 0], load("digits").X_train)
    images, labels = next(iter(DataLoader(load_image_data(f"folder:{own}", size=8).train, 14, num_workers=1)))
    assert images.shape == (14, 3, 8, 8)
    assert labels.dtype == torch.int64


def test_moments_are_exact_and_never_zero():
    X = RNG.integers(0, 256, (300, 9, 7, 3), dtype=np.uint8)
    X[..., 2] = 77
    mean, std = channel_moments(ArrayImages(X, np.zeros(300, np.int64)))
    levels = X.reshape(-1, 3) / 255
    np.testing.assert_allclose(mean, levels.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(std[:2], levels[:, :2].std(axis=0), rtol=1e-12)
    assert std[2] == 1
    some = channel_moments(ArrayImages(X, np.zeros(300, np.int64)), limit=100)
    assert some[0] == channel_moments(ArrayImages(X[::3], np.zeros(100, np.int64)))[0]


def test_fingerprints_tell_data_apart(own):
    digits = load_image_data("digits")
    assert digits.fingerprint == load("digits").fingerprint
    assert digits.fingerprint != load_image_data("digits", size=16).fingerprint
    before = load_image_data(f"folder:{own}")
    assert before.fingerprint != load_image_data(f"folder:{own}", crop=0.5).fingerprint
    save_picture(own / "cat" / "0.png")
    assert before.fingerprint != load_image_data(f"folder:{own}").fingerprint
