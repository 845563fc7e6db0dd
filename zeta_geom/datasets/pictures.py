"""Pictures in files: how they become images of one size, and a user's folder with one folder for each class."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zeta_geom.checks import check_int, check_real
from zeta_geom.datasets.hidden import is_hidden
from zeta_geom.execution.threads import progress_bar

if TYPE_CHECKING:
    from PIL import Image

ENDINGS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")  # as in torchvision
GREY = ("1", "L")  # Pillow's modes without colour and opacity
PARTS = {"train", "test", "val", "validation"}  # names of folders that are no classes
WHITE = (255, 255, 255)


@dataclass(frozen=True)
class Framing:
    """How all images of a data set are cropped, coloured and resized, as `load_image_data` describes it."""

    size: int | None = None  # pixels, by bilinear interpolation with antialiasing; None: unchanged
    crop: float | None = None  # None: the whole image, which `size` squeezes into a square
    grey: bool = False  # 0.299 red + 0.587 green + 0.114 blue
    background: str | tuple[int, int, int] = field(default=WHITE, repr=False)  # the repr enters fingerprints

    def __post_init__(self) -> None:
        if self.size is not None:
            check_int(self.size, "size", low=1)
        if self.crop is not None and check_real(self.crop, "crop", low=0, strict=True) > 1:
            raise ValueError(f"crop must be a number in (0, 1]; got {self.crop}.")
        if not isinstance(self.grey, bool):
            raise TypeError(f"grey must be True or False; got {self.grey!r}.")
        object.__setattr__(self, "background", _colour(self.background))

    def square(self, height: int, width: int) -> tuple[int, int, int] | None:
        """Return the central square as (top, left, edge) in pixels, or None for the whole image."""
        if self.crop is None:
            return None
        edge = max(1, round(self.crop * min(height, width)))
        return (height - edge) // 2, (width - edge) // 2, edge


def _colour(background: str | tuple[int, int, int]) -> tuple[int, int, int]:
    """Return the red, green and blue of a colour."""
    from PIL import ImageColor

    try:
        levels = ImageColor.getrgb(background) if isinstance(background, str) else tuple(background)
    except (ValueError, TypeError):
        levels = ()
    if len(levels) != 3:
        raise ValueError(
            f"background must be a colour without transparency: a name, '#rrggbb' or (red, green, blue); got "
            f"{background!r}."
        )
    red, green, blue = (check_int(level, "each part of background", low=0, high=255) for level in levels)
    return red, green, blue


UNFRAMED = Framing()


def read_pixels(path: Path | str, framing: Framing) -> np.ndarray:
    """Return a picture, uint8 (H, W) or (H, W, 3): turned by its EXIF tag, on the background, cropped, resized."""
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as picture:
            if picture.mode[0] in "IF":
                raise ValueError(f"mode {picture.mode}, more than 8 bits a channel; convert it first")
            upright = ImageOps.exif_transpose(picture)
            if "A" in upright.getbands() or "a" in upright.getbands() or "transparency" in upright.info:
                upright = _on_background(upright, framing)
            upright = upright.convert("L" if framing.grey else "RGB")
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} no longer exists; restore it, or load the data set again.") from None
    except Exception as error:  # Pillow raises errors of many kinds on broken bytes
        raise ValueError(f"{path} must be a complete picture that Pillow can read; got {error}.") from error
    if square := framing.square(upright.height, upright.width):
        top, left, edge = square
        upright = upright.crop((left, top, left + edge, top + edge))  # resize(box=) would read outside the square
    if framing.size is not None:
        upright = upright.resize((framing.size, framing.size), Image.Resampling.BILINEAR)
    return np.array(upright)


def _on_background(picture: Image.Image, framing: Framing) -> Image.Image:
    """Return a picture in colour, with the background behind its transparent pixels."""
    from PIL import Image

    layered = picture.convert("RGBA")
    shown = Image.new("RGB", layered.size, framing.background)
    shown.paste(layered, mask=layered.getchannel("A"))
    return shown


def class_folders(folder: Path) -> list[str]:
    """Return the sorted names of the folders in `folder`, without hidden ones (`is_hidden`)."""
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and not is_hidden(path.name))


def pictures_below(folder: Path) -> Iterator[Path]:
    """Yield the pictures in `folder` and below it, sorted, without hidden ones (`is_hidden`)."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in ENDINGS and not is_hidden(path.relative_to(folder)):
            yield path


