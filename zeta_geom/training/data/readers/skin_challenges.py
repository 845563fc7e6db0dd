"""The ISIC challenges of 2016 to 2018, from their unpacked archives: pictures, and one table for each part."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from zeta_geom.training.data.contents import PictureContents
from zeta_geom.training.data.readers.class_tables import read_table

FIVE = ("basal cell carcinoma", "nevus", "melanoma", "seborrheic keratosis", "others")  # the paper's diagnoses
ISIC_2016 = {"benign": "benign", "malignant": "malignant", "0.0": "benign", "1.0": "malignant"}
ISIC_2018 = {
    "MEL": "melanoma",
    "NV": "nevus",
    "BCC": "basal cell carcinoma",
    "AKIEC": "others",
    "BKL": "seborrheic keratosis",
    "DF": "others",
    "VASC": "others",
}


def read_isic_2016(folder: Path) -> PictureContents:
    """Read part 3 of ISBI 2016: benign or malignant."""
    tables = []
    for split, part in (("train", "Training"), ("test", "Test")):
        stem = f"ISBI2016_ISIC_Part3_{part}"
        table = read_table(
            folder / f"{stem}_GroundTruth.csv", ("image", "class"), header=None, names=["image", "class"]
        )
        classes = table["class"].replace(ISIC_2016)
        tables.append(_rows(f"{stem}_Data", table["image"], classes, split))
    return PictureContents(
        pd.concat(tables, ignore_index=True), ("benign", "malignant"), folder, "ISIC challenge 2016, part 3"
    )


def read_isic_2017(folder: Path) -> PictureContents:
    """Read part 3 of ISIC 2017: nevus, melanoma or seborrheic keratosis."""
    names = {"nevus": "nevus", "melanoma": "melanoma", "seborrheic_keratosis": "seborrheic keratosis"}
    tables = []
    for split, part in (("train", "Training"), ("validation", "Validation"), ("test", "Test_v2")):
        path = folder / f"ISIC-2017_{part}_Part3_GroundTruth.csv"
        table = read_table(path, ("image_id", "melanoma", "seborrheic_keratosis"))
        marks = _numbers(table.drop(columns="image_id"), path)
        marks["nevus"] = 1 - marks["melanoma"] - marks["seborrheic_keratosis"]
        tables.append(_rows(f"ISIC-2017_{part}_Data", table["image_id"], _marked(marks, names, path), split))
    return PictureContents(pd.concat(tables, ignore_index=True), FIVE[1:4], folder, "ISIC challenge 2017, part 3")


def read_isic_2018(folder: Path) -> PictureContents:
    """Read task 3 of ISIC 2018, with its seven diagnoses mapped to the paper's five."""
    tables = []
    for split, part in (("train", "Training"), ("validation", "Validation"), ("test", "Test")):
        stem = f"ISIC2018_Task3_{part}"
        path = folder / f"{stem}_GroundTruth" / f"{stem}_GroundTruth.csv"
        table = read_table(path, ("image", *ISIC_2018))
        marks = _numbers(table.drop(columns="image"), path)
        tables.append(_rows(f"{stem}_Input", table["image"], _marked(marks, ISIC_2018, path), split))
    return PictureContents(pd.concat(tables, ignore_index=True), FIVE, folder, "ISIC challenge 2018, task 3")


def _rows(data: str, images: pd.Series, classes: pd.Series, split: str) -> pd.DataFrame:
    return pd.DataFrame({"file": data + "/" + images + ".jpg", "class": classes, "split": split})


def _numbers(marks: pd.DataFrame, path: Path) -> pd.DataFrame:
    try:
        return marks.astype(float)
    except ValueError as error:
        raise ValueError(f"{path} must hold numbers after the column of names; got {error}.") from error


def _marked(marks: pd.DataFrame, names: Mapping[str, str], path: Path) -> pd.Series:
    """Return the class whose column holds the 1 of each row."""
    valid = marks.isin([0, 1]).all(axis=1) & (marks.sum(axis=1) == 1)
    if not valid.all():
        raise ValueError(
            f"{path} must mark one diagnosis for each picture; row {int(valid.to_numpy().argmin()) + 1} does not."
        )
    return marks.idxmax(axis=1).map(dict(names))
