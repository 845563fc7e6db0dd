import numpy as np
import pytest
from PIL import Image

from zeta_geom.datasets.image_folder import load_image_folder


@pytest.fixture
def folder(tmp_path):
    """Pictures of one grey level each, of several shapes and formats, in a folder with a class table."""
    (tmp_path / "pictures").mkdir()
    tables = {"train": ["file,class"], "test": ["file,class"]}
    files = [("nev", 40, (60, 40)), ("mel", 200, (30, 50)), ("nev", 80, (28, 28)), ("mel", 160, (90, 91))]
    for i, (name, level, shape) in enumerate(files):
        ending = "png" if i % 2 else "jpg"
        Image.fromarray(np.full((*shape, 3), level, np.uint8)).save(tmp_path / "pictures" / f"{i}.{ending}")
        tables["train" if i < 3 else "test"].append(f"pictures/{i}.{ending},{name}")
    for table, lines in tables.items():
        (tmp_path / f"{table}.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_pictures_and_classes_are_read(folder):
    dataset = load_image_folder(folder, name="isic-2017")
    assert dataset.name == "isic-2017"
    assert dataset.class_names == ("mel", "nev")
    assert dataset.y_train.tolist() == [1, 0, 1]
    assert dataset.y_test.tolist() == [0]
    assert dataset.X_train.shape == (3, 28, 28)
    assert dataset.X_train.dtype == np.uint8
    np.testing.assert_allclose(dataset.X_train.mean(axis=(1, 2)), [40, 200, 80], atol=2)
    assert dataset.fingerprint == load_image_folder(folder).fingerprint


def test_colour_and_the_central_square_are_kept(folder):
    picture = np.zeros((40, 80, 3), np.uint8)
    picture[:, 20:60] = (10, 100, 200)  # the central square; what is left and right of it is cut off
    Image.fromarray(picture).save(folder / "pictures" / "1.png")
    dataset = load_image_folder(folder, size=16, grey=False)
    assert dataset.X_train.shape == (3, 16, 16, 3)
    assert (dataset.X_train[1] == (10, 100, 200)).all()


def test_a_missing_table_or_picture_is_named(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no .*train\.csv: put the pictures into"):
        load_image_folder(tmp_path / "elsewhere")
    (folder / "pictures" / "0.jpg").unlink()
    with pytest.raises(FileNotFoundError, match=r"0\.jpg, which a table names"):
        load_image_folder(folder)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("train.csv", "name,class\na,b\n", "must have the columns file and class"),
        ("train.csv", "file,class\n", "at least one row"),
        ("test.csv", "file,class\npictures/0.jpg,sk\n", "must hold classes of train.csv only; got sk"),
        ("pictures/0.jpg", "no picture", "must be a whole picture"),
    ],
)
def test_bad_files_are_refused(folder, file, content, message):
    (folder / file).write_text(content)
    with pytest.raises(ValueError, match=message):
        load_image_folder(folder)


def test_a_bad_size_is_refused(folder):
    with pytest.raises(ValueError, match="size must be an integer"):
        load_image_folder(folder, size=0)
