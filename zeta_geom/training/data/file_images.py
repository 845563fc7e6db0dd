"""Images in files; each file is opened when its image is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from zeta_geom.training.data.framing import Framing


class FileImages:
    """Pictures in n files and their classes, int64 (n,); the framing's `size` is set, so that all have one shape."""

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
        """Return a selection of the images; `indices` (b,)."""
        return FileImages([self.paths[i] for i in indices], self.labels[indices], self.framing)


def read_picture(path: Path | str, framing: Framing) -> Tensor:
    """Return a picture, uint8 (C, H, W): turned by its EXIF tag, on the background, cropped, coloured, resized."""
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
    pixels = np.array(upright)
    return torch.from_numpy(pixels[None] if framing.grey else np.ascontiguousarray(pixels.transpose(2, 0, 1)))


def _on_background(picture: Image.Image, framing: Framing) -> Image.Image:
    """Return a picture in colour, with the background behind its transparent pixels."""
    layered = picture.convert("RGBA")
    shown = Image.new("RGB", layered.size, framing.background)
    shown.paste(layered, mask=layered.getchannel("A"))
    return shown
