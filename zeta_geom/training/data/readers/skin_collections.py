"""Collections of skin pictures without a split, from their unpacked archives."""

import logging
import re
from pathlib import Path

import pandas as pd

from zeta_geom.datasets.pictures import class_folders, pictures_below
from zeta_geom.training.data.contents import PictureContents
from zeta_geom.training.data.readers.class_tables import read_table, within
from zeta_geom.training.data.readers.skin_challenges import FIVE

logger = logging.getLogger(__name__)
DERM7POINT_OTHERS = {"dermatofibroma", "lentigo", "melanosis", "miscellaneous", "vascular lesion"}
DERMOFIT = {
    "BCC": "basal cell carcinoma",
    "ML": "nevus",
    "MEL": "melanoma",
    "SK": "seborrheic keratosis",
    **dict.fromkeys(("AK", "DF", "IEC", "PYO", "SCC", "VASC"), "others"),
}
MED_NODE = {"melanoma": "melanoma", "naevus": "nevus"}
PH2 = {"0": "nevus", "1": "nevus", "2": "melanoma"}  # common, atypical
PH2_ROW = re.compile(r"\s*\|\|\s*(IMD\d+)\s*\|\|[^|]*\|\|\s*(\d*)\s*\|\|")  # name, histology, clinical diagnosis


def read_isic_archive(folder: Path, name: str) -> PictureContents:
    """Read MSK or UDA of the ISIC Archive, as the archive's client downloads them."""
    root = within(folder, "metadata.csv")
    path = root / "metadata.csv"
    try:
        table = read_table(path, ("isic_id", "diagnosis"))
    except ValueError:
        table = read_table(path, ("isic_id", "diagnosis_3")).rename(columns={"diagnosis_3": "diagnosis"})
    pictures = "images/" if (root / "images").is_dir() else ""
    rows = pd.DataFrame({"file": pictures + table["isic_id"] + ".jpg", "class": table["diagnosis"].map(_diagnosis)})
    rows = rows[rows["class"].isin(FIVE[:4])].reset_index(drop=True)
    present = set(rows["class"])
    return PictureContents(rows, tuple(name for name in FIVE if name in present), root, f"{name} of the ISIC Archive")


def read_dermofit(folder: Path) -> PictureContents:
    """Read the Dermofit Image Library, with its ten diagnoses mapped to the paper's five."""
    roots = [folder, *(folder / name for name in class_folders(folder))] if folder.is_dir() else []
    root = next((path for path in roots if "BCC" in map(str.upper, class_folders(path))), None)
    if root is None:
        raise FileNotFoundError(f"there is no folder BCC in {folder}.")
    rows = [
        (picture.relative_to(root).as_posix(), DERMOFIT.get(name.upper(), name))
        for name in class_folders(root)
        for picture in pictures_below(root / name)
        if not picture.name.lower().endswith("mask.png")
    ]
    return PictureContents(pd.DataFrame(rows, columns=["file", "class"]), FIVE, root, "Dermofit Image Library")


def read_derm7point(folder: Path, column: str) -> PictureContents:
    """Read the clinical or the dermoscopic pictures of derm7point, mapped to the paper's five classes."""
    root = within(folder, "meta/meta.csv")
    table = read_table(root / "meta" / "meta.csv", ("diagnosis", column), encoding_errors="replace")
    rows = pd.DataFrame({"file": "images/" + table[column], "class": table["diagnosis"].map(_diagnosis)})
    rows["class"] = rows["class"].replace(dict.fromkeys(DERM7POINT_OTHERS, "others"))
    if repeated := int(rows["file"].duplicated().sum()):
        logger.warning("derm7point: left out %d rows that repeat a picture of an earlier row", repeated)
    return PictureContents(
        rows.drop_duplicates("file", ignore_index=True), FIVE, root, f"derm7point, {column} pictures"
    )


def read_ph2(folder: Path) -> PictureContents:
    """Read PH2: nevus (common or atypical) or melanoma."""
    root = within(folder, "PH2_dataset.txt")
    text = (root / "PH2_dataset.txt").read_text(encoding="utf-8", errors="replace")
    cases = [match.groups() for line in text.splitlines() if (match := PH2_ROW.match(line))]
    if not cases:
        raise ValueError(f"{root}/PH2_dataset.txt must have rows '|| IMD003 || ... || 0 || ...'; it has none.")
    rows = [
        (f"PH2 Dataset images/{case}/{case}_Dermoscopic_Image/{case}.bmp", PH2.get(code, code))
        for case, code in cases
    ]
    return PictureContents(
        pd.DataFrame(rows, columns=["file", "class"]), FIVE[1:3], root, "PH2, Hospital Pedro Hispano"
    )


def read_med_node(folder: Path) -> PictureContents:
    """Read MED-NODE: nevus or melanoma."""
    root = within(folder, "naevus")
    rows = [
        (picture.relative_to(root).as_posix(), MED_NODE[name])
        for name in MED_NODE
        for picture in pictures_below(root / name)
    ]
    return PictureContents(pd.DataFrame(rows, columns=["file", "class"]), FIVE[1:3], root, "MED-NODE, UMC Groningen")


def _diagnosis(text: str) -> str:
    """Return the diagnosis of the paper that a text names, else the text."""
    text = text.lower()
    if text.startswith("melanoma"):
        return "melanoma"
    if "nevus" in text:
        return "nevus"
    return next((name for name in FIVE[:4] if text.startswith(name)), text)
