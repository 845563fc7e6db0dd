"""A user's folder of pictures, with one folder for each class: what is read, and what is refused."""

import numpy as np
import pytest
from PIL import Image

from zeta_geom.datasets import load_folder
from zeta_geom.datasets.own_files import names_of, read_several


def save(path, *shape, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return pixels


def test_pictures_come_in_the_order_of_their_classes_and_names(tmp_path):
    expected = [
        save(tmp_path / name, 8, 9, 3, seed=seed) for seed, name in enumerate(["a/1.png", "a/2.png", "b/0.png"])
    ]
    save(tmp_path / ".hidden" / "a.png", 3, 3)
    (tmp_path / "empty").mkdir()
    (tmp_path / "a" / "notes.txt").touch()
    X, y = load_folder(tmp_path)
    np.testing.assert_array_equal(X, np.stack(expected))
    assert y.tolist() == ["a", "a", "b"]
    X, y = load_folder(tmp_path / "a")
    assert (len(X), y) == (2, None)


def test_they_are_grey_only_if_all_are(tmp_path):
    grey = save(tmp_path / "a" / "1.png", 8, 9)
    assert (load_folder(tmp_path)[0] == grey).all()
    save(tmp_path / "a" / "2.png", 8, 9, 3)
    X, _ = load_folder(tmp_path)
    assert X.shape == (2, 8, 9, 3)
    assert (X[0] == grey[..., None]).all()


def test_size_takes_the_central_square(tmp_path):
    wide = save(tmp_path / "a" / "1.png", 8, 20, 3)
    save(tmp_path / "a" / "2.png", 16, 16, 3)
    with pytest.raises(
        ValueError, match=r"must have one size; .*1.png has 20 x 8 pixels and .*2.png 16 x 16. .*--size"
    ):
        load_folder(tmp_path)
    X, _ = load_folder(tmp_path, size=8)
    assert X.shape == (2, 8, 8, 3)
    assert (X[0] == wide[:, 6:14]).all()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], "must hold pictures, files that end in .jpg, .*; it holds none"),
        (["a.png", "cat/b.png"], "must hold pictures or folders of classes; it holds both, such as a.png"),
        (["train/b.png", "test/b.png"], "one folder for each class; it holds test, train. Choose one"),
    ],
)
def test_folders_of_another_kind_are_refused(tmp_path, files, words):
    for name in files:
        save(tmp_path / name, 4, 4)
    with pytest.raises(ValueError, match=words):
        load_folder(tmp_path)


def test_a_damaged_picture_is_named(tmp_path):
    (tmp_path / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(ValueError, match=r"cut\.png must be a complete picture"):
        load_folder(tmp_path)


def test_several_folders_share_the_numbers_of_the_first(tmp_path):
    for name in ("one/ash/1.png", "one/oak/1.png", "two/oak/1.png"):
        save(tmp_path / name, 4, 4)
    first, second = read_several([tmp_path / "one", tmp_path / "two"])
    assert first["y"].tolist() == [0, 1]
    assert second["y"].tolist() == [1]
    assert names_of(first) == names_of(second) == ["ash", "oak"]
    np.savez(tmp_path / "a.npz", X=first["X"], y=[0, 1])
    with pytest.raises(ValueError, match=r"must have the class names of .*one .ash, oak.; it has none"):
        read_several([tmp_path / "one", tmp_path / "a.npz"])
    with pytest.raises(ValueError, match="size is for folders of pictures"):
        read_several([tmp_path / "a.npz"], size=4)
