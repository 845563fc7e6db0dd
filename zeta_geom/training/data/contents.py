"""The contents of one data set as its reader returns them, and their conversion to ImageData."""

import hashlib
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd
from tqdm import tqdm

from zeta_geom.datasets.pictures import UNFRAMED, WHITE, Framing
from zeta_geom.records import data_fingerprint
from zeta_geom.records.keys import file_fingerprint
from zeta_geom.training.data.array_images import ArrayImages
from zeta_geom.training.data.file_images import FileImages
from zeta_geom.training.data.image_data import PARTS, ImageData, Images
from zeta_geom.training.data.moments import Moments, channel_moments
from zeta_geom.training.data.splitting import three_parts

MOMENTS_LIMIT = 1000  # pictures opened for mean and std: enough for two digits, and read within seconds
SHOWN = 3  # names listed in an error


@dataclass(frozen=True, eq=False)
class ArrayContents:
    """A data set in memory."""

    parts: Mapping[str, tuple[np.ndarray, np.ndarray]]  # name in `PARTS` -> uint8 (n, H, W[, 3]), labels int (n,)
    class_names: tuple[str, ...]  # in the order of the labels
    source: str  # origin of the data, in a few words


@dataclass(frozen=True, eq=False)
class PictureContents:
    """A data set in files."""

    rows: pd.DataFrame  # of a picture: "file" (within the folder), "class" (a name), and "split" if data define one
    class_names: tuple[str, ...]  # in the order of the labels
    folder: Path
    source: str  # origin of the data, in a few words


Contents: TypeAlias = ArrayContents | PictureContents


def from_arrays(name: str, contents: ArrayContents, framing: Framing, *, progress: bool = True) -> ImageData:
    """Return the ImageData of arrays."""
    shape = contents.parts["train"][0].shape[1:]
    for part, (X, y) in contents.parts.items():
        if X.dtype != np.uint8 or X.ndim not in (3, 4) or X.shape[1:] != shape or X.shape[3:] not in ((), (3,)):
            raise ValueError(f"{part} images of {name} must be uint8 (n, H, W[, 3]); got {X.dtype} {X.shape}.")
        if y.dtype.kind not in "iu" or y.shape != X.shape[:1] or not len(y):
            raise ValueError(f"{part} labels of {name} must be integers ({len(X)},), n > 0; got {y.dtype} {y.shape}.")
        if y.min() < 0 or y.max() >= len(contents.class_names):
            raise ValueError(
                f"{part} labels of {name} must lie in 0..{len(contents.class_names) - 1}; got {y.max()}."
            )
    fingerprint = data_fingerprint(*(array for part in contents.parts.values() for array in part))
    parts = {part: ArrayImages(X, y.astype(np.int64), framing) for part, (X, y) in contents.parts.items()}
    if replace(framing, background=WHITE) != UNFRAMED:  # arrays have no transparent pixels
        fingerprint = hashlib.sha256(f"{fingerprint}{framing}".encode()).hexdigest()
    moments = channel_moments(parts["train"], progress=progress)
    return _image_data(name, parts, contents, moments, fingerprint)


def from_pictures(
    name: str, contents: PictureContents, framing: Framing, *, seed: int = 0, progress: bool = True
) -> ImageData:
    """Return the ImageData of pictures; without a split of their own they are split 70 : 10 : 20 by the seed."""
    rows = contents.rows
    paths = [contents.folder / file for file in rows["file"]]
    _check_rows(name, contents, paths)
    labels = rows["class"].map({name: k for k, name in enumerate(contents.class_names)}).to_numpy(np.int64)
    if "split" in rows:
        split = rows["split"].to_numpy(str)
    else:
        split = three_parts(labels, contents.class_names, seed)
    _check_parts(name, labels, split, contents.class_names)
    parts = {
        part: FileImages([paths[i] for i in members], labels[members], framing)
        for part in PARTS
        if len(members := np.flatnonzero(split == part))
    }
    hashes = file_hashes(paths, progress=progress)
    _warn_of_copies(name, rows, hashes)
    digest = hashlib.sha256(repr((contents.class_names, framing)).encode())
    if framing.background != WHITE:
        digest.update(repr(framing.background).encode())
    for file, label, part, content in zip(rows["file"], labels, split, hashes):
        digest.update(f"{Path(file).as_posix()}\0{label}\0{part}\0{content}\0".encode())
    moments = channel_moments(parts["train"], limit=MOMENTS_LIMIT, progress=progress)
    return _image_data(name, parts, contents, moments, digest.hexdigest())


