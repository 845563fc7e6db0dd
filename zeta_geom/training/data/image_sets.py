"""The data sets for training: one table, name -> specification."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from zeta_geom.training.data.contents import Contents, PictureContents
from zeta_geom.training.data.readers import medical, natural, skin_collections
from zeta_geom.training.data.readers.archives import fetch_archive
from zeta_geom.training.data.readers.skin_challenges import read_isic_2016, read_isic_2017, read_isic_2018

FASTAI = "https://s3.amazonaws.com/fast-ai-imageclas"
STL_10_ARCHIVE = "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz"
SKIN_SIZE, SKIN_CROP = 256, 0.8  # of the paper: "edge length equal to 0.8 min(height, width)", then 256 x 256


@dataclass(frozen=True)
class ImageSet:
    """The specification of a data set for training."""

    title: str  # its name in texts, with the images' size
    family: str  # "natural", "skin" or "medmnist", the paper's groups, or "own", which the paper does not train on
    read: Callable[[Path], Contents]  # of the data set's folder
    how_to_get: str = ""  # instructions to get the data by hand; empty if the error of `read` contains them
    images: int | None = None  # in the paper's Tables 4, 6 and 7, as the classes
    classes: int | None = None
    fetch: Callable[..., None] | None = None  # (folder, progress=) downloads; None: a person must get the data
    size: int | None = None  # of pictures, the paper's, as the crop; None leaves them unchanged
    crop: float | None = None


def _small(title: str, images: int | None = None, classes: int | None = None, *, fetched: bool = True) -> ImageSet:
    family, fetch = "own" if images is None else "natural", natural.fetch_small if fetched else None
    return ImageSet(title, family, natural.read_small, images=images, classes=classes, fetch=fetch)


def _imagenet(title: str, name: str, md5: str, images: int, synsets: dict[str, str]) -> ImageSet:
    url = f"{FASTAI}/{name}2.tgz"
    read = partial(natural.read_synsets, synsets=synsets, source=f"{title}, J. Howard, github.com/fastai/imagenette")
    how = f"Get {url} and unpack it there, so that {name}2/train/ and {name}2/val/ lie in it."
    fetch = partial(fetch_archive, url=url, md5=md5, holds=f"{name}2")
    return ImageSet(title, "natural", read, how, images, 10, fetch, size=224)


def _medmnist(title: str, name: str, images: int, classes: int) -> ImageSet:
    how = f"Get {name}.npz from https://zenodo.org/records/10519652 and put it there."
    return ImageSet(title, "medmnist", medical.read_medmnist, how, images, classes, medical.fetch_medmnist)


def _skin(title: str, read: Callable[[Path], PictureContents], how: str, images: int, classes: int) -> ImageSet:
    return ImageSet(title, "skin", read, how, images, classes, size=SKIN_SIZE, crop=SKIN_CROP)


def _challenge(year: int, read: Callable[[Path], PictureContents], files: str, images: int, classes: int) -> ImageSet:
    how = f"Get {files} from https://challenge.isic-archive.com/data/#{year} and unpack them there."
    return _skin(f"ISIC challenge {year}, dermoscopic", read, how, images, classes)


def _collection(name: str, collections: str, images: int, classes: int) -> ImageSet:
    how = (
        f"Get the collections {collections} with `isic image download` (https://github.com/ImageMarkup/isic-cli), so "
        "that metadata.csv and the pictures lie there."
    )
    read = partial(skin_collections.read_isic_archive, name=name)
    return _skin(f"{name} of the ISIC Archive, dermoscopic", read, how, images, classes)


def _derm7point(kind: str, column: str) -> ImageSet:
    how = "Get release_v0.zip from https://derm.cs.sfu.ca and unpack it there."
    return _skin(f"derm7point, {kind}", partial(skin_collections.read_derm7point, column=column), how, 1011, 5)


IMAGE_SETS: dict[str, ImageSet] = {
    "cifar-10": _small("CIFAR-10, 32 x 32", 60_000, 10),
    "cifar-100": _small("CIFAR-100, 32 x 32", 60_000, 100),  # Table 4 prints 10 classes, by mistake
    "fashion-mnist": _small("Fashion-MNIST, 28 x 28, grey", 60_000, 10),  # the test images included, it has 70,000
    "stl-10": ImageSet(
        "STL-10, 96 x 96",
        "natural",
        natural.read_stl_10,
        f"Get {STL_10_ARCHIVE} and unpack it there.",
        13_000,
        10,
        partial(fetch_archive, url=STL_10_ARCHIVE, md5="91f7769df0f17e558f3565bffb0c7dfb", holds="stl10_binary"),
    ),
    "imagenette": _imagenet(
        "Imagenette", "imagenette", "fe2fc210e6bb7c5664d602c3cd71e612", 13_394, natural.IMAGENETTE
    ),
    "imagewoof": _imagenet("Imagewoof", "imagewoof", "9aafe18bcdb1632c4249a76c458465ba", 12_954, natural.IMAGEWOOF),
    "isic-2016": _challenge(2016, read_isic_2016, "data and ground truth of Part 3, Training and Test,", 1279, 2),
    "isic-2017": _challenge(2017, read_isic_2017, "data and ground truth of Part 3, all three parts,", 2750, 3),
    "isic-2018": _challenge(2018, read_isic_2018, "input and ground truth of Task 3, of all three parts,", 10_015, 5),
    "msk": _collection("MSK", "MSK-1 to MSK-5", 3551, 4),
    "uda": _collection("UDA", "UDA-1 and UDA-2", 601, 2),
    "dermofit": _skin(
        "Dermofit Image Library, clinical",
        skin_collections.read_dermofit,
        "License it from https://licensing.edinburgh-innovations.ed.ac.uk/product/dermofit-image-library and unpack "
        "its ten archives there, so that AK/, BCC/ and so on lie in it.",
        1300,
        5,
    ),
    "derm7point-clinical": _derm7point("clinical", "clinic"),
    "derm7point-dermoscopic": _derm7point("dermoscopic", "derm"),
    "ph2": _skin(
        "PH2, dermoscopic",
        skin_collections.read_ph2,
        "Get PH2Dataset.rar from https://www.fc.up.pt/addi/ph2%20database.html and unpack it there.",
        200,
        2,
    ),
    "med-node": _skin(
        "MED-NODE, clinical",
        skin_collections.read_med_node,
        "Get complete_mednode_dataset.zip from https://www.cs.rug.nl/~imaging/databases/melanoma_naevi/ and unpack "
        "it there.",
        170,
        2,
    ),
    "pathmnist": _medmnist("PathMNIST, histopathology", "pathmnist", 107_180, 9),
    "dermamnist": _medmnist("DermaMNIST, skin lesions", "dermamnist", 10_015, 7),
    "octmnist": _medmnist("OCTMNIST, optical coherence tomography, grey", "octmnist", 109_309, 4),
    "pneumoniamnist": _medmnist("PneumoniaMNIST, chest X-ray, grey", "pneumoniamnist", 5_856, 2),
    "bloodmnist": _medmnist("BloodMNIST, blood cells", "bloodmnist", 17_092, 8),
    "tissuemnist": _medmnist("TissueMNIST, kidney cortex cells, grey", "tissuemnist", 236_386, 8),
    "breastmnist": _medmnist("BreastMNIST, ultrasound, grey", "breastmnist", 780, 2),
    "organamnist": _medmnist("OrganAMNIST, axial CT, grey", "organamnist", 58_850, 11),
    "organcmnist": _medmnist("OrganCMNIST, coronal CT, grey", "organcmnist", 23_660, 11),
    "organsmnist": _medmnist("OrganSMNIST, sagittal CT, grey", "organsmnist", 25_221, 11),
    "mnist": _small("MNIST, 28 x 28, grey"),
    "mnist-sample": _small("2,000 of MNIST's digits, 28 x 28, grey", fetched=False),
    "digits": _small("scikit-learn's digits, 8 x 8, grey", fetched=False),
}
