"""Images: the layout of their channels by one rule, and grey levels as floats."""

from collections.abc import Sequence

import numpy as np

from zeta_geom.checks.parameters import check_choice
from zeta_geom.checks.points import host_array
from zeta_geom.checks.types import ArrayLike

CHANNEL_COUNTS = (1, 3, 4)  # grey, red-green-blue, and with opacity


def check_channels(channels: str | None) -> str | None:
    """Return `channels`, or raise TypeError or ValueError if it is not "first", "last" or None.

    Parameters
    ----------
    channels : {"first", "last"} or None
        The caller's value.

    Returns
    -------
    str or None

    Examples
    --------
    >>> check_channels("last")
    'last'
    """
    return None if channels is None else check_choice(channels, "channels", ("first", "last"))


def image_axes(shape: Sequence[int], channels: str | None = None, name: str = "X") -> tuple[int, int]:
    """Return the axes of height and width of a batch of images.

    Images are (n, H, W), (n, C, H, W) or (n, H, W, C). Without `channels`, the layout is inferred if exactly one of
    the two possible axes of channels has 1, 3 or 4 entries.

    Parameters
    ----------
    shape : sequence of int
        Of the batch.
    channels : {"first", "last"}, optional
        "first": height and width are the last two axes; "last": they are the two before the last.
    name : str
        The argument's name, for the message.

    Returns
    -------
    height, width : int
        Counted from the end: (-2, -1), or (-3, -2) if channels are last.

    Raises
    ------
    TypeError, ValueError
        If the shape is not that of images, or `channels` is None and both layouts or neither are possible.

    Examples
    --------
    >>> image_axes((8, 28, 28)), image_axes((8, 3, 32, 32)), image_axes((8, 32, 32, 3))
    ((-2, -1), (-2, -1), (-3, -2))
    """
    check_channels(channels)
    shape = tuple(shape)
    if len(shape) < 3:
        raise ValueError(f"{name} must be images (n, H, W), (n, C, H, W) or (n, H, W, C); got shape {shape}.")
    if channels is None:
        channels = _inferred(shape, name)
    axes = (-3, -2) if channels == "last" and len(shape) > 3 else (-2, -1)
    if 0 in (shape[axes[0]], shape[axes[1]]):
        raise ValueError(f"{name} must be images of at least one pixel; got shape {shape}.")
    return axes


def to_floats(X: ArrayLike, name: str = "X") -> np.ndarray:
    """Return X as floats; integers are taken for grey levels 0..255 and divided by 255."""
    X = host_array(X, name)
    if X.dtype.kind == "f":
        return X
    if X.dtype.kind not in "iu" or (X.size and (X.min() < 0 or X.max() > 255)):
        raise ValueError(
            f"{name} must hold floats, or integers 0..255 as grey levels; got other values, of dtype {X.dtype}."
        )
    return X.astype(np.float32) / 255


def _inferred(shape: tuple[int, ...], name: str) -> str:
    if len(shape) == 3:
        return "first"
    # neither `in` nor a comparison of flags: torch.compile cannot trace them on symbolic sizes
    first, last = (len(shape) == 4 and any(shape[axis] == count for count in CHANNEL_COUNTS) for axis in (1, 3))
    if (first and last) or not (first or last):
        which = "both the second and the last axis" if first else "neither the second nor the last axis"
        raise ValueError(
            f"{name} must be images with one axis of 1, 3 or 4 channels; in shape {shape}, {which} can be that "
            "axis. Give channels='first' or channels='last'."
        )
    return "first" if first else "last"
