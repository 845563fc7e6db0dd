"""Each picture of the paper's sets gets the class that its archive says."""

import pytest

from tests.training.training_files import MAKERS
from zeta_geom.training.data import IMAGE_SETS
from zeta_geom.training.data.readers.natural import IMAGENETTE, IMAGEWOOF

SOME = {  # part of a path -> the paper's class
    "isic-2016": {
        "ISIC_r000000": "benign",
        "ISIC_r000001": "malignant",
        "ISIC_e000000": "benign",
        "ISIC_e000001": "malignant",
    },
    "isic-2017": {"ISIC_T000000": "nevus", "ISIC_T000001": "melanoma", "ISIC_T000002": "seborrheic keratosis"},
    "ph2": {"IMD000.": "nevus", "IMD001.": "nevus", "IMD002.": "melanoma"},
    "med-node": {"melanoma0": "melanoma", "naevus0": "nevus"},
    "dermofit": {
        "ML0.": "nevus",
        "MEL0.": "melanoma",
        "SK0.": "seborrheic keratosis",
        "BCC0.": "basal cell carcinoma",
        "AK0.": "others",
        "DF0.": "others",
        "IEC0.": "others",
        "PYO0.": "others",
        "SCC0.": "others",
        "VASC0.": "others",
    },
    "derm7point-clinical": {
        "NEL000": "basal cell carcinoma",
        "NEL001": "nevus",
        "NEL002": "melanoma",
        "NEL003": "seborrheic keratosis",
        "NEL004": "others",
    },
    "imagenette": {"train/n03445777/": "golf ball", "train/n03888257/": "parachute", "val/n01440764/": "tench"},
    "imagewoof": {"train/n02115641/": "Dingo", "val/n02111889/": "Samoyed"},
}


@pytest.mark.parametrize("name", [name for name in SOME if SOME[name]])
def test_each_picture_has_its_own_class(name, tmp_path):
    folder = tmp_path / name
    folder.mkdir()
    MAKERS[name](folder)
    rows = IMAGE_SETS[name].read(folder).rows
    for part, expected in SOME[name].items():
        names = set(rows.loc[rows["file"].str.contains(part, regex=False), "class"])
        assert names == {expected}, part


def test_synsets_are_those_of_table_3():
    assert (IMAGENETTE["n03888257"], IMAGENETTE["n03445777"], IMAGEWOOF["n02105641"]) == (
        "parachute",
        "golf ball",
        "Old English sheepdog",
    )
