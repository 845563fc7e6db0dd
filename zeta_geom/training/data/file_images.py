"""Images that lie in files, each opened when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from zeta_geom.training.data.framing import Framing

__all__ = ["FileImages", "read_picture"]


class FileImages:
    """A part of a data set whose pictures lie in files.

    Parameters
    ----------
    paths : sequence of Path
        n files that Pillow can read.
    labels : int64 array of shape (n,)
    framing : Framing
        How pictures are cut, coloured and sized; its `size` is given, so that all come out alike.
    """

    def __init__(self, paths: Sequence[Path], labels: np.ndarray, framing: Framing) -> None:
        self.paths = list(paths)
        self.labels = labels
        self.framing = framing

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """Return one image, uint8 (C, size, size), and its label; errors are those of `read_picture`."""
        return read_picture(self.paths[index], self.framing), int(self.labels[index])

    def take(self, indices: np.ndarray) -> FileImages:
        """Return those images alone.

        Shapes: `indices` (b,).
        """
        return FileImages([self.paths[i] for i in indices], self.labels[indices], self.framing)


def read_picture(path: Path | str, framing: Framing) -> Tensor:
    """Return a picture, upright as its EXIF tag says, on a background where transparent, cut, coloured and sized.

    Returns shape (C, H, W).
    """
    try:
        with Image.open(path) as picture:
            if picture.mode[0] in "IF":
                raise ValueError(f"its mode is {picture.mode}, more than 8 bits a channel; convert it first")
            upright = ImageOps.exif_transpose(picture)
            if "A" in upright.getbands() or "a" in upright.getbands() or "transparency" in upright.info:
                upright = _composed(upright, framing)
            upright = upright.convert("L" if framing.grey else "RGB")
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no {path} any more; put it back, or load the data set anew.") from None
    except Exception as error:  # Pillow raises errors of many kinds on broken bytes
        raise ValueError(f"{path} must be a whole picture that Pillow can read; got {error}.") from error
    if square := framing.square(upright.height, upright.width):
        top, left, edge = square
        upright = upright.crop((left, top, left + edge, top + edge))  # resize(box=) would read beyond the square
    if framing.size is not None:
        upright = upright.resize((framing.size, framing.size), Image.Resampling.BILINEAR)
    pixels = np.array(upright)
    return torch.from_numpy(pixels[None] if framing.grey else np.ascontiguousarray(pixels.transpose(2, 0, 1)))


def _composed(picture: Image.Image, framing: Framing) -> Image.Image:
    """Return a picture with the background behind what is transparent, in colour."""
    layered = picture.convert("RGBA")
    shown = Image.new("RGB", layered.size, framing.background)
    shown.paste(layered, mask=layered.getchannel("A"))
    return shown
