"""Data sets for training that are absent, broken or others. No test asks the network."""

import dataclasses
from functools import partial

import numpy as np
import pytest
from PIL import Image

from tests.training.training_files import MAKERS, make_files, save_picture, write_csv
from zeta_geom.datasets import DATASETS
from zeta_geom.datasets.pictures import UNFRAMED
from zeta_geom.training.data import IMAGE_SETS, load_image_data, subset
from zeta_geom.training.data.contents import ArrayContents, from_arrays

BY_FILE = [name for name in MAKERS if name != "stl-10"]


@pytest.fixture
def tiny_set(tmp_path, monkeypatch):
    """Make a set's tiny files; returns its folder and a function that loads it."""

    def start(name):
        make_files(name, tmp_path, monkeypatch)
        return tmp_path / name, partial(load_image_data, name, data_home=tmp_path, download=False)

    return start


# --- absent --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in IMAGE_SETS if name not in ("digits", "mnist-sample")])
def test_absence_says_how_to_get_it_and_where_to_put_it(name, tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        load_image_data(name, data_home=tmp_path, download=False)
    assert str(tmp_path / name) in str(caught.value)
    assert IMAGE_SETS[name].how_to_get in str(caught.value)
    assert ("download=False" if name in DATASETS else "http") in str(caught.value)


@pytest.mark.parametrize("name", BY_FILE)
def test_a_picture_that_is_gone_is_found_at_once(name, tiny_set):
    _, read = tiny_set(name)
    data = read()
    gone = data.train.paths[-1]
    gone.unlink()
    if name in ("imagenette", "imagewoof", "dermofit", "med-node"):  # the folder is the table
        assert read().fingerprint != data.fingerprint
    else:
        with pytest.raises(FileNotFoundError, match=rf"there is no .*{gone.name}, named in the table of {name}"):
            read()


def test_a_picture_that_goes_later_is_named(tiny_set):
    _, read = tiny_set("med-node")
    data = read()
    data.test.paths[0].unlink()
    with pytest.raises(FileNotFoundError, match=f"{data.test.paths[0]} no longer exists"):
        data.test[0]


# --- broken --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BY_FILE)
@pytest.mark.parametrize("damage", [lambda b: b"no picture", lambda b: b[: len(b) // 2], lambda b: b""])
def test_a_broken_picture_is_named_when_it_is_read(name, damage, tiny_set):
    _, read = tiny_set(name)
    data = read()
    path = data.test.paths[0]
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=rf"{path} must be a complete picture that Pillow can read; got "):
        data.test[0]


@pytest.mark.parametrize("damage", [lambda b: b"no npz", lambda b: b[: len(b) // 2], lambda b: b""])
def test_a_broken_npz_is_named(damage, tiny_set):
    folder, read = tiny_set("octmnist")
    path = folder / "octmnist.npz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"octmnist\.npz must be an npz file .* Remove it and fetch it again"):
        read()


def test_an_npz_of_another_content_is_refused(tiny_set):
    folder, read = tiny_set("octmnist")
    arrays = dict(np.load(folder / "octmnist.npz"))
    for change, message in [
        ({"train_labels": arrays["train_labels"] + 1}, r"train labels of octmnist must lie in 0\.\.3; got 4"),
        ({"val_labels": arrays["val_labels"][1:]}, r"validation labels of octmnist must be integers \(4,\)"),
        ({"train_labels": np.zeros((12, 14), np.uint8)}, "must be an npz file with"),
        ({"test_images": np.zeros((8, 28, 28, 3), np.uint8)}, "test images of octmnist must be uint8"),
        ({"test_images": np.zeros((8, 28, 28))}, "test images of octmnist must be uint8 .*got float64"),
    ]:
        np.savez(folder / "octmnist.npz", **(arrays | change))
        with pytest.raises(ValueError, match=message):
            read()
    del arrays["val_images"]
    np.savez(folder / "octmnist.npz", **arrays)
    with pytest.raises(ValueError, match="val_images"):
        read()


@pytest.mark.parametrize("file", ["train_X.bin", "test_y.bin"])
def test_a_truncated_stl_10_is_refused(file, tiny_set):
    folder, read = tiny_set("stl-10")
    path = folder / "stl10_binary" / file
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"equal numbers of images \(27648 bytes each\) and of labels 1\.\.10; got"):
        read()


def test_pictures_of_16_bits_are_refused(tmp_path):
    for name in ("a", "b"):
        for i in range(10):
            save_picture(tmp_path / name / f"{i}.png")
    data = load_image_data(f"folder:{tmp_path}")
    Image.fromarray(np.zeros((5, 5), np.uint16)).save(data.train.paths[3])
    with pytest.raises(ValueError, match="more than 8 bits a channel; convert it first"):
        data.train.take(np.array([3]))[0]  # images that were read before are kept


# --- another table, another archive --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "file", "old", "new", "message"),
    [
        ("isic-2016", "ISBI2016_ISIC_Part3_Test_GroundTruth.csv", "1.0", "2.0", "also has 2.0"),
        ("isic-2016", "ISBI2016_ISIC_Part3_Training_GroundTruth.csv", "000001", "000000", "repeats .*000000.jpg"),
        ("isic-2017", "ISIC-2017_Training_Part3_GroundTruth.csv", "melanoma", "mel", "it lacks melanoma"),
        ("isic-2017", "ISIC-2017_Test_v2_Part3_GroundTruth.csv", "1.0,0.0", "1.0,1.0", "one diagnosis.*row 2 does"),
        ("isic-2017", "ISIC-2017_Test_v2_Part3_GroundTruth.csv", "1.0,0.0", "yes,no", "must hold numbers"),
        ("isic-2018", "ISIC2018_Task3_Test_GroundTruth", "VASC", "SCC", "it lacks VASC"),
        (
            "isic-2018",
            "ISIC2018_Task3_Test_GroundTruth",
            "1.0,",
            "0.0,",
            "one diagnosis for each picture; row 1 does",
        ),
        ("msk", "metadata.csv", "diagnosis", "sex", "it lacks diagnosis_3"),
        ("uda", "metadata.csv", "isic_id", "name", "must have the columns isic_id, diagnosis_3"),
        ("msk", "metadata.csv", "ISIC_0000002", "ISIC_0000001", "must name each picture once"),
        ("derm7point-clinical", "release_v0/meta/meta.csv", "clinic", "photo", "it lacks clinic"),
        ("derm7point-clinical", "release_v0/meta/meta.csv", "melanosis", "psoriasis", "also has psoriasis"),
        ("ph2", "PH2Dataset/PH2_dataset.txt", "||", "|", "must have rows"),
        ("ph2", "PH2Dataset/PH2_dataset.txt", "IMD001", "IMD000", "repeats .*IMD000.bmp"),
        ("ph2", "PH2Dataset/PH2_dataset.txt", "  2 ||", "  7 ||", "also has 7. Check that this is the right archive"),
    ],
)
def test_tables_of_another_content_are_refused(name, file, old, new, message, tiny_set):
    folder, read = tiny_set(name)
    path = folder / file
    path = path / f"{path.name}.csv" if path.is_dir() else path
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(ValueError, match=message):
        read()


def test_folders_of_another_archive_are_refused(tiny_set):
    folder, read = tiny_set("imagewoof")
    (folder / "imagewoof2-320" / "train" / "n02115641").rename(folder / "imagewoof2-320" / "train" / "n01440764")
    with pytest.raises(
        ValueError, match=r"must hold the synsets n02086240, .* it holds n01440764, .* the right archive"
    ):
        read()
    folder, read = tiny_set("dermofit")
    (folder / "AK").rename(folder / "XYZ")
    with pytest.raises(ValueError, match="also has XYZ"):
        read()


def test_a_class_too_small_for_three_parts_is_named(tmp_path):
    for name, count in (("many", 40), ("few", 2)):
        for i in range(count):
            save_picture(tmp_path / name / f"{i}.png", (4, 4))
    with pytest.raises(ValueError, match=r"all of train, validation, test \(70 : 10 : 20.*too small: few \(2\)"):
        load_image_data(f"folder:{tmp_path}")


def test_own_folders_that_are_none_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="that contains a folder for each class"):
        load_image_data(f"folder:{tmp_path}")
    save_picture(tmp_path / "train" / "a" / "0.png")
    with pytest.raises(FileNotFoundError, match="must hold train/, and test/ or val/"):
        load_image_data(f"folder:{tmp_path}")
    (tmp_path / "test" / "a").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"the test part of .* must have at least one picture"):
        load_image_data(f"folder:{tmp_path}")
    save_picture(tmp_path / "test" / "b" / "0.png")
    with pytest.raises(ValueError, match=r"must hold the classes a; .* also has b"):
        load_image_data(f"folder:{tmp_path}")
    (tmp_path / "train" / "b").mkdir()
    with pytest.raises(ValueError, match="must have a training picture; b has none"):
        load_image_data(f"folder:{tmp_path}")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "must be a CSV file"),
        ("name,class\n0.png,a\n", "must have the columns file, class; it lacks file"),
        ("file,class\n", "must hold at least one picture"),
        ("file,class\n0.png,\n", "no empty cell; row 1 has one"),
        ("file,class\n0.png,a\n./0.png,b\n", r"must name each picture once; .* repeats 0\.png"),
        ("file,class,split\n0.png,a,train\n1.png,a,testing\n", "must only name train, validation, test; got testing"),
        ("file,class,split\n0.png,a,train\n1.png,a,validation\n", "test part of .* must have at least one"),
        ("file,class,split\n0.png,a,train\n1.png,b,test\n", "must have a training picture; b has none"),
        ("file,class\n0.png,a\n1.png,b\n", "too small: a"),
        (b"file,class\n0.png,N\xe4vus\n", "must be a CSV file in UTF-8"),
    ],
)
def test_bad_tables_are_refused(content, message, tmp_path):
    for i in range(2):
        save_picture(tmp_path / f"{i}.png")
    (tmp_path / "t.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=message):
        load_image_data(f"csv:{tmp_path}/t.csv")


def test_a_table_that_is_absent_or_names_absent_files(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no .*t\.csv"):
        load_image_data(f"csv:{tmp_path}/t.csv")
    write_csv(tmp_path / "t.csv", [("file", "class"), *((f"{i}.png", "a") for i in range(9))])
    with pytest.raises(FileNotFoundError, match=r"0\.png, .*1\.png, .*2\.png and 6 more, named in the table of t"):
        load_image_data(f"csv:{tmp_path}/t.csv")


# --- arguments -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"name": "imagenet"},
            ValueError,
            "name must be folder:PATH, csv:PATH or one of cifar-10, .*; got 'imagenet'",
        ),
        ({"name": "folder:"}, ValueError, "name must be folder:PATH"),
        ({"size": 0}, ValueError, "size must be an integer"),
        ({"size": 8.0}, TypeError, "size must be an integer"),
        ({"crop": 0}, ValueError, "crop must be a number in"),
        ({"crop": 1.2}, ValueError, r"crop must be a number in \(0, 1\]; got 1.2"),
        ({"grey": "yes"}, TypeError, "grey must be True or False"),
        ({"background": "whit"}, ValueError, "background must be a colour without transparency.*; got 'whit'"),
        ({"background": "#ffffff80"}, ValueError, "background must be a colour without transparency"),
        ({"background": 0}, ValueError, r"\(red, green, blue\); got 0"),
        ({"background": (0, 0, 256)}, ValueError, r"each part of background must be an integer in \[0, 255\]"),
        ({"seed": -1}, ValueError, "seed must be an integer"),
    ],
)
def test_bad_arguments_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        load_image_data(**({"name": "digits"} | options))


@pytest.mark.parametrize(("n", "error"), [(9, ValueError), (1501, ValueError), (20.0, TypeError)])
def test_subsets_of_bad_sizes_are_refused(n, error):
    with pytest.raises(error, match="n_train must be an integer"):
        subset(load_image_data("digits"), n, seed=0)


def test_a_subset_that_loses_a_class_is_refused():
    part = np.zeros((101, 4, 4), np.uint8), np.array([0] * 99 + [1, 2])
    data = from_arrays("tiny", ArrayContents({"train": part, "test": part}, ("a", "b", "c"), "made here"), UNFRAMED)
    with pytest.raises(ValueError, match=r"n_train must leave an image of each class; 3 leaves none of b, c"):
        subset(data, 3, seed=0)
    with pytest.raises(TypeError, match="data must come from load_image_data"):
        subset(dataclasses.replace(data, train=[1, 2]), 2, seed=0)
