"""Images for LeNet-5: checked, and brought to one shape and to grey levels 0..1."""

import numpy as np
import torch

from zeta_geom.checks import host_array
from zeta_geom.checks.types import ArrayLike

BRIGHTEST = 1.5  # mixtures of 0..1 overshoot a little; a float above this comes from 0..255


def to_images(images: ArrayLike, dtype: torch.dtype) -> torch.Tensor:
    """Check images and return them as a tensor of grey levels 0..1.

    Shapes: `images` (n, 28, 28) or (n, 1, 28, 28) or (n, 28, 28, 1) -> (n, 1, 28, 28).
    """
    tensor = images.detach().cpu() if isinstance(images, torch.Tensor) else _tensor(host_array(images, "images"))
    shape = tuple(tensor.shape)
    if tensor.dtype != torch.uint8 and not tensor.is_floating_point():
        raise TypeError(f"images must be uint8 0..255 or float 0..1; got {tensor.dtype}.")
    if tensor.shape[1:] == (28, 28, 1):
        tensor = tensor[..., 0]
    if tensor.ndim == 3:
        tensor = tensor[:, None]
    if tensor.ndim != 4 or tensor.shape[1:] != (1, 28, 28) or len(tensor) < 1:
        raise ValueError(f"images must have shape (n, 28, 28), (n, 1, 28, 28) or (n, 28, 28, 1); got {shape}.")
    if tensor.dtype == torch.uint8:
        return tensor.to(dtype) / 255
    if not torch.isfinite(tensor).all():
        raise ValueError("images must be finite; got NaN or infinite values.")
    if tensor.max() > BRIGHTEST or tensor.min() < BRIGHTEST - 2:
        low, high = float(tensor.min()), float(tensor.max())
        raise ValueError(f"float images must lie in 0..1; got {low:g}..{high:g}. Divide grey levels 0..255 by 255.")
    return tensor.to(dtype)


def _tensor(images: np.ndarray) -> torch.Tensor:
    """Copy an array into a tensor: torch takes no negative strides, no foreign byte order, no read-only memory."""
    if images.dtype != np.uint8 and images.dtype.kind != "f":
        raise TypeError(f"images must be uint8 0..255 or float 0..1; got {images.dtype}.")
    dtype = np.uint8 if images.dtype == np.uint8 else np.float32 if images.dtype.itemsize <= 4 else np.float64
    return torch.from_numpy(np.array(images, dtype=dtype, order="C"))
