"""Tiny data sets in the formats in which the real archives come."""

import csv
import dataclasses
import hashlib
from pathlib import Path

import numpy as np
from PIL import Image

from tests.datasets.cifar_archives import make_archive
from zeta_geom.datasets import DATASETS
from zeta_geom.datasets.idx import write_idx
from zeta_geom.training.data import IMAGE_SETS
from zeta_geom.training.data.readers.natural import IMAGENETTE, IMAGEWOOF, STL_10
from zeta_geom.training.data.readers.skin_challenges import FIVE

BCC, NEVUS, MELANOMA, KERATOSIS, OTHERS = FIVE
PER_CLASS = 10  # of sets that are split by the loader: 7, 1 and 2
IDX_FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
RNG = np.random.default_rng(0)


@dataclasses.dataclass
class Made:
    """What a loader must find: its classes, the images of each class in each part, and an image's shape."""

    class_names: tuple
    counts: dict
    shape: tuple


def save_picture(path, shape=(30, 40)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(RNG.integers(0, 256, (*shape, 3), dtype=np.uint8)).save(path)


def write_csv(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def make_files(name, home, monkeypatch):
    """Put a tiny data set into home/name and return what was made."""
    folder = Path(home) / name
    folder.mkdir(parents=True)
    if name in DATASETS:
        return _small(name, folder, monkeypatch)
    if IMAGE_SETS[name].family == "medmnist":
        return _medmnist(name, folder)
    return MAKERS[name](folder)


def _small(name, folder, monkeypatch):
    specification = DATASETS[name]
    K = len(specification.class_names)
    if specification.embedded:
        sizes = {"digits": ((1500, 297), 8), "mnist-sample": ((1000, 1000), 28)}[name]
        return Made(specification.class_names, {"train": sizes[0][0], "test": sizes[0][1]}, (1, sizes[1], sizes[1]))
    if name.startswith("cifar"):
        content, (_, y_train, _, y_test) = make_archive(name)
        files, counts, shape = {next(iter(specification.files)): content}, (len(y_train), len(y_test)), (3, 32, 32)
    else:
        labels = np.arange(2 * K, dtype=np.uint8) % K
        images = RNG.integers(0, 256, (2 * K, 28, 28), dtype=np.uint8)
        for file, values in zip(IDX_FILES, (images, labels, images[:K], labels[:K])):
            write_idx(folder / file, values)
        files, counts, shape = {each: (folder / each).read_bytes() for each in IDX_FILES}, (2 * K, K), (1, 28, 28)
    for file, content in files.items():
        (folder / file).write_bytes(content)
    hashes = {file: hashlib.sha256(content).hexdigest() for file, content in files.items()}
    monkeypatch.setitem(DATASETS, name, dataclasses.replace(specification, files=hashes, routes=()))
    return Made(specification.class_names, {"train": counts[0], "test": counts[1]}, shape)


def _medmnist(name, folder):
    from medmnist.info import INFO

    K, colour = len(INFO[name]["label"]), (3,) * (INFO[name]["n_channels"] == 3)
    arrays = {}
    for part, each in (("train", 3), ("val", 1), ("test", 2)):
        arrays[f"{part}_images"] = RNG.integers(0, 256, (each * K, 28, 28, *colour), dtype=np.uint8)
        arrays[f"{part}_labels"] = np.arange(each * K, dtype=np.uint8)[:, None] % K
    np.savez_compressed(folder / f"{name}.npz", **arrays)
    names = tuple(INFO[name]["label"][str(k)] for k in range(K))
    return Made(names, {"train": 3 * K, "validation": K, "test": 2 * K}, ((colour or (1,))[0], 28, 28))


def _stl_10(folder):
    for part, each in (("train", 1), ("test", 2)):
        root = folder / "stl10_binary"
        root.mkdir(exist_ok=True)
        RNG.integers(0, 256, each * 10 * 3 * 96 * 96, dtype=np.uint8).tofile(root / f"{part}_X.bin")
        np.tile(np.arange(1, 11, dtype=np.uint8), each).tofile(root / f"{part}_y.bin")
    return Made(STL_10, {"train": 10, "test": 20}, (3, 96, 96))


def _synsets(folder, archive, synsets):
    for part, each in (("train", 2), ("val", 1)):
        for synset in synsets:
            for i in range(each):
                save_picture(folder / archive / part / synset / f"{synset}_{i}.JPEG")
    return Made(tuple(synsets[each] for each in sorted(synsets)), {"train": 20, "test": 10}, (3, 224, 224))


def _isic_2016(folder):
    for part, names in (("Training", ("benign", "malignant")), ("Test", ("0.0", "1.0"))):
        images = [f"ISIC_{part[1]}{i:06d}" for i in range(6)]
        for image in images:
            save_picture(folder / f"ISBI2016_ISIC_Part3_{part}_Data" / f"{image}.jpg")
        rows = [(image, names[i % 2]) for i, image in enumerate(images)]
        write_csv(folder / f"ISBI2016_ISIC_Part3_{part}_GroundTruth.csv", rows)
    return Made(("benign", "malignant"), {"train": 6, "test": 6}, (3, 256, 256))


def _isic_2017(folder):
    for part in ("Training", "Validation", "Test_v2"):
        rows = [("image_id", "melanoma", "seborrheic_keratosis")]
        for i, marks in enumerate([("0.0", "0.0"), ("1.0", "0.0"), ("0.0", "1.0")]):
            rows.append((f"ISIC_{part[0]}{i:06d}", *marks))
            save_picture(folder / f"ISIC-2017_{part}_Data" / f"{rows[-1][0]}.jpg")
            save_picture(folder / f"ISIC-2017_{part}_Data" / f"{rows[-1][0]}_superpixels.png")
        write_csv(folder / f"ISIC-2017_{part}_Part3_GroundTruth.csv", rows)
    return Made((NEVUS, MELANOMA, KERATOSIS), {"train": 3, "validation": 3, "test": 3}, (3, 256, 256))


def _isic_2018(folder):
    for part in ("Training", "Validation", "Test"):
        stem = f"ISIC2018_Task3_{part}"
        rows = [("image", "MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC")]
        for i, marks in enumerate(np.eye(7)):
            rows.append((f"ISIC_{part[0]}{i:06d}", *marks))
            save_picture(folder / f"{stem}_Input" / f"{rows[-1][0]}.jpg")
        write_csv(folder / f"{stem}_GroundTruth" / f"{stem}_GroundTruth.csv", rows)
    return Made(FIVE, {"train": 7, "validation": 7, "test": 7}, (3, 256, 256))


def _split(*class_names):
    K = len(class_names)
    return Made(class_names, {"train": 7 * K, "validation": K, "test": 2 * K}, (3, 256, 256))


def _msk(folder):
    diagnoses = ("nevus", "melanoma", "seborrheic keratosis", "basal cell carcinoma", "solar lentigo", "")
    rows = [("isic_id", "attribution", "copyright_license", "diagnosis")]
    rows += [(f"ISIC_{i:07d}", "MSKCC", "CC-0", diagnoses[i % 6]) for i in range(6 * PER_CLASS)]
    for image, *_ in rows[1:]:
        save_picture(folder / f"{image}.jpg")
    write_csv(folder / "metadata.csv", rows)
    return _split(BCC, NEVUS, MELANOMA, KERATOSIS)


def _uda(folder):
    diagnoses = ("Nevus", "Melanoma, NOS", "Melanoma in situ", "Blue nevus", "")
    rows = [("isic_id", "diagnosis_1", "diagnosis_3")]
    rows += [(f"ISIC_{i:07d}", "", diagnoses[i % 5]) for i in range(5 * PER_CLASS // 2)]
    for image, *_ in rows[1:]:
        save_picture(folder / "images" / f"{image}.jpg")
    write_csv(folder / "metadata.csv", rows)
    return _split(NEVUS, MELANOMA)


def _dermofit(folder):
    counts = {"BCC": 10, "ML": 10, "MEL": 10, "SK": 10, "AK": 2, "DF": 2, "IEC": 2, "PYO": 1, "SCC": 2, "VASC": 1}
    for name, count in counts.items():
        for i in range(count):
            save_picture(folder / name / f"{name}{i}" / f"{name}{i}.png")
            save_picture(folder / name / f"{name}{i}" / f"{name}{i}mask.png")
    (folder / "lesionlist.txt").write_text("1   A1   BCC\n", encoding="utf-8")
    return _split(*FIVE)


def _derm7point(folder):
    diagnoses = ["basal cell carcinoma", "clark nevus", "melanoma (in situ)", "seborrheic keratosis", "melanosis"]
    diagnoses += ["basal cell carcinoma", "reed or spitz nevus", "melanoma metastasis", "seborrheic keratosis"]
    diagnoses += ["vascular lesion"]
    rows = [("case_num", "diagnosis", "clinic", "derm", "notes")]
    for i in range(5 * PER_CLASS):
        rows.append((i, diagnoses[i % 10], f"NEL/NEL{i:03d}.JPG", f"NEL/Nel{i:03d}.jpg", ""))
        for picture in rows[-1][2:4]:
            save_picture(folder / "release_v0" / "images" / picture)
    rows.append((99, "lentigo", *rows[1][2:]))  # a picture that an earlier row names
    write_csv(folder / "release_v0" / "meta" / "meta.csv", rows)
    return _split(*FIVE)


def _ph2(folder):
    lines = [
        "||   Name || Histological Diagnosis || Clinical Diagnosis || Asymmetry | Pigment Network ||   Colors ||"
    ]
    for i in range(2 * PER_CLASS):
        case, code = f"IMD{i:03d}", (0, 1, 2, 2)[i % 4]
        pictures = folder / "PH2Dataset" / "PH2 Dataset images" / case
        save_picture(pictures / f"{case}_Dermoscopic_Image" / f"{case}.bmp")
        save_picture(pictures / f"{case}_lesion" / f"{case}_lesion.bmp")
        lines.append(
            f"|| {case} ||                        ||                  {code} ||          0 |     T ||  4 5 ||"
        )
    lines += ["", "Legends:", "Clinical Diagnosis || 0 - Common Nevus; 1 - Atypical Nevus; 2 - Melanoma ||"]
    (folder / "PH2Dataset" / "PH2_dataset.txt").write_text("\n".join(lines), encoding="utf-8")
    return _split(NEVUS, MELANOMA)


def _med_node(folder):
    for name in ("melanoma", "naevus"):
        for i in range(PER_CLASS):
            save_picture(folder / "complete_mednode_dataset" / name / f"{name}{i}.jpg")
    return _split(NEVUS, MELANOMA)


MAKERS = {
    "stl-10": _stl_10,
    "imagenette": lambda folder: _synsets(folder, "imagenette2", IMAGENETTE),
    "imagewoof": lambda folder: _synsets(folder, "imagewoof2-320", IMAGEWOOF),
    "isic-2016": _isic_2016,
    "isic-2017": _isic_2017,
    "isic-2018": _isic_2018,
    "msk": _msk,
    "uda": _uda,
    "dermofit": _dermofit,
    "derm7point-clinical": _derm7point,
    "derm7point-dermoscopic": _derm7point,
    "ph2": _ph2,
    "med-node": _med_node,
}
