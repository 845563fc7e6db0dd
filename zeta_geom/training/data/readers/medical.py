"""MedMNIST: one npz file for each data set, with its authors' parts."""

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from zeta_geom.datasets.unpacking import read_members
from zeta_geom.training.data.contents import ArrayContents
from zeta_geom.training.data.readers.archives import fetch_file

PART_NAMES = {"train": "train", "validation": "val", "test": "test"}


def read_medmnist(folder: Path) -> ArrayContents:
    """Read <name>.npz, of 28 x 28 pixels."""
    path = folder / f"{folder.name}.npz"
    info = _info(folder.name)
    try:
        with np.load(path, allow_pickle=False) as stored:
            kinds = [f"{name}_{kind}" for name in PART_NAMES.values() for kind in ("images", "labels")]
            arrays = read_members(stored, kinds)
        parts = {
            part: (arrays[f"{name}_images"], arrays[f"{name}_labels"].squeeze(axis=1))
            for part, name in PART_NAMES.items()
        }
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no {path}.") from None
    except (OSError, EOFError, KeyError, ValueError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(
            f"{path} must be an npz file with the images and labels of train, val and test; got {error}. Remove it "
            "and fetch it again."
        ) from error
    names = tuple(info["label"][str(k)] for k in range(len(info["label"])))
    return ArrayContents(parts, names, f"{info['python_class']} of MedMNIST (J. Yang et al.), {info['license']}")


def fetch_medmnist(folder: Path, *, progress: bool = True) -> None:
    """Fetch <name>.npz from Zenodo, checked by the hash in the package medmnist."""
    info = _info(folder.name)
    fetch_file(folder / f"{folder.name}.npz", url=info["url"], md5=info["MD5"], progress=progress)


def _info(name: str) -> dict[str, Any]:
    from medmnist.info import INFO  # here: its import is slow, and makes ~/.medmnist

    info: dict[str, Any] = INFO[name]
    return info