def file_hashes(paths: Sequence[Path], *, progress: bool = True) -> list[str]:
    """Return the SHA-256 of each file."""
    bar = tqdm(paths, desc="hashes", leave=False, delay=2, disable=None if progress else True)
    return [file_fingerprint(path) for path in bar]


def _image_data(
    name: str, parts: Mapping[str, Images], contents: Contents, moments: Moments, fingerprint: str
) -> ImageData:
    shape = tuple(parts["train"][0][0].shape)
    return ImageData(
        name=name,
        class_names=contents.class_names,
        image_shape=(shape[0], shape[1], shape[2]),
        train=parts["train"],
        test=parts["test"],
        validation=parts.get("validation"),
        mean=moments[0],
        std=moments[1],
        fingerprint=fingerprint,
        source=contents.source,
    )


def _check_rows(name: str, contents: PictureContents, paths: list[Path]) -> None:
    rows = contents.rows
    if not len(rows):
        raise ValueError(f"{name} must hold at least one picture; {contents.folder} holds none.")
    if unknown := sorted(set(rows["class"].astype(str)) - set(contents.class_names)):
        raise ValueError(
            f"{name} must hold the classes {', '.join(contents.class_names)}; {contents.folder} also has "
            f"{_few(unknown)}. Check that this is the right archive."
        )
    if (repeated := rows["file"][rows["file"].duplicated()]).size:
        raise ValueError(f"{name} must name each picture once; {contents.folder} repeats {_few(repeated)}.")
    if absent := [path for path in paths if not path.is_file()]:
        raise FileNotFoundError(
            f"there is no {_few(absent)}, named in the table of {name}; add the pictures or remove their rows."
        )


def _warn_of_copies(name: str, rows: pd.DataFrame, hashes: list[str]) -> None:
    """Warn of equal files in a class: a split may put them into training and test."""
    contents = pd.DataFrame({"class": rows["class"].to_numpy(), "hash": hashes})
    copies = contents.duplicated().to_numpy()
    if copies.any():
        copy = int(copies.argmax())
        first = int((contents == contents.iloc[copy]).all(axis=1).to_numpy().argmax())
        warnings.warn(
            f"{name}: {int(copies.sum())} of {len(rows)} pictures are copies of others of their class, such as "
            f"{rows['file'].iloc[copy]} of {rows['file'].iloc[first]}; training and test may share them. Remove the "
            "copies.",
            stacklevel=4,
        )


def _check_parts(name: str, labels: np.ndarray, split: np.ndarray, class_names: tuple[str, ...]) -> None:
    if unknown := sorted(set(split) - set(PARTS)):
        raise ValueError(f"the split of {name} must only name {', '.join(PARTS)}; got {_few(unknown)}.")
    if not (split == "test").any():
        raise ValueError(f"the test part of {name} must have at least one picture; it has none.")
    counts = np.bincount(labels[split == "train"], minlength=len(class_names))
    if not counts.all():
        missing = [class_names[k] for k in np.flatnonzero(counts == 0)]
        raise ValueError(f"each class of {name} must have a training picture; {_few(missing)} has none.")


def _few(values: Iterable[object]) -> str:
    """Return the first few values as text, and the number of the others."""
    texts = [str(value) for value in values]
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return ", ".join(texts[:SHOWN]) + more
