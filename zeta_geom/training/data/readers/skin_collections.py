"""Collections of skin pictures that come without a split, as their archives come unpacked."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pandas as pd

from zeta_geom.training.data.contents import Pictures
from zeta_geom.training.data.readers.class_tables import class_folders, pictures_below, read_table, within
from zeta_geom.training.data.readers.skin_challenges import FIVE

__all__ = ["read_derm7point", "read_dermofit", "read_isic_archive", "read_med_node", "read_ph2"]

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


def read_isic_archive(folder: Path, name: str) -> Pictures:
    """Read a collection of the ISIC Archive, MSK or UDA, as its own client downloads it.

    Parameters
    ----------
    folder : Path
        It holds metadata.csv (columns isic_id and diagnosis, or diagnosis_3) and, beside it or in images/,
        <isic_id>.jpg.
    name : str
        The collection's.

    Returns
    -------
    Pictures
        Of the paper's named diagnoses, those that are there; pictures of others, or without one, are left out.

    Raises
    ------
    FileNotFoundError, ValueError
        If the table is absent or is none.

    Notes
    -----
    As far as we could confirm: what `isic image download` writes; the archive renamed its columns over the years. The
    paper counts two classes for UDA and four for MSK without saying which. That they are the named ones, without
    "others", is inferred: UDA has a few of others, which would have made a third class.
    """
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
    return Pictures(rows, tuple(each for each in FIVE if each in present), root, f"{name} of the ISIC Archive")


def read_dermofit(folder: Path) -> Pictures:
    """Read the Dermofit Image Library, its ten diagnoses brought to the paper's five.

    Parameters
    ----------
    folder : Path
        It holds a folder a diagnosis (AK, BCC, DF, IEC, MEL, ML, PYO, SCC, SK, VASC, in either case), each with
        pictures in it or below; the lesions' masks, *mask.png, are passed over.

    Returns
    -------
    Pictures

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such folder, or one of another name.

    Notes
    -----
    Source: L. Ballerini et al., 2013; 1,300 pictures. As far as we could confirm, from code that reads it: the
    library itself is under a licence.
    """
    roots = [folder, *(folder / each for each in class_folders(folder))] if folder.is_dir() else []
    root = next((each for each in roots if "BCC" in map(str.upper, class_folders(each))), None)
    if root is None:
        raise FileNotFoundError(f"there is no folder BCC in {folder}.")
    rows = [
        (picture.relative_to(root).as_posix(), DERMOFIT.get(name.upper(), name))
        for name in class_folders(root)
        for picture in pictures_below(root / name)
        if not picture.name.lower().endswith("mask.png")
    ]
    return Pictures(pd.DataFrame(rows, columns=["file", "class"]), FIVE, root, "Dermofit Image Library")


def read_derm7point(folder: Path, column: str) -> Pictures:
    """Read the clinical or the dermoscopic pictures of derm7point, brought to the paper's five classes.

    Parameters
    ----------
    folder : Path
        It holds images/ and meta/meta.csv (columns diagnosis, clinic and derm), or release_v0/ with them.
    column : {"clinic", "derm"}
        Which pictures.

    Returns
    -------
    Pictures
        A file that two rows name is taken once, with its first diagnosis, so that no picture is in two parts.

    Raises
    ------
    FileNotFoundError, ValueError
        If the table is absent or is none.

    Notes
    -----
    Source: J. Kawahara et al., 2018; diagnoses are grouped as in its authors' code (derm7pt). The release has 2,013
    files for 1,011 rows of two. Its own split (meta/*_indexes.csv) is not used: the paper splits 70 : 10 : 20.
    """
    root = within(folder, "meta/meta.csv")
    table = read_table(root / "meta" / "meta.csv", ("diagnosis", column), encoding_errors="replace")
    rows = pd.DataFrame({"file": "images/" + table[column], "class": table["diagnosis"].map(_diagnosis)})
    rows["class"] = rows["class"].replace(dict.fromkeys(DERM7POINT_OTHERS, "others"))
    if repeated := int(rows["file"].duplicated().sum()):
        logger.warning("derm7point: %d rows name a picture that an earlier one names; left out", repeated)
    return Pictures(rows.drop_duplicates("file", ignore_index=True), FIVE, root, f"derm7point, {column} pictures")


def read_ph2(folder: Path) -> Pictures:
    """Read PH2: nevus (common or atypical) or melanoma.

    Parameters
    ----------
    folder : Path
        It holds PH2_dataset.txt (rows "|| IMD003 || ... || 0 || ...") and "PH2 Dataset images", with
        IMD003/IMD003_Dermoscopic_Image/IMD003.bmp, or PH2Dataset/ with them.

    Returns
    -------
    Pictures

    Raises
    ------
    FileNotFoundError, ValueError
        If the table is absent or has no such row.

    Notes
    -----
    Source: T. Mendonça et al., EMBC 2013; clinical diagnosis 0 common nevus, 1 atypical nevus, 2 melanoma.
    """
    root = within(folder, "PH2_dataset.txt")
    text = (root / "PH2_dataset.txt").read_text(encoding="utf-8", errors="replace")
    cases = [match.groups() for line in text.splitlines() if (match := PH2_ROW.match(line))]
    if not cases:
        raise ValueError(f"{root}/PH2_dataset.txt must have rows '|| IMD003 || ... || 0 || ...'; it has none.")
    rows = [
        (f"PH2 Dataset images/{case}/{case}_Dermoscopic_Image/{case}.bmp", PH2.get(code, code))
        for case, code in cases
    ]
    return Pictures(pd.DataFrame(rows, columns=["file", "class"]), FIVE[1:3], root, "PH2, Hospital Pedro Hispano")


def read_med_node(folder: Path) -> Pictures:
    """Read MED-NODE: nevus or melanoma.

    Parameters
    ----------
    folder : Path
        It holds melanoma/ and naevus/, or complete_mednode_dataset/ with them.

    Returns
    -------
    Pictures

    Raises
    ------
    FileNotFoundError, ValueError
        If they are not there.

    Notes
    -----
    Source: I. Giotis et al., 2015; 70 melanomas, 100 nevi.
    """
    root = within(folder, "naevus")
    rows = [
        (picture.relative_to(root).as_posix(), MED_NODE[name])
        for name in MED_NODE
        for picture in pictures_below(root / name)
    ]
    return Pictures(pd.DataFrame(rows, columns=["file", "class"]), FIVE[1:3], root, "MED-NODE, UMC Groningen")


def _diagnosis(text: str) -> str:
    """Return which of the paper's named diagnoses a text means, or the text."""
    text = text.lower()
    if text.startswith("melanoma"):
        return "melanoma"
    if "nevus" in text:
        return "nevus"
    return next((each for each in FIVE[:4] if text.startswith(each)), text)