def load_folder(
    folder: str | os.PathLike[str], *, size: int | None = None, progress: bool = True
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the pictures in a folder and the names of their classes, which are the names of its folders.

    Pictures are turned upright by their EXIF tag, and transparent pixels become white. They are grey if all files
    are grey, else in colour.

    Parameters
    ----------
    folder : path
        Holds one folder of pictures for each class, or pictures without classes.
    size : int, optional
        Height and width in pixels: the largest central square of each picture is resized by bilinear interpolation
        with antialiasing. By default all pictures must have one size.
    progress : bool
        Show a progress bar, on a terminal.

    Returns
    -------
    X : uint8 array of shape (n, H, W), or (n, H, W, 3) in colour
    y : str array of shape (n,), or None if the pictures are not in folders of classes

    Raises
    ------
    ValueError
        If there is no such folder or no picture in it, pictures differ in size, or one cannot be read.

    Examples
    --------
    >>> load_folder("absent")
    Traceback (most recent call last):
    ValueError: folder must be a folder of pictures; there is no folder absent.
    """
    root, size = Path(folder), None if size is None else check_int(size, "size", low=1)
    if not root.is_dir():
        raise ValueError(f"folder must be a folder of pictures; there is no folder {root}.")
    files = _labelled_files(root)
    grey = all(_mode(path) in GREY for path, _ in files)
    framing = Framing(size, None if size is None else 1.0, grey)
    images: list[np.ndarray] = []
    with progress_bar(len(files), f"reading {root.name}", "picture", progress) as bar:
        for path, _ in files:
            images.append(read_pixels(path, framing))
            if images[-1].shape != images[0].shape:
                sizes = [f"{one.shape[1]} x {one.shape[0]}" for one in (images[0], images[-1])]
                raise ValueError(
                    f"pictures must have one size; {files[0][0]} has {sizes[0]} pixels and {path} {sizes[1]}. Resize "
                    "them by size=N in load_folder, or --size N."
                )
            bar.update()
    names = [name for _, name in files]
    return np.stack(images), None if None in names else np.array(names, dtype=str)


def _labelled_files(root: Path) -> list[tuple[Path, str | None]]:
    """Return the pictures in a folder with the names of their classes, None without folders of classes."""
    classes = {name: list(pictures_below(root / name)) for name in class_folders(root)}
    classes = {name: paths for name, paths in classes.items() if paths}
    loose = [path for path in pictures_below(root) if path.parent == root]
    if loose and classes:
        raise ValueError(f"{root} must hold pictures or folders of classes; it holds both, such as {loose[0].name}.")
    if classes and set(classes) <= PARTS:
        raise ValueError(f"{root} must hold one folder for each class; it holds {', '.join(classes)}. Choose one.")
    files: list[tuple[Path, str | None]] = [(path, name) for name, paths in classes.items() for path in paths]
    if not files and not loose:
        raise ValueError(f"{root} must hold pictures, files that end in {', '.join(ENDINGS)}; it holds none.")
    return files or [(path, None) for path in loose]


def _mode(path: Path) -> str:
    """Return Pillow's mode of a picture, and "RGB" for a damaged one, which `read_pixels` reports."""
    from PIL import Image

    try:
        with Image.open(path) as picture:
            return str(picture.mode)
    except (OSError, ValueError, SyntaxError):
        return "RGB"
